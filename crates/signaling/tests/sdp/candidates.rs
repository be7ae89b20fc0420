//! Candidates one by one.

use corsac_signaling::{Code, IcePolicy, check_candidate};

const UUID: &str = "6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f10.local";

fn code(text: &str, policy: IcePolicy) -> Option<Code> {
    check_candidate(text, policy).err().map(|refusal| refusal.code)
}

fn host(address: &str) -> String {
    format!("candidate:1 1 udp 2113937151 {address} 40000 typ host")
}

#[test]
fn what_browsers_write_passes() {
    let theirs = [
        "",
        "candidate:854031356 1 udp 2122194687 192.0.2.2 36518 typ host generation 0 ufrag FBe8 network-id 1",
        "candidate:1530382291 1 tcp 1518285567 fd00::2 9 typ host tcptype active generation 0 network-id 2",
        "candidate:0 1 UDP 2122187007 e528b40b-2089-4d90-851b-d00a131115b6.local 57525 typ host",
        "candidate:2 2 TCP 2105458943 e528b40b-2089-4d90-851b-d00a131115b6.local 9 typ host tcptype active",
        "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0",
        "candidate:3 1 UDP 92217343 198.51.100.9 52311 typ relay raddr 192.168.1.4 rport 52000",
        "candidate:Hc0a80105 1 udp 1 203.0.113.7 1 typ prflx raddr :: rport 0",
    ];
    for text in theirs {
        assert_eq!(code(text, IcePolicy::All), None, "{text}");
    }
}

#[test]
fn the_grammar_is_strict() {
    let good = "candidate:1 1 udp 4294967295 203.0.113.5 65535 typ srflx raddr 203.0.113.6 rport 65535 a b";
    assert_eq!(code(good, IcePolicy::NoPrivate), None);
    let edits = [
        ("candidate:", "a=candidate:"),
        ("candidate:", "Candidate:"),
        ("candidate:", ""),
        (":1 1 ", ":1 0 "),
        (":1 1 ", ":1 3 "),
        (":1 1 ", ":1 01 "),
        (":1 1 ", ":1 +1 "),
        (":1 1 ", ": 1 "),
        (":1 1 ", ":- 1 "),
        (":1 1 ", ":1  1 "),
        (":1 1 ", ":123456789012345678901234567890123 1 "),
        ("udp", "ssltcp"),
        ("udp", "dtls"),
        ("4294967295", "4294967296"),
        ("4294967295", "-1"),
        ("4294967295", "00000000001"),
        (" 65535 typ", " 65536 typ"),
        (" 65535 typ", " 0 typ"),
        (" 65535 typ", " 0x50 typ"),
        ("typ", "type"),
        ("typ srflx", "srflx"),
        ("rport 65535", "rport 65536"),
        ("rport 65535", "rport"),
        ("raddr 203", "RADDR 203"),
        ("a b", "a"),
        ("a b", "a b "),
        ("a b", "raddr 10.0.0.1"),
        ("a b", "rport 1"),
        ("a b", "TYP host"),
        ("a b", "a b\r\na=crypto:1"),
        ("a b", "a \t"),
        ("a b", "a \u{e9}"),
    ];
    for (from, to) in edits {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert_eq!(code(&text, IcePolicy::All), Some(Code::CandidateSyntax), "{text}");
    }
    let long = |bytes: usize| format!("{good}{}", "b".repeat(bytes + "candidate:".len() - good.len()));
    assert_eq!(code(&long(512), IcePolicy::All), None);
    assert_eq!(code(&long(513), IcePolicy::All), Some(Code::CandidateSyntax));
}

#[test]
fn types_are_those_of_the_standard_in_its_case() {
    for kind in ["host", "srflx", "prflx", "relay"] {
        assert_eq!(code(&host("203.0.113.5").replace("host", kind), IcePolicy::NoPrivate), None);
    }
    for kind in ["Host", "local", "relayed", "typ"] {
        let text = host("203.0.113.5").replace("host", kind);
        assert_eq!(code(&text, IcePolicy::Relay), Some(Code::CandidateType), "{kind}");
    }
}

