//! From expressions to the parts of a model.

use std::ops::Range;

use corsac_analysis::model::{
    Answer, Case, Choice, Emission, Field, Matcher, Model, Place, Preflight, Scope, Unread, Value,
};
use corsac_diagnostics::Source;
use tree_sitter::{Node, Tree};

use super::expression::{Argument, Expression, Kind};
use super::mentions::is_read;
use super::program::{Program, SiteKind};
use super::rust::without_vec;
use super::syntax::{Language, children, parse, quoted, text};
use crate::Unreadable;

/// Most places of broken syntax that are listed; one slip can break many.
const MAX_BROKEN: usize = 8;

/// Most places that name the field which allows origins and are looked at.
const MAX_MENTIONS: usize = 64;

/// Most nodes whose surroundings are looked at: finding a parent costs a walk from the root.
pub(crate) const MAX_PARENTS: usize = 512;

/// Most parts of conditions whose places are remembered.
const MAX_PARTS: usize = 512;

/// What is known of a value.
#[derive(Clone, Debug)]
pub(crate) enum Known<T> {
    /// It is this.
    Is(T),
    /// It is not known, for this reason.
    Not(String),
}

/// A file while it is read.
pub(crate) struct Reading<'p, 't> {
    pub(crate) program: &'p Program<'t>,
    pub(crate) scopes: Vec<Scope>,
    /// What was read where fields are set by hand.
    pub(crate) used: Vec<Range<usize>>,
    /// Where parts of a condition stand.
    parts: Vec<(Matcher, Range<usize>)>,
    /// How many conditions were read.
    pub(crate) conditions: usize,
    unread: Vec<Unread>,
}

/// Reads `source` with a reader of one system.
///
/// # Errors
/// The text is too long, or takes too long.
pub(crate) fn read(
    language: Language,
    source: Source,
    reader: fn(&mut Reading<'_, '_>),
) -> Result<Model, Unreadable> {
    let tree = match language {
        Language::Rust => parse(language, &without_vec(source.text())),
        _ => parse(language, source.text()),
    }?;
    let (scopes, unread) = parts(language, source.text(), &tree, reader);
    Ok(Model { files: vec![source], scopes, unread, ..Model::default() })
}

fn parts(
    language: Language,
    text: &str,
    tree: &Tree,
    reader: fn(&mut Reading<'_, '_>),
) -> (Vec<Scope>, Vec<Unread>) {
    let program = Program::new(language, text, tree);
    let mut reading = Reading {
        program: &program,
        scopes: Vec::new(),
        used: Vec::new(),
        parts: Vec::new(),
        conditions: 0,
        unread: Vec::new(),
    };
    reader(&mut reading);
    reading.forget_if_uncertain();
    reading.mentions();
    for span in program.broken.iter().take(MAX_BROKEN) {
        reading.unread(span.clone(), "syntax that is not understood".to_owned());
    }
    (reading.scopes, reading.unread)
}

impl Reading<'_, '_> {
    /// The place of a span of the file.
    #[expect(clippy::unnecessary_wraps, reason = "what takes it may have none")]
    pub(crate) fn place(span: &Range<usize>) -> Option<Place> {
        Some(Place { file: 0, span: span.clone() })
    }

    /// Where the program changes itself, nothing that is written is certain.
    fn forget_if_uncertain(&mut self) {
        let Some((span, reason)) = self.program.uncertain.clone() else { return };
        if self.scopes.is_empty() {
            // What a package for CORS is used for may be just what is not seen.
            let imports = self.program.imports.values();
            let mut names = imports.map(|module| module.to_lowercase());
            if !names.any(|module| module.contains("cors") && !module.starts_with('.')) {
                return;
            }
            let (name, place) = ("CORS".to_owned(), Self::place(&span));
            let (actual, preflight) = (Answer::default(), Preflight::Unknown);
            self.scopes.push(Scope { name, place, actual, preflight });
        }
        self.unread(span.clone(), reason.to_owned());
        for scope in &mut self.scopes {
            scope.actual = unknown(reason, &span);
            scope.preflight = Preflight::Unknown;
        }
    }

