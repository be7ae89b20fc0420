//! Rule 2.

use corsac_signaling::Code::{
    SdpFingerprintHash, SdpFingerprintMissing, SdpFingerprintValue, SdpKind, SdpPassword, SdpProtocol,
    SdpSdes, SdpSetup, SdpUfrag,
};
use corsac_signaling::{Role, SdpRules};

use super::{edits, lines};
use crate::base::{FINGERPRINT, add, all, answer, answering, edit, offer, rules};
use crate::table::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [keys(), protocols(), certificates(), digests(), roles(), names(), passwords()]
        .into_iter()
        .flatten()
        .collect()
}

fn keys() -> Vec<Case> {
    let mut cases = lines(
        SdpSdes,
        2,
        &[
            ("SDES", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x", "a=cryptos:1"),
            ("SDES in another case", "a=CRYPTO:1", "a=CRYPTOS:1"),
            ("SDES of nothing", "a=crypto", "a=cryptos"),
            ("MIKEY", "a=key-mgmt:mikey x", "a=key:mikey x"),
            ("ZRTP", "a=zrtp-hash:1.10 x", "a=zrtp:1.10 x"),
            ("a key in the clear", "k=clear:x", "i=clear:x"),
        ],
    );
    cases.extend(lines(
        SdpSdes,
        0,
        &[
            ("MIKEY of the session", "a=key-mgmt:mikey x", "a=key:mikey x"),
            ("a key of the session", "k=clear:x", "i=clear:x"),
        ],
    ));
    let rejected = edit(&offer(), 2, "m=video 9", "m=video 0");
    cases.push(case("SDES where nothing flows", SdpSdes, add(&rejected, 2, "a=crypto:1"), rejected));
    cases
}

fn protocols() -> Vec<Case> {
    let mut cases = edits(
        SdpKind,
        2,
        &[
            ("kind", "m=video", "m=text"),
            ("kind in another case", "m=video", "m=Video"),
            ("kind where nothing flows", "m=video 9", "m=image 0"),
        ],
    );
    cases.extend(edits(
        SdpProtocol,
        2,
        &[
            ("RTP in the clear", "UDP/TLS/RTP/SAVPF", "RTP/AVP"),
            ("RTP with other keys", "UDP/TLS/RTP/SAVPF", "RTP/SAVPF"),
            ("without feedback", "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"),
            ("over TCP", "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF"),
            ("in another case", "UDP/TLS/RTP/SAVPF", "udp/tls/rtp/savpf"),
            ("video as data", "UDP/TLS/RTP/SAVPF", "UDP/DTLS/SCTP"),
        ],
    ));
    cases.extend(edits(
        SdpProtocol,
        3,
        &[
            ("data over TCP", "UDP/DTLS/SCTP", "TCP/DTLS/SCTP"),
            ("data as it was", "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000"),
            ("data as video", "UDP/DTLS/SCTP", "UDP/TLS/RTP/SAVPF"),
        ],
    ));
    cases
}

fn certificates() -> Vec<Case> {
    let own = format!("a=fingerprint:{FINGERPRINT}");
    let none = edit(&offer(), 2, &format!("{own}\n"), "");
    let mut cases = edits(
        SdpFingerprintHash,
        2,
        &[
            ("SHA-1", "sha-256 ", "sha-1 "),
            ("SHA-224", "sha-256 ", "sha-224 "),
            ("hash in another case", "sha-256 ", "SHA-256 "),
            ("no hash", "fingerprint:sha-256 ", "fingerprint:"),
            ("no fingerprint in it", &own, "a=fingerprint"),
        ],
    );
    cases.extend(lines(SdpFingerprintHash, 2, &[("MD5 beside", "a=fingerprint:md5 00", "a=fingers:md5 00")]));
    cases.extend(lines(SdpFingerprintHash, 0, &[("SHA-1 of the session", "a=fingerprint:sha-1 00", &own)]));
    let rejected = edit(&offer(), 2, "m=video 9", "m=video 0");
    cases.extend([
        case("no fingerprint", SdpFingerprintMissing, none.clone(), add(&none, 0, &own)),
        case(
            "MD5 where nothing flows",
            SdpFingerprintHash,
            add(&rejected, 2, "a=fingerprint:md5 00"),
            rejected,
        ),
    ]);
    cases
}

fn digests() -> Vec<Case> {
    let lower = FINGERPRINT.to_lowercase();
    let mut cases = edits(
        SdpFingerprintValue,
        2,
        &[
            ("lower case", FINGERPRINT, &lower),
            ("one digit in lower case", ":E6", ":e6"),
            ("no colons", "4F:65", "4F65"),
            ("other colons", "4F:65", "4F-65"),
            ("a byte less", ":FE:E6", ":FE"),
            ("a byte more", ":FE:E6", ":FE:E6:00"),
            ("a colon more", ":FE:E6", ":FE:E6:"),
            ("no digit", ":E6", ":EG"),
            ("nothing", FINGERPRINT, "sha-256"),
            ("two blanks", "sha-256 ", "sha-256  "),
            ("a blank more", ":E6", ":E6 "),
        ],
    );
    let long = format!("a=fingerprint:sha-384 {}", ["AB"; 48].join(":"));
    let good = (1..4).fold(offer(), |text, part| add(&text, part, &long));
    let bad = all(&good, "sha-384", "sha-512");
    cases.push(case("length of another hash", SdpFingerprintValue, bad, good));
    cases
}

fn roles() -> Vec<Case> {
    let mut cases = edits(
        SdpSetup,
        2,
        &[
            ("no setup", "a=setup:actpass\n", ""),
            ("no value", "setup:actpass", "setup"),
            ("two setups", "a=setup:actpass", "a=setup:actpass\na=setup:actpass"),
            ("setup on hold", "setup:actpass", "setup:holdconn"),
            ("setup in another case", "setup:actpass", "setup:ActPass"),
            ("a role too early", "setup:actpass", "setup:passive"),
        ],
    );
    let (active, passive) =
        (all(&offer(), "setup:actpass", "setup:active"), all(&offer(), "setup:actpass", "setup:passive"));
    let session = add(&all(&offer(), "a=setup:actpass\r\n", ""), 0, "a=setup:actpass");
    let again = SdpRules { established: Some(Role::Passive), ..rules() };
    let none = edit(&answer(), 1, "setup:active", "setup:actpass");
    let mixed = edit(&answer(), 2, "setup:active", "setup:passive");
    cases.extend([
        case("at both levels", SdpSetup, add(&session, 1, "a=setup:actpass"), session),
        case("the other role", SdpSetup, active, passive.clone()).under(again),
        case("two roles", SdpSetup, edit(&offer(), 2, "setup:actpass", "setup:passive"), offer())
            .under(again),
        case("no role", SdpSetup, none, answer()).under(answering()),
        case("two roles in an answer", SdpSetup, mixed, passive).under(answering()),
    ]);
    cases
}

fn names() -> Vec<Case> {
    let mut cases = edits(
        SdpUfrag,
        2,
        &[
            ("short ufrag", "F7g+", "F7g"),
            ("ufrag of other characters", "F7g+", "F7g-"),
            ("ufrag with a blank", "F7g+", "F7g+ "),
            ("two ufrags", "a=ice-ufrag:F7g+", "a=ice-ufrag:F7g+\na=ice-ufrag:F7g+"),
        ],
    );
    let long = |length: usize| edit(&offer(), 2, "F7g+", &"F".repeat(length));
    let none = all(&offer(), "a=ice-ufrag:F7g+\r\n", "");
    cases.extend([
        case("long ufrag", SdpUfrag, long(257), long(256)),
        case("no ufrag", SdpUfrag, none.clone(), add(&none, 0, "a=ice-ufrag:F7g+")),
    ]);
    cases
}

fn passwords() -> Vec<Case> {
    let own = "x/9cqLM3Vd0aYk2P5sWt8u";
    let mut cases = edits(
        SdpPassword,
        2,
        &[
            ("short password", own, "x/9cqLM3Vd0aYk2P5sWt8"),
            ("password of other characters", own, "x/9cqLM3Vd0aYk2P5sWt8_"),
            ("two passwords", "a=ice-pwd:", "a=ice-pwd:x/9cqLM3Vd0aYk2P5sWt8u\na=ice-pwd:"),
            ("no password", "a=ice-pwd:x/9cqLM3Vd0aYk2P5sWt8u\n", ""),
        ],
    );
    let password = |text: &str| edit(&offer(), 2, own, text);
    let long = |length: usize| password(&own.chars().cycle().take(length).collect::<String>());
    cases.extend([
        case("long password", SdpPassword, long(257), long(256)),
        case(
            "plain password",
            SdpPassword,
            password("abcdefgabcdefgabcdefga"),
            password("abcdefghabcdefgabcdefg"),
        ),
    ]);
    cases
}
