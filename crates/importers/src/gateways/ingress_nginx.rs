//! The Ingress controller of Kubernetes that writes a configuration of nginx from annotations.
//!
//! What it does with them (v1.15): an entry of `cors-allow-origin` becomes a part of one
//! expression that nginx searches for, ignoring case, with `$` at its end and no `^`; a value
//! that its check refuses as a whole means `*`, and a single bad entry is left out. With `*`
//! the field says `*`, else it reflects. Credentials are allowed unless an annotation says
//! otherwise. No `Vary` is sent. A value that nginx sets takes the place of the upstream's; origins
//! that do not match get the upstream's own.

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Model, Preflight, Value,
};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_diagnostics::{Source, excerpt};

use super::draft::{Draft, Switch};
use super::field::built_in;
use super::is_data;
use super::kubernetes::{Step, list_other_fields, walk};
use crate::tree::Node;
use crate::{Includes, Unreadable};

const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Annotations with directives of nginx.
const SNIPPETS: [&str; 2] = ["configuration-snippet", "server-snippet"];

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    if text.contains(PREFIX) { 95 } else { 0 }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for document in &tree.documents {
        walk(document, &mut |path, node| {
            let Some((step, above)) = path.split_last() else { return };
            if step.key == "annotations" {
                let object = above.last().filter(|above| above.key == "metadata").map(|above| above.within);
                ingress(&mut draft, object.is_some_and(is_ingress), step.within, node);
            }
            let hidden = step.key == "metadata" && is_ingress(step.within) && !has_annotations(node);
            if let Some(unknown) = node.rest().filter(|_| hidden) {
                ingress(&mut draft, true, node, unknown);
            }
        });
    }
    list_other_fields(&mut draft, &tree, is_snippet);
    Ok(draft.finish())
}