    /// Lists what was not understood, once a place.
    pub(crate) fn unread(&mut self, span: Range<usize>, reason: String) {
        let unread = Unread { place: Self::place(&span), reason };
        if !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }

    /// How much is listed.
    pub(crate) fn listed(&self) -> usize {
        self.unread.len()
    }

    /// Takes back what was listed since: the whole that it is part of is listed instead.
    pub(crate) fn unlist(&mut self, listed: usize) {
        self.unread.truncate(listed);
    }

    /// Lists an expression whose value is not known; returns the reason.
    pub(crate) fn opaque(&mut self, expression: &Expression) -> String {
        let words = self.program.source.get(expression.span.clone()).unwrap_or_default();
        let why = match &expression.kind {
            Kind::Function => "a function decides",
            Kind::Computed(_) | Kind::Name(_) | Kind::Member(..) | Kind::Call(..) => {
                "it is not a literal of this file"
            }
            _ => "it is not a value that is expected here",
        };
        let reason = format!("`{}`: {why}", quoted(words));
        self.unread(expression.span.clone(), reason.clone());
        reason
    }

    /// Lists where the field that allows origins is named and was not read: code sets it there.
    fn mentions(&mut self) {
        let source = self.program.source;
        let sites = self.program.sites.iter().filter(|site| site.kind == SiteKind::Mention);
        let computed = self.program.sites.iter().filter(|site| sets_a_computed_field(site.node, source));
        let mut looked_at = 0;
        let sites = sites.filter(|site| {
            looked_at += 1;
            looked_at > MAX_PARENTS || !is_read(site.node, source)
        });
        let spans = sites
            .chain(computed)
            .map(|site| site.node.byte_range())
            .filter(|span| !self.used.iter().any(|used| used.start <= span.start && span.end <= used.end));
        let spans: Vec<_> = spans.take(MAX_MENTIONS).collect();
        let reason = "the field is set by code that is not modelled";
        for span in &spans {
            self.unread(span.clone(), reason.to_owned());
        }
        if let Some(span) = spans.first() {
            let (name, place) = ("fields set by hand".to_owned(), Self::place(span));
            self.scopes.push(Scope { name, place, actual: unknown(reason, span), ..Scope::default() });
        }
    }

    /// Remembers where a part of a condition stands.
    pub(crate) fn part(&mut self, when: &Matcher, span: &Range<usize>) {
        if self.parts.len() < MAX_PARTS {
            self.parts.push((when.clone(), span.clone()));
        }
    }

    /// A case for each origin or pattern that is admitted, at its own place or at `span`.
    pub(crate) fn cases(&self, admitted: Matcher, span: &Range<usize>) -> Vec<Case<Emission>> {
        let all = match admitted {
            Matcher::AnyOf(any) => any,
            one => vec![one],
        };
        let case = |when: Matcher| {
            let own = self.parts.iter().rev().find(|(part, _)| *part == when).map_or(span, |(_, span)| span);
            Case { place: Self::place(own), when, then: Emission::Reflected }
        };
        all.into_iter().map(case).collect()
    }

    /// The value of an argument.
    pub(crate) fn value(&self, expression: &Expression) -> Expression {
        self.program.value(expression)
    }

    /// A list of texts, or one text, as the value of a field.
    pub(crate) fn field(&mut self, expression: &Expression, separator: &str) -> Field {
        let value = self.value(expression);
        let place = Self::place(&expression.span);
        let items = match &value.kind {
            Kind::List(items) => self.program.items(items),
            _ => vec![value],
        };
        match items.iter().find(|item| !matches!(item.kind, Kind::Text(_) | Kind::Number(_))) {
            Some(unknown) => Field { value: Value::Opaque(self.opaque(unknown)), place },
            None => {
                let texts: Vec<_> = items.iter().map(plain).collect();
                Field { value: Value::Text(texts.join(separator)), place }
            }
        }
    }

