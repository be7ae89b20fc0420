//! Any bytes as an ICE candidate.

use std::net::IpAddr;

use corsac_signaling::{IcePolicy, check_candidate};

use super::check_refusal;

/// What passes has the fields of the standard, and passes under the more open policy.
pub fn candidate(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let [all, private, relay] = IcePolicy::ALL.map(|policy| check_candidate(text, policy));
    for refusal in [&all, &private, &relay].into_iter().filter_map(|found| found.as_ref().err()) {
        check_refusal(refusal);
    }
    assert!(all.is_ok() || private.is_err() && relay.is_err());
    if all.is_err() || text.is_empty() {
        return;
    }
    assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{text}");
    let words: Vec<&str> = text.strip_prefix("candidate:").expect("its name").split(' ').collect();
    assert!(words.len() >= 8 && words.len().is_multiple_of(2), "{text}");
    assert!(matches!(words[1], "1" | "2"));
    assert!(matches!(words[2].to_lowercase().as_str(), "udp" | "tcp"));
    assert!(words[3].parse::<u32>().is_ok());
    assert!(words[5].parse::<u16>().is_ok_and(|port| port > 0));
    assert_eq!(words[6], "typ");
    assert!(["host", "srflx", "prflx", "relay"].contains(&words[7]));
    assert!(relay.is_err() || words[7] == "relay");
    let ips: Vec<IpAddr> = [Some(words[4]), value(&words, "raddr")]
        .into_iter()
        .flatten()
        .filter(|word| word.strip_suffix(".local").is_none())
        .map(|word| word.parse().expect("a literal"))
        .collect();
    // Plainly private, as the standard library has it; what is embedded has its own tests.
    let is_private = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_multicast()
        }
    };
    assert!(private.is_err() || !ips.iter().any(is_private), "{text}");
}

fn value<'t>(words: &[&'t str], name: &str) -> Option<&'t str> {
    words.get(8..)?.chunks(2).find(|pair| pair[0] == name).map(|pair| pair[1])
}
