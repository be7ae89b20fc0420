//! Apache APISIX: the plugin `cors` on routes, services, global rules, and in its objects of
//! Kubernetes.
//!
//! `allow_origins` is `*` (sent as it is), `**` (reflected), or origins that are reflected if
//! equal. With `allow_origins_by_regex` that list does not count: the expressions are joined by `|`
//! and searched for. `Vary` is sent whenever `allow_origins` is not `*`, thus not beside expressions
//! alone. A schema refuses credentials beside `*` in any other option.

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Model, Place, Preflight, Value,
};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_diagnostics::{Source, excerpt};

use super::draft::{Draft, Word};
use super::field::{at, built_in, single};
use super::kubernetes::{Step, last_name, list_other_fields, walk};
use super::{is_called, is_data};
use crate::tree::{Node, Value as Tree};
use crate::{Includes, Unreadable};

/// Sent for `**`.
const ALL_METHODS: &str = "GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE";

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    if text.contains("apisix.apache.org/") {
        return 95;
    }
    let options = ["allow_origins_by_regex", "allow_origins_by_metadata", "allow_credential"];
    let option = options.iter().any(|word| text.contains(word)) && !text.contains("allow_credentials");
    if option && text.contains("plugins") {
        return 85;
    }
    let plugin = text.contains("plugins") && text.contains("upstream") && text.contains("cors");
    match (plugin, is_called(name, text, "apisix")) {
        (_, true) => 50,
        (true, _) if !text.contains("_format_version") => 45,
        _ => 0,
    }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for document in &tree.documents {
        walk(document, &mut |path, node| {
            if let Some((step, above)) = path.split_last().filter(|(step, _)| step.key == "plugins") {
                plugins(&mut draft, &name(document, above, step.within), node);
            }
        });
    }
    list_other_fields(&mut draft, &tree, |_| false);
    Ok(draft.finish())
}