/// Whether a field is in a snippet, which is listed by itself.
fn is_snippet(path: &[Step<'_>]) -> bool {
    let names = |step: &Step<'_>| SNIPPETS.iter().any(|name| step.key.strip_prefix(PREFIX) == Some(name));
    path.last().is_some_and(names)
}

fn is_ingress(object: &Node) -> bool {
    object.get("kind").and_then(Node::text) == Some("Ingress")
}

fn has_annotations(metadata: &Node) -> bool {
    metadata.entries().iter().any(|entry| entry.key == "annotations")
}

/// Reads one table of annotations; `holder` is what they are written on.
fn ingress(draft: &mut Draft, is_object: bool, holder: &Node, annotations: &Node) {
    let name = holder.get("name").and_then(Node::text).unwrap_or("?");
    let name = format!("ingress {}", excerpt(name));
    if let Some(reason) = annotations.opaque() {
        if is_object {
            draft.opaque_scope(name, annotations, reason);
        }
        return;
    }
    let ours = annotations.entries().iter().any(|entry| entry.key.starts_with(PREFIX));
    if !ours && (!is_object || annotations.rest().is_none()) {
        return;
    }
    let annotations = Annotations(annotations);
    let enabled = annotations.flag(draft, "enable-cors", false);
    if let Some(snippet) = annotations.cors_snippet() {
        let reason = "directives of nginx in a snippet are not read";
        draft.opaque_scope(name, snippet, reason);
        return;
    }
    match &enabled.on {
        Err(reason) => draft.opaque_scope(name, annotations.0, reason),
        Ok(true) => {
            let actual = answer(draft, &annotations);
            let preflight = Preflight::Answered(Box::new(actual.clone()));
            draft.scope(name, annotations.0, actual, preflight);
        }
        Ok(false) if annotations.0.entries().iter().any(|entry| is_cors(&entry.key)) => {
            let actual = Answer { passes_upstream: true, ..Answer::default() };
            draft.scope(name, annotations.0, actual, Preflight::Unknown);
        }
        Ok(false) => {}
    }
}

fn is_cors(key: &str) -> bool {
    key.strip_prefix(PREFIX).is_some_and(|name| name.starts_with("cors-") || name == "enable-cors")
}

fn answer(draft: &mut Draft, annotations: &Annotations<'_>) -> Answer {
    let allow_origin = origins(draft, annotations);
    let when = Matcher::AnyOf(allow_origin.cases.iter().map(|case| case.when.clone()).collect());
    let when = if matches!(&allow_origin.cases[..], [Case { when: Matcher::Any, .. }]) {
        Matcher::Any
    } else {
        when
    };
    Answer {
        allow_credentials: annotations.flag(draft, "cors-allow-credentials", true).lines(when),
        allow_origin: vec![allow_origin],
        allow_methods: annotations.field(
            draft,
            "cors-allow-methods",
            is_list_of_methods,
            Some("GET, PUT, POST, DELETE, PATCH, OPTIONS"),
        ),
        allow_headers: annotations.field(
            draft,
            "cors-allow-headers",
            |text| text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_, ".contains(letter)),
            Some(
                "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,\
                 Range,Authorization",
            ),
        ),
        expose_headers: annotations.field(draft, "cors-expose-headers", is_list_of_headers, None),
        max_age: annotations.field(draft, "cors-max-age", is_integer, Some("1728000")),
        coverage: Coverage::All,
        ..Answer::default()
    }
}

/// The line of `Access-Control-Allow-Origin`.
fn origins(draft: &mut Draft, annotations: &Annotations<'_>) -> Choice<Emission> {
    let star = |place| Choice::always(Emission::Fixed("*".to_owned()), place);
    let Some(node) = annotations.get("cors-allow-origin") else { return star(None) };
    let place = node.place();
    let text = match annotations.text(draft, "cors-allow-origin") {
        Some(Ok(text)) => text,
        Some(Err(reason)) => return Choice::always(Emission::Opaque(reason), place),
        None => return star(place),
    };
    if text.is_empty() || !passes_check(&text) {
        return star(place);
    }
    let mut entries = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        if entry == "*" {
            return star(place);
        }
        if is_origin(entry) {
            entries.push(expression(entry));
        } else {
            draft.unread(node, format!("`{}` is left out: it is no origin", excerpt(entry)));
        }
    }
    if entries.is_empty() {
        return Choice::default();
    }
    let expression = format!("({})$", entries.join("|"));
    let when = Matcher::Regex(Regex::new(&expression, Dialect::Pcre, Mode::Search, Flags("i".to_owned())));
    Choice { cases: vec![Case { when, then: Emission::Reflected, place }] }
}