    /// The condition and emission of a case that is opaque.
    pub(crate) fn opaque_case(&mut self, expression: &Expression) -> Case<Emission> {
        let reason = self.opaque(expression);
        Case {
            when: Matcher::Opaque(reason),
            then: Emission::Reflected,
            place: Self::place(&expression.span),
        }
    }

    /// A case for the origins of `when`, which stands at `expression`.
    pub(crate) fn reflected(when: Matcher, expression: &Expression) -> Case<Emission> {
        Case { when, then: Emission::Reflected, place: Self::place(&expression.span) }
    }
}

/// What Python has besides texts: `response.headers[name] = …`, where the name is put together from
/// texts; `response.access_control_allow_origin = …`; and the same as the name of an argument.
fn sets_a_computed_field(node: Node<'_>, source: &str) -> bool {
    let is_field = |name: Option<Node<'_>>| {
        name.is_some_and(|name| text(name, source).eq_ignore_ascii_case("access_control_allow_origin"))
    };
    if let Some(arguments) = node.child_by_field_name("arguments") {
        let is_named = |argument: Node<'_>| {
            argument.kind() == "keyword_argument" && is_field(argument.child_by_field_name("name"))
        };
        return children(arguments).any(is_named);
    }
    let Some(left) = node.child_by_field_name("left") else { return false };
    if left.kind() != "subscript" {
        return left.kind() == "attribute" && is_field(left.child_by_field_name("attribute"));
    }
    let of = left.child_by_field_name("value").map_or("", |of| text(of, source));
    let name = left.child_by_field_name("subscript").map_or("", |name| name.kind());
    of.ends_with("headers") && matches!(name, "binary_operator" | "call" | "concatenated_string")
}

/// The text of a literal.
pub(crate) fn plain(item: &Expression) -> &str {
    match &item.kind {
        Kind::Text(text) | Kind::Number(text) => text,
        _ => "",
    }
}

/// A field that the program sets by itself.
#[expect(clippy::unnecessary_wraps, reason = "fields may be absent")]
pub(crate) fn given(text: &str) -> Option<Field> {
    Some(Field { value: Value::Text(text.to_owned()), place: None })
}

/// One line for every origin.
pub(crate) fn always(then: Emission, span: &Range<usize>) -> Choice<Emission> {
    Choice::always(then, Reading::place(span))
}

/// `Access-Control-Allow-Credentials` for every origin, as far as it is known.
pub(crate) fn credentials(known: &Known<bool>, span: &Range<usize>) -> Vec<Choice<bool>> {
    credentials_when(&[Matcher::Any], known, span)
}

/// `Access-Control-Allow-Credentials` for some origins, as far as it is known.
pub(crate) fn credentials_when(
    origins: &[Matcher],
    known: &Known<bool>,
    span: &Range<usize>,
) -> Vec<Choice<bool>> {
    let case = |when: &Matcher| {
        let when = match known {
            Known::Is(_) => when.clone(),
            Known::Not(reason) => Matcher::AllOf(vec![when.clone(), Matcher::Opaque(reason.clone())]),
        };
        Case { when, then: true, place: Reading::place(span) }
    };
    match known {
        Known::Is(false) => Vec::new(),
        _ => vec![Choice { cases: origins.iter().map(case).collect() }],
    }
}

/// An answer of which nothing is known, for this reason.
pub(crate) fn unknown(reason: &str, span: &Range<usize>) -> Answer {
    Answer {
        allow_origin: vec![always(Emission::Opaque(reason.to_owned()), span)],
        allow_credentials: credentials(&Known::Not(reason.to_owned()), span),
        ..Answer::default()
    }
}

/// The named value among arguments; the last, as keys of tables go too.
pub(crate) fn named<'a>(arguments: &'a [Argument], name: &str) -> Option<&'a Expression> {
    arguments
        .iter()
        .rev()
        .find(|argument| argument.name.as_deref() == Some(name))
        .map(|argument| &argument.value)
}
