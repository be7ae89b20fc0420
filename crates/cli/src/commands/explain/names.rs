//! Host names as browsers resolve them, and where they led.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use corsac_browser::AddressSpace;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Takes every name under `.localhost` for this machine, as browsers do (Secure Contexts,
/// section 5.2); others are looked up.
#[derive(Debug, Default)]
pub(super) struct BrowserNames(Lookup);

/// `DefaultResolver` has no `Debug`.
#[derive(Default)]
struct Lookup(DefaultResolver);

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lookup")
    }
}

impl Resolver for BrowserNames {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if !uri.host().is_some_and(is_localhost) {
            return self.0.0.resolve(uri, config, timeout);
        }
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let mut found = self.empty();
        found.push(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        found.push(SocketAddr::from((Ipv6Addr::LOCALHOST, port)));
        Ok(found)
    }
}

fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case("localhost"))
}

/// The address space that a name leads to from here; nothing if it leads nowhere, or shows
/// it itself.
pub(super) fn space_of(host: &str) -> Option<AddressSpace> {
    if is_localhost(host) {
        return None;
    }
    let addresses = (host, 0).to_socket_addrs().ok()?;
    addresses.map(|address| AddressSpace::of(address.ip())).min()
}
