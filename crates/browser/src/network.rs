//! What is refused before the CORS protocol begins: ports, insecure requests of secure
//! pages, the local network.

use std::net::IpAddr;

use corsac_origin::{OriginRef, PublicSuffixList, same_site};
use url::{Host, Url};

use crate::engine::Profile;
use crate::failure::Failure;
use crate::request::{AddressSpace, Page};

/// A "bad port" (Fetch, section 2.9).
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

pub(crate) fn is_bad_port(url: &Url) -> Option<u16> {
    let is_http = matches!(url.scheme(), "http" | "https");
    url.port().filter(|port| is_http && BAD_PORTS.binary_search(port).is_ok())
}

/// Mixed Content: a page from `https:` that asks for something not potentially
/// trustworthy.
pub(crate) fn is_mixed_content(url: &Url, page: &Page, profile: &Profile) -> bool {
    page.origin.starts_with("https://")
        && url.scheme() == "http"
        && (profile.loopback_is_mixed_content || address_space(url) != AddressSpace::Loopback)
}

/// Local Network Access: what is more private than the page needs a permission, which is
/// not assumed.
pub(crate) fn local_network(url: &Url, page: &Page, profile: &Profile) -> Option<Failure> {
    // Chromium asks public pages only; so does everybody who asks.
    if !profile.guards_local_network
        || page.address_space != AddressSpace::Public
        || address_space(url) == AddressSpace::Public
    {
        return None;
    }
    match page.secure_context {
        true => Some(Failure::LocalNetwork(address_space(url))),
        false if profile.guards_local_network_from_insecure_pages => {
            Some(Failure::InsecureLocalNetwork(address_space(url)))
        }
        false => None,
    }
}

/// The address space that a URL's host shows. A name that resolves to a private address
/// looks public here.
pub(crate) fn address_space(url: &Url) -> AddressSpace {
    match url.host() {
        Some(Host::Ipv4(address)) => space_of(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => space_of(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            match name.rsplit('.').next() {
                Some("localhost") => AddressSpace::Loopback,
                Some("local") => AddressSpace::Local,
                _ => AddressSpace::Public,
            }
        }
        None => AddressSpace::Public,
    }
}

/// Local Network Access, "Non-public IP address blocks".
fn space_of(address: IpAddr) -> AddressSpace {
    let is_local = match address.to_canonical() {
        address if address.is_loopback() => return AddressSpace::Loopback,
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || address.is_link_local() || first == 100 && (64..128).contains(&second)
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    if is_local { AddressSpace::Local } else { AddressSpace::Public }
}

/// Same site: of one scheme and one registrable domain.
pub(crate) fn is_same_site(page: &str, url: &str) -> bool {
    let (Ok(page), Ok(url)) = (OriginRef::parse(page.as_bytes()), OriginRef::parse(url.as_bytes())) else {
        return false;
    };
    same_site(&page, &url, PublicSuffixList::embedded())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_sorted_and_only_http_has_bad_ones() {
        assert!(BAD_PORTS.is_sorted());
        let bad = |url: &str| is_bad_port(&Url::parse(url).unwrap());
        assert_eq!(bad("http://a.example:6667/"), Some(6667));
        assert_eq!(bad("http://a.example:6670/"), None);
        assert_eq!(bad("https://a.example/"), None);
    }

    #[test]
    fn address_spaces_are_read_from_hosts() {
        use AddressSpace::{Local, Loopback, Public};
        for (url, space) in [
            ("http://localhost/", Loopback),
            ("http://api.localhost./", Loopback),
            ("http://127.1/", Loopback),
            ("http://[::ffff:127.0.0.1]/", Loopback),
            ("http://192.168.1.1/", Local),
            ("http://100.64.0.1/", Local),
            ("http://[fe80::1]/", Local),
            ("http://printer.local/", Local),
            ("http://notlocalhost/", Public),
            ("http://100.128.0.1/", Public),
            ("http://8.8.8.8/", Public),
        ] {
            assert_eq!(address_space(&Url::parse(url).unwrap()), space, "{url}");
        }
    }
}
