//! Variables that something else than `map` and `set` gives a value.
//!
//! Of several directives that define one variable the last one is asked; what is written as it
//! comes, such as what a path matched, replaces what any of them says.

use super::known;
use super::syntax::Directive;

/// A variable, in lower case, and when it has its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) how: How,
}

/// How a variable gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// When it is asked for; a `set` that has run says otherwise.
    Asked,
    /// At some time, whatever it was before.
    Written,
}

/// The variables that a directive gives values, itself and not what stands in its block.
pub(super) fn given(directive: &Directive) -> Vec<Given> {
    let last = || directive.arguments.last().map(|word| word.text.as_str());
    let first = || directive.argument(0);
    let (names, how): (Vec<&str>, How) = match directive.name.as_str() {
        "geo" | "split_clients" => (last().into_iter().collect(), How::Asked),
        "js_set" | "js_var" | "perl_set" => (first().into_iter().collect(), How::Asked),
        "keyval" => (directive.argument(1).into_iter().collect(), How::Asked),
        "geoip2" => (directive.inside().iter().map(|line| line.name.as_str()).collect(), How::Asked),
        "location" | "rewrite" | "server_name" => return captured(directive),
        name if name.starts_with("auth_") && name.ends_with("_set") => {
            (first().into_iter().collect(), How::Written)
        }
        name if is_foreign_code(name) => {
            (directive.arguments.iter().map(|word| word.text.as_str()).collect(), How::Written)
        }
        _ => return Vec::new(),
    };
    let names = names.into_iter().filter_map(|name| name.strip_prefix('$')).filter(|name| is_name(name));
    names.map(|name| Given { name: name.to_ascii_lowercase(), how }).collect()
}

/// The names of groups in what may be expressions, also where these are not modelled.
pub(super) fn groups(text: &str) -> Vec<String> {
    let behind = |open: &'static str, close: char| {
        text.split(open).skip(1).filter_map(move |rest| rest.split(close).next())
    };
    let names = behind("(?<", '>').chain(behind("(?P<", '>')).chain(behind("(?'", '\''));
    names.filter(|name| is_name(name)).map(str::to_ascii_lowercase).collect()
}

fn captured(directive: &Directive) -> Vec<Given> {
    let names = directive.arguments.iter().flat_map(|word| groups(&word.text));
    names.map(|name| Given { name, how: How::Written }).collect()
}

/// Whether a directive is none that is known: it may be one that sets the variables it names.
fn is_foreign_code(name: &str) -> bool {
    !super::read::is_read(name) && !known::is_harmless(name) && known::handler(name).is_none()
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
