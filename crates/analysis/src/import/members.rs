//! The origins that a machine accepts, one by one where they are few.

use std::collections::HashSet;

use corsac_origin::OriginPattern;

use crate::automaton::{Table, Work, at};
use crate::model::{Matcher, Truth, origin};
use crate::search::{Outcome, search};

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
pub(super) fn of(matcher: &Matcher, pattern: &str, covered: &[String], work: &Work) -> Members {
    // A pattern has the shape of an origin already, so that the grammar of all origins, which is
    // large, can be left out: what is found is parsed.
    let near = covered.iter().filter(|entry| may_meet(entry, pattern));
    let others = Matcher::AnyOf(near.map(|entry| origin(entry)).collect());
    let within = Matcher::AllOf(vec![origin(pattern), matcher.clone(), Matcher::Not(Box::new(others))]);
    let Ok(table) = Table::of(&within, &Table::everything(), work) else { return Members::Few(Vec::new()) };
    if let Some(few) = listed(&table, &within) {
        return Members::Few(few);
    }
    let mut confirm = |text: &str| Truth::from(OriginPattern::parse(text).is_ok()).and(within.matches(text));
    match search(&table, &(), &mut confirm, work) {
        Outcome::Found(sample) => Members::Many(sample),
        Outcome::Empty(_) | Outcome::Unknown(_) => Members::Few(Vec::new()),
    }
}

/// Whether an entry may have an origin of `pattern`: the scheme and the base are the same.
fn may_meet(entry: &str, pattern: &str) -> bool {
    let Some((scheme, rest)) = pattern.split_once("://") else { return true };
    let base = rest.trim_start_matches("*.").split(":*").next().unwrap_or_default();
    entry.split_once("://").is_some_and(|(own, rest)| {
        own == scheme
            && (rest.contains(base) || rest.strip_prefix("*.").is_some_and(|own| base.ends_with(own)))
    })
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
