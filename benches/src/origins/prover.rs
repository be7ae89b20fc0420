//! What an expression admits, and how lists differ: times of whole questions.
//!
//! There is no peer that answers them; the bars are those of issue 5: the collected patterns in
//! 2 ms (median) and 100 ms (worst), 20 ms of set-up, two lists of 100,000 in 500 ms, a wildcard
//! against a list in 100 ms.

use std::time::{Duration, Instant};

use corsac_analysis::model::{Matcher, Piece};
use corsac_analysis::question::Prover;
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_analysis::stranger::Intended;
use corsac_origin::PublicSuffixList;
use serde_json::Value;

use crate::measure::Table;

/// Each question is asked so often; the least time counts.
const ROUNDS: usize = 5;

/// Entries of a list.
const ENTRIES: usize = 100_000;

static PATTERNS: &str = include_str!("../../../crates/analysis/tests/data/origin-patterns.json");

pub(crate) fn run() -> Table {
    let mut table = Table::new("questions about origins (least of 5)", &["question", "time"]);
    let started = Instant::now();
    let list = PublicSuffixList::embedded();
    let prover = Prover::new(list);
    let read = started.elapsed();
    // The first question builds the grammar of origins.
    let started = Instant::now();
    let _ = prover.strangers(&Matcher::exact("https://example.com"), &Intended::default());
    table.row(row("set-up: list, trie, grammar", read + started.elapsed()));
    let mut times = patterns(&prover, list);
    times.sort_unstable();
    table.row(row("collected patterns, median", times.get(times.len() / 2).copied().unwrap_or_default()));
    table.row(row("collected patterns, worst", times.last().copied().unwrap_or_default()));
    lists(&mut table);
    table
}

fn row(question: &str, time: Duration) -> Vec<String> {
    vec![question.to_owned(), format!("{:.3} ms", time.as_secs_f64() * 1_000.0)]
}

fn least(mut ask: impl FnMut()) -> Duration {
    let time = |ask: &mut dyn FnMut()| {
        let started = Instant::now();
        ask();
        started.elapsed()
    };
    (0..ROUNDS).map(|_| time(&mut ask)).min().unwrap_or_default()
}

/// Reading the expression, compiling it, and the verdict.
fn patterns(prover: &Prover<'_>, list: &PublicSuffixList) -> Vec<Duration> {
    let patterns: Vec<Value> = serde_json::from_str(PATTERNS).unwrap_or_default();
    let text =
        |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let times = patterns.iter().filter_map(|entry| {
        let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.id() == text(entry, "dialect"))?;
        let mode = Mode::ALL.into_iter().find(|mode| mode.id() == text(entry, "mode"))?;
        let names = entry.get("intended").and_then(Value::as_array)?;
        let intended = Intended::of(names.iter().filter_map(Value::as_str), list).ok()?;
        Some(least(|| {
            let regex = Regex::new(&text(entry, "pat"), dialect, mode, Flags(text(entry, "flags")));
            std::hint::black_box(prover.strangers(&Matcher::Regex(regex), &intended));
        }))
    });
    times.collect()
}

fn lists(table: &mut Table) {
    let entry = |number: usize| format!("https://tenant-{number}.example.com");
    let of = |numbers: &mut dyn Iterator<Item = usize>| {
        Matcher::AnyOf(numbers.map(|number| Matcher::exact(entry(number))).collect())
    };
    let one = of(&mut (0..ENTRIES));
    let turned = of(&mut (0..ENTRIES).rev());
    let other = of(&mut (1..=ENTRIES));
    let wildcard =
        Matcher::Glob(vec![Piece::literal("https://"), Piece::anything(), Piece::literal(".example.com")]);
    let prover = Prover::new(PublicSuffixList::embedded());
    let cases = [
        ("two lists of 100,000, equal", &one, &turned),
        ("two lists of 100,000, one entry apart", &one, &other),
        ("a list of 100,000 and a wildcard, both ways", &one, &wildcard),
    ];
    for (name, old, new) in cases {
        table.row(row(
            name,
            least(|| {
                std::hint::black_box(prover.difference(old, new));
            }),
        ));
    }
}
