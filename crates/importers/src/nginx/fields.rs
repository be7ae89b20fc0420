//! The lines of a field in the responses that a location gives, as choices over the origin.

use std::rc::Rc;

use corsac_analysis::model::{
    Case as ModelCase, Choice, Emission, ErrorsElsewhere, Field, Matcher, Place, Value,
};
use corsac_analysis::regex::{Assertion, Node};

use super::location::Location;
use super::steps::State;
use super::value::{
    Captures, Case, Cases, Condition, Environment, Guard, Pattern, Piece, Template, Text, Unknown, Variables,
    all_of, names, trim,
};

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Response {
    pub(super) state: State,
    pub(super) kind: Kind,
    /// Errors for which something else answers.
    pub(super) pages: Vec<Page>,
}

/// Errors of a location for which something else answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page {
    pub(super) errors: ErrorsElsewhere,
    pub(super) fields: PageFields,
}

/// Which fields an error page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageFields {
    /// No `Access-Control-Allow-Origin`.
    Missing,
    /// Those of the location that it stands in for.
    Same,
    /// Others, or it is not known.
    Unknown,
}

/// How it is answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Somebody has to say who they are first.
    Authenticated(Place),
    /// What is asked for, by nginx itself.
    Content,
    /// So that a preflight fails, whatever its fields.
    Failed,
    /// By another program or by code, which may send fields of its own.
    Passed,
    /// With this status.
    Status(u16),
    /// It is not known.
    Unknown(Rc<str>),
}

/// A line of a field.
#[derive(PartialEq)]
pub(super) struct Line<'a> {
    value: Result<&'a Template, Rc<str>>,
    pub(super) always: bool,
    pub(super) place: Option<Place>,
}

/// The statuses with which `add_header` sends a field without `always`.
const ADDED: [u16; 10] = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

/// A line's value and where it was written, in each case.
pub(super) type Values<T> = Cases<(T, Option<Place>)>;

impl Response {
    /// The lines of the field `name` that nginx itself adds.
    pub(super) fn lines(&self, name: &str) -> Vec<Line<'_>> {
        let location = &*self.state.location;
        if self.kind == Kind::Failed {
            return Vec::new();
        }
        if let Kind::Unknown(reason) = &self.kind {
            return vec![Line { value: Err(reason.clone()), always: true, place: None }];
        }
        let mut lines: Vec<Line<'_>> = edited(location, name).into_iter().collect();
        let sent = |always: bool| match self.kind {
            Kind::Status(status) => always || ADDED.contains(&status),
            _ => true,
        };
        let added = location.added.iter().filter(|added| added.name == name && sent(added.always));
        lines.extend(added.map(|added| Line {
            value: Ok(&added.value),
            always: added.always,
            place: Some(added.place.clone()),
        }));
        lines
    }

    /// What a line says, in each case.
    pub(super) fn texts(&self, line: &Line<'_>, variables: &Variables) -> Cases<Text> {
        match &line.value {
            Ok(template) => variables.text(template, &self.environment_at_end(variables)),
            Err(reason) => vec![Case { guards: Vec::new(), then: Text::opaque(reason) }],
        }
    }

    /// Values are put together after everything else has run, maps with expressions among it.
    fn environment_at_end(&self, variables: &Variables) -> Environment {
        let mut environment = self.state.environment.clone();
        let asks = |template: &Template| names(template).any(|name| variables.is_cached(name));
        if environment.captures != Captures::Nothing
            && self.state.location.added.iter().any(|added| asks(&added.value))
        {
            environment.captures = Captures::Unknown;
        }
        environment
    }

    /// Whether it has any of the fields that let somebody read.
    pub(super) fn has_fields(&self) -> bool {
        ["access-control-allow-origin", "access-control-allow-credentials"]
            .iter()
            .any(|name| !self.lines(name).is_empty())
    }

    /// What may say more than is written here.
    pub(super) fn unread(&self) -> Option<&Rc<str>> {
        self.state.location.unread.as_ref()
    }

    /// Which fields this has, sent in place of `usual`.
    pub(super) fn fields_beside(&self, usual: &Self) -> PageFields {
        const NAMES: [&str; 2] = ["access-control-allow-origin", "access-control-allow-credentials"];
        if matches!(self.kind, Kind::Unknown(_)) || self.unread().is_some() {
            PageFields::Unknown
        } else if NAMES.iter().all(|name| self.lines(name) == usual.lines(name)) {
            PageFields::Same
        } else if self.lines(NAMES[0]).is_empty() {
            PageFields::Missing
        } else {
            PageFields::Unknown
        }
    }

    /// Whether an upstream's own `name` reaches the client.
    pub(super) fn passes(&self, name: &str) -> bool {
        let location = &*self.state.location;
        let replaced = location.edits.iter().any(|edit| edit.is_about(name) && !edit.conditional);
        self.kind == Kind::Passed && !replaced && !location.hidden.iter().any(|hidden| hidden == name)
    }
}

