//! Web origins as a server meets them: in the `Origin` request header, in the
//! one spelling that browsers send.
//!
//! - [`OriginRef`] and [`Origin`]: an opaque origin (`null`) or a tuple of
//!   scheme, host and port;
//! - [`OriginPattern`]: what a policy may allow: one origin, any sub-domain of a
//!   base, any port;
//! - [`OriginSet`]: many patterns, asked in time bound by the origin's length;
//! - [`PublicSuffixList`] and [`Site`]: where registrable domains begin;
//! - [`is_potentially_trustworthy`]: secure transport or loopback.
//!
//! The crate is pure: it reads no file, clock, socket or randomness. It leaves out
//! URL parsing and IDNA; where a mistake has a right spelling, [`right_spelling`]
//! asks the `url` crate for it.
//!
//! ```
//! use corsac_origin::{OriginPattern, OriginRef};
//!
//! let pattern = OriginPattern::parse("https://*.example.com")?;
//! assert!(pattern.matches(&OriginRef::parse(b"https://app.example.com")?));
//! assert!(!pattern.matches(&OriginRef::parse(b"https://evilexample.com")?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod error;
mod host;
mod origin;
mod pattern;
mod public_suffix;
mod scheme;
mod set;
mod site;
mod spelling;
mod table;
mod trustworthy;

pub use error::{OriginError, OriginMistake, PatternError};
pub use host::{HostKind, MAX_HOST_LEN, MAX_LABEL_LEN};
pub use origin::{MAX_ORIGIN_LEN, Origin, OriginRef, TupleRef};
pub use pattern::{HostPattern, OriginPattern, PortPattern};
pub use public_suffix::{
    MAX_LIST_BYTES, PublicSuffixError, PublicSuffixList, Section, SuffixBelow, SuffixRules,
};
pub use scheme::Scheme;
pub use set::{OriginSet, OriginSetBuilder};
pub use site::{Site, same_site, schemelessly_same_site};
pub use spelling::right_spelling;
pub use trustworthy::{is_loopback, is_potentially_trustworthy};
