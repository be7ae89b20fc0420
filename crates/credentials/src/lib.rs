//! What a caller presents, verified: JSON Web Tokens, opaque OAuth tokens and API
//! keys, each turned into a [`Principal`] or a [`Refusal`].
//!
//! - [`Places`]: where in a request a credential may stand, and that it stands there once;
//! - [`Provider`]: an issuer of JWTs (RFC 7519, 8725, 9068) and the rules for its tokens;
//! - [`KeySet`], [`JwksCache`]: its keys, admitted one by one, kept fresh without I/O;
//! - [`Introspection`]: opaque tokens (RFC 7662), what to ask and how to read the answer;
//! - [`ApiKeys`]: keys of our own, of which only keyed hashes are stored;
//! - [`VerifiedCache`]: what was verified a moment ago;
//! - [`Jws`], [`Claims`], [`ConfirmationKey`]: signed texts of one `typ` each, for protocols that have tokens
//!   of their own and ask their callers to prove that a key is theirs.
//!
//! The crate is pure: time ([`Timestamp`]) and random bytes are arguments, and nothing is
//! fetched. Nobody who holds a [`Refusal`] can leak a token with it: a refusal has none.
//! It leaves out signing, encryption (JWE) and sessions. A [`Provider`] asks for no proof of possession, and
//! refuses a token with `cnf`; who asks for one verifies it with [`ConfirmationKey`].
//!
//! ```
//! use corsac_credentials::{KeySet, Provider, ProviderConfig, Refusal, ShapeRefusal, Timestamp};
//!
//! let provider = Provider::compile(&ProviderConfig {
//!     name: "sign-in".into(),
//!     issuer: "https://id.example.com".into(),
//!     audiences: vec!["https://api.example.com".into()],
//!     algorithms: vec!["ES256".into()],
//!     ..ProviderConfig::default()
//! })?;
//! let keys = KeySet::parse(
//!     br#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
//!         "x": "04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY",
//!         "y": "UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw"}]}"#,
//!     &provider.key_rules(),
//! )?;
//! // {"alg":"none"}
//! let refused = provider.verify("eyJhbGciOiJub25lIn0.e30.", &keys, Timestamp::from_secs(1_800_000_000));
//! assert_eq!(refused.err(), Some(Refusal::Shape(ShapeRefusal::AlgorithmNone)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod api_key;
mod cache;
mod error;
mod introspection;
mod json;
mod jwks;
mod jwt;
mod presented;
mod principal;
mod text;
mod time;

pub use api_key::form::{API_KEY_RANDOM_BYTES, NewApiKey};
pub use api_key::{ApiKeyEntry, ApiKeys, ApiKeysConfig, HASH_KEY_BYTES};
pub use cache::VerifiedCache;
pub use error::mistake::{ConfigError, Mistake, MistakeKind};
pub use error::refusal::{ApiKeyRefusal, ClaimRefusal, IntrospectionRefusal, KeyRefusal};
pub use error::refusal::{PlaceRefusal, ShapeRefusal, Unavailable};
pub use error::{Refusal, Terse};
pub use introspection::{Introspection, IntrospectionCache, IntrospectionConfig};
pub use json::{Json, JsonMistake, Object};
pub use jwks::cache::{JwksCache, JwksCacheConfig, Lookup, RefreshError, Ticket};
pub use jwks::confirmation::{ConfirmationKey, JwkThumbprint, MAX_JWK_BYTES};
pub use jwks::key::{Key, KeyRejection, Thumbprint};
pub use jwks::{KeyRules, KeySet, KeySetError, MAX_KEY_SET_BYTES, MAX_KEYS, RejectedKey};
pub use jwt::algorithm::Algorithm;
pub use jwt::claims::{Claims, Dates, MAX_DATE};
pub use jwt::config::{MAX_LEEWAY, MAX_TOKEN_BYTES, ProviderConfig};
pub use jwt::jws::{Jws, JwsRules};
pub use jwt::{Admitted, Provider, Verified};
pub use presented::{Place, Places, PlacesConfig, Presented};
pub use principal::{Claim, Method, Principal};
pub use text::Base64Mistake;
pub use time::Timestamp;
