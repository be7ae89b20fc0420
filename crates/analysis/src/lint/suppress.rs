//! Suppressions: `corsac: ignore[rule-id] reason` in a comment, on the line of what it
//! suppresses or above it.
//!
//! The text is searched, not parsed: every system has another grammar, and a mark that stands
//! in a string by chance suppresses nothing, for it would need a rule's id and a finding on the
//! same line. JSON has no comments, so that nothing is read there.

use std::ops::Range;

use corsac_diagnostics::{Diagnostic, Place, Source};

use super::Finding;
use super::found::span;
use super::rules::{RULES, suppression};
use crate::model::Model;

/// What a suppression begins with, behind the comment's own mark.
const MARK: &str = "corsac: ignore[";

/// What comments begin with.
const COMMENTS: [&str; 6] = ["#", "//", "/*", "<!--", ";", "--"];

/// What comments end with, where they do before the line.
const ENDS: [&str; 2] = ["*/", "-->"];

/// `findings` without those that are suppressed, and with those about suppressions.
pub(super) fn apply(model: &Model, mut findings: Vec<Finding>) -> Vec<Finding> {
    for (file, source) in model.files.iter().enumerate() {
        let suppressions = of(source);
        if suppressions.is_empty() {
            continue;
        }
        let mut used = vec![false; suppressions.len()];
        findings.retain(|finding| {
            let line = line_of(finding, source).filter(|_| finding.file == file);
            let covers = |one: &Suppression<'_>| {
                one.reason
                    && one.id == finding.diagnostic.rule.id
                    && line.is_some_and(|line| one.covers(line))
            };
            let Some(number) = suppressions.iter().position(covers) else { return true };
            used.iter_mut().skip(number).take(1).for_each(|used| *used = true);
            false
        });
        for (suppression, used) in suppressions.iter().zip(used) {
            if let Some(diagnostic) = suppression.finding(used) {
                let diagnostic = diagnostic.at(Place::Span(suppression.span.clone()), "");
                findings.push(Finding { file, diagnostic });
            }
        }
    }
    findings
}

fn line_of(finding: &Finding, source: &Source) -> Option<usize> {
    let place = &finding.diagnostic.primary.as_ref()?.place;
    span(place).map(|span| source.line(span.start))
}

/// One rule that is to be suppressed.
#[derive(Debug, PartialEq, Eq)]
struct Suppression<'t> {
    id: &'t str,
    /// Whether one is given.
    reason: bool,
    /// Its own line, and the line below it and others like it.
    lines: (usize, usize),
    span: Range<usize>,
}

impl Suppression<'_> {
    fn covers(&self, line: usize) -> bool {
        line == self.lines.0 || line == self.lines.1
    }

    fn finding(&self, is_used: bool) -> Option<Diagnostic> {
        let is_rule = RULES.iter().any(|rule| rule.id == self.id);
        match (is_rule, self.reason, is_used) {
            (true, true, true) => None,
            (true, false, _) => Some(suppression::suppression_without_reason::finding()),
            _ => Some(suppression::unused_suppression::finding(self.id, is_rule)),
        }
    }
}

fn of(source: &Source) -> Vec<Suppression<'_>> {
    let mut all = Vec::new();
    if source.name().to_ascii_lowercase().ends_with("json") || !source.text().contains(MARK) {
        return all;
    }
    let mut start = 0;
    // Suppressions on lines of their own that wait for the line below them.
    let mut waiting = 0;
    for (number, line) in (1..).zip(source.text().split_inclusive('\n')) {
        let marks = on_line(line, start, number);
        let is_own = !marks.is_empty() && marks.iter().all(|mark| mark.is_alone);
        for earlier in all.iter_mut().rev().take(waiting) {
            let earlier: &mut Suppression<'_> = earlier;
            earlier.lines.1 = number;
        }
        waiting = if is_own { waiting + marks.len() } else { 0 };
        all.extend(marks.into_iter().map(|mark| mark.suppression));
        start += line.len();
    }
    all
}

struct Marked<'t> {
    suppression: Suppression<'t>,
    /// Whether nothing stands before the comment.
    is_alone: bool,
}

/// The suppressions of a line that begins at byte `start`.
fn on_line(line: &str, start: usize, number: usize) -> Vec<Marked<'_>> {
    let Some((before, rest)) = line.split_once(MARK) else { return Vec::new() };
    let comment = before.trim_end();
    let Some(code) = COMMENTS.iter().find_map(|mark| comment.strip_suffix(mark)) else { return Vec::new() };
    let Some((ids, reason)) = rest.split_once(']') else { return Vec::new() };
    let reason = ENDS
        .iter()
        .filter_map(|end| reason.find(end))
        .min()
        .and_then(|at| reason.get(..at))
        .unwrap_or(reason);
    let span = start + before.len()..start + before.len() + MARK.len() + ids.len() + 1;
    let marked = |id: &'_ str| id.trim().is_empty();
    let ids = ids.split(',').filter(|id| !marked(id));
    let marks = ids.map(|id| Marked {
        suppression: Suppression {
            id: id.trim(),
            reason: !reason.trim().is_empty(),
            lines: (number, number),
            span: span.clone(),
        },
        is_alone: code.trim().is_empty(),
    });
    marks.collect()
}
