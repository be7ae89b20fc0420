//! The cases of the table, rule by rule.

mod flows;
mod text;
mod transport;
mod whole;

use corsac_signaling::Code;

use crate::base::{add, edit, offer};
use crate::table::{Case, case};

pub(crate) fn all() -> Vec<Case> {
    let rules = [text::cases(), transport::cases(), flows::cases(), whole::cases()];
    rules.into_iter().flatten().collect()
}

/// Changes of the offer in a part, which itself is the nearest good one: name, from, to.
fn edits(code: Code, part: usize, changes: &[(&'static str, &str, &str)]) -> Vec<Case> {
    let edited = |&(name, from, to): &_| case(name, code, edit(&offer(), part, from, to), offer());
    changes.iter().map(edited).collect()
}

/// Lines more in a part: name, a bad one, a good one.
fn lines(code: Code, part: usize, lines: &[(&'static str, &str, &str)]) -> Vec<Case> {
    let with = |line: &str| add(&offer(), part, line);
    lines.iter().map(|&(name, bad, good)| case(name, code, with(bad), with(good))).collect()
}
