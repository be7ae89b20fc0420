//! The directives that run in order: `set`, `if`, `break`, `return`, `rewrite`.

use std::rc::Rc;

use corsac_analysis::model::Place;
use corsac_diagnostics::excerpt;

use crate::nginx::location::Location;
use crate::nginx::syntax::Directive;
use crate::nginx::value::{Pattern, Template};

/// A step of a location's or a server's program.
#[derive(Clone, Debug)]
pub(in crate::nginx) enum Step {
    Break,
    If(Box<If>),
    Return(Returned),
    Rewrite {
        /// Whether it takes every path.
        surely: bool,
        flag: Flag,
        reason: Rc<str>,
        place: Place,
    },
    Set {
        /// In lower case.
        name: String,
        value: Template,
    },
}

/// `return 204;`, `return 403 text;`, `return URL;`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::nginx) struct Returned {
    /// `None` where nginx refuses it.
    pub(in crate::nginx) status: Option<u16>,
    /// Whether it has a text or an address of its own: then no error page takes its place.
    pub(in crate::nginx) own_text: bool,
}

/// `if (test) { body }`
#[derive(Clone, Debug)]
pub(in crate::nginx) struct If {
    pub(in crate::nginx) test: Test,
    /// What is in force from here on; `None`: what was before.
    pub(in crate::nginx) location: Option<Rc<Location>>,
    pub(in crate::nginx) body: Vec<Step>,
    /// The words of the condition, for names of scopes.
    pub(in crate::nginx) words: Rc<str>,
    pub(in crate::nginx) place: Place,
}

/// A condition, as written.
#[derive(Clone, Debug)]
pub(in crate::nginx) enum Test {
    /// nginx refuses it, or it asks for a file.
    Opaque,
    Equals {
        left: Template,
        right: Template,
        equal: bool,
        place: Place,
    },
    Matches {
        left: Template,
        pattern: Rc<Pattern>,
        matches: bool,
        place: Place,
    },
    /// Neither empty nor `0`.
    True {
        variable: Template,
    },
}

/// What a `rewrite` does when it has matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::nginx) enum Flag {
    /// The following steps are left out.
    Break,
    /// The next step follows.
    Continue,
    /// Another location is looked for.
    Last,
    /// The client is sent elsewhere.
    Redirect(u16),
}

/// The program in a block. `location` is what is in force there; a server's `if` has no fields
/// of its own.
pub(in crate::nginx) fn program(directives: &[Directive], location: Option<&Rc<Location>>) -> Vec<Step> {
    let mut steps = Vec::new();
    for directive in directives {
        let first = directive.argument(0).unwrap_or_default();
        match directive.name.as_str() {
            "break" => steps.push(Step::Break),
            "return" => steps.push(returned(first, directive.arguments.len())),
            "rewrite" => steps.push(rewrite(directive)),
            "set" => steps.push(Step::Set {
                name: first.trim_start_matches('$').to_ascii_lowercase(),
                value: Template::new(directive.argument(1).unwrap_or("$")),
            }),
            "if" => steps.push(Step::If(Box::new(conditional(directive, location)))),
            name if is_setter(name) => steps.push(Step::Set {
                name: first.trim_start_matches('$').to_ascii_lowercase(),
                value: Template::new("$"),
            }),
            _ => {}
        }
    }
    steps
}

/// Whether a directive gives its first argument a value by code.
fn is_setter(name: &str) -> bool {
    name.starts_with("set_by_lua")
        || matches!(name, "auth_request_set" | "set_escape_uri" | "set_unescape_uri")
}

fn returned(first: &str, arguments: usize) -> Step {
    let code = first.parse().ok();
    // `return URL;` is a redirect.
    let status = code.or_else(|| (arguments == 1 && !first.is_empty()).then_some(302));
    Step::Return(Returned { status, own_text: arguments > 1 })
}

fn rewrite(directive: &Directive) -> Step {
    let pattern = directive.argument(0).unwrap_or_default();
    let target = directive.argument(1).unwrap_or_default();
    let away = ["http://", "https://", "$scheme"].iter().any(|start| target.starts_with(start));
    let flag = match directive.argument(2) {
        Some("break") => Flag::Break,
        Some("last") => Flag::Last,
        Some("permanent") => Flag::Redirect(301),
        Some("redirect") => Flag::Redirect(302),
        _ if away => Flag::Redirect(302),
        _ => Flag::Continue,
    };
    Step::Rewrite {
        surely: matches!(
            pattern,
            "^" | "^/" | ".*" | "^.*" | "^(.*)$" | "^/(.*)$" | "(.*)" | "^/(.*)" | "^.*$"
        ),
        flag,
        reason: format!("`rewrite {}`", excerpt(pattern)).into(),
        place: directive.place.clone(),
    }
}

fn conditional(directive: &Directive, location: Option<&Rc<Location>>) -> If {
    let words: Vec<_> = directive.arguments.iter().map(|word| word.text.as_str()).collect();
    let plain = |step: &Directive| {
        matches!(step.name.as_str(), "break" | "if" | "return" | "rewrite" | "set") || is_setter(&step.name)
    };
    // A block without settings of its own has its location's.
    let own = location.map(|outer| {
        if directive.inside().iter().all(plain) {
            outer.clone()
        } else {
            Rc::new(outer.inner(directive.inside(), true))
        }
    });
    If {
        test: test(directive),
        body: program(directive.inside(), own.as_ref()),
        location: own,
        words: excerpt(words.join(" ").trim_start_matches('(').trim_end_matches(')').trim()).into(),
        place: directive.place.clone(),
    }
}

/// The condition: its words without the parentheses around them.
pub(in crate::nginx) fn test(directive: &Directive) -> Test {
    let mut words: Vec<(&str, &Place)> =
        directive.arguments.iter().map(|word| (word.text.as_str(), &word.place)).collect();
    if let Some(first) = words.first_mut() {
        let Some(rest) = first.0.strip_prefix('(') else { return Test::Opaque };
        first.0 = rest;
    }
    if let Some(last) = words.last_mut() {
        let Some(rest) = last.0.strip_suffix(')') else { return Test::Opaque };
        last.0 = rest;
    }
    if words.first().is_some_and(|word| word.0.is_empty()) {
        words.remove(0);
    }
    if words.last().is_some_and(|word| word.0.is_empty()) && !matches!(words.len(), 3) {
        words.pop();
    }
    match words.as_slice() {
        [(variable, _)] if is_variable(variable) => Test::True { variable: Template::new(variable) },
        [(variable, _), (operator, _), (right, place)] if is_variable(variable) => {
            let left = Template::new(variable);
            let place = (*place).clone();
            let matches = |matches, ignore_case| Test::Matches {
                left: left.clone(),
                pattern: Pattern::new(right, ignore_case),
                matches,
                place: place.clone(),
            };
            match *operator {
                "=" | "!=" => {
                    Test::Equals { equal: *operator == "=", right: Template::new(right), left, place }
                }
                "~" => matches(true, false),
                "~*" => matches(true, true),
                "!~" => matches(false, false),
                "!~*" => matches(false, true),
                _ => Test::Opaque,
            }
        }
        _ => Test::Opaque,
    }
}

/// Whether the word is one variable.
fn is_variable(word: &str) -> bool {
    let name = word.strip_prefix('$').unwrap_or_default();
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