/// What the edits leave of a field: the last one about it decides.
fn edited<'a>(location: &'a Location, name: &str) -> Option<Line<'a>> {
    let about: Vec<_> = location.edits.iter().filter(|edit| edit.is_about(name)).collect();
    let last = about.last()?;
    let place = Some(last.place.clone());
    if about.iter().any(|edit| edit.conditional) {
        let value = Err("it is set for some responses only".into());
        return Some(Line { value, always: false, place });
    }
    Some(Line { value: Ok(last.value.as_ref()?), always: true, place })
}

/// The `index`th line of a field over all responses, by what `read` makes of its text.
pub(super) fn line<T: PartialEq + Clone>(
    responses: &Cases<Response>,
    (name, index): (&str, usize),
    variables: &Variables,
    absent: &T,
    read: impl Fn(&Text, &[Guard]) -> T,
) -> Values<T> {
    let mut all = Vec::new();
    for response in responses {
        let lines = response.then.lines(name);
        let Some(line) = lines.get(index) else {
            all.push(Case { guards: response.guards.clone(), then: (absent.clone(), None) });
            continue;
        };
        for case in response.then.texts(line, variables) {
            let case = case.under(&response.guards);
            // What speaks of the origin says for whom this is; other conditions do not.
            let of_origin = case.guards.last().filter(|guard| !guard.is_apart_from_origin());
            let written = case.then.1.clone().or_else(|| of_origin.and_then(|guard| guard.place.clone()));
            let said = read(&case.then, &case.guards);
            let place = (said != *absent).then(|| written.or_else(|| line.place.clone())).flatten();
            all.push(case.map(|_| (said, place)));
        }
    }
    trim(&mut all);
    all
}

/// How many lines of a field a response has at most.
pub(super) fn count(responses: &Cases<Response>, name: &str) -> usize {
    responses.iter().map(|response| response.then.lines(name).len()).max().unwrap_or_default()
}

/// What a browser makes of a text in `Access-Control-Allow-Origin`.
pub(super) fn emission(text: &Text, guards: &[Guard]) -> Emission {
    match text.0.as_slice() {
        [] => Emission::Nothing,
        [Piece::Origin] => Emission::Reflected,
        [Piece::Literal(constant)] if !constant.trim().is_empty() => {
            Emission::Fixed(constant.trim().to_owned())
        }
        [Piece::Group(pattern, number)] => group(pattern, *number, guards),
        _ => match text.around_origin() {
            Some((before, after)) if before.trim().is_empty() && after.trim().is_empty() => {
                Emission::Reflected
            }
            // More than the origin, so that it equals none; `<` is in no origin.
            Some((before, after)) => Emission::Fixed(format!("{before}<origin>{after}").trim().to_owned()),
            None => Emission::Opaque(text.reason().to_string()),
        },
    }
}

fn group(pattern: &Pattern, number: u32, guards: &[Guard]) -> Emission {
    if is_whole(pattern, number) {
        return Emission::Reflected;
    }
    match guards {
        [only] if matches!(&*only.condition, Condition::Pattern(of) if **of == *pattern) => {
            Emission::Matched(number)
        }
        _ => Emission::Opaque(format!("group {number} of an expression is sent")),
    }
}

/// Whether a group of the expression is all that the expression can match: `^(…)$`.
fn is_whole(pattern: &Pattern, number: u32) -> bool {
    let Ok(Node::Concat(parts)) = pattern.regex.syntax() else { return false };
    matches!(
        parts.as_slice(),
        [Node::Assert(Assertion::Start), Node::Group { index, .. }, Node::Assert(Assertion::End)]
            if *index == number
    )
}

/// What `Access-Control-Allow-Credentials` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Other,
    True,
    Unknown,
}

impl Says {
    pub(super) fn of(text: &Text) -> Self {
        match text.constant() {
            Some("") => Self::Nothing,
            Some(constant) if constant.trim() == "true" => Self::True,
            Some(_) => Self::Other,
            None if text.around_origin().is_some() => Self::Other,
            None => Self::Unknown,
        }
    }
}

/// Lines of `Access-Control-Allow-Origin` in the form of the model.
pub(super) fn origin_choice(values: Values<Emission>) -> Choice<Emission> {
    let mut cases = Vec::new();
    for case in values {
        let (then, place) = case.then;
        cases.extend(apart(&case.guards).into_iter().map(|(when, own)| ModelCase {
            when,
            then: then.clone(),
            place: own.or_else(|| place.clone()),
        }));
    }
    // What falls through sends nothing.
    if cases.last().is_some_and(|case| case.then == Emission::Nothing) {
        cases.pop();
    }
    Choice { cases }
}

