//! Details of the text that the table has no room for.

use corsac_signaling::{Fingerprint, FingerprintHash, Kind, MediaKind, Role, check_description};

use crate::base::{FINGERPRINT, add, all, answer, answering, edit, offer, rules};

#[test]
fn the_last_line_may_lack_its_end() {
    let text = offer();
    let cut = text.strip_suffix("\r\n").expect("an end");
    assert_eq!(check_description(cut, &rules()), check_description(&text, &rules()));
}

#[test]
fn fingerprints_are_read_and_written_alike() {
    let one = Fingerprint::parse(FINGERPRINT).expect("a fingerprint");
    assert_eq!(one.hash(), FingerprintHash::Sha256);
    assert_eq!(one.digest().len(), 32);
    assert_eq!(one.digest().first(), Some(&0x4f));
    assert_eq!(one.to_string(), FINGERPRINT);
    for hash in FingerprintHash::ALL {
        let text = format!("{} {}", hash.as_str(), vec!["0A"; hash.bytes()].join(":"));
        assert_eq!(Fingerprint::parse(&text).expect("a fingerprint").to_string(), text);
    }
}

#[test]
fn the_summary_says_what_flows() {
    let text = edit(&answer(), 2, "m=video 9", "m=video 0");
    let text = edit(&text, 1, "a=sendrecv", "a=sendonly");
    let found = check_description(&text, &answering()).expect("accepted");
    assert_eq!(found.role(), Some(Role::Active));
    assert_eq!(found.fingerprints, [Fingerprint::parse(FINGERPRINT).expect("a fingerprint")]);
    assert_eq!(found.sends.iter().collect::<Vec<_>>(), [Kind::Audio, Kind::Data]);
    let kinds: Vec<_> = found.media.iter().map(|media| (media.kind, media.live)).collect();
    let expected = [(MediaKind::Audio, true), (MediaKind::Video, false), (MediaKind::Application, true)];
    assert_eq!(kinds, expected);
    let first = found.media.first().expect("an m-line").direction;
    assert!(first.sends() && !first.receives());
    assert_eq!(Role::Active.opposite(), Role::Passive);
    assert_eq!(Role::Passive.opposite(), Role::Active);
}

/// A rejected m-line needs no transport of its own: Firefox writes none.
#[test]
fn nothing_is_asked_of_a_rejected_m_line_but_what_must_never_be() {
    let rejected = add(&offer(), 3, "m=video 0 UDP/TLS/RTP/SAVPF 120\na=inactive");
    let found = check_description(&rejected, &rules()).expect("accepted");
    assert_eq!(found.media.len(), 4);
    let none = all(&all(&rejected, "m=audio 9", "m=audio 0"), "m=video 9", "m=video 0");
    let none = all(&none, "m=application 9", "m=application 0");
    let found = check_description(&none, &rules()).expect("accepted");
    assert!(found.sends.is_empty());
    assert_eq!(found.role(), None);
}

#[test]
fn refusals_say_which_m_line_and_echo_nothing() {
    let text = edit(&offer(), 2, "a=setup:actpass", "a=setup:<script>");
    let refusal = check_description(&text, &rules()).expect_err("refused");
    assert_eq!(refusal.detail, "m-line 2: not one `setup:actpass`");
    let refusal = check_description(&add(&offer(), 0, "<script>"), &rules()).expect_err("refused");
    assert_eq!(refusal.detail, "line 6");
}
