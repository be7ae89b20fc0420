//! Descriptions of real browsers; `fixtures/README.md` says how they were made.

use std::path::Path;

use corsac_signaling::{Code, IcePolicy, Kind, Role, SdpKind, SdpRules, check_description};

use crate::base::{add, all, edit, granted, rules, under};

/// What Firefox says that it takes, and no description may say.
const FIREFOX_SIZE: &str = "a=max-message-size:1073741823\r\n";

/// All of them: name, kind and text.
pub(crate) fn fixtures() -> Vec<(String, SdpKind, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdp/fixtures");
    let paths = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "sdp"));
    let read = paths.map(|path| {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let kind = name.rsplit('-').next().and_then(SdpKind::parse).expect("offer or answer");
        (name, kind, std::fs::read_to_string(path).expect("a text"))
    });
    read.collect()
}

fn fixture(name: &str) -> String {
    let found = fixtures().into_iter().find(|(other, _, _)| other == name);
    found.unwrap_or_else(|| panic!("no fixture {name}")).2
}

/// As a client has to send it.
pub(crate) fn lowered(text: &str) -> String {
    text.replace(FIREFOX_SIZE, "a=max-message-size:262144\r\n")
}

fn of(kind: SdpKind) -> SdpRules {
    SdpRules { kind, ..rules() }
}

#[test]
fn what_browsers_write_passes() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 58);
    for (name, kind, text) in fixtures {
        let found = check_description(&lowered(&text), &of(kind));
        assert!(found.is_ok(), "{name}: {found:?}");
        let other = if kind == SdpKind::Offer { SdpKind::Answer } else { SdpKind::Offer };
        let refused = check_description(&lowered(&text), &of(other)).expect_err("the other kind");
        assert_eq!(refused.code, Code::SdpSetup, "{name}");
    }
}

/// Firefox says that it takes messages of 1 GiB; the protocol allows 4 MiB.
#[test]
fn firefox_has_to_say_a_smaller_size() {
    let fixtures = fixtures();
    let sized = fixtures.iter().filter(|(_, _, text)| text.contains(FIREFOX_SIZE));
    assert_eq!(sized.clone().count(), 19);
    for (name, kind, text) in sized {
        let refusal = check_description(text, &of(*kind)).expect_err("refused");
        assert_eq!(refusal.code, Code::SdpMessageSize, "{name}");
    }
}

#[test]
fn what_flows_is_seen() {
    use Kind::{Audio, Data, Video};
    let table: [(&str, &[Kind], &[bool]); 12] = [
        ("everything-offer", &[Audio, Video, Data], &[true, true, true]),
        ("everything-answer", &[Audio, Video, Data], &[true, true, true]),
        ("max-bundle-offer", &[Audio, Video, Data], &[true, true, true]),
        ("unsupported-answer", &[Audio, Data], &[true, false, true]),
        ("stopped-offer", &[Audio, Data], &[true, false, true]),
        ("inactive-offer", &[Data], &[true, false, true]),
        ("audio-offer", &[Audio], &[true]),
        ("audio-answer", &[], &[true]),
        ("data-offer", &[Data], &[true]),
        ("receive-offer", &[], &[true, true]),
        ("receive-answer", &[Audio, Video], &[true, true]),
        ("simulcast-offer", &[Video], &[true]),
    ];
    for browser in ["chromium", "firefox"] {
        for (name, sends, live) in table {
            let kind = if name.ends_with("offer") { SdpKind::Offer } else { SdpKind::Answer };
            let text = lowered(&fixture(&format!("{browser}-{name}")));
            let found = check_description(&text, &of(kind)).expect("accepted");
            assert_eq!(found.sends.iter().collect::<Vec<_>>(), sends, "{browser} {name}");
            assert_eq!(
                found.media.iter().map(|media| media.live).collect::<Vec<_>>(),
                live,
                "{browser} {name}"
            );
            assert_eq!(found.fingerprints.len(), 1);
            let role = if kind == SdpKind::Answer { Some(Role::Active) } else { None };
            assert_eq!(found.role(), role, "{browser} {name}");
        }
    }
}