/// One of several entries, each with its own place.
fn apart(guards: &[Guard]) -> Vec<(Matcher, Option<Place>)> {
    match guards {
        [only] => match &*only.condition {
            Condition::AnyOf(any) => {
                any.iter().map(|guard| (guard.to_matcher(), guard.place.clone())).collect()
            }
            _ if only.is_apart_from_origin() => vec![(only.to_matcher(), None)],
            _ => vec![(only.to_matcher(), only.place.clone())],
        },
        all => vec![(all_of(all), None)],
    }
}

/// Lines of `Access-Control-Allow-Credentials` in the form of the model, in which a case that
/// matches is a line that is sent: so the cases without one are excluded from those after them.
pub(super) fn credentials_choice(values: Values<Says>) -> Choice<bool> {
    let mut cases = Vec::new();
    let mut excluded: Vec<Guard> = Vec::new();
    for case in values {
        let (says, place) = case.then;
        let mut when = case.guards.clone();
        when.extend(excluded.iter().cloned());
        if says == Says::Unknown {
            let condition = Condition::Opaque(Unknown::new("the value is not known"));
            when.push(Guard { condition: Rc::new(condition), place: None });
        }
        if says != Says::Nothing {
            cases.push(ModelCase { when: all_of(&when), then: says != Says::Other, place });
        }
        if matches!(says, Says::Nothing | Says::Unknown) && !case.guards.is_empty() {
            excluded.push(Guard::all_of(case.guards).not());
        }
    }
    Choice { cases }
}

/// What a field says over all of `responses`, if they agree.
pub(super) fn field<'a>(
    responses: impl Iterator<Item = &'a Response>,
    name: &str,
    variables: &Variables,
) -> Option<Field> {
    let mut said: Option<Field> = None;
    for response in responses {
        for value in joined(response, name, variables) {
            match &said {
                None => said = Some(value),
                Some(known) if known.value == value.value => {}
                Some(known) => {
                    let value = Value::Opaque("it depends on the request".to_owned());
                    return Some(Field { value, place: known.place.clone() });
                }
            }
        }
    }
    said
}

/// The values that a field may have in a response: its lines joined, as clients do.
fn joined(response: &Response, name: &str, variables: &Variables) -> Vec<Field> {
    let lines = response.lines(name);
    let place = lines.first().and_then(|line| line.place.clone());
    let mut texts: Vec<Cases<Text>> = lines.iter().map(|line| response.texts(line, variables)).collect();
    texts.retain(|cases| cases.iter().any(|case| case.then.constant() != Some("")));
    let values: Vec<Value> = match texts.as_slice() {
        [] => Vec::new(),
        [only] => only.iter().filter_map(|case| value(&case.then)).collect(),
        several => {
            let each: Option<Vec<&str>> = several
                .iter()
                .map(|cases| match cases.as_slice() {
                    [case] => case.then.constant(),
                    _ => None,
                })
                .collect();
            let text = each.map(|each| each.into_iter().map(str::trim).collect::<Vec<_>>().join(", "));
            let opaque = || Value::Opaque("it has several lines that depend on the request".to_owned());
            vec![text.map_or_else(opaque, Value::Text)]
        }
    };
    values.into_iter().map(|value| Field { value, place: place.clone() }).collect()
}

fn value(text: &Text) -> Option<Value> {
    match (text.constant(), text.0.as_slice()) {
        (Some(""), _) => None,
        (Some(constant), _) => Some(Value::Text(constant.trim().to_owned())),
        (None, [Piece::RequestedHeaders | Piece::RequestedMethod]) => Some(Value::Reflected),
        (None, _) => Some(Value::Opaque(text.reason().to_string())),
    }
}

/// `Vary` as far as all responses have it.
pub(super) fn vary(responses: &Cases<Response>, variables: &Variables) -> Option<Field> {
    let mut common: Option<Field> = None;
    for response in responses {
        let mut values = joined(&response.then, "vary", variables);
        let (Some(value), true) = (values.pop(), values.is_empty()) else { return None };
        common = Some(match common {
            None => value,
            Some(known) => shared(&known, &value)?,
        });
    }
    common
}

/// The names that both have.
fn shared(one: &Field, other: &Field) -> Option<Field> {
    let (Value::Text(left), Value::Text(right)) = (&one.value, &other.value) else {
        return (one.value == other.value).then(|| one.clone());
    };
    let names = |text: &str| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    let right = names(right);
    let both = names(left);
    let both: Vec<_> = both
        .iter()
        .filter(|name| right.iter().any(|other| other.eq_ignore_ascii_case(name)))
        .cloned()
        .collect();
    let value = Value::Text(both.join(", "));
    (!both.is_empty()).then(|| Field { value, place: one.place.clone() })
}
