//! What is refused before the CORS protocol begins: ports, insecure requests of secure
//! pages, the local network.

use std::net::IpAddr;

use corsac_origin::{OriginRef, PublicSuffixList, same_site};
use url::{Host, Url};

use crate::engine::Profile;
use crate::failure::Failure;
use crate::request::{AddressSpace, Page, Request};

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
/// trustworthy, unless the script says that it is of the local network.
pub(crate) fn is_mixed_content(request: &Request, page: &Page, profile: &Profile) -> bool {
    let url = &request.url;
    let names_local_network = profile.takes_target_address_space
        && request.target_address_space.is_some_and(|space| space != AddressSpace::Public);
    page.origin.starts_with("https://")
        && url.scheme() == "http"
        && !names_local_network
        && (profile.loopback_is_mixed_content || address_space(url) != AddressSpace::Loopback)
}

/// Local Network Access: what is more private than the page needs a permission, which an
/// opaque origin cannot have.
pub(crate) fn local_network(request: &Request, page: &Page, profile: &Profile) -> Option<Failure> {
    if !profile.guards_local_network {
        return None;
    }
    let target = resolved_space(&request.url, page);
    match request.target_address_space.filter(|_| profile.takes_target_address_space) {
        Some(named) if named != target => return Some(Failure::OtherAddressSpace { named, target }),
        _ => {}
    }
    // Chromium asks public pages only; so does everybody who asks.
    if page.address_space != AddressSpace::Public || target == AddressSpace::Public {
        return None;
    }
    match page.secure_context {
        true if page.may_reach_local_network && page.origin != "null" => None,
        true => Some(Failure::LocalNetwork(target)),
        false if profile.guards_local_network_from_insecure_pages => {
            Some(Failure::InsecureLocalNetwork(target))
        }
        false => None,
    }
}

/// Where a URL's host leads: as far as that is known, or as the name says.
fn resolved_space(url: &Url, page: &Page) -> AddressSpace {
    let known = page.resolved.iter().find(|(name, _)| Some(name.as_str()) == url.host_str());
    known.map_or_else(|| address_space(url), |(_, space)| *space)
}

/// The address space that a URL's host shows.
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
pub(crate) fn space_of(address: IpAddr) -> AddressSpace {
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
    use crate::engine::Engine;
    use crate::request::RequestInit;

    fn refused(engine: Engine, page: &Page, url: &str, named: Option<AddressSpace>) -> Option<Failure> {
        let init = RequestInit {
            url: url.to_owned(),
            method: "GET".to_owned(),
            target_address_space: named,
            ..RequestInit::default()
        };
        let request = Request::construct(&init, engine.profile()).unwrap();
        let is_mixed = is_mixed_content(&request, page, engine.profile());
        let mixed = is_mixed.then_some(Failure::MixedContent);
        mixed.or_else(|| local_network(&request, page, engine.profile()))
    }

    #[test]
    fn the_local_network_needs_a_permission_and_no_name_hides_it() {
        use AddressSpace::{Local, Loopback};
        let public = Page::of("https://app.example");
        let chromium = |page: &Page, url: &str| refused(Engine::Chromium, page, url, None);
        let (router, hidden) = ("https://192.168.1.1/", "https://router.example/");
        assert_eq!(chromium(&public, router), Some(Failure::LocalNetwork(Local)));
        assert_eq!(refused(Engine::WebKit, &public, router, None), None);
        assert_eq!(chromium(&public, hidden), None);
        let resolved = vec![("router.example".to_owned(), Loopback)];
        let knowing = Page { resolved, ..public.clone() };
        assert_eq!(chromium(&knowing, hidden), Some(Failure::LocalNetwork(Loopback)));
        let allowed = Page { may_reach_local_network: true, ..public };
        assert_eq!(chromium(&allowed, router), None);
        let opaque = Page { origin: "null".to_owned(), ..allowed.clone() };
        assert_eq!(chromium(&opaque, router), Some(Failure::LocalNetwork(Local)));
        let insecure = Page { secure_context: false, ..allowed };
        assert_eq!(chromium(&insecure, router), Some(Failure::InsecureLocalNetwork(Local)));
    }

    #[test]
    fn a_target_address_space_must_be_right_and_lets_insecure_urls_pass() {
        use AddressSpace::{Local, Loopback, Public};
        let page = Page { may_reach_local_network: true, ..Page::of("https://app.example") };
        let url = "http://192.168.1.1/";
        assert_eq!(refused(Engine::Chromium, &page, url, None), Some(Failure::MixedContent));
        assert_eq!(refused(Engine::Chromium, &page, url, Some(Local)), None);
        let other = |named| Some(Failure::OtherAddressSpace { named, target: Local });
        assert_eq!(refused(Engine::Chromium, &page, url, Some(Loopback)), other(Loopback));
        let secure = "https://192.168.1.1/";
        assert_eq!(refused(Engine::Chromium, &page, secure, Some(Public)), other(Public));
        assert_eq!(refused(Engine::Firefox, &page, url, Some(Local)), Some(Failure::MixedContent));
    }

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