/// `bundle-only` hides m-lines behind port 0; they need their grants all the same.
#[test]
fn bundle_only_is_live() {
    let text = fixture("firefox-max-bundle-offer");
    assert!(text.contains("m=video 0 ") && text.contains("a=bundle-only"));
    let no_video = granted(&[Kind::Audio, Kind::Data], &Kind::ALL);
    let refusal = check_description(&lowered(&text), &no_video).expect_err("refused");
    assert_eq!((refusal.code, &*refusal.detail), (Code::Grant, "publish video"));
    let rejected = lowered(&text).replace("a=bundle-only\r\n", "");
    check_description(&rejected, &no_video).expect("nothing of video flows");
}

/// Chromium's rejected m-line still says `sendrecv`; nothing flows.
#[test]
fn a_rejected_m_line_needs_no_grant() {
    let text = fixture("chromium-unsupported-answer");
    let mut rules = granted(&[Kind::Audio, Kind::Data], &[Kind::Audio]);
    rules.kind = SdpKind::Answer;
    check_description(&text, &rules).expect("accepted");
    let live = all(&text, "m=video 0", "m=video 9");
    let refusal = check_description(&live, &rules).expect_err("refused");
    assert_eq!((refusal.code, &*refusal.detail), (Code::Grant, "publish video"));
}

/// Chromium shows its addresses once a page may use the camera, also in `c=`; Firefox hides them.
#[test]
fn addresses_are_seen_where_candidates_have_been_gathered() {
    let firefox = lowered(&fixture("firefox-gathered-offer"));
    assert!(firefox.contains(".local "));
    check_description(&firefox, &under(IcePolicy::NoPrivate)).expect("hidden");
    let chromium = fixture("chromium-gathered-offer");
    check_description(&chromium, &under(IcePolicy::All)).expect("accepted");
    let private = check_description(&chromium, &under(IcePolicy::NoPrivate)).expect_err("fd00::2");
    assert_eq!(private.code, Code::CandidatePrivate);
    let relay = check_description(&chromium, &under(IcePolicy::Relay)).expect_err("host");
    assert_eq!(relay.code, Code::CandidateRelayOnly);
    // Without its candidates the address stays behind in `c=`.
    let kept = chromium.split_inclusive("\r\n").filter(|line| !line.starts_with("a=candidate:"));
    let bare: String = kept.collect();
    assert!(bare.contains("c=IN IP4 192.0.2.2"));
    let left = check_description(&bare, &under(IcePolicy::Relay)).expect_err("`c=`");
    assert_eq!(left.code, Code::CandidateRelayOnly);
    let private = all(&bare, "c=IN IP4 192.0.2.2", "c=IN IP4 192.168.2.2");
    let left = check_description(&private, &under(IcePolicy::NoPrivate)).expect_err("`c=`");
    assert_eq!(left.code, Code::CandidatePrivate);
    check_description(&all(&bare, "192.0.2.2", "0.0.0.0"), &under(IcePolicy::Relay))
        .expect("nothing is told");
}

/// What a page can write into a browser's description (`webrtc.md`, finding 2), in each browser's.
#[test]
fn tampering_with_real_descriptions_is_refused() {
    for browser in ["chromium", "firefox"] {
        let text = lowered(&fixture(&format!("{browser}-everything-offer")));
        let refused = |text: &str| check_description(text, &rules()).expect_err("refused").code;
        assert_eq!(refused(&add(&text, 1, "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x")), Code::SdpSdes);
        assert_eq!(refused(&text.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")), Code::SdpProtocol);
        assert_eq!(refused(&text.replace("sha-256", "sha-1")), Code::SdpFingerprintHash);
        assert_eq!(refused(&text.replace("actpass", "active")), Code::SdpSetup);
        assert_eq!(refused(&text.replace("a=rtcp-mux\r\n", "")), Code::SdpRtcpMux);
        assert_eq!(refused(&text.replace("a=group:BUNDLE 0 1 2\r\n", "")), Code::SdpBundle);
        assert_eq!(refused(&text.replace("\r\n", "\n")), Code::SdpSyntax);
        assert_eq!(refused(&edit(&text, 3, "UDP/DTLS/SCTP", "UDP/SCTP")), Code::SdpProtocol);
    }
}
