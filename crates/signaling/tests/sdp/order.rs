//! The order of the rules: a text with every mistake loses them one by one.

use corsac_signaling::{Code, IcePolicy, Role, SdpRules, check_description};

use crate::base::{FINGERPRINT, OTHER, add, all, edit, granted, offer};

fn rules() -> SdpRules {
    let mut rules = granted(&[], &[]);
    rules.grants.subscribe = false;
    rules.max_bps = Some(1_000);
    rules.ice = IcePolicy::NoPrivate;
    rules.established = Some(Role::Active);
    rules
}

type Fix = fn(&str) -> String;

/// All mistakes of rule 2 in the second m-line, those of rule 3 in the first, those of rule 4, and
/// each time the next one to mend. Rule 2 comes first for all m-lines.
#[test]
fn one_rule_is_checked_for_all_m_lines_before_the_next() {
    let mut text = edit(&offer(), 0, "a=group:BUNDLE 0 1 2\n", "");
    text = edit(&text, 1, "a=rtcp-mux\n", "");
    text = add(&text, 1, "a=sendonly\nb=AS:2\na=candidate:1 1 udp 1 10.0.0.1 9 typ host");
    text = edit(&text, 2, "m=video 9 UDP/TLS/RTP/SAVPF", "m=text 9 RTP/AVP");
    text = edit(&text, 2, &format!("a=fingerprint:{FINGERPRINT}\n"), "");
    text = edit(&text, 2, "a=setup:actpass\n", "");
    text = edit(&text, 2, "a=ice-ufrag:F7g+\n", "");
    text = edit(&text, 2, "a=ice-pwd:x/9cqLM3Vd0aYk2P5sWt8u\n", "");
    text = add(&text, 2, "a=crypto:1 x\nx=1");
    let fixes: [(Code, Fix); 12] = [
        (Code::SdpSyntax, |text| all(text, "x=1\r\n", "")),
        (Code::SdpSdes, |text| all(text, "a=crypto:1 x\r\n", "")),
        (Code::SdpKind, |text| all(text, "m=text", "m=video")),
        (Code::SdpProtocol, |text| all(text, "RTP/AVP", "UDP/TLS/RTP/SAVPF")),
        (Code::SdpFingerprintMissing, |text| add(text, 2, "a=fingerprint:sha-1 00")),
        (Code::SdpFingerprintHash, |text| all(text, "sha-1 00", "sha-256 00")),
        (Code::SdpFingerprintValue, |text| all(text, "sha-256 00", OTHER)),
        (Code::SdpSetup, |text| add(text, 2, "a=setup:actpass")),
        (Code::SdpUfrag, |text| add(text, 2, "a=ice-ufrag:F7g+")),
        (Code::SdpPassword, |text| add(text, 2, "a=ice-pwd:x/9cqLM3Vd0aYk2P5sWt8u")),
        (Code::SdpRtcpMux, |text| add(text, 1, "a=rtcp-mux")),
        (Code::SdpDirection, |text| edit(text, 1, "a=sendonly\n", "")),
    ];
    for (code, fix) in fixes {
        let refusal = check_description(&text, &rules()).expect_err("refused");
        assert_eq!(refusal.code, code, "{}", refusal.detail);
        text = fix(&text);
    }
    then_what_may_flow(&text);
}

type Give = fn(&mut SdpRules);

fn then_what_may_flow(text: &str) {
    use corsac_signaling::Kind::{Audio, Data, Video};
    let mut text = text.to_owned();
    let mut rules = rules();
    let gives: [(Code, &str, Give); 7] = [
        (Code::Grant, "publish audio", |rules| rules.grants.publish = rules.grants.publish.with(Audio)),
        (Code::Consent, "audio", |rules| rules.consented = rules.consented.with(Audio)),
        (Code::Grant, "subscribe", |rules| rules.grants.subscribe = true),
        (Code::SdpBitrate, "m-line 1: over 1000 bits a second", |rules| rules.max_bps = Some(2_000)),
        (Code::CandidatePrivate, "an address of a private network", |rules| rules.ice = IcePolicy::All),
        (Code::Grant, "publish video", |rules| {
            rules.grants.publish = rules.grants.publish.with(Video);
            rules.consented = rules.consented.with(Video);
        }),
        (Code::Grant, "publish data", |rules| rules.grants.publish = rules.grants.publish.with(Data)),
    ];
    for (code, detail, give) in gives {
        let refusal = check_description(&text, &rules).expect_err("refused");
        assert_eq!((refusal.code, &*refusal.detail), (code, detail));
        give(&mut rules);
    }
    let fixes: [(Code, Fix); 2] = [
        (Code::SdpFingerprintMultiple, |text| all(text, OTHER, FINGERPRINT)),
        (Code::SdpBundle, |text| add(text, 0, "a=group:BUNDLE 0 1 2")),
    ];
    for (code, fix) in fixes {
        assert_eq!(check_description(&text, &rules).expect_err("refused").code, code);
        text = fix(&text);
    }
    check_description(&text, &rules).expect("nothing is left");
}
