//! For people: the finding, the source it is about, why, and what to do.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::report::{Report, Resolved};
use crate::rule::Severity;
use crate::source::Source;

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// ANSI escapes.
    Coloured,
    /// None; everything is said in words.
    Plain,
}

/// Labels further apart than this many lines from the primary one are told, not
/// shown: the lines between would drown the finding.
const MAX_DISTANCE: usize = 12;

/// A line longer than this many bytes is not shown: it would scroll the finding away.
const MAX_LINE: usize = 1_000;

/// The findings of all reports, each ended by an empty line, and a closing count.
pub fn human(reports: &[Report], style: Style) -> String {
    let renderer = match style {
        Style::Coloured => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    let mut out = String::new();
    for report in reports {
        for finding in &report.findings {
            out.push_str(&renderer.render(&[group(&report.source, finding)]));
            out.push_str("\n\n");
        }
    }
    if let Some(summary) = summary(reports) {
        out.push_str(&summary);
        out.push('\n');
    }
    out
}

fn group<'a>(source: &'a Source, finding: &'a Resolved) -> Group<'a> {
    let diagnostic = &finding.diagnostic;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(&*diagnostic.message).id(diagnostic.rule.id));
    group = match snippet(source, finding) {
        Some(snippet) => group.element(snippet),
        None => group.element(Origin::path(source.name())),
    };
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    group.element(Level::NOTE.with_name("docs").message(format!("corsac rule {}", diagnostic.rule.id)))
}

fn snippet<'a>(source: &'a Source, finding: &'a Resolved) -> Option<Snippet<'a, Annotation<'a>>> {
    let (primary, text) = finding.primary.as_ref()?;
    let near: Vec<_> =
        finding.context.iter().filter(|(span, _)| distance(source, primary, span) <= MAX_DISTANCE).collect();
    let starts = near.iter().map(|(span, _)| span.start).chain([primary.start]);
    let ends = near.iter().map(|(span, _)| span.end).chain([primary.end]);
    let first = source.position(starts.min()?).line;
    let last = source.position(ends.max()?).line;
    let window = source.lines(first, last);
    let shown = source.text().get(window.clone())?;
    if shown.lines().any(|line| line.len() > MAX_LINE) {
        return None;
    }
    let local = |span: &Range<usize>| span.start - window.start..span.end.min(window.end) - window.start;
    let main = AnnotationKind::Primary.span(local(primary)).label(text.as_str());
    let context =
        near.iter().map(|(span, text)| AnnotationKind::Context.span(local(span)).label(text.as_str()));
    let snippet = Snippet::source(shown).line_start(first).path(source.name()).annotation(main);
    Some(snippet.annotations(context))
}

fn distance(source: &Source, a: &Range<usize>, b: &Range<usize>) -> usize {
    source.position(a.start).line.abs_diff(source.position(b.start).line)
}

/// `2 errors, 1 warning`; nothing where nothing was found.
fn summary(reports: &[Report]) -> Option<String> {
    let counted =
        [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(|severity| match reports
            .iter()
            .map(|report| report.count(severity))
            .sum::<usize>()
        {
            0 => None,
            1 => Some(format!("1 {severity}")),
            count => Some(format!("{count} {severity}s")),
        });
    let parts: Vec<_> = counted.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
