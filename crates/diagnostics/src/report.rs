//! Findings about one text, with every field turned into a span.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Label};
use crate::field::{FieldPath, Place, Segment};
use crate::rule::Severity;
use crate::source::Source;

/// Gives the span of a field.
pub trait Resolve {
    /// Span of the value at `path`, or of its key.
    fn span(&self, path: &FieldPath, of_key: bool) -> Option<Range<usize>>;
}

/// A finding whose places are spans of its source.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Span and text of the primary label.
    pub primary: Option<(Range<usize>, String)>,
    /// Spans and texts of the other labels.
    pub context: Vec<(Range<usize>, String)>,
    /// For each fix, the spans of its edits and their replacements; a fix with an
    /// edit that has no place is left out.
    pub fixes: Vec<ResolvedFix>,
}

/// A fix in bytes.
#[derive(Clone, Debug)]
pub struct ResolvedFix {
    /// What it does.
    pub title: String,
    /// `safe` or `unsafe`.
    pub safety: &'static str,
    /// Spans and replacements.
    pub edits: Vec<(Range<usize>, String)>,
}

/// All findings about one text, in the order of their places.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The text.
    pub source: Source,
    /// Whose configuration it is, by the id of a system: `corsac`, `nginx`; if that is known.
    pub kind: Option<&'static str>,
    /// Whether it was read because another file includes it.
    pub is_included: bool,
    /// The findings.
    pub findings: Vec<Resolved>,
}

impl Report {
    /// Resolves the places of `diagnostics` and sorts them.
    pub fn new(source: Source, fields: &dyn Resolve, diagnostics: Vec<Diagnostic>) -> Self {
        let mut findings: Vec<_> = diagnostics.into_iter().map(|d| resolve(fields, d)).collect();
        findings.sort_by_key(|finding| {
            let start = finding.primary.as_ref().map_or(0, |(span, _)| span.start);
            (start, finding.diagnostic.severity, finding.diagnostic.rule.id)
        });
        Self { source, kind: None, is_included: false, findings }
    }

    /// Says whose configuration it is.
    #[must_use]
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// How many findings have `severity`.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.diagnostic.severity == severity).count()
    }
}

fn resolve(fields: &dyn Resolve, diagnostic: Diagnostic) -> Resolved {
    let label = |label: &Label| Some((span_of(fields, &label.place)?, label.text.clone()));
    let primary = diagnostic.primary.as_ref().and_then(label);
    let context = diagnostic.context.iter().filter_map(label).collect();
    let fixes = diagnostic.fixes.iter().filter_map(|fix| {
        let edits =
            fix.edits.iter().map(|edit| Some((span_of(fields, &edit.place)?, edit.replacement.clone())));
        Some(ResolvedFix {
            title: fix.title.clone(),
            safety: fix.safety.as_str(),
            edits: edits.collect::<Option<_>>()?,
        })
    });
    Resolved { primary, context, fixes: fixes.collect(), diagnostic }
}

fn span_of(fields: &dyn Resolve, place: &Place) -> Option<Range<usize>> {
    match place {
        Place::Span(span) => Some(span.clone()),
        Place::Key(path) => fields.span(path, true).or_else(|| fields.span(path, false)),
        Place::Field(path) => nearest(fields, path),
    }
}

/// The field, or the nearest table around it that is written down.
fn nearest(fields: &dyn Resolve, path: &FieldPath) -> Option<Range<usize>> {
    let mut path = path.clone();
    loop {
        // An index without a place would point at a whole, perhaps long, array.
        if let Some(span) = fields.span(&path, false) {
            return Some(span);
        }
        if matches!(path.segments().last(), None | Some(Segment::Index(_))) && path.segments().len() < 2 {
            return None;
        }
        path = path.parent()?;
    }
}

impl Resolve for () {
    fn span(&self, _: &FieldPath, _: bool) -> Option<Range<usize>> {
        None
    }
}
