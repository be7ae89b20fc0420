//! Rule 4, and candidates and addresses in a description (`candidates.rs` has candidates alone).

use corsac_signaling::Code::{
    CandidateName, CandidatePrivate, CandidateRelated, CandidateRelayOnly, CandidateSyntax, CandidateType,
    SdpBundle, SdpFingerprintMultiple,
};
use corsac_signaling::IcePolicy::{NoPrivate, Relay};

use super::{edits, lines};
use crate::base::{FINGERPRINT, OTHER, add, edit, offer, only, under};
use crate::table::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [certificates(), groups(), mids(), candidates(), places()].into_iter().flatten().collect()
}

fn certificates() -> Vec<Case> {
    let print = |print: &str| format!("a=fingerprint:{print}");
    let everywhere = |line: &str| (1..4).fold(offer(), |text, part| add(&text, part, line));
    let long = print(&format!("sha-512 {}", ["AB"; 64].join(":")));
    let both = everywhere(&long);
    let rejected = edit(&offer(), 2, "m=video 9", "m=video 0");
    let mut cases = edits(SdpFingerprintMultiple, 2, &[("another certificate", FINGERPRINT, OTHER)]);
    let session = ("another certificate of the session", &*print(OTHER), &*print(FINGERPRINT));
    cases.extend(lines(SdpFingerprintMultiple, 0, &[session]));
    cases.extend([
        case(
            "two certificates",
            SdpFingerprintMultiple,
            everywhere(&print(OTHER)),
            everywhere(&print(FINGERPRINT)),
        ),
        case("a hash more", SdpFingerprintMultiple, add(&offer(), 2, &long), both.clone()),
        case("another second hash", SdpFingerprintMultiple, edit(&both, 3, ":AB:AB", ":AB:AC"), both),
        case("where nothing flows", SdpFingerprintMultiple, edit(&rejected, 2, FINGERPRINT, OTHER), rejected),
    ]);
    cases
}

fn groups() -> Vec<Case> {
    let own = "a=group:BUNDLE 0 1 2";
    let mut cases = edits(
        SdpBundle,
        0,
        &[
            ("group in another case", own, "a=group:bundle 0 1 2"),
            ("two groups", own, "a=group:BUNDLE 0 1\na=group:BUNDLE 2"),
            ("a second group in another case", own, "a=group:BUNDLE 0 1 2\na=group:Bundle 2"),
            ("other semantics", own, "a=group:LS 0 1 2"),
            ("no members", own, "a=group:BUNDLE"),
        ],
    );
    let none = edit(&offer(), 0, "a=group:BUNDLE 0 1 2\n", "");
    let two = edit(&offer(), 0, own, "a=group:BUNDLE 0 2");
    let rejected = edit(&two, 2, "m=video 9", "m=video 0");
    let other = add(&offer(), 0, "a=group:LS 0 1 2");
    cases.extend([
        case("no group", SdpBundle, none.clone(), only(&none, &[0, 1])),
        case("a group beside", SdpBundle, edit(&other, 0, own, "a=x"), other),
        case("group of an m-line", SdpBundle, add(&none, 1, own), offer()),
        case("not in the group", SdpBundle, two, rejected.clone()),
        case("bundled only, not in the group", SdpBundle, add(&rejected, 2, "a=bundle-only"), rejected),
    ]);
    cases
}

fn mids() -> Vec<Case> {
    let mut cases = edits(
        SdpBundle,
        2,
        &[
            ("no mid", "a=mid:1\n", ""),
            ("two mids", "a=mid:1", "a=mid:1\na=mid:1"),
            ("a mid twice", "a=mid:1", "a=mid:0"),
        ],
    );
    let empty = edit(&offer(), 2, "a=mid:1", "a=mid:");
    cases.push(case("an empty mid", SdpBundle, edit(&empty, 0, "BUNDLE 0 1 2", "BUNDLE 0  2"), offer()));
    cases
}

const HIDDEN: &str = "6f1f2c9e-0d3c-4c0e-9a4e-3c1d2b5a7f10.local";

fn candidates() -> Vec<Case> {
    let to = |address: &str, kind: &str| format!("a=candidate:1 1 udp 2113937151 {address} 50000 typ {kind}");
    let host = |address: &str| to(address, "host");
    let public = host("203.0.113.5");
    let third = public.replacen("1 1", "1 3", 1);
    let related = |address: &str| format!("{} raddr {address} rport 0", to("203.0.113.5", "srflx"));
    let mut cases = lines(
        CandidateSyntax,
        2,
        &[
            ("component", &third, &public),
            ("nothing", "a=candidate:", "a=end-of-candidates"),
            ("end of candidates", "a=candidate", "a=candidates"),
        ],
    );
    cases.extend(lines(CandidateSyntax, 0, &[("candidate of the session", &public, "a=ice-lite")]));
    cases.extend(lines(CandidateType, 2, &[("type", &to("203.0.113.5", "hots"), &public)]));
    cases.extend(lines(CandidateName, 2, &[("name", &host("printer.local"), &host(HIDDEN))]));
    let relay = lines(CandidateRelayOnly, 2, &[("relay only", &public, &to("203.0.113.5", "relay"))]);
    cases.extend(relay.into_iter().map(|case| case.under(under(Relay))));
    let private = [
        lines(CandidatePrivate, 2, &[("private", &host("192.168.0.5"), &host(HIDDEN))]),
        lines(CandidateRelated, 2, &[("related", &related("192.168.0.5"), &related("0.0.0.0"))]),
    ];
    cases.extend(private.into_iter().flatten().map(|case| case.under(under(NoPrivate))));
    let rejected = edit(&offer(), 2, "m=video 9", "m=video 0");
    let leaking = add(&rejected, 2, &host("10.0.0.5"));
    cases.push(
        case("private where nothing flows", CandidatePrivate, leaking, rejected).under(under(NoPrivate)),
    );
    cases
}

/// `o=`, `c=` and `a=rtcp`.
fn places() -> Vec<Case> {
    let connection = |address: &str| edit(&offer(), 2, "c=IN IP4 0.0.0.0", &format!("c=IN IP4 {address}"));
    let origin = |address: &str| edit(&offer(), 0, "IN IP4 127.0.0.1", &format!("IN IP4 {address}"));
    let private = [
        case("`c=`", CandidatePrivate, connection("192.168.0.5"), connection("203.0.113.5")),
        case(
            "`c=` with a lifetime",
            CandidatePrivate,
            connection("192.168.0.5/127"),
            connection("0.0.0.0/127"),
        ),
        case("name in `c=`", CandidateName, connection("pc.example"), connection(HIDDEN)),
        case("`o=`", CandidatePrivate, origin("10.0.0.1"), origin("0.0.0.0")),
    ];
    let reports = [("`a=rtcp`", "a=rtcp:9 IN IP4 10.0.0.1", "a=rtcp:9")];
    let private = private.into_iter().chain(lines(CandidatePrivate, 2, &reports));
    let mut cases: Vec<Case> = private.map(|case| case.under(under(NoPrivate))).collect();
    let told = "a=candidate:1 1 udp 41885439 203.0.113.5 50000 typ relay";
    let relayed = add(&connection("203.0.113.5"), 1, told);
    cases.push(
        case("`c=` of no relay", CandidateRelayOnly, connection("203.0.113.5"), relayed).under(under(Relay)),
    );
    cases
}
