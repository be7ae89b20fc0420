//! Request matchers: `@cors header Origin https://*.example.com`.

use std::collections::BTreeMap;

use corsac_analysis::model::LetterCase;
use corsac_analysis::regex::Dialect;

use super::syntax::Node;
use crate::MAX_DEPTH;
use crate::conditional::{Condition, Fact, PathTest, Pattern, Test};

/// Named matchers of a site.
pub(super) type Named = BTreeMap<String, Matched>;

/// When a matcher matches.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    pub(super) condition: Condition,
    /// Expressions on the origin, by the name under which placeholders have their groups.
    pub(super) groups: Vec<(String, Pattern)>,
    /// The path, if it has exactly one: directives with longer ones go first.
    pub(super) path: Option<String>,
}

impl Matched {
    /// Everything.
    pub(super) fn all() -> Self {
        Self { condition: Condition::Always, groups: Vec::new(), path: None }
    }

    fn of(condition: Condition) -> Self {
        Self { condition, ..Self::all() }
    }
}

/// The matcher of a directive and its other words.
pub(super) fn of_directive<'a>(words: &'a [String], named: &Named) -> (Option<Matched>, &'a [String]) {
    let Some((first, rest)) = words.split_first() else { return (None, words) };
    match first.as_bytes().first() {
        Some(b'@') => {
            let unknown = || Matched::of(Condition::opaque(format!("`{first}` is not defined here")));
            (Some(named.get(first).cloned().unwrap_or_else(unknown)), rest)
        }
        Some(b'/') => {
            let condition = path(first);
            (Some(Matched { condition, path: Some(first.clone()), ..Matched::all() }), rest)
        }
        Some(b'*') if first == "*" => (None, rest),
        _ => (None, words),
    }
}

/// `@name …` or `@name { … }`.
pub(super) fn define(node: &Node) -> Matched {
    let name = node.name().trim_start_matches('@').to_owned();
    let lines: Vec<&[String]> = match &node.block {
        Some(_) => Vec::new(),
        None => node.words.get(1..).into_iter().collect(),
    };
    set(lines, node.block.as_deref().unwrap_or_default(), &name, 0)
}

/// Matchers that all have to match; several of one kind are alternatives.
fn set(lines: Vec<&[String]>, nodes: &[Node], name: &str, depth: usize) -> Matched {
    if depth >= MAX_DEPTH {
        return Matched::of(Condition::opaque("matchers are nested too deeply"));
    }
    let mut alternatives: BTreeMap<String, Vec<Condition>> = BTreeMap::new();
    let mut matched = Matched::all();
    let mut paths = Vec::new();
    let blocks = nodes.iter().map(|node| (node.words.as_slice(), node.block.as_deref()));
    for (words, block) in lines.into_iter().map(|words| (words, None)).chain(blocks) {
        let Some((kind, arguments)) = words.split_first() else { continue };
        let (key, condition) = match kind.as_str() {
            "not" => {
                let inner = set(arguments_line(arguments), block.unwrap_or_default(), name, depth + 1);
                (format!("not {}", alternatives.len()), inner.condition.not())
            }
            "path" => {
                paths.extend(arguments.iter().cloned());
                ("path".to_owned(), Condition::any(arguments.iter().map(|text| path(text))))
            }
            "header" => header(arguments),
            "header_regexp" => header_regexp(arguments, name, &mut matched.groups),
            "method" => {
                let methods = arguments.iter().map(|method| method.to_ascii_uppercase()).collect();
                ("method".to_owned(), Condition::Fact(Fact::Method(methods)))
            }
            "host" => {
                let hosts =
                    arguments.iter().map(|host| Condition::Fact(Fact::Host(host.to_ascii_lowercase())));
                ("host".to_owned(), Condition::any(hosts))
            }
            _ => (format!("{} {}", kind, alternatives.len()), unread(words)),
        };
        alternatives.entry(key).or_default().push(condition);
    }
    matched.condition = Condition::all(alternatives.into_values().map(Condition::any));
    matched.path = match paths.as_slice() {
        [path] => Some(path.clone()),
        _ => None,
    };
    matched
}

fn arguments_line(arguments: &[String]) -> Vec<&[String]> {
    if arguments.is_empty() { Vec::new() } else { vec![arguments] }
}

/// A matcher that is not modelled: a fact unless it speaks of the origin.
fn unread(words: &[String]) -> Condition {
    let said = words.join(" ");
    let lower = said.to_ascii_lowercase();
    if ["origin", "vars", "{re.", "http.regexp", "{$", "{env."].iter().any(|word| lower.contains(word)) {
        return Condition::opaque(format!("`{said}` is not read"));
    }
    Condition::Fact(Fact::Other(said))
}

/// A path with stars at its ends.
fn path(text: &str) -> Condition {
    let inner = text.trim_matches('*');
    let test = match (text.starts_with('*'), text.ends_with('*')) {
        _ if inner.contains('*') || text.contains('{') => {
            return Condition::Fact(Fact::Other(format!("path {text}")));
        }
        (_, _) if inner.is_empty() || text == "/*" => return Condition::Always,
        (false, false) => PathTest::Is(text.to_owned()),
        (true, false) => PathTest::EndsWith(inner.to_owned()),
        (false, true) => PathTest::StartsWith(inner.to_owned()),
        (true, true) => return Condition::Fact(Fact::Other(format!("path {text}"))),
    };
    Condition::Fact(Fact::Path(test))
}

/// `header Origin https://*`: a star at either end stands for any text.
fn header(arguments: &[String]) -> (String, Condition) {
    let field = arguments.first().map_or("", String::as_str);
    let key = format!("header {}", field.trim_start_matches('!').to_ascii_lowercase());
    let about_origin = key == "header origin";
    let condition = match arguments.get(1) {
        _ if field.starts_with('!') && about_origin => Condition::Never,
        None if about_origin => Condition::Always,
        Some(value) if about_origin => {
            if value.contains('{') {
                Condition::opaque(format!("`{value}` is compared"))
            } else {
                Condition::Origin(glob(value))
            }
        }
        _ => Condition::Fact(Fact::Other(format!("header {}", arguments.join(" ")))),
    };
    (key, condition)
}

fn glob(value: &str) -> Test {
    let case = LetterCase::Matters;
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        (Some(""), _) => Test::Prefix(String::new(), case),
        (Some(end), Some(_)) => Test::Contains(end.strip_suffix('*').unwrap_or(end).to_owned(), case),
        (Some(end), None) => Test::Suffix(end.to_owned(), case),
        (None, Some(start)) => Test::Prefix(start.to_owned(), case),
        (None, None) => Test::Exact(value.to_owned(), case),
    }
}

/// `header_regexp [name] Origin ^https://…$`
fn header_regexp(
    arguments: &[String],
    matcher: &str,
    groups: &mut Vec<(String, Pattern)>,
) -> (String, Condition) {
    let (name, field, text) = match arguments {
        [field, text] => (matcher, field, text),
        [name, field, text] => (name.as_str(), field, text),
        _ => return ("header_regexp".to_owned(), unread(arguments)),
    };
    let key = format!("header_regexp {} {}", field.to_ascii_lowercase(), groups.len());
    if !field.eq_ignore_ascii_case("origin") {
        return (key, Condition::Fact(Fact::Other(format!("header_regexp {field} {text}"))));
    }
    let pattern = Pattern { text: text.clone(), dialect: Dialect::Re2, flags: String::new() };
    groups.push((name.to_owned(), pattern.clone()));
    (key, Condition::Origin(Test::Regex(pattern)))
}
