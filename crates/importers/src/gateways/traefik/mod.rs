//! Traefik: the middleware `headers` in dynamic configuration, as an object of Kubernetes, and in
//! labels.
//!
//! Of the list an entry is compared, and `*` is sent as it is, or reflects with credentials;
//! expressions of Go are searched for. Only an origin that matches has its field set, over whatever
//! the upstream sent; credentials are allowed to all, match or not. `Vary` is sent only with
//! `addVaryHeader`, and not to preflights.

use std::collections::BTreeMap;

use corsac_analysis::model::{Answer, Case, Choice, Emission, Field, Matcher, Model, Preflight, Value};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_diagnostics::{Source, excerpt};

use super::draft::{Draft, Switch, Word};
use super::field::{at, joined, single};
use super::kubernetes::{Step, ends_with, list_other_fields, walk};
use super::{is_called, is_data};
use crate::tree::Node;
use crate::{Includes, Unreadable};

mod known;
mod labels;

/// An option of the first releases of Traefik 2.
const REMOVED: &str = "accesscontrolalloworigin";

const IS_REMOVED: &str = "no option `accessControlAllowOrigin`: write `accessControlAllowOriginList`";

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    if !is_data(name) {
        return 0;
    }
    let options = ["accessControlAllow", "accesscontrolallow", "AccessControlAllow", "accessControlExpose"];
    // Apache's variables may have such a name.
    let option = name.rsplit('.').next() != Some("conf") && options.iter().any(|word| text.contains(word));
    let ours =
        ["traefik.http.", "traefik.io/", "traefik.containo.us/"].iter().any(|word| text.contains(word));
    match (option, ours) {
        (true, true) => 96,
        (true, false) => 85,
        (false, true) => 60,
        _ if text.contains("middlewares") && known::are_in(text) => 60,
        _ if is_called(name, text, "traefik") => 45,
        _ => 0,
    }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let (tree, mut draft) = Draft::read(source, None)?;
    for document in &tree.documents {
        let mut found = labels::Labels::default();
        let compose = document.get("services").is_some() && document.get("http").is_none();
        walk(document, &mut |path, node| {
            found.add(path, node, compose);
            if ends_with(path, "headers") {
                table(&mut draft, document, path, node);
            }
        });
        for (name, options) in found.middlewares() {
            middleware(&mut draft, name, &options);
        }
    }
    list_other_fields(&mut draft, &tree, is_custom);
    Ok(draft.finish())
}

/// Whether a field is sent by `customResponseHeaders`, which are read.
fn is_custom(path: &[Step<'_>]) -> bool {
    path.iter().any(|step| step.key.to_ascii_lowercase().contains("customresponseheaders"))
        || path.last().is_some_and(|step| labels::is_label(step))
}

/// Reads a table `headers`, if it is a middleware's.
fn table(draft: &mut Draft, document: &Node, path: &[Step<'_>], node: &Node) {
    let above = path.len().checked_sub(2).and_then(|index| path.get(index)).map(|step| step.key.as_str());
    let kind = document.get("kind").and_then(Node::text);
    let is_object = above == Some("spec") && kind.is_none_or(|kind| kind == "Middleware" || kind == "List");
    let in_list = path.iter().any(|step| step.key.eq_ignore_ascii_case("middlewares"));
    let name = match above {
        Some("spec") => super::kubernetes::name(document),
        Some(name) => name.to_owned(),
        None => "?".to_owned(),
    };
    let name = format!("middleware {}", excerpt(&name));
    if let Some(reason) = node.opaque() {
        if in_list || is_object {
            draft.opaque_scope(name, node, reason);
        }
        return;
    }
    let mut options = Options { holder: Some(node), ..Options::default() };
    for entry in node.entries() {
        options.values.insert(entry.key.to_ascii_lowercase(), entry.value.clone());
    }
    options.rest = node.rest().cloned();
    if in_list || is_object || options.have_cors() {
        middleware(draft, name, &options);
    }
}

/// The options of a middleware, by name in lower case.
#[derive(Default)]
struct Options<'t> {
    values: BTreeMap<String, Node>,
    rest: Option<Node>,
    holder: Option<&'t Node>,
}

impl Options<'_> {
    fn get(&self, name: &str) -> Option<&Node> {
        self.values.get(name).or(self.rest.as_ref())
    }

    fn have_cors(&self) -> bool {
        self.values.keys().any(|name| name.starts_with("accesscontrol") || name == "addvaryheader")
            || self.custom("access-control-allow-origin").is_some()
    }

    /// A field that `customResponseHeaders` sets or, if it is empty, removes.
    fn custom(&self, field: &str) -> Option<&Node> {
        let custom = self.get("customresponseheaders")?;
        let named = custom.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(field));
        named.map(|entry| &entry.value).or(custom.rest())
    }

    /// Lists options that Traefik 3 does not have.
    fn list_unknown(&self, draft: &mut Draft) {
        for (name, node) in &self.values {
            if name == REMOVED {
                draft.unread(node, IS_REMOVED);
            } else if !known::is_option(name) {
                draft.unread(node, known::unknown(name));
            }
        }
    }

    /// What an option decides that Traefik 3 does not have, and others may.
    fn removed(&self) -> Option<Case<Emission>> {
        let node = self.values.get(REMOVED)?;
        let then = Emission::Opaque(IS_REMOVED.to_owned());
        Some(Case { when: Matcher::Any, then, place: node.place() })
    }

    /// A list; in labels and often in files a text with commas.
    fn words(&self, draft: &mut Draft, name: &str) -> Vec<Word> {
        let Some(node) = self.get(name) else { return Vec::new() };
        let Some(text) = node.text() else { return draft.words(Some(node)) };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Word { text: Ok(part.to_owned()), place: node.place() }).collect()
    }

    /// A boolean, also as text.
    fn switch(&self, draft: &mut Draft, name: &str) -> Switch {
        let node = self.get(name);
        match node.and_then(Node::text) {
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => {
                Switch { on: Ok(true), place: node.and_then(Node::place) }
            }
            Some("false" | "0" | "f" | "F" | "FALSE" | "False") => {
                Switch { on: Ok(false), place: node.and_then(Node::place) }
            }
            _ => draft.switch(node, false),
        }
    }
}

