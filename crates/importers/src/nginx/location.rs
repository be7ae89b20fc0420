//! What is in force in a location, a server or an `if`: what it says itself, and what it
//! inherits.

use std::rc::Rc;

use corsac_analysis::model::Place;
use corsac_diagnostics::excerpt;

use super::known::{self, Handler};
use super::syntax::{Directive, UNREAD_INCLUDE};
use super::value::Template;

/// What is in force somewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Location {
    /// `add_header`s. One at a level replaces all that the level would inherit.
    pub(super) added: Rc<Vec<Added>>,
    /// `more_set_headers` and its like: what is inherited is done first.
    pub(super) edits: Rc<Vec<Edit>>,
    /// Where the block has `add_header`s of its own, in place of those it would inherit.
    pub(super) own: Option<Place>,
    /// What may say more: code, or a file that was not read.
    pub(super) unread: Option<Rc<str>>,
    /// What makes the content; inherited by an `if` only.
    pub(super) handler: Option<Handler>,
    /// `try_files` or the like: something else may answer. Not inherited.
    pub(super) tries_files: bool,
    pub(super) access: Access,
    /// Fields of the upstream that are not passed on, in lower case.
    pub(super) hidden: Rc<Vec<String>>,
    pub(super) error_pages: Rc<Vec<ErrorPage>>,
    /// Whether they take the place of an upstream's own.
    pub(super) intercepts: bool,
    /// What `limit_except` does to other methods. Not inherited.
    pub(super) limit: Option<Limit>,
    inherit: Inherit,
}

/// Who may come.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    /// `auth_basic`, `auth_jwt`.
    pub(super) password: Option<(Template, Place)>,
    /// `auth_request`: what is asked.
    pub(super) request: Option<(Rc<str>, Place)>,
    /// `deny all;`, and nobody allowed before it.
    pub(super) denied: bool,
    /// `satisfy any;`
    pub(super) satisfy_any: bool,
}

/// An `add_header` of a field that matters here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Added {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: Template,
    pub(super) always: bool,
    pub(super) place: Place,
}

/// `more_set_headers`, `more_clear_headers`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edit {
    /// In lower case; `*` at its end stands for anything.
    pub(super) name: String,
    /// `None`: the field is taken away.
    pub(super) value: Option<Template>,
    /// Only for some responses.
    pub(super) conditional: bool,
    pub(super) place: Place,
}

/// `error_page 403 404 = target;`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ErrorPage {
    pub(super) codes: Vec<u16>,
    /// The status that is sent instead: `None` keeps it, `Some(0)` takes the target's.
    pub(super) status: Option<u16>,
    pub(super) target: String,
    pub(super) place: Place,
}

/// `limit_except`: what is in force for other methods than these. The steps of the location
/// are left out for them, as nginx changes over before it would take the first.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    methods: Vec<String>,
    pub(super) location: Rc<Location>,
}

/// `add_header_inherit` (1.29.3)
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Inherit {
    Merge,
    Off,
    #[default]
    On,
}

impl Limit {
    pub(super) fn covers(&self, method: &str) -> bool {
        let named = |name: &String| name == method || (name == "GET" && method == "HEAD");
        !self.methods.iter().any(named)
    }
}

/// What a level says itself, while it is read.
#[derive(Default)]
struct Level {
    added: Vec<Added>,
    /// The first `add_header`, whatever it adds.
    adds: Option<Place>,
    edits: Vec<Edit>,
    hidden: Option<Vec<String>>,
    error_pages: Vec<ErrorPage>,
    access: Option<bool>,
}

impl Location {
    /// What is in force where `handler` answers, and nothing else is known.
    pub(super) fn handled_by(handler: Handler) -> Self {
        Self { handler: Some(handler), ..Self::default() }
    }

    /// What is in force in a block inside of this one.
    pub(super) fn inner(&self, directives: &[Directive], is_if: bool) -> Self {
        let mut inner = self.clone();
        inner.tries_files = false;
        inner.limit = None;
        if !is_if {
            inner.handler = None;
        }
        let mut level = Level::default();
        for directive in directives {
            inner.read(directive, &mut level);
        }
        if let Some(denied) = level.access {
            inner.access.denied = denied;
        }
        match inner.inherit {
            Inherit::Merge => {
                let all = self.added.iter().cloned().chain(level.added);
                inner.added = Rc::new(all.collect());
            }
            Inherit::On if level.adds.is_none() => {}
            Inherit::Off | Inherit::On => {
                inner.added = Rc::new(level.added);
                inner.own = level.adds;
            }
        }
        if !level.edits.is_empty() {
            inner.edits = Rc::new(self.edits.iter().cloned().chain(level.edits).collect());
        }
        if let Some(hidden) = level.hidden {
            inner.hidden = Rc::new(hidden);
        }
        if !level.error_pages.is_empty() {
            inner.error_pages = Rc::new(level.error_pages);
        }
        let limit = directives.iter().find(|directive| directive.name == "limit_except");
        inner.limit = limit.map(|directive| inner.limited(directive));
        inner
    }

