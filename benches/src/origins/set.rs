//! Membership in a set of origins.

use corsac_origin::{OriginRef, OriginSet};

use crate::measure::{Case, Table, cell, measure};
use crate::requests::{SIZES, origin};

pub(crate) fn run() -> Table {
    let header = ["patterns", "exact, member", "sub-domain, member", "stranger", "127 labels, stranger"];
    let mut table = Table::new("OriginSet (time, allocations)", &header);
    let hostile = format!("https://{}.attacker.example", ["a"; 115].join("."));
    for count in SIZES {
        let mut builder = OriginSet::builder();
        for number in 0..count {
            let text = origin(number);
            // Every second pattern has a wildcard.
            let text = if number % 2 == 0 { text } else { text.replace("://", "://*.") };
            let _ = builder.parse_and_push(&text);
        }
        let set = builder.build();
        let last = (count - 1) & !1;
        let below = format!("https://eu.app-{}.example.com", (last + 1).min(count - 1) | 1);
        let asked = [origin(last), below, "https://evil.example".to_owned(), hostile.clone()];
        let mut row = vec![count.to_string()];
        row.extend(asked.iter().map(|text| found(&set, text)));
        table.row(row);
    }
    table
}

fn found(set: &OriginSet, text: &str) -> String {
    let Ok(origin) = OriginRef::parse(text.as_bytes()) else { return String::new() };
    let mut cases = [Case::new(
        || (),
        |()| {
            std::hint::black_box(set.contains(&origin));
        },
    )];
    measure(&mut cases).first().map(|figure| cell(*figure)).unwrap_or_default()
}
