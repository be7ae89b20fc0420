//! Texts with variables, and what they come to.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::map::Map;
use corsac_analysis::model::Truth;

use super::{Case, Cases, Pattern, Piece, Text, Unknown, always};

/// Most cases that one text may come to.
const MAX_CASES: usize = 1 << 14;

/// Most maps of maps: they may ask one another many times over.
const MAX_MAPS: usize = 8;

/// What a match costs, as steps of the budget, with an expression that cannot run away.
const TAME_MATCH: usize = 32;

/// And with one that may take two million steps of the engine's.
const WILD_MATCH: usize = 1 << 16;

/// A text as it was written, cut at its variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::nginx) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// `$1` to `$9`
    Capture(u32),
    Literal(String),
    /// A name in lower case, as nginx keeps it; empty where nginx refuses it.
    Variable(String),
}

impl Template {
    pub(in crate::nginx) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            if !before.is_empty() {
                parts.push(Part::Literal(before.to_owned()));
            }
            let (part, tail) = variable(after);
            parts.push(part);
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Self(parts)
    }

    /// The text, if it has no variables.
    pub(in crate::nginx) fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it uses what the last expression matched.
    pub(in crate::nginx) fn has_captures(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Capture(_)))
    }
}

/// What follows a `$`.
fn variable(after: &str) -> (Part, &str) {
    if let Some(digit) = after.chars().next().and_then(|first| first.to_digit(10)).filter(|&digit| digit > 0)
    {
        return (Part::Capture(digit), after.get(1..).unwrap_or_default());
    }
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let name_of = |text: &str| text.find(|character| !is_name(character)).unwrap_or(text.len());
    let (name, tail) = match after.strip_prefix('{') {
        Some(inside) => {
            let (name, tail) = inside.split_at(name_of(inside));
            match tail.strip_prefix('}') {
                Some(tail) => (name, tail),
                None => ("", tail),
            }
        }
        None => after.split_at(name_of(after)),
    };
    (Part::Variable(name.to_ascii_lowercase()), tail)
}

/// What the numbered captures are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::nginx) enum Captures {
    /// There was no expression.
    #[default]
    Nothing,
    /// Groups of this expression, which matched the origin.
    Of(Rc<Pattern>),
    /// Of something else.
    Unknown,
}

/// What is known of a request on its way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::nginx) struct Environment {
    /// Variables that have been given a value.
    pub(in crate::nginx) variables: BTreeMap<String, Text>,
    pub(in crate::nginx) captures: Captures,
    pub(in crate::nginx) method: Rc<str>,
    /// Variables that an expression of a map has just set.
    pub(in crate::nginx) groups: BTreeSet<String>,
    /// The origin, where a comparison has settled it.
    pub(in crate::nginx) origin: Option<Rc<str>>,
}

/// The variables of a configuration.
#[derive(Debug, Default)]
pub(in crate::nginx) struct Variables {
    pub(in crate::nginx) maps: HashMap<String, Map>,
    /// Set somewhere: empty until then.
    pub(in crate::nginx) declared: HashSet<String>,
    /// Groups of conditions: empty until one matches.
    pub(in crate::nginx) captured: HashSet<String>,
    /// Defined by something else than a map: unknown until they are set.
    pub(in crate::nginx) asked: HashSet<String>,
    /// Written at some time by something that is not followed.
    pub(in crate::nginx) written: HashSet<String>,
    /// Whether `$1` and its like are used outside of maps.
    pub(in crate::nginx) keeps_captures: bool,
    /// Whether the method is asked for anywhere.
    pub(in crate::nginx) asks_method: bool,
    /// Steps that are left for the whole configuration.
    pub(in crate::nginx) budget: Cell<usize>,
    /// Locations that may still be looked at to find who answers an error.
    pub(in crate::nginx) searches: Cell<usize>,
}

impl Variables {
    /// What `template` comes to.
    pub(in crate::nginx) fn text(&self, template: &Template, environment: &Environment) -> Cases<Text> {
        self.nested_text(template, environment, 0)
    }

    pub(in crate::nginx) fn nested_text(
        &self,
        template: &Template,
        env: &Environment,
        depth: usize,
    ) -> Cases<Text> {
        let mut all = always(Text::default());
        for part in &template.0 {
            let cases = match part {
                Part::Literal(text) => always(Text::literal(text)),
                Part::Capture(number) => always(capture(*number, env)),
                Part::Variable(name) => self.variable(name, env, depth),
            };
            if all.len() * cases.len() > MAX_CASES {
                return always(Text::opaque("too many cases decide"));
            }
            all = product(&all, &cases);
        }
        if !self.spend(all.len()) {
            return always(Text::opaque("the configuration is too large to be followed"));
        }
        all
    }