#[test]
fn only_relays_pass_where_only_relays_may() {
    for kind in ["host", "srflx", "prflx"] {
        let text = host("203.0.113.5").replace("host", kind);
        assert_eq!(code(&text, IcePolicy::Relay), Some(Code::CandidateRelayOnly), "{kind}");
    }
    // A relay of the operator's own network says nothing of the peer.
    assert_eq!(code(&host("10.0.0.5").replace("host", "relay"), IcePolicy::Relay), None);
    assert_eq!(code(&host(UUID), IcePolicy::Relay), Some(Code::CandidateRelayOnly));
}

#[test]
fn names_are_refused_and_hidden_addresses_are_not() {
    for policy in [IcePolicy::All, IcePolicy::NoPrivate] {
        assert_eq!(code(&host(UUID), policy), None);
        assert_eq!(code(&host(&UUID.to_uppercase().replace("LOCAL", "local")), policy), None);
        let names = [
            "example.com",
            "printer.local",
            "localhost",
            ".local",
            "6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f1.local",
            "6f1f2c9e0d3c4c0e9a4e3c1d2b5a7f10.local",
            "6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f1g.local",
            "6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f10.local.",
            "6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f10.LOCAL",
            "a.6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f10.local",
            "203.0.113.05",
            "0x7f.1",
            "2130706433",
            "127.1",
            "[::1]",
            "fe80::1%eth0",
            "203.0.113.5/32",
        ];
        for name in names {
            assert_eq!(code(&host(name), policy), Some(Code::CandidateName), "{name}");
            let related = format!("{} raddr {name} rport 1", host("203.0.113.5"));
            assert_eq!(code(&related, policy), Some(Code::CandidateName), "{name}");
        }
    }
}

#[test]
fn related_addresses_are_not_told_but_to_all() {
    let related = |address: &str, kind: &str| {
        format!("{} raddr {address} rport 9", host("203.0.113.5").replace("host", kind))
    };
    for (policy, kind) in [(IcePolicy::NoPrivate, "srflx"), (IcePolicy::Relay, "relay")] {
        for address in ["10.0.0.1", "127.0.0.1", "0.0.0.1", "fd00::2", "::ffff:0.0.0.0"] {
            assert_eq!(code(&related(address, kind), policy), Some(Code::CandidateRelated), "{address}");
            assert_eq!(code(&related(address, kind), IcePolicy::All), None);
        }
        for address in ["0.0.0.0", "::", "198.51.100.7", UUID] {
            assert_eq!(code(&related(address, kind), policy), None, "{address}");
        }
    }
}

#[test]
fn the_stricter_policy_of_two_counts() {
    use IcePolicy::{All, NoPrivate, Relay};
    for (one, other, both) in [(All, All, All), (All, NoPrivate, NoPrivate), (Relay, NoPrivate, Relay)] {
        assert_eq!(one.stricter(other), both);
        assert_eq!(other.stricter(one), both);
    }
    for policy in IcePolicy::ALL {
        assert_eq!(IcePolicy::parse(policy.as_str()), Some(policy));
    }
    assert_eq!(IcePolicy::parse("none"), None);
    assert_eq!(IcePolicy::parse("No-Private"), None);
}

#[test]
fn codes_have_an_order() {
    let text = "candidate:1 1 udp 1 printer.local 9 typ hots raddr 10.0.0.1 rport 1";
    let steps = [
        ("hots", "host", Code::CandidateType, IcePolicy::Relay),
        ("host", "relay", Code::CandidateRelayOnly, IcePolicy::Relay),
        ("printer.local", "10.0.0.2", Code::CandidateName, IcePolicy::NoPrivate),
        ("10.0.0.2", "203.0.113.5", Code::CandidatePrivate, IcePolicy::NoPrivate),
        ("10.0.0.1", "0.0.0.0", Code::CandidateRelated, IcePolicy::NoPrivate),
    ];
    let mut text = text.to_owned();
    for (from, to, expected, policy) in steps {
        assert_eq!(code(&text, policy), Some(expected), "{text}");
        text = text.replacen(from, to, 1);
    }
    assert_eq!(code(&text, IcePolicy::Relay), None);
}