fn middleware(draft: &mut Draft, name: String, options: &Options<'_>) {
    if !options.have_cors() && options.rest.is_none() {
        return;
    }
    options.list_unknown(draft);
    let credentials = options.switch(draft, "accesscontrolallowcredentials");
    let vary = options.switch(draft, "addvaryheader");
    let mut matched = matched(draft, options, &credentials);
    matched.extend(options.removed());
    let mut cases = matched.clone();
    cases.extend(custom_origin(options));
    let exposed = options.words(draft, "accesscontrolexposeheaders");
    let exposed = if has_star(&exposed) && credentials.on == Ok(true) { None } else { joined(&exposed, ",") };
    let mut allow_credentials = credentials.lines(Matcher::Any);
    if allow_credentials.is_empty() {
        allow_credentials.extend(custom_credentials(options));
    }
    let actual = Answer {
        allow_origin: vec![Choice { cases }],
        allow_credentials,
        expose_headers: exposed.clone(),
        vary: match vary.on {
            Ok(false) => None,
            Ok(true) => Some(at(Value::Text("Origin".to_owned()), vary.place)),
            Err(reason) => Some(at(Value::Opaque(reason), vary.place)),
        },
        ..Answer::default()
    };
    let preflight = Answer {
        allow_origin: vec![Choice { cases: matched }],
        allow_credentials: credentials.lines(Matcher::Any),
        allow_methods: asked_or_listed(draft, options, "accesscontrolallowmethods", &credentials),
        allow_headers: asked_or_listed(draft, options, "accesscontrolallowheaders", &credentials),
        max_age: single(options.get("accesscontrolmaxage").map(|node| draft.word(node))),
        expose_headers: exposed,
        ..Answer::default()
    };
    let answers =
        options.values.keys().any(|name| name.starts_with("accesscontrol") || name == "addvaryheader");
    let preflight = if answers { Preflight::Answered(Box::new(preflight)) } else { Preflight::Unknown };
    if let Some(node) = options.holder.or_else(|| options.values.values().next()) {
        draft.scope(name, node, actual, preflight);
    }
}

fn has_star(words: &[Word]) -> bool {
    words.iter().any(|word| word.text.as_deref() == Ok("*"))
}

/// The origins that match.
fn matched(draft: &mut Draft, options: &Options<'_>, credentials: &Switch) -> Vec<Case<Emission>> {
    let star = || match &credentials.on {
        Ok(true) => Emission::Reflected,
        Ok(false) => Emission::Fixed("*".to_owned()),
        Err(reason) => Emission::Opaque(reason.clone()),
    };
    let mut cases = Vec::new();
    for word in options.words(draft, "accesscontrolalloworiginlist") {
        let (when, then) = match word.text {
            Err(reason) => (Matcher::Any, Emission::Opaque(reason)),
            Ok(text) if text == "*" => (Matcher::Any, star()),
            Ok(text) => (Matcher::exact(text), Emission::Reflected),
        };
        cases.push(Case { when, then, place: word.place });
    }
    for word in options.words(draft, "accesscontrolalloworiginlistregex") {
        let search =
            |text: String| Matcher::Regex(Regex::new(&text, Dialect::Re2, Mode::Search, Flags::default()));
        let when = word.text.map_or_else(Matcher::Opaque, search);
        cases.push(Case { when, then: Emission::Reflected, place: word.place });
    }
    cases
}

/// What `customResponseHeaders` sends to those that do not match.
fn custom_origin(options: &Options<'_>) -> Option<Case<Emission>> {
    let node = options.custom("access-control-allow-origin")?;
    let then = match (node.scalar(), node.opaque()) {
        (Some(""), _) | (None, None) => Emission::Nothing,
        (Some(text), _) => Emission::Fixed(text.to_owned()),
        (None, Some(reason)) => Emission::Opaque(reason.to_owned()),
    };
    Some(Case { when: Matcher::Any, then, place: node.place() })
}

fn custom_credentials(options: &Options<'_>) -> Option<Choice<bool>> {
    let node = options.custom("access-control-allow-credentials")?;
    let (when, then) = match (node.scalar(), node.opaque()) {
        (None, Some(reason)) => (Matcher::Opaque(reason.to_owned()), true),
        (text, _) => (Matcher::Any, text == Some("true")),
    };
    Some(Choice { cases: vec![Case { when, then, place: node.place() }] })
}

/// A list; with `*` and credentials what the request asks for.
fn asked_or_listed(
    draft: &mut Draft,
    options: &Options<'_>,
    name: &str,
    credentials: &Switch,
) -> Option<Field> {
    let words = options.words(draft, name);
    match words.first() {
        Some(first) if has_star(&words) && credentials.on == Ok(true) => {
            Some(at(Value::Reflected, first.place.clone()))
        }
        _ => joined(&words, ","),
    }
}