    /// What a variable comes to.
    pub(in crate::nginx) fn variable(&self, name: &str, env: &Environment, depth: usize) -> Cases<Text> {
        let unknown = || always(Text::opaque(&format!("`${name}` decides")));
        if self.written.contains(name) && !env.groups.contains(name) {
            return unknown();
        }
        if let Some(text) = env.variables.get(name) {
            return always(text.clone());
        }
        if self.is_redefined(name) {
            return unknown();
        }
        match name {
            "http_origin" => return always(Text::of(Piece::Origin)),
            "request_method" => return always(Text::literal(&env.method)),
            "http_access_control_request_headers" => return always(requested(Piece::RequestedHeaders, env)),
            "http_access_control_request_method" => return always(requested(Piece::RequestedMethod, env)),
            _ => {}
        }
        match self.maps.get(name) {
            Some(_) if depth >= MAX_MAPS => always(Text::opaque("too many maps use one another")),
            Some(map) => map.look_up(self, env, depth + 1),
            None if self.declared.contains(name) || self.captured.contains(name) => always(Text::default()),
            None => {
                let apart_from_origin = is_apart_from_origin(name);
                let reason = match name {
                    "" => "nginx does not start with a `$` before no name".into(),
                    name => format!("`${name}` decides").into(),
                };
                always(Text::of(Piece::Opaque(Unknown { reason, apart_from_origin })))
            }
        }
    }

    /// Whether several things say what `name` is, of which one is asked.
    fn is_redefined(&self, name: &str) -> bool {
        let is_map = self.maps.contains_key(name);
        let is_own = matches!(
            name,
            "http_access_control_request_headers" | "http_access_control_request_method" | "http_origin"
        );
        self.asked.contains(name) || is_map && (is_own || self.captured.contains(name))
    }

    /// Whether `name` is a map that is asked once a request.
    pub(in crate::nginx) fn is_cached(&self, name: &str) -> bool {
        let is_other = self.written.contains(name) || self.is_redefined(name);
        !is_other && self.maps.get(name).is_some_and(|map| !map.volatile)
    }

    /// Whether an expression matches a constant text, if that can be afforded.
    pub(in crate::nginx) fn matches(&self, pattern: &Pattern, text: &str) -> Truth {
        let cost = if pattern.is_tame() { TAME_MATCH } else { WILD_MATCH };
        if self.spend(cost) { pattern.matches(text) } else { Truth::Unknown }
    }

    /// Counts a search through so many locations; whether it is to be made.
    pub(in crate::nginx) fn search(&self, locations: usize) -> bool {
        let left = self.searches.get();
        self.searches.set(left.saturating_sub(locations + 1));
        left > locations
    }

    /// Takes steps from the budget; whether there were so many.
    pub(in crate::nginx) fn spend(&self, steps: usize) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(steps));
        left >= steps
    }
}

/// Whether a variable of nginx's own has nothing to do with the origin.
fn is_apart_from_origin(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        "args",
        "content_type",
        "document_root",
        "document_uri",
        "host",
        "hostname",
        "https",
        "invalid_referer",
        "is_args",
        "query_string",
        "realpath_root",
        "request",
        "request_filename",
        "request_uri",
        "scheme",
        "uri",
    ];
    const FAMILIES: [&str; 10] = [
        "arg_",
        "binary_remote_",
        "cookie_",
        "geoip",
        "http_",
        "proxy_",
        "remote_",
        "secure_link",
        "server_",
        "ssl_",
    ];
    NAMES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// The names of a template's variables.
pub(in crate::nginx) fn names(template: &Template) -> impl Iterator<Item = &str> {
    template.0.iter().filter_map(|part| match part {
        Part::Variable(name) => Some(name.as_str()),
        _ => None,
    })
}

/// A field of preflights.
fn requested(piece: Piece, env: &Environment) -> Text {
    if &*env.method == "OPTIONS" { Text::of(piece) } else { Text::default() }
}

fn capture(number: u32, env: &Environment) -> Text {
    match &env.captures {
        Captures::Nothing => Text::default(),
        Captures::Of(pattern) => Text::of(Piece::Group(pattern.clone(), number)),
        Captures::Unknown => Text::opaque(&format!("`${number}` decides")),
    }
}

/// Each case of one with each of the other.
fn product(all: &Cases<Text>, cases: &Cases<Text>) -> Cases<Text> {
    let joined = |before: &Case<Text>, case: &Case<Text>| {
        let mut then = before.then.clone();
        then.extend(case.then.clone());
        let guards = before.guards.iter().chain(&case.guards).cloned().collect();
        Case { guards, then }
    };
    all.iter().flat_map(|before| cases.iter().map(move |case| joined(before, case))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_end_where_nginx_ends_them() {
        let parts = |text| Template::new(text).0;
        let variable = |name: &str| Part::Variable(name.to_owned());
        let literal = |text: &str| Part::Literal(text.to_owned());
        assert_eq!(
            parts("a$B_1-${c}d"),
            [literal("a"), variable("b_1"), literal("-"), variable("c"), literal("d")]
        );
        assert_eq!(parts("$10$0"), [Part::Capture(1), literal("0"), variable("0")]);
        assert_eq!(parts("x$"), [literal("x"), variable("")]);
        assert_eq!(parts("${a"), [variable("")]);
    }
}
