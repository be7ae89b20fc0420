//! For people: the finding, the source it is about, why, and what to do.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use crate::report::{Report, Resolved};
use crate::rule::Severity;
use crate::source::{Position, Source};

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// ANSI escapes.
    Coloured,
    /// None; everything is said in words.
    Plain,
}

/// Labels further apart than this many lines from the primary one have a snippet of
/// their own, and a span over more lines is shown by its first: the lines between would
/// drown the finding.
const MAX_DISTANCE: usize = 12;

/// Bytes of a line that are shown; the renderer fits them to the terminal. What a label
/// points at behind them is told by line and column.
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
    group = places(source, finding).into_iter().fold(group, Group::element);
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    group.element(Level::NOTE.with_name("docs").message(format!("corsac rule {}", diagnostic.rule.id)))
}

/// The source at the finding's labels; where there is none to show, the place in words.
fn places<'a>(source: &'a Source, finding: &'a Resolved) -> Vec<Element<'a>> {
    let Some((primary, text)) = &finding.primary else {
        return vec![Origin::path(source.shown_name()).into()];
    };
    let (near, far): (Vec<_>, Vec<_>) =
        finding.context.iter().partition(|(span, _)| distance(source, primary, span) <= MAX_DISTANCE);
    let near = near.into_iter().map(|(span, text)| (AnnotationKind::Context, span, text.as_str()));
    let labels: Vec<_> = iter::once((AnnotationKind::Primary, primary, text.as_str())).chain(near).collect();
    let first = snippet(source, &labels).map_or_else(|| position(source, primary).into(), Into::into);
    let others = far.into_iter().filter_map(|(span, text)| {
        snippet(source, &[(AnnotationKind::Context, span, text.as_str())]).map(Into::into)
    });
    iter::once(first).chain(others).collect()
}

fn position<'a>(source: &'a Source, span: &Range<usize>) -> Origin<'a> {
    let Position { line, column } = source.position(span.start);
    Origin::path(source.shown_name()).line(line).char_column(column)
}

/// The lines of `labels`, cut; nothing if the first label is not among what is left.
fn snippet<'a>(
    source: &'a Source,
    labels: &[(AnnotationKind, &Range<usize>, &'a str)],
) -> Option<Snippet<'a, Annotation<'a>>> {
    let first = labels.iter().map(|(_, span, _)| source.line(span.start)).min()?;
    let last = labels.iter().map(|(_, span, _)| last_line(source, span)).max()?;
    let shown = Shown::new(source, first, last);
    let annotations: Vec<_> =
        labels.iter().map(|(kind, span, text)| Some(kind.span(shown.span(span)?).label(*text))).collect();
    annotations.first()?.as_ref()?;
    let snippet = Snippet::source(shown.text).line_start(first).path(source.shown_name());
    Some(snippet.annotations(annotations.into_iter().flatten()))
}

/// The last line of a span; its first if it has too many.
fn last_line(source: &Source, span: &Range<usize>) -> usize {
    let (first, last) = (source.line(span.start), source.line(span.end));
    if last - first > MAX_DISTANCE { first } else { last }
}

/// Some lines of a source, each cut to [`MAX_LINE`] bytes.
struct Shown {
    text: String,
    lines: Vec<Line>,
}

struct Line {
    /// What is left of it.
    span: Range<usize>,
    /// Where that begins in the text shown.
    start: usize,
}

impl Line {
    fn shown(&self, at: usize) -> usize {
        self.start + at - self.span.start
    }
}

impl Shown {
    fn new(source: &Source, first: usize, last: usize) -> Self {
        let mut shown = Self { text: String::new(), lines: Vec::new() };
        for number in first..=last {
            let line = source.lines(number, number);
            let text = source.text().get(line.clone()).unwrap_or_default();
            let written = text.trim_end_matches(['\n', '\r']);
            let end = if written.len() > MAX_LINE { boundary(written, MAX_LINE) } else { text.len() };
            shown.lines.push(Line { span: line.start..line.start + end, start: shown.text.len() });
            shown.text.push_str(&masked(text.get(..end).unwrap_or_default()));
            if end < text.len() {
                shown.text.push_str("…\n");
            }
        }
        shown
    }

    /// Where a span of the source is in the text; nothing if its beginning was cut. If
    /// only its end was, it ends with what is left of its first line.
    fn span(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let first = self.line(span.start)?;
        let end =
            self.line(span.end).map_or_else(|| first.shown(first.span.end), |last| last.shown(span.end));
        Some(first.shown(span.start)..end)
    }

    fn line(&self, at: usize) -> Option<&Line> {
        self.lines.iter().rfind(|line| line.span.start <= at).filter(|line| at <= line.span.end)
    }
}

/// A line with the passwords of its URLs hidden, byte by byte, so that places stay: what is
/// printed ends in the logs of continuous integration.
fn masked(line: &str) -> Cow<'_, str> {
    let Some((before, rest)) = line.split_once("://") else { return line.into() };
    let end = rest.find(['/', '"', '\'', ' ', '\t', '\n', '\r']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let hidden = authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host)));
    let authority = match hidden {
        Some(((name, password), host)) => format!("{name}:{}@{host}", "*".repeat(password.len())).into(),
        None => Cow::from(authority),
    };
    format!("{before}://{authority}{}", masked(after)).into()
}

/// The last boundary of a character at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn distance(source: &Source, a: &Range<usize>, b: &Range<usize>) -> usize {
    source.line(a.start).abs_diff(source.line(b.start))
}

/// `2 errors, 1 warning`, of several files `3 files, 2 errors`; nothing where nothing was found.
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
    let files = if reports.len() > 1 { format!("{} files, ", reports.len()) } else { String::new() };
    (!parts.is_empty()).then(|| format!("{files}{}", parts.join(", ")))
}