/// The part of the expression for one entry: text, but the first `*` is one label.
fn expression(entry: &str) -> String {
    let quoted: String = entry
        .chars()
        .flat_map(|letter| [r".+*?()|[]{}^$\".contains(letter).then_some('\\'), Some(letter)])
        .flatten()
        .collect();
    format!("({})", quoted.replacen(r"\*", r"[A-Za-z0-9\-]+", 1))
}

/// Whether the check of the whole annotation lets it pass; else it counts as `*`.
fn passes_check(text: &str) -> bool {
    let text: Vec<char> = text.chars().filter(|letter| *letter != ' ').collect();
    let at = |index: usize| text.get(index).copied();
    let mut index = 0;
    while let Some(letter) = at(index) {
        let before = index.checked_sub(1).and_then(at);
        index += match (letter, at(index + 1), at(index + 2)) {
            (':', Some('/'), Some('/')) if before.is_some_and(|letter| letter.is_ascii_lowercase()) => 3,
            (':', Some(digit), _) if digit.is_ascii_digit() => 2,
            ('*', Some('.'), _) => 2,
            ('*', None, _) if index == 0 => 1,
            (letter, ..) if letter.is_ascii_alphanumeric() || "-.,".contains(letter) => 1,
            _ => return false,
        };
    }
    true
}

/// Whether an entry is not left out: a scheme, `*.` or not, a host, a port or not; or `null`.
fn is_origin(entry: &str) -> bool {
    let Some((scheme, rest)) = entry.split_once("://") else { return entry == "null" };
    let host = rest.strip_prefix("*.").unwrap_or(rest);
    let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    !scheme.is_empty()
        && scheme.chars().all(|letter| letter.is_ascii_lowercase())
        && host.chars().all(|letter| letter.is_ascii_alphanumeric() || "-.".contains(letter))
        && port.is_none_or(|port| !port.is_empty() && port.chars().all(|digit| digit.is_ascii_digit()))
}

fn is_list_of_methods(text: &str) -> bool {
    is_list(text, |letter| letter.is_ascii_alphabetic())
}

fn is_list_of_headers(text: &str) -> bool {
    is_list(text, |letter| letter.is_ascii_alphanumeric() || "-_*".contains(letter))
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.len() < 19 && digits.chars().all(|digit| digit.is_ascii_digit())
}

/// Words with at most a comma and one space between them.
fn is_list(text: &str, in_word: impl Fn(char) -> bool) -> bool {
    let mut before = ',';
    let mut starts = true;
    for letter in text.chars() {
        let fits = match letter {
            ',' => !starts && in_word(before),
            ' ' => !starts && (in_word(before) || before == ','),
            _ => in_word(letter),
        };
        if !fits {
            return false;
        }
        starts = false;
        before = letter;
    }
    !starts
}

struct Annotations<'t>(&'t Node);

impl<'t> Annotations<'t> {
    fn get(&self, name: &str) -> Option<&'t Node> {
        self.0.get(&format!("{PREFIX}{name}"))
    }

    /// A text; one that is empty counts as none.
    fn text(&self, draft: &mut Draft, name: &str) -> Option<Result<String, String>> {
        let node = self.get(name)?;
        if node.plain && node.text().is_none() && node.opaque().is_none() {
            draft.unread(node, format!("Kubernetes refuses a {} as an annotation", node.kind()));
        }
        let word = draft.word(node);
        match word.text {
            // Lines lose the white space around them.
            Ok(text) => {
                let lines: Vec<_> = text.split('\n').map(str::trim).collect();
                Some(Ok(lines.join("\n"))).filter(|text| text.as_deref() != Ok(""))
            }
            Err(reason) => Some(Err(reason)),
        }
    }

    /// A boolean; `default` if it is none.
    fn flag(&self, draft: &mut Draft, name: &str, default: bool) -> Switch {
        let place = self.get(name).and_then(Node::place);
        let on = self.text(draft, name).map_or(Ok(default), |text| {
            text.map(|text| match text.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => true,
                "0" | "f" | "F" | "FALSE" | "false" | "False" => false,
                _ => default,
            })
        });
        Switch { on, place }
    }

    /// A field's value; `default` if there is none or it does not fit.
    fn field(
        &self,
        draft: &mut Draft,
        name: &str,
        fits: impl Fn(&str) -> bool,
        default: Option<&str>,
    ) -> Option<Field> {
        let place = self.get(name).and_then(Node::place);
        match self.text(draft, name) {
            Some(Err(reason)) => Some(Field { value: Value::Opaque(reason), place }),
            Some(Ok(text)) if fits(&text) => Some(Field { value: Value::Text(text), place }),
            _ => default.map(built_in),
        }
    }

    /// A snippet that has to do with CORS, or that is not known.
    fn cors_snippet(&self) -> Option<&'t Node> {
        let snippets = SNIPPETS.iter().filter_map(|name| {
            let key = format!("{PREFIX}{name}");
            self.0.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
        });
        snippets.into_iter().find(|node| {
            let names_cors = |text: &str| text.to_ascii_lowercase().contains("access-control-");
            node.text().is_none_or(names_cors)
        })
    }
}
