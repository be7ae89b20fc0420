//! Rewriting, as far as it sets variables and answers by itself.

use corsac_analysis::model::{LetterCase, Place};
use corsac_analysis::regex::Dialect;

use super::environment::{fact, refers, substituted};
use super::expression::{self, Operand, variable};
use super::run::State;
use super::sections::starting;
use super::syntax::{Node, raw_words};
use crate::conditional::{Condition, Fact, Notes, PathTest, Pattern, Test, Value};

/// Most rules of one place.
const MAX_RULES: usize = 500;

/// Patterns that any path matches, also an empty one.
const ANY_PATH: [&str; 12] =
    ["", "^", "$", ".*", "^.*", ".*$", "^.*$", "(.*)", "^(.*)", "(.*)$", "^(.*)$", ".?"];

/// Those that any path of a server matches, which begins with a slash.
const ANY_SERVER_PATH: [&str; 10] =
    [".", ".+", "^.+$", "(.+)", "^(.+)$", "^.", "^/", "^/.*", "^/(.*)", "^/(.*)$"];

/// Those that any path in a directory matches but the directory's own, which is empty.
const SOME_PATH: [&str; 6] = [".", ".+", "^.+$", "(.+)", "^(.+)$", "^."];

/// What rules answer.
#[derive(Default)]
pub(super) struct Rewritten {
    /// When they answer, with which status, in order.
    pub(super) answers: Vec<(Condition, u16)>,
    /// When they hand the request to a proxy.
    pub(super) proxied: Vec<Condition>,
}

/// Which paths the rules see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    /// With their slash.
    Server,
    /// Without what leads to the directory.
    Directory,
}

/// Runs the rules of one place, for requests under `when`.
pub(super) fn run(
    nodes: &[&Node],
    when: &Condition,
    paths: Paths,
    state: &mut State,
    notes: &mut Notes,
) -> Rewritten {
    let mut rules = Rules {
        state,
        notes,
        paths,
        alive: when.clone(),
        conditions: Vec::new(),
        count: 0,
        out: Rewritten::default(),
    };
    for node in nodes {
        match node.name.as_str() {
            "rewritecond" => rules.conditions.push(node),
            "rewriterule" => rules.rule(node),
            _ => {}
        }
    }
    rules.out
}

/// Whether `RewriteEngine On` is the last word.
pub(super) fn engine(nodes: &[&Node]) -> Option<bool> {
    let last = nodes.iter().rev().find(|node| node.name == "rewriteengine")?;
    Some(last.arguments.trim().trim_matches('"').eq_ignore_ascii_case("on"))
}

struct Rules<'a, 'n> {
    state: &'a mut State,
    notes: &'a mut Notes,
    paths: Paths,
    alive: Condition,
    conditions: Vec<&'n Node>,
    count: usize,
    out: Rewritten,
}

/// What `%0` to `%9` refer to.
#[derive(Clone)]
enum Matched {
    Nothing,
    Origin(Pattern),
    Other,
}

impl Rules<'_, '_> {
    fn rule(&mut self, node: &Node) {
        let conditions = std::mem::take(&mut self.conditions);
        self.count += 1;
        if self.count > MAX_RULES {
            let reason = format!("more than {MAX_RULES} rules");
            self.notes.unread(Some(node.place.clone()), reason.clone());
            self.alive = Condition::opaque(reason);
            self.out.answers.truncate(MAX_RULES);
            if self.count == MAX_RULES + 1 {
                self.out.answers.push((self.alive.clone(), 500));
            }
            return;
        }
        let arguments = raw_words(&node.arguments);
        let [pattern, substitution, rest @ ..] = arguments.as_slice() else { return };
        let flags = rest.first().map(|flags| flags_of(flags)).unwrap_or_default();
        let path = self.path(pattern);
        let (holds, matched) = self.conditions(&conditions);
        let fires = Condition::all([self.alive.clone(), path, holds]);
        if flags.iter().any(|(name, _)| matches!(name.as_str(), "c" | "chain" | "s" | "skip" | "n" | "next"))
        {
            let reason = format!("`RewriteRule … [{}]`: the order of rules is not followed", rest.join(" "));
            self.notes.unread(Some(node.place.clone()), reason.clone());
            self.alive = self.alive.clone().and(Condition::opaque(reason));
        }
        for (name, value) in &flags {
            if matches!(name.as_str(), "e" | "env") {
                self.set(value, &fires, &matched, &node.place);
            }
        }
        self.ends(&flags, &fires, substitution, node);
    }

    /// Flags that end the rules.
    fn ends(&mut self, flags: &[(String, String)], fires: &Condition, substitution: &str, node: &Node) {
        let mut stops = false;
        for (name, value) in flags {
            match name.as_str() {
                "f" | "forbidden" => self.out.answers.push((fires.clone(), 403)),
                "g" | "gone" => self.out.answers.push((fires.clone(), 410)),
                "r" | "redirect" => self.out.answers.push((fires.clone(), value.parse().unwrap_or(302))),
                "p" | "proxy" => self.out.proxied.push(fires.clone()),
                "l" | "last" | "end" => {}
                _ => continue,
            }
            stops = true;
        }
        let answers = flags.iter().any(|(name, _)| {
            matches!(name.as_str(), "f" | "forbidden" | "g" | "gone" | "r" | "redirect" | "p" | "proxy")
        });
        if substitution.contains("://") && !answers {
            self.out.answers.push((fires.clone(), 302));
            stops = true;
        } else if substitution != "-" && !answers {
            self.notes.unread(
                Some(node.place.clone()),
                "`RewriteRule` gives requests another path; sections see the one that was asked for",
            );
        }
        if stops {
            self.alive = self.alive.clone().and(fires.clone().not());
        }
    }

