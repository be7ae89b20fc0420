//! Rule 3.

use corsac_signaling::Code::{SdpBitrate, SdpDirection, SdpMessageSize, SdpRtcpMux};
use corsac_signaling::Kind::{self, Audio, Data, Screen, Video};

use super::{edits, lines};
use crate::base::{add, all, deaf, edit, granted, offer, rules, up_to};
use crate::table::{Case, case, ruled};

pub(super) fn cases() -> Vec<Case> {
    [streams(), sizes(), rates(), grants(), consents(), silence()].into_iter().flatten().collect()
}

fn streams() -> Vec<Case> {
    let mut cases = edits(SdpRtcpMux, 2, &[("no rtcp-mux", "a=rtcp-mux\n", "")]);
    cases.extend(edits(
        SdpDirection,
        1,
        &[
            ("two directions", "a=sendrecv", "a=sendrecv\na=inactive"),
            ("one direction twice", "a=sendrecv", "a=sendrecv\na=sendrecv"),
        ],
    ));
    let two = "a=sendrecv\na=recvonly";
    cases.extend(lines(SdpDirection, 0, &[("two directions of the session", two, "a=recvonly")]));
    let session = add(&edit(&offer(), 2, "a=rtcp-mux\n", ""), 0, "a=rtcp-mux");
    cases.push(case("rtcp-mux of the session", SdpRtcpMux, session, offer()));
    cases
}

fn sizes() -> Vec<Case> {
    let size = |size: &str| edit(&offer(), 3, "max-message-size:262144", &format!("max-message-size:{size}"));
    let mut cases = edits(
        SdpMessageSize,
        3,
        &[
            ("size beyond all numbers", ":262144", ":99999999999999999999999999"),
            ("not a size", ":262144", ":256k"),
            ("an empty size", ":262144", ""),
            (
                "two sizes",
                "a=max-message-size:262144",
                "a=max-message-size:262144\na=max-message-size:262144",
            ),
        ],
    );
    cases.extend(lines(SdpMessageSize, 0, &[("size of the session", "a=max-message-size:0", "a=size:0")]));
    cases.extend([
        case("size of any", SdpMessageSize, size("0"), size("1")),
        case("size", SdpMessageSize, size("4194305"), size("4194304")),
        case(
            "Firefox's size",
            SdpMessageSize,
            size("1073741823"),
            edit(&size("1"), 3, "a=max-message-size:1\n", ""),
        ),
    ]);
    cases
}

fn rates() -> Vec<Case> {
    let digits = format!("b=AS:{}", "9".repeat(40));
    let mut cases = lines(
        SdpBitrate,
        1,
        &[
            ("TIAS", "b=TIAS:1000001", "b=TIAS:1000000"),
            ("AS", "b=AS:1001", "b=AS:1000"),
            ("AS in another case", "b=as:1001", "b=as:1000"),
            ("AS beyond all numbers", &digits, "b=RS:9999999"),
            ("the larger of two", "b=AS:1001\nb=TIAS:1", "b=AS:1000\nb=TIAS:1"),
        ],
    );
    cases.extend(lines(SdpBitrate, 3, &[("AS of data", "b=AS:1001", "b=AS:1000")]));
    cases.extend(lines(SdpBitrate, 0, &[("AS of the session", "b=AS:1001", "b=CT:1001")]));
    cases.into_iter().map(|case| case.under(up_to(1_000_000))).collect()
}

fn sending() -> String {
    all(&offer(), "a=sendrecv", "a=sendonly")
}

fn grants() -> Vec<Case> {
    let no_audio = granted(&[Video, Data], &Kind::ALL);
    let no_video = granted(&[Audio, Data], &Kind::ALL);
    let screen = granted(&[Audio, Data, Screen], &[Audio, Screen]);
    let default = edit(&offer(), 1, "a=sendrecv\n", "");
    // A direction of the session is no help.
    let session = add(&default, 0, "a=recvonly");
    let bundle_only = add(&edit(&offer(), 2, "m=video 9", "m=video 0"), 2, "a=bundle-only");
    let listening = all(&offer(), "a=sendrecv", "a=recvonly");
    vec![
        ruled("audio", "publish audio", &sending(), no_audio, rules()),
        ruled("audio by default", "publish audio", &default, no_audio, rules()),
        ruled("audio, the session silent", "publish audio", &session, no_audio, rules()),
        ruled("video", "publish video", &sending(), no_video, rules()),
        ruled("video, by the screen", "publish video", &sending(), no_video, screen),
        ruled("video that is bundled only", "publish video", &bundle_only, no_video, rules()),
        ruled("data", "publish data", &offer(), granted(&[Audio, Video, Screen], &Kind::ALL), rules()),
        ruled("subscribe", "subscribe", &listening, deaf(), rules()),
    ]
}

fn consents() -> Vec<Case> {
    let consented = |consented: &[Kind]| granted(&Kind::ALL, consented);
    let camera = |consented: &[Kind]| granted(&[Audio, Video, Data], consented);
    vec![
        ruled("consent to audio", "audio", &sending(), consented(&[Video]), consented(&[Audio, Video])),
        ruled("consent to video", "video", &sending(), consented(&[Audio]), consented(&[Audio, Video])),
        ruled("consent to a screen", "video", &sending(), consented(&[Audio]), consented(&[Audio, Screen])),
        ruled(
            "consent without a grant",
            "video",
            &sending(),
            camera(&[Audio, Screen]),
            camera(&[Audio, Video]),
        ),
    ]
}

/// What needs no grant: other texts under the same rules.
fn silence() -> Vec<Case> {
    let deaf = deaf();
    let (none, no_audio) = (granted(&[Data], &[]), granted(&[Video, Data], &Kind::ALL));
    let no_data = granted(&[Audio, Video], &[Audio, Video]);
    let listening = all(&offer(), "a=sendrecv", "a=recvonly");
    let inactive = edit(&offer(), 1, "a=sendrecv", "a=inactive");
    let rejected = edit(&offer(), 3, "m=application 9", "m=application 0");
    let pairs = [
        ("sending only", "subscribe", deaf, sending()),
        ("listening only", "publish audio", none, listening),
        ("inactive", "publish audio", no_audio, inactive),
        ("rejected data", "publish data", no_data, rejected),
    ];
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, detail, rules, good)| Case {
            good: (good, rules),
            ..ruled(name, detail, &offer(), rules, rules)
        })
        .collect()
}
