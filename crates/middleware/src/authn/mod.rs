//! Authentication: who calls.
//!
//! A route takes the methods of one [`Group`], in a stated order: signed tokens (JWT), opaque
//! tokens (RFC 7662), API keys. [`Group::check`] is synchronous and knows most callers at once;
//! where keys or an answer have to be fetched it gives a [`Wait`], which many requests share.
//! The network is somebody else's: [`Outside`].
//!
//! What fails, fails closed: keys or a server that cannot be reached are 503 on the routes that
//! need them, and nothing else stops. Preflights are none of this module's business; nobody is
//! to call it for them. It leaves out sessions, sign-in itself, and what a caller may do.
//!
//! ```
//! use std::sync::Arc;
//! use corsac_middleware::authn::{Authn, AuthnConfig, GroupConfig, JwtConfig, KeySource, Nowhere, read_file};
//!
//! let mut jwt = JwtConfig { keys: KeySource::Url("https://id.example.com/keys".into()), ..JwtConfig::default() };
//! jwt.provider.name = "sign_in".into();
//! jwt.provider.issuer = "https://id.example.com".into();
//! jwt.provider.audiences = vec!["https://api.example.com".into()];
//! jwt.provider.algorithms = vec!["ES256".into()];
//! jwt.places.bearer = true;
//! let group =
//!     GroupConfig { name: "members".into(), methods: vec!["sign_in".into()], ..GroupConfig::default() };
//! let config = AuthnConfig { jwt: vec![jwt], groups: vec![group], ..AuthnConfig::default() };
//! let authn = Authn::compile(&config, &read_file, Arc::new(Nowhere))?;
//! assert!(authn.group("members").is_some());
//! # Ok::<(), corsac_middleware::authn::AuthnErrors>(())
//! ```

mod answer;
mod api_keys;
mod compile;
mod config;
mod decide;
#[cfg(feature = "file")]
mod file;
mod identity;
mod keys;
mod opaque;
mod outside;
mod wait;

pub use api_keys::{StoredKey, format_time, parse_hash_key, parse_time, read_api_keys, read_file};
pub use config::{
    ApiKeyConfig, AuthnConfig, AuthnErrors, ClientSecret, Contents, GroupConfig, JwtConfig, KeySource,
    MAX_ANSWERS, MAX_CONCURRENCY, MAX_DEFINITIONS, MAX_GROUP_METHODS, MAX_NAME, MAX_URL, MAX_VERIFIED,
    Mistake, MistakeKind, OpaqueConfig, ReadFile, UPSTREAM,
};
pub use decide::{Authn, Check, Group};
#[cfg(feature = "file")]
pub use file::{AuthnFile, RULES, read_authn};
pub use identity::{Identity, strip};
pub use outside::{BoxFuture, Notice, Nowhere, Outside};
pub use wait::{Wait, Waited};
