//! What people write, and what may be wrong with it.

use std::fmt;
use std::time::Duration;

use corsac_diagnostics::excerpt;

use super::gcra::{MAX_FILL, MAX_WINDOW};
use super::key::KeyPart;
use super::table::{MAX_KEYS, MIN_KEYS};
use crate::mistake;

/// Limits of one configuration; each has a table of its own.
pub const MAX_LIMITS: usize = 256;

/// Limits of one route: each is looked up for every request, and each is an item of two
/// response fields.
pub const MAX_ROUTE_LIMITS: usize = 4;

/// Bytes of a limit's name, which stands in every response.
pub const MAX_NAME: usize = 32;

/// The most units in a window and in a burst.
pub const MAX_QUANTITY: u64 = 1_000_000_000;

/// Limits, and which routes they apply to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimitConfig {
    /// The limits by name.
    pub limits: Vec<LimitConfig>,
    /// Limits on requests at the same time, by name.
    pub concurrency: Vec<ConcurrencyConfig>,
    /// What applies to each route. Any other route has no limit.
    pub routes: Vec<RouteConfig>,
    /// The names of the limits that count preflights. They count nothing else, and no
    /// other limit counts preflights: a page must be able to ask, and to be told that
    /// it asks too often. Without any, preflights are not limited here.
    pub preflights: Vec<String>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitConfig {
    /// Lower-case letters, digits, `-` and `_`, at most 32. Clients see it.
    pub name: String,
    /// Units in a window: `100/1m`, `5/s`, `1000/1d`. Windows are whole seconds, with
    /// the units `s`, `m`, `h` and `d`, up to 31 days.
    pub limit: String,
    /// Units at once; as many as in a window by default. In any time `t` a client gets
    /// at most `burst` and what `t` brings.
    pub burst: Option<u64>,
    /// What is counted: each combination of these has a bucket.
    pub by: Vec<KeyPart>,
    /// Keys that are kept apart, 20 bytes each and 128 KiB for all.
    pub keys: usize,
}

impl Default for LimitConfig {
    /// `100/1m` by address, for 65,536 clients in 1.4 MiB.
    fn default() -> Self {
        Self {
            name: "default".into(),
            limit: "100/1m".into(),
            burst: None,
            by: vec![KeyPart::Address],
            keys: 65_536,
        }
    }
}

/// A limit on requests at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrencyConfig {
    /// As a limit's.
    pub name: String,
    /// Requests of one key that are served at the same time.
    pub limit: u32,
    /// What is counted.
    pub by: Vec<KeyPart>,
    /// Keys that are kept apart.
    pub keys: usize,
}

impl Default for ConcurrencyConfig {
    fn default() -> Self {
        Self { name: "concurrency".into(), limit: 20, by: vec![KeyPart::Address], keys: 65_536 }
    }
}

/// What applies to one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// The route's name, such as its path pattern.
    pub route: String,
    /// Names of limits, all of which must allow a request.
    pub limits: Vec<String>,
    /// The name of a limit on requests at the same time.
    pub concurrency: Option<String>,
    /// Units that a request costs in each limit.
    pub cost: u64,
}

impl Default for RouteConfig {
    fn default() -> Self {
        Self { route: "/".into(), limits: vec!["default".into()], concurrency: None, cost: 1 }
    }
}

/// One mistake.
pub type Mistake = mistake::Mistake<MistakeKind>;

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// A burst of nothing, or beyond [`MAX_QUANTITY`].
    BurstOutOfRange(u64),
    /// A burst that takes longer than [`MAX_FILL`] to come back.
    BurstTooSlow(u64),
    /// No requests at the same time.
    ConcurrencyOutOfRange,
    /// A cost of nothing, or one that the limit's burst never has.
    CostOutOfRange {
        /// The cost.
        cost: u64,
        /// The smallest burst among the route's limits.
        burst: u64,
    },
    /// The same name or part a second time.
    Duplicate(String),
    /// Room for too few or too many keys.
    KeysOutOfRange(usize),
    /// Not a quantity, a slash and a window.
    LimitSyntax(String),
    /// Not a name.
    NameInvalid(String),
    /// Nothing is counted.
    NoKey,
    /// A route's limit that counts preflights.
    PreflightLimit(String),
    /// A quantity of nothing, or beyond [`MAX_QUANTITY`].
    QuantityOutOfRange(String),
    /// More than a million units a second.
    TooFast(String),
    /// More entries than there may be.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// No limit has this name.
    UnknownLimit(String),
    /// A window of nothing, or beyond [`MAX_WINDOW`].
    WindowOutOfRange(String),
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = |time: Duration| time.as_secs() / 86_400;
        match self {
            Self::BurstOutOfRange(burst) => write!(f, "a burst is 1 to {MAX_QUANTITY}, not {burst}"),
            Self::BurstTooSlow(burst) => {
                write!(f, "a burst of {burst} takes longer than {} days to come back", days(MAX_FILL))
            }
            Self::ConcurrencyOutOfRange => f.write_str("no request could ever be served"),
            Self::CostOutOfRange { cost: 0, .. } => {
                f.write_str("a request that costs nothing is not limited")
            }
            Self::CostOutOfRange { cost, burst } => {
                write!(f, "a request that costs {cost} never passes a burst of {burst}")
            }
            Self::Duplicate(name) => write!(f, "`{}` stands here twice", excerpt(name)),
            Self::KeysOutOfRange(keys) => {
                write!(f, "a table has room for {MIN_KEYS} to {MAX_KEYS} keys, not {keys}")
            }
            Self::LimitSyntax(text) => {
                write!(f, "`{}` is not a limit such as `100/1m`", excerpt(text))
            }
            Self::NameInvalid(name) => write!(
                f,
                "`{}` is not a name: 1 to {MAX_NAME} lower-case letters, digits, `-` and `_`",
                excerpt(name)
            ),
            Self::NoKey => f.write_str("nothing says what is counted"),
            Self::PreflightLimit(name) => {
                write!(f, "`{}` counts preflights, and so nothing else", excerpt(name))
            }
            Self::QuantityOutOfRange(text) => {
                write!(f, "`{}` does not allow 1 to {MAX_QUANTITY} in a window", excerpt(text))
            }
            Self::TooFast(text) => write!(f, "`{}` is more than a million a second", excerpt(text)),
            Self::TooMany { count, most } => write!(f, "{count} entries, at most {most} fit"),
            Self::UnknownLimit(name) => write!(f, "no limit is named `{}`", excerpt(name)),
            Self::WindowOutOfRange(text) => {
                write!(f, "`{}` has no window of 1 s to {} days", excerpt(text), days(MAX_WINDOW))
            }
        }
    }
}

/// All mistakes of a configuration that cannot be compiled.
pub type RateLimitErrors = mistake::Mistakes<MistakeKind>;