/// What holds plugins, in its own words.
fn name(document: &Node, path: &[Step<'_>], holder: &Node) -> String {
    let text = |key| holder.get(key).and_then(Node::scalar);
    let object = document.at(&["metadata", "name"]).and_then(Node::text);
    let own = ["name", "uri", "id"].into_iter().find_map(text).or(object).unwrap_or("?");
    let part = last_name(path).map_or("route", |part| part.trim_end_matches('s'));
    format!("{} {}", excerpt(part), excerpt(own))
}

fn plugins(draft: &mut Draft, name: &str, node: &Node) {
    if let Some(reason) = node.rest().and_then(Node::opaque) {
        draft.opaque_scope(name.to_owned(), node, reason);
        return;
    }
    if let Some(cors) = node.get("cors") {
        plugin(draft, name, cors);
    }
    // The objects of Kubernetes have a list of them.
    for item in node.items() {
        let is_cors =
            item.get("name").is_some_and(|name| name.text() == Some("cors") || name.opaque().is_some());
        let disabled = item.get("enable").and_then(Node::flag) == Some(false);
        if is_cors && !disabled {
            plugin(draft, name, item.get("config").unwrap_or(item));
        }
    }
}

fn plugin(draft: &mut Draft, name: &str, cors: &Node) {
    if let Some(reason) = cors.opaque() {
        return draft.opaque_scope(name.to_owned(), cors, reason);
    }
    let disabled = cors.at(&["_meta", "disable"]).or_else(|| cors.get("disable"));
    if disabled.and_then(Node::flag) == Some(true) {
        return;
    }
    let options = Options::of(draft, cors);
    if let Some(reason) = options.refused() {
        return draft.opaque_scope(name.to_owned(), cors, &reason);
    }
    let allow_origin = origins(draft, cors, &options);
    let sent = |case: &Case<Emission>| case.when.clone();
    let when = Matcher::AnyOf(allow_origin.cases.iter().map(sent).collect());
    let actual = Answer {
        allow_credentials: draft.switch(cors.get("allow_credential"), false).lines(when),
        allow_origin: vec![allow_origin],
        allow_methods: Some(options.methods()),
        allow_headers: Some(options.headers()),
        expose_headers: single(cors.get("expose_headers").map(|node| draft.word(node))),
        max_age: single(cors.get("max_age").map(|node| draft.word(node))).or_else(|| Some(built_in("5"))),
        vary: if options.origins() == Ok("*") { None } else { Some(built_in("Origin")) },
        coverage: Coverage::All,
        ..Answer::default()
    };
    let preflight = Preflight::Answered(Box::new(actual.clone()));
    draft.scope(name.to_owned(), cors, actual, preflight);
}

/// The options with a default of `*`.
struct Options {
    origins: Option<Word>,
    methods: Option<Word>,
    headers: Option<Word>,
    exposed: Option<Word>,
    credentials: bool,
}

impl Options {
    fn of(draft: &mut Draft, cors: &Node) -> Self {
        let mut word =
            |key| cors.get(key).filter(|node| node.value != Tree::Null).map(|node| draft.word(node));
        Self {
            origins: word("allow_origins"),
            methods: word("allow_methods"),
            headers: word("allow_headers"),
            exposed: word("expose_headers"),
            credentials: cors.get("allow_credential").and_then(Node::flag) == Some(true),
        }
    }

    fn origins(&self) -> Result<&str, &String> {
        text(self.origins.as_ref())
    }

    /// Why the schema refuses the plugin.
    fn refused(&self) -> Option<String> {
        let star = |word: &Option<Word>| text(word.as_ref()) == Ok("*");
        let exposed = self.exposed.as_ref().is_some_and(|word| word.text.as_deref() == Ok("*"));
        if self.credentials && (star(&self.origins) || star(&self.methods) || star(&self.headers) || exposed)
        {
            return Some("APISIX refuses credentials beside `*`, which options have by default".to_owned());
        }
        match self.origins() {
            Ok(text) if !is_list(text) => Some("APISIX refuses this `allow_origins`".to_owned()),
            _ => None,
        }
    }

    fn methods(&self) -> Field {
        Self::field(self.methods.as_ref(), Value::Text(ALL_METHODS.to_owned()))
    }

    fn headers(&self) -> Field {
        Self::field(self.headers.as_ref(), Value::Reflected)
    }

    /// The option; `all` if it is `**`.
    fn field(word: Option<&Word>, all: Value) -> Field {
        let value = match text(word) {
            Ok("**") => all,
            Ok(text) => Value::Text(text.to_owned()),
            Err(reason) => Value::Opaque(reason.clone()),
        };
        at(value, word.and_then(|word| word.place.clone()))
    }
}

fn text(word: Option<&Word>) -> Result<&str, &String> {
    word.map_or(Ok("*"), |word| word.text.as_deref())
}

/// Whether the schema takes it: `*`, `**`, `null`, or origins with commas between them.
fn is_list(text: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_origin = |entry: &str| {
        let parts = entry.split_once("://");
        parts.is_some_and(|(scheme, rest)| !scheme.is_empty() && scheme.chars().all(word) && !rest.is_empty())
    };
    matches!(text, "*" | "**" | "null") || text.split(',').all(is_origin)
}

/// The line of `Access-Control-Allow-Origin`.
fn origins(draft: &mut Draft, cors: &Node, options: &Options) -> Choice<Emission> {
    let mut cases = Vec::new();
    let by_metadata = cors.get("allow_origins_by_metadata").filter(|node| node.value != Tree::Null);
    if let Some(node) = by_metadata {
        let reason = "the origins in the plugin's metadata are not read";
        draft.unread(node, reason);
        let when = Matcher::Opaque(reason.to_owned());
        cases.push(Case { when, then: Emission::Reflected, place: node.place() });
        if options.origins() == Ok("*") {
            return Choice { cases };
        }
    }
    let expressions = cors.get("allow_origins_by_regex").filter(|node| node.value != Tree::Null);
    match expressions {
        Some(node) => cases.push(searched(draft, node)),
        None => listed(options, &mut cases),
    }
    Choice { cases }
}

/// All expressions as one.
fn searched(draft: &mut Draft, node: &Node) -> Case<Emission> {
    let words = draft.words(Some(node));
    let texts: Result<Vec<_>, _> = words.iter().map(|word| word.text.as_deref()).collect();
    let when = match texts {
        Ok(texts) => {
            Matcher::Regex(Regex::new(&texts.join("|"), Dialect::Pcre, Mode::Search, Flags::default()))
        }
        Err(reason) => Matcher::Opaque(reason.clone()),
    };
    Case { when, then: Emission::Reflected, place: node.place() }
}

/// What `allow_origins` says.
fn listed(options: &Options, cases: &mut Vec<Case<Emission>>) {
    let place: Option<Place> = options.origins.as_ref().and_then(|word| word.place.clone());
    let mut push = |when, then| cases.push(Case { when, then, place: place.clone() });
    match options.origins() {
        Err(reason) => push(Matcher::Any, Emission::Opaque(reason.clone())),
        Ok("*") => push(Matcher::Any, Emission::Fixed("*".to_owned())),
        Ok("**") => {
            // What is remembered of one origin with a comma then counts for others.
            let comma = Matcher::Contains(",".to_owned(), corsac_analysis::model::LetterCase::Matters);
            push(comma, Emission::Opaque("an origin with a comma is taken for a list".to_owned()));
            push(Matcher::Any, Emission::Reflected);
        }
        Ok(list) => {
            for entry in list.split(',') {
                push(Matcher::exact(entry), Emission::Reflected);
            }
        }
    }
}