    /// `E=NAME:%0`, `E=!NAME`
    fn set(&mut self, text: &str, fires: &Condition, matched: &Matched, place: &Place) {
        if let Some(name) = text.strip_prefix('!') {
            return self.state.variable_mut(name).set(fires.clone(), Value::Absent, Some(place.clone()));
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let value = match matched {
            _ if refers(value, '$') => Value::Opaque(format!("`{value}` is a part of the path")),
            Matched::Origin(pattern) if !value.contains("%{") => substituted(value, '%', pattern),
            _ if variable(value).is_some() => {
                let line = expression::string(value, self.state);
                return self.state.variable_mut(name).set_to(
                    fires,
                    &line,
                    &Value::Text(String::new()),
                    Some(place),
                );
            }
            Matched::Other if refers(value, '%') => {
                Value::Opaque(format!("`{value}` is a part of the request"))
            }
            Matched::Nothing if refers(value, '%') => Value::Text(String::new()),
            _ if value.contains("%{") => Value::Opaque(format!("`{value}` is put together")),
            _ => Value::Text(value.to_owned()),
        };
        self.state.variable_mut(name).set(fires.clone(), value, Some(place.clone()));
    }

    /// When a rule's pattern matches the path.
    fn path(&self, pattern: &str) -> Condition {
        let said = || fact(format!("RewriteRule {pattern}"));
        if ANY_PATH.contains(&pattern) {
            return Condition::Always;
        }
        match self.paths {
            Paths::Server if ANY_SERVER_PATH.contains(&pattern) => Condition::Always,
            Paths::Directory if SOME_PATH.contains(&pattern) => {
                Condition::Fact(Fact::Path(PathTest::Is("/".to_owned()))).not()
            }
            Paths::Server => starting(pattern).unwrap_or_else(said),
            Paths::Directory => said(),
        }
    }

    /// The conditions before a rule: all hold, but those that `OR` joins.
    fn conditions(&self, nodes: &[&Node]) -> (Condition, Matched) {
        let mut matched = Matched::Nothing;
        let mut all = Vec::new();
        let mut any = Vec::new();
        let mut with_or = false;
        for node in nodes {
            let arguments = raw_words(&node.arguments);
            let [subject, pattern, rest @ ..] = arguments.as_slice() else { continue };
            let flags = rest.first().map(|flags| flags_of(flags)).unwrap_or_default();
            let has = |names: [&str; 2]| flags.iter().any(|(name, _)| names.contains(&name.as_str()));
            let (holds, groups) = self.condition(subject, pattern, has(["nc", "nocase"]));
            any.push(holds);
            // Of alternatives, whichever matched is meant.
            match groups {
                Some(_) if with_or || has(["or", "ornext"]) => matched = Matched::Other,
                Some(groups) => matched = groups,
                None => {}
            }
            with_or = has(["or", "ornext"]);
            if !with_or {
                all.push(Condition::any(std::mem::take(&mut any)));
            }
        }
        if !any.is_empty() {
            all.push(Condition::any(any));
        }
        (Condition::all(all), matched)
    }

    fn condition(&self, subject: &str, pattern: &str, ignore_case: bool) -> (Condition, Option<Matched>) {
        if subject.eq_ignore_ascii_case("expr") {
            return (expression::condition(pattern, self.state).condition, None);
        }
        let (negated, text) = pattern.strip_prefix('!').map_or((false, pattern), |rest| (true, rest));
        let case = if ignore_case { LetterCase::Ignored } else { LetterCase::Matters };
        let said = format!("{subject} {text}");
        let operand = self.operand(subject);
        let (test, groups) = match text.strip_prefix('=') {
            Some(text) => (Test::Exact(text.trim_matches('"').to_owned(), case), None),
            None if text.starts_with(['<', '>']) || text.starts_with('-') && text.len() <= 3 => {
                let holds = expression::unread(&said);
                return (if negated { holds.not() } else { holds }, None);
            }
            None => {
                let flags = if ignore_case { "i".to_owned() } else { String::new() };
                let pattern = Pattern { text: text.to_owned(), dialect: Dialect::Pcre, flags };
                let of_origin = matches!(&operand, Operand::Value(line) if line.values().all(|(v, _)| *v == Value::Origin));
                let groups = if of_origin { Matched::Origin(pattern.clone()) } else { Matched::Other };
                (Test::Regex(pattern), Some(groups))
            }
        };
        let holds = if text.contains("${") || text.contains("%{") {
            Condition::opaque(format!("`{text}` has a variable"))
        } else {
            operand.passes(&test, &said)
        };
        if negated { (holds.not(), None) } else { (holds, groups) }
    }

    fn operand(&self, subject: &str) -> Operand {
        match variable(subject) {
            // No such variable: it is empty.
            Some("HTTP_ORIGIN") => {
                Operand::Value(crate::conditional::Line::always(Value::Text(String::new())))
            }
            Some(name) => self.state.lookup(name),
            None => Operand::Unknown,
        }
    }
}

/// `[E=NAME:%0,L]`
fn flags_of(text: &str) -> Vec<(String, String)> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let flags = inner.split(',').map(|flag| flag.trim().split_once('=').unwrap_or((flag.trim(), "")));
    flags.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect()
}
