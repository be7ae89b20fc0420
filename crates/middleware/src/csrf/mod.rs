//! Cross-site request forgery: did the page that a request comes from mean to send it?
//!
//! A browser sends cookies, client certificates and HTTP authentication along with what
//! *any* page asks of a site. What such requests change is guarded here, without a token
//! wherever the browser says itself where the request comes from: `Sec-Fetch-Site` (Fetch
//! Metadata, section 2.3), and else `Origin`, compared as an origin: scheme, host and port.
//! The algorithm is that of Go 1.25's `CrossOriginProtection`. Who may write across
//! origins is not said a second time: it is who the route's [`corsac_cors::Policy`] allows
//! with credentials.
//!
//! ```
//! use corsac_cors::{Policy, PolicyConfig};
//! use corsac_middleware::csrf::{Csrf, CsrfConfig, CsrfLayer, Transport};
//!
//! let policy = Policy::compile(&PolicyConfig {
//!     origins: vec!["https://admin.example.com".into()],
//!     credentials: true,
//!     ..PolicyConfig::default()
//! })?;
//! let csrf = Csrf::compile(&CsrfConfig::default())?;
//! let app: axum::Router = axum::Router::new()
//!     .route("/items", axum::routing::post(|| async { "created" }))
//!     .layer(CsrfLayer::new(csrf, Transport::Tls).with_policy(policy));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Csrf::decide`] gives a [`Decision`] for a [`crate::guard::Head`]; it is pure;
//! - [`Ambient`] says what authenticates: where nothing does that a browser sends by
//!   itself, nothing is checked, and the reason says so;
//! - a token ([`TokenConfig`]) is for browsers that send neither field;
//! - [`CookieRules`] hardens an upstream's `Set-Cookie`: `SameSite` is the second lock.
//!
//! What it deliberately leaves out: `Referer`, which pages can withhold and privacy tools
//! rewrite; tokens in forms, for which a body would have to be held back until it was
//! read; WebSocket handshakes, which are `GET` and held against the policy elsewhere;
//! changes made by safe methods. `docs/csrf.md` has it all for users.

mod config;
mod decide;
mod evidence;
#[cfg(feature = "file")]
mod file;
mod layer;
pub(crate) mod method_override;
mod mistake;
mod service;
mod set_cookie;
mod token;
mod verdict;

pub use config::{CookieConfig, CsrfConfig, CsrfMode, MAX_KEYS, SameSite, TokenConfig};
pub use decide::{Csrf, Decision, RouteCsrf};
pub use evidence::Ambient;
#[cfg(feature = "file")]
pub use file::{KeySource, read_cookies, read_csrf, read_mode};
pub use layer::{CsrfLayer, Transport};
pub use mistake::{CsrfErrors, Mistake, MistakeKind};
#[cfg(feature = "stack")]
pub(crate) use service::system_random;
pub use service::{Guarded, ResponseFuture};
pub use set_cookie::CookieRules;
pub use token::{CSRF_COOKIE, CSRF_HEADER, NewToken, RANDOM_BYTES};
pub use verdict::{Denial, Grounds, Verdict};
