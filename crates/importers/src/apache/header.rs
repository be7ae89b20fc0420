//! Fields: `Header always set Access-Control-Allow-Origin "%{ORIGIN}e" env=ORIGIN`.

use corsac_analysis::model::Place;
use corsac_analysis::regex::Dialect;

use super::expression;
use super::run::State;
use super::syntax::{Node, words};
use crate::conditional::{Condition, Line, Notes, Pattern, Response, Test, Value};

/// The two tables of fields; both are sent.
#[derive(Default)]
pub(super) struct Tables {
    /// Sent with every answer.
    pub(super) always: Response,
    /// Sent with those that did not fail.
    pub(super) success: Response,
}

impl Tables {
    /// Runs a `Header` directive for requests under `when`.
    pub(super) fn header(&mut self, node: &Node, when: &Condition, state: &State, notes: &mut Notes) {
        let arguments = words(&node.arguments);
        let mut rest = arguments.as_slice();
        let mut always = false;
        if let Some((first, after)) = rest.split_first()
            && matches!(first.to_ascii_lowercase().as_str(), "always" | "onsuccess")
        {
            always = first.eq_ignore_ascii_case("always");
            rest = after;
        }
        let [action, name, rest @ ..] = rest else { return };
        let action = action.to_ascii_lowercase();
        let name = name.split(':').next().unwrap_or_default();
        if action == "unset" && name == "*" {
            return;
        }
        if action == "echo" {
            return self.echo(name, always, (node, when), notes);
        }
        let Some(name) = Response::follows(name) else { return };
        if self.of(always).is_full() {
            return;
        }
        let values = match action.as_str() {
            "unset" => 0,
            "edit" | "edit*" => 2,
            _ => 1,
        };
        let (values, clause) = rest.split_at(values.min(rest.len()));
        let clause = clause.first().map(String::as_str);
        // Where the variable is not set, the directive is not carried out.
        let surely_set = clause.and_then(|clause| clause.strip_prefix("env="));
        let Some(clause) = clause_of(clause, state) else {
            let reason = format!("`Header {}` runs early, before the rest", node.arguments);
            notes.unread(Some(node.place.clone()), reason.clone());
            return self.of(always).set(name, when, &Line::always(Value::Opaque(reason)), &node.place);
        };
        let when = when.clone().and(clause);
        let mut value = values.first().map_or_else(Line::default, |text| format(text, surely_set, state));
        value.on_errors = always;
        if action.starts_with("edit") && self.of(always).lines(name).is_empty() {
            let reason = format!("`Header {}` changes what an upstream or a program sends", node.arguments);
            notes.unread(Some(node.place.clone()), reason);
        }
        act(self.of(always), &action, name, (&when, &value), &node.place);
    }

    /// `echo`: what the request has in the fields of these names is sent back.
    fn echo(&mut self, names: &str, always: bool, (node, when): (&Node, &Condition), notes: &mut Notes) {
        let text = names.to_owned();
        let names = Test::Regex(Pattern { text, dialect: Dialect::Pcre, flags: "i".to_owned() });
        let reason = format!("`Header {}` sends back what is asked with", node.arguments);
        for name in Response::names().filter(|name| names.on_text(name) != Condition::Never) {
            notes.unread(Some(node.place.clone()), reason.clone());
            let mut value = Line::always(Value::Opaque(reason.clone()));
            value.on_errors = always;
            self.of(always).add(name, when, &value, &node.place);
        }
    }

    fn of(&mut self, always: bool) -> &mut Response {
        if always { &mut self.always } else { &mut self.success }
    }
}

/// Whether a word may follow `Header`.
pub(super) fn is_action(word: &str) -> bool {
    const ACTIONS: [&str; 12] = [
        "add",
        "always",
        "append",
        "echo",
        "edit",
        "edit*",
        "merge",
        "note",
        "onsuccess",
        "set",
        "setifempty",
        "unset",
    ];
    ACTIONS.contains(&word.to_ascii_lowercase().as_str())
}

/// What an action does to a table.
fn act(
    response: &mut Response,
    action: &str,
    name: &'static str,
    (when, value): (&Condition, &Line),
    place: &Place,
) {
    match action {
        "set" => response.set(name, when, value, place),
        "add" => response.add(name, when, value, place),
        "unset" => response.remove(name, when, place),
        "setifempty" => response.set_if_absent(name, when, value, place),
        "append" | "merge" => join(response, action, name, (when, value), place),
        "edit" | "edit*" => {
            response.change(name, when, place, |_| Value::Opaque("`Header edit` changes it".to_owned()));
        }
        _ => {}
    }
}

/// `append` and `merge`: a line that is there goes on behind a comma.
fn join(
    response: &mut Response,
    action: &str,
    name: &'static str,
    (when, value): (&Condition, &Line),
    place: &Place,
) {
    let before = Condition::any(response.lines(name).iter().map(Line::is_set));
    let added = value.values().next().map(|(value, _)| value.clone());
    response.change(name, when, place, |old| match (old, &added) {
        (Value::Text(old), Some(Value::Text(new))) => {
            let there = action == "merge" && old.split(',').any(|part| part.trim() == new.trim());
            Value::Text(if there { old.clone() } else { format!("{old}, {new}") })
        }
        _ => Value::Opaque(format!("`Header {action}` puts it together")),
    });
    response.add(name, &when.clone().and(before.not()), value, place);
}

/// When a directive is carried out; nothing if that is early.
fn clause_of(clause: Option<&str>, state: &State) -> Option<Condition> {
    let Some(clause) = clause else { return Some(Condition::Always) };
    if clause.eq_ignore_ascii_case("early") {
        return None;
    }
    let (kind, text) = clause.split_once('=').unwrap_or((clause, ""));
    if kind.eq_ignore_ascii_case("expr") {
        return Some(expression::condition(text, state).condition);
    }
    if text.contains("${") {
        return Some(Condition::opaque(format!("`{text}` has a variable that is not defined here")));
    }
    Some(match text.strip_prefix('!') {
        Some(name) => state.variable(name).is_set().not(),
        None => state.variable(text).is_set(),
    })
}

/// A value: `expr=…`, `%{NAME}e`, `%%`, text. One variable may be known to be set.
fn format(text: &str, surely_set: Option<&str>, state: &State) -> Line {
    if text.contains("${") {
        return Line::always(Value::Opaque(format!("`{text}` has a variable that is not defined here")));
    }
    if let Some(text) = text.strip_prefix("expr=") {
        return expression::string(text, state);
    }
    if let Some(name) = text.strip_prefix("%{").and_then(|rest| rest.strip_suffix("}e"))
        && !name.contains('}')
    {
        if surely_set.is_some_and(|set| set.eq_ignore_ascii_case(name)) {
            return state.variable(name);
        }
        // This is what Apache writes where a variable is not set.
        let mut line = Line::default();
        line.set_to(&Condition::Always, &state.variable(name), &Value::Text("(null)".to_owned()), None);
        return line;
    }
    let plain = text.replace("%%", "");
    if plain.contains('%') {
        return Line::always(Value::Opaque(format!("`{text}` is put together")));
    }
    Line::always(Value::Text(text.replace("%%", "%")))
}
