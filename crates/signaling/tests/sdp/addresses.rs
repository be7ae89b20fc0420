//! Which addresses are private: the edges of each block, and IPv4 within IPv6.

use std::net::{Ipv4Addr, Ipv6Addr};

use corsac_signaling::{Code, IcePolicy, check_candidate};

fn is_private(address: &str) -> bool {
    let text = format!("candidate:1 1 udp 1 {address} 9 typ host");
    assert_eq!(check_candidate(&text, IcePolicy::All), Ok(()), "{address}");
    match check_candidate(&text, IcePolicy::NoPrivate) {
        Ok(()) => false,
        Err(refusal) => {
            assert_eq!(refusal.code, Code::CandidatePrivate, "{address}");
            true
        }
    }
}

/// First and last of each block, and the neighbours outside.
#[test]
fn blocks_have_their_edges() {
    let blocks = [
        ("", "0.0.0.0", "0.255.255.255", "1.0.0.0"),
        ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
        ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
        ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
        ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
        ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
        ("191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"),
        ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
        ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
        ("223.255.255.255", "224.0.0.0", "239.255.255.255", ""),
        ("", "240.0.0.0", "255.255.255.255", ""),
        ("64:ff9b:0:ffff::", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::"),
        ("ff:ffff::", "100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::"),
        ("2001:1:ffff::", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "2001:2:1::"),
        ("5eff:ffff::", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f01::"),
        ("fbff:ffff::", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"),
        ("fe7f:ffff::", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
        ("", "::", "::1", ""),
    ];
    for (before, first, last, after) in blocks {
        for inside in [first, last] {
            assert!(is_private(inside), "{inside}");
        }
        for outside in [before, after].into_iter().filter(|address| !address.is_empty()) {
            assert!(!is_private(outside), "{outside}");
        }
    }
}

#[test]
fn documentation_is_nobodys_address() {
    for address in ["192.0.2.2", "198.51.100.7", "203.0.113.5", "2001:db8::1", "3fff::1"] {
        assert!(!is_private(address), "{address}");
    }
}

/// Each way to write an IPv4 address within an IPv6 one says what the IPv4 address says.
#[test]
fn embedded_addresses_are_found() {
    for (v4, private) in
        [("10.0.0.1", true), ("100.64.0.1", true), ("203.0.113.5", false), ("8.8.8.8", false)]
    {
        let bits = v4.parse::<Ipv4Addr>().expect("an address").to_bits();
        let (high, low) = (bits >> 16, bits & 0xffff);
        let hex = format!("{high:x}:{low:x}");
        let inverted = format!("{:x}:{:x}", !high & 0xffff, !low & 0xffff);
        let texts = [
            format!("::ffff:{v4}"),
            format!("::ffff:{hex}"),
            format!("::ffff:0:{hex}"),
            format!("::{hex}"),
            format!("64:ff9b::{v4}"),
            format!("2002:{hex}::1"),
            format!("2001:0:{hex}:0:0:f7f7:f7f7"),
            format!("2001:0:808:808:8000:1234:{inverted}"),
            format!("2001:db8:1:2:0:5efe:{hex}"),
            format!("2001:db8:1:2:200:5efe:{hex}"),
        ];
        for text in texts {
            assert!(text.parse::<Ipv6Addr>().is_ok(), "{text}");
            assert_eq!(is_private(&text), private, "{text}");
        }
    }
    // Near to them, and nothing embedded.
    for text in ["2003:a00:1::1", "2001:1:a00:1::1", "2001:db8::1:5efe:a00:1", "64:ff9b:0:0:0:1:a00:1"] {
        assert!(!is_private(text), "{text}");
    }
}