    fn limited(&self, directive: &Directive) -> Limit {
        let methods = directive.arguments.iter().map(|word| word.text.to_ascii_uppercase()).collect();
        Limit { methods, location: Rc::new(self.inner(directive.inside(), true)) }
    }

    fn read(&mut self, directive: &Directive, level: &mut Level) {
        let first = directive.argument(0).unwrap_or_default();
        if let Some(handler) = known::handler(&directive.name) {
            self.handler = Some(handler);
        }
        match directive.name.as_str() {
            "add_header" => {
                level.adds.get_or_insert_with(|| directive.place.clone());
                level.added.extend(Added::read(directive));
            }
            "add_header_inherit" => {
                self.inherit = match first {
                    "merge" => Inherit::Merge,
                    "off" => Inherit::Off,
                    _ => Inherit::On,
                }
            }
            "more_clear_headers" | "more_set_headers" => level.edits.extend(Edit::read(directive)),
            "allow" => drop(level.access.get_or_insert(false)),
            "deny" => drop(level.access.get_or_insert(first == "all")),
            "satisfy" => self.access.satisfy_any = first == "any",
            "auth_basic" | "auth_jwt" => {
                self.access.password = Some((Template::new(first), directive.place.clone()));
            }
            "auth_request" => {
                self.access.request = (first != "off").then(|| (first.into(), directive.place.clone()));
            }
            "proxy_intercept_errors"
            | "fastcgi_intercept_errors"
            | "grpc_intercept_errors"
            | "scgi_intercept_errors"
            | "uwsgi_intercept_errors" => self.intercepts = first == "on",
            "error_page" => level.error_pages.extend(ErrorPage::read(directive)),
            "try_files" => self.tries_files = true,
            UNREAD_INCLUDE => {
                self.unread = Some(format!("`{}` is not read", excerpt(first)).into());
            }
            name if name.ends_with("_hide_header") => {
                level.hidden.get_or_insert_default().push(first.to_ascii_lowercase());
            }
            name if known::is_code(name) => self.unread = Some(format!("`{name}` runs code").into()),
            _ => {}
        }
    }
}

/// Whether a field matters here.
fn is_cors(name: &str) -> bool {
    name == "vary" || name.starts_with("access-control-")
}

impl Added {
    fn read(directive: &Directive) -> Option<Self> {
        let name = directive.argument(0)?.to_ascii_lowercase();
        let value = Template::new(directive.argument(1)?);
        let always = directive.argument(2) == Some("always");
        is_cors(&name).then(|| Self { name, value, always, place: directive.place.clone() })
    }
}

impl Edit {
    fn read(directive: &Directive) -> Vec<Self> {
        let clears = directive.name == "more_clear_headers";
        let mut conditional = false;
        let mut all = Vec::new();
        let mut arguments = directive.arguments.iter();
        while let Some(word) = arguments.next() {
            match word.text.as_str() {
                "-s" | "-t" => {
                    conditional = true;
                    arguments.next();
                }
                "-r" | "-a" => conditional = true,
                text => {
                    let (name, value) = text.split_once(':').unwrap_or((text, ""));
                    let name = name.trim().to_ascii_lowercase();
                    let value = value.trim_start();
                    let value = (!clears && !value.is_empty()).then(|| Template::new(value));
                    all.push(Self { name, value, conditional: false, place: directive.place.clone() });
                }
            }
        }
        for edit in &mut all {
            edit.conditional = conditional;
        }
        all.retain(|edit| is_cors(&edit.name) || edit.name.ends_with('*'));
        all
    }

    /// Whether it is about this field.
    pub(super) fn is_about(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.name == name,
        }
    }
}

impl ErrorPage {
    fn read(directive: &Directive) -> Option<Self> {
        let (target, before) = directive.arguments.split_last()?;
        let mut codes = Vec::new();
        let mut status = None;
        for word in before {
            match word.text.strip_prefix('=') {
                Some(code) => status = Some(code.parse().unwrap_or(0)),
                None => codes.extend(word.text.parse::<u16>().ok()),
            }
        }
        Some(Self { codes, status, target: target.text.clone(), place: directive.place.clone() })
    }
}
