//! Sites: what a registrable domain and a scheme have in common (HTML Standard,
//! "site"). Cookies and `Sec-Fetch-Site` think in sites, CORS in origins.

use crate::host::HostKind;
use crate::origin::{OriginRef, TupleRef};
use crate::public_suffix::PublicSuffixList;
use crate::scheme::Scheme;

/// A site: scheme and registrable domain, or the whole host where there is none
/// (IP addresses, public suffixes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site<'a> {
    scheme: Scheme<'a>,
    host: &'a str,
}

impl<'a> Site<'a> {
    /// The site of `origin`; `None` for an opaque origin, which is its own site.
    pub fn of(origin: &OriginRef<'a>, suffixes: &PublicSuffixList) -> Option<Self> {
        origin
            .tuple()
            .map(|tuple| Self { scheme: tuple.scheme(), host: registrable_or_host(tuple, suffixes) })
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme<'a> {
        self.scheme
    }

    /// The registrable domain, or the host where there is none.
    pub fn host(&self) -> &'a str {
        self.host
    }
}

fn registrable_or_host<'a>(tuple: &TupleRef<'a>, suffixes: &PublicSuffixList) -> &'a str {
    match tuple.host_kind() {
        HostKind::Domain => suffixes.registrable_domain(tuple.host()).unwrap_or(tuple.host()),
        HostKind::Ipv4 | HostKind::Ipv6 => tuple.host(),
    }
}

/// Whether both origins are tuples of one site ("same site").
pub fn same_site(a: &OriginRef<'_>, b: &OriginRef<'_>, suffixes: &PublicSuffixList) -> bool {
    match (Site::of(a, suffixes), Site::of(b, suffixes)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// As [`same_site`], whatever the schemes ("schemelessly same site").
pub fn schemelessly_same_site(a: &OriginRef<'_>, b: &OriginRef<'_>, suffixes: &PublicSuffixList) -> bool {
    match (Site::of(a, suffixes), Site::of(b, suffixes)) {
        (Some(a), Some(b)) => a.host == b.host,
        _ => false,
    }
}
