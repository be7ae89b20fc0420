//! What the policy of signaling costs: session descriptions of browsers, and candidates.

use corsac_signaling::{
    Duties, Grants, IcePolicy, Kind, SdpKind, SdpRules, check_candidate, check_description,
};

use crate::measure::{Case, Table, measure};

const TEXTS: [(&str, &str); 3] = [
    (
        "Chromium: sound, camera, data, candidates",
        include_str!("../../crates/signaling/tests/sdp/fixtures/chromium-gathered-offer.sdp"),
    ),
    ("Chromium: data", include_str!("../../crates/signaling/tests/sdp/fixtures/chromium-data-offer.sdp")),
    (
        "Firefox: sound, camera",
        include_str!("../../crates/signaling/tests/sdp/fixtures/firefox-audio-video-offer.sdp"),
    ),
];

const CANDIDATE: &str =
    "candidate:854031356 1 udp 2122194687 192.0.2.2 36518 typ host generation 0 ufrag FBe8 network-id 1";

pub(crate) fn run() -> Table {
    let mut table = Table::new("The policy of signaling", &["text", "bytes", "µs", "allocations"]);
    for (name, text) in TEXTS {
        row(&mut table, name, text, &|| check_description(text, &rules()).is_ok());
    }
    let long = lines(65_000);
    row(&mut table, "64 KB of lines that are read past", &long, &|| {
        check_description(&long, &rules()).is_ok()
    });
    let candidates = crowd();
    row(&mut table, "16 m-lines, 512 candidates", &candidates, &|| {
        check_description(&candidates, &rules()).is_ok()
    });
    row(&mut table, "a candidate", CANDIDATE, &|| check_candidate(CANDIDATE, IcePolicy::NoPrivate).is_ok());
    table
}

fn row(table: &mut Table, name: &str, text: &str, accepted: &dyn Fn() -> bool) {
    let call = |()| assert!(std::hint::black_box(accepted()), "{name} is refused");
    let figure = measure(&mut [Case::new(|| (), call)]).pop().unwrap_or_default();
    let micros = format!("{:.1}", figure.nanos / 1_000.0);
    table.row(vec![name.to_owned(), text.len().to_string(), micros, figure.allocations.to_string()]);
}

fn rules() -> SdpRules {
    let kinds = Kind::ALL.into_iter().collect();
    SdpRules {
        kind: SdpKind::Offer,
        grants: Grants { publish: kinds, subscribe: true, duties: Duties::default() },
        consented: kinds,
        max_bps: Some(2_500_000),
        ice: IcePolicy::All,
        established: None,
    }
}

/// Short lines make the most work for their length.
fn lines(bytes: usize) -> String {
    let mut text = TEXTS.map(|(_, text)| text)[1].to_owned();
    let line = format!("a=x:{}\r\n", "y".repeat(16));
    while text.len() + line.len() < bytes {
        text.push_str(&line);
    }
    text
}

/// As much to judge as fits.
fn crowd() -> String {
    let text = TEXTS.map(|(_, text)| text)[1];
    let (session, media) = text.split_once("m=").unwrap_or_default();
    let candidates = format!("a={CANDIDATE}\r\n").repeat(32);
    let group = session.replace("BUNDLE 0", "BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
    let sections =
        (0..16).map(|mid| format!("m={media}{candidates}").replace("a=mid:0", &format!("a=mid:{mid}")));
    group + &sections.collect::<String>()
}
