//! The origins that a machine accepts, one by one where they are few.

use std::collections::HashSet;

use corsac_origin::OriginPattern;

use crate::automaton::{Table, at};
use crate::grammar;
use crate::model::{Matcher, Truth, origin};
use crate::question::Prover;

/// More are not listed, but told by a pattern.
const MAX_FEW: usize = 20;

/// Most beginnings that are followed at a time: more make more than a few origins.
const MAX_WAYS: usize = 2_000;

/// What is admitted of a pattern's origins.
pub(super) enum Members {
    /// These and no others, in the order of their length.
    Few(Vec<String>),
    /// More than a few, such as this.
    Many(String),
}

/// What `matcher` admits of `pattern`, without what is `covered`.
pub(super) fn of(matcher: &Matcher, pattern: &str, covered: &[String]) -> Members {
    let others = Matcher::AnyOf(covered.iter().map(|entry| origin(entry)).collect());
    let within = Matcher::AllOf(vec![matcher.clone(), origin(pattern), Matcher::Not(Box::new(others))]);
    let Ok(table) = Table::of(&within, grammar::web()) else { return Members::Few(Vec::new()) };
    match listed(&table, &within) {
        Some(few) => Members::Few(few),
        None => Prover::example(&within).map_or_else(|| Members::Few(Vec::new()), Members::Many),
    }
}

/// The words of a machine that reads from right to left; nothing if they are more than a few.
fn listed(table: &Table, matcher: &Matcher) -> Option<Vec<String>> {
    let mut ways: Vec<(u32, Vec<u8>)> = table.starts.iter().map(|start| (*start, Vec::new())).collect();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for (state, read) in ways {
            if at(&table.accepting, state).copied().unwrap_or_default() {
                let text: String = read.iter().rev().map(|byte| char::from(*byte)).collect();
                let is_one = OriginPattern::parse(&text).is_ok() && matcher.matches(&text) == Truth::True;
                if is_one && seen.insert(text.clone()) {
                    found.push(text);
                }
            }
            for (set, to) in at(&table.edges, state).into_iter().flatten() {
                longer.extend(set.iter().map(|byte| {
                    let mut read = read.clone();
                    read.push(byte);
                    (*to, read)
                }));
            }
            if found.len() > MAX_FEW || longer.len() > MAX_WAYS {
                return None;
            }
        }
        longer.sort_unstable();
        longer.dedup();
        ways = longer;
    }
    Some(found)
}
