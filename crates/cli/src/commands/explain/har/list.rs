//! The calls of a HAR for people: failures first, what repeats counted.

use std::collections::HashMap;
use std::fmt::Write as _;

use corsac_analysis::explain::{HarCall, HarOutcome, HarSummary};

use super::text::{explanation, headline};
use crate::output::Output;

/// Different findings that are kept and shown; nobody reads more.
const MAX_FINDINGS: usize = 1_000;

/// Calls of a kind, shown as the first of them.
#[derive(Debug)]
struct Group {
    rank: u8,
    headline: String,
    explanation: String,
    count: u64,
}

/// The groups, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct List {
    groups: Vec<Group>,
    index: HashMap<Key, usize>,
    /// Calls of groups beyond the bound.
    more: u64,
}

/// What makes calls the same: rank, origin, method, URL without query, and the failure.
type Key = (u8, String, String, String, String);

impl List {
    pub(super) fn push(&mut self, call: &HarCall, output: &Output) {
        let key = key(call);
        if let Some(&index) = self.index.get(&key) {
            if let Some(group) = self.groups.get_mut(index) {
                group.count += 1;
            }
            return;
        }
        if self.groups.len() == MAX_FINDINGS && !self.make_room(key.0) {
            self.more += 1;
            return;
        }
        let group = Group {
            rank: key.0,
            headline: headline(call, output),
            explanation: explanation(call, output),
            count: 1,
        };
        self.index.insert(key, self.groups.len());
        self.groups.push(group);
    }

    /// Forgets what is readable, all of it, where a failure needs the room.
    fn make_room(&mut self, rank: u8) -> bool {
        if rank == OK || !self.groups.iter().any(|group| group.rank == OK) {
            return false;
        }
        self.more +=
            self.groups.iter().filter(|group| group.rank == OK).map(|group| group.count).sum::<u64>();
        let groups = std::mem::take(&mut self.groups);
        let mut kept: Vec<_> = groups.into_iter().enumerate().filter(|(_, group)| group.rank != OK).collect();
        let places: HashMap<_, _> = kept.iter().enumerate().map(|(new, (old, _))| (*old, new)).collect();
        self.index.retain(|_, index| places.get(index).inspect(|new| *index = **new).is_some());
        self.groups.extend(kept.drain(..).map(|(_, group)| group));
        true
    }

    pub(super) fn into_text(mut self, summary: &HarSummary, output: &Output) -> String {
        self.groups.sort_by_key(|group| group.rank);
        let mut text = String::new();
        let width =
            self.groups.iter().filter(|group| group.rank == OK).map(|group| group.headline.chars().count());
        let width = width.max().unwrap_or(0).min(MAX_WIDTH);
        for group in &self.groups {
            let width = if group.rank == OK { width } else { 0 };
            let times = if group.count > 1 { format!("   \u{d7} {}", group.count) } else { String::new() };
            let _ = writeln!(text, "{}", format!("{:width$}{times}", group.headline).trim_end());
            text.push_str(&group.explanation);
            if group.rank != OK {
                text.push('\n');
            }
        }
        if self.groups.last().is_some_and(|group| group.rank == OK) {
            text.push('\n');
        }
        if self.more > 0 {
            let _ = writeln!(text, "{} more calls are left out; --format json has all\n", self.more);
        }
        text.push_str(&in_short(summary, output));
        text
    }
}

/// The rank of what is readable: the last.
const OK: u8 = 2;

/// Columns up to which counts are aligned.
const MAX_WIDTH: usize = 100;

fn key(call: &HarCall) -> Key {
    let request = &call.exchange.request;
    let path = request.url.split('?').next().unwrap_or_default().to_owned();
    let (rank, cause) = match call.outcome {
        HarOutcome::Blocked => {
            let failure = call.verdicts.first().and_then(|verdict| verdict.failure.as_ref());
            (0, failure.map(ToString::to_string).unwrap_or_default())
        }
        HarOutcome::Unknown(unknown) => (1, format!("{} {}", unknown.name(), call.error)),
        HarOutcome::Ok => (OK, call.error.clone()),
    };
    (rank, call.exchange.page.origin.clone(), request.method.clone(), path, cause)
}

/// What was looked at, and what not.
fn in_short(summary: &HarSummary, output: &Output) -> String {
    let HarSummary { entries, judged, blocked, unknown, .. } = summary;
    let readable = judged - blocked - unknown;
    let bold = |text: String| output.data_paint(&text, "\u{1b}[1m");
    let by = if summary.creator.is_empty() { String::new() } else { format!(" of {}", summary.creator) };
    let mut text = bold(format!("{entries} entries{by}: {judged} calls to other origins"));
    let _ = writeln!(text, ", {blocked} blocked, {unknown} unknown, {readable} readable");
    if !summary.skipped.is_empty() {
        let skipped: Vec<_> =
            summary.skipped.iter().map(|(skipped, count)| format!("{skipped}: {count}")).collect();
        let _ = writeln!(text, "not judged: {}", skipped.join(", "));
    }
    text
}
