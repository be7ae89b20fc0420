//! A request's way through the steps of a server and a location, for all origins at once.
//!
//! The method is given; the origin is not. Where a step depends on it, the way forks, and
//! ways that come to the same join again, so that twenty `if`s which set one flag are
//! twenty-one cases and not a million. What depends on other things is assumed to hold or
//! not, as [`Assumptions`] say, or is opaque.

use std::cell::RefCell;
use std::rc::Rc;

use corsac_analysis::model::{LetterCase, Place};
use corsac_diagnostics::excerpt;

use super::condition::{self, Outcome};
use super::program::{Flag, If, Returned, Step, Test};
use crate::nginx::known::Handler;
use crate::nginx::location::Location;
use crate::nginx::value::{
    self, Captures, Case, Cases, Condition, Environment, Guard, Pattern, Piece, Template, Text, Unknown,
    Variables, all_cases, always, trim,
};

/// Most ways that are followed; those that join again do not count.
const MAX_WAYS: usize = 256;

/// Most conditions on one way.
const MAX_GUARDS: usize = 32;

/// Most values of a variable that ways are told apart by.
const MAX_VALUES: usize = 64;

/// How far a request has come.
#[derive(Clone, Debug)]
pub(in crate::nginx) struct State {
    pub(in crate::nginx) environment: Environment,
    /// What is in force.
    pub(in crate::nginx) location: Rc<Location>,
    pub(in crate::nginx) handler: Option<Handler>,
    pub(in crate::nginx) end: End,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.location, &other.location)
            && self.handler == other.handler
            && self.end == other.end
            && self.environment.variables == other.environment.variables
            && self.environment.captures == other.environment.captures
    }
}

/// Whether steps still follow.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::nginx) enum End {
    /// `break`: none in this block.
    Break,
    /// Another location answers.
    Elsewhere,
    /// They do.
    No,
    Returned(Returned),
    Unknown(Rc<str>),
}

/// Which conditions on other things than origin and method are taken to hold.
#[derive(Debug, Default)]
pub(in crate::nginx) struct Assumptions {
    pub(in crate::nginx) known: Vec<(Rc<str>, bool)>,
    /// Those that came up and are not known.
    pub(in crate::nginx) met: RefCell<Vec<Rc<str>>>,
}

impl Assumptions {
    fn ask(&self, words: &Rc<str>) -> Option<bool> {
        let known = self.known.iter().find(|(known, _)| known == words).map(|(_, holds)| *holds);
        let mut met = self.met.borrow_mut();
        if known.is_none() && !met.contains(words) {
            met.push(words.clone());
        }
        known
    }
}

/// Runs programs.
pub(in crate::nginx) struct Runner<'a> {
    pub(in crate::nginx) variables: &'a Variables,
    pub(in crate::nginx) assumptions: &'a Assumptions,
}

impl Runner<'_> {
    /// Lets every way take `steps`.
    pub(in crate::nginx) fn run(&self, ways: Cases<State>, steps: &[Step]) -> Cases<State> {
        steps.iter().fold(ways, |ways, step| self.each(ways, |state| self.step(state, step)))
    }

    /// Replaces each way that goes on by what becomes of it.
    fn each(&self, ways: Cases<State>, next: impl Fn(State) -> Cases<State>) -> Cases<State> {
        let mut all: Cases<State> = Vec::with_capacity(ways.len());
        for way in ways {
            if way.then.end != End::No {
                all.push(way);
                continue;
            }
            let too_many = all.len() > MAX_WAYS || way.guards.len() > MAX_GUARDS;
            if too_many || !self.variables.spend(1) {
                let end = End::Unknown("too many conditions decide".into());
                all.push(Case { then: State { end, ..way.then }, ..way });
                continue;
            }
            let mut group = next(way.then);
            trim(&mut group);
            all.extend(group.into_iter().map(|case| case.under(&way.guards)));
        }
        trim(&mut all);
        all
    }

    fn step(&self, mut state: State, step: &Step) -> Cases<State> {
        match step {
            Step::Break => state.end = End::Break,
            Step::Return(returned) => {
                state.end = match returned.status {
                    Some(_) => End::Returned(*returned),
                    None => End::Unknown("nginx refuses this `return`".into()),
                }
            }
            Step::Rewrite { surely, flag, reason, place } => {
                let unknown = Unknown { reason: reason.clone(), apart_from_origin: true };
                return self.rewrite(state, (*surely, *flag), unknown, place);
            }
            Step::If(condition) => return self.conditional(state, condition),
            Step::Set { name, value } => {
                let set = |(mut state, text): (State, Text)| {
                    state.environment.variables.insert(name.clone(), text);
                    state
                };
                return all_cases(self.valued(state, value), |pair| always(set(pair)));
            }
        }
        always(state)
    }

    /// The value of `template`, one way for each.
    fn valued(&self, state: State, template: &Template) -> Cases<(State, Text)> {
        let mut ways = always(state);
        for name in value::names(template) {
            ways = all_cases(ways, |state| self.bound(state, name));
        }
        all_cases(ways, |state| {
            let texts = grouped(self.variables.text(template, &state.environment));
            texts.into_iter().map(|case| case.map(|text| (state.clone(), text))).collect()
        })
    }

    /// A map is asked once a request; from then on its variable has that value.
    fn bound(&self, state: State, name: &str) -> Cases<State> {
        if state.environment.variables.contains_key(name) || !self.variables.is_cached(name) {
            return always(state);
        }
        let values = self.assumed(name, grouped(self.variables.variable(name, &state.environment, 0)));
        let bind = |text| {
            let mut state = state.clone();
            state.environment.variables.insert(name.to_owned(), text);
            if self.variables.keeps_captures {
                state.environment.captures = Captures::Unknown;
            }
            state
        };
        values.into_iter().map(|case| case.map(bind)).collect()
    }

    /// What is left of a map's values where it is assumed which of them is taken, whatever the
    /// origin.
    fn assumed(&self, name: &str, values: Cases<Text>) -> Cases<Text> {
        let mut left = Vec::new();
        for case in values {
            let is_apart = !case.guards.is_empty() && case.guards.iter().all(Guard::is_apart_from_origin);
            let constant = case.then.constant().filter(|_| is_apart);
            let words = constant.map(|text| format!("${name} = {}", excerpt(text)).into());
            match words.and_then(|words| self.assumptions.ask(&words)) {
                None => left.push(case),
                Some(false) => {}
                Some(true) => {
                    left.push(Case { guards: Vec::new(), then: case.then });
                    break;
                }
            }
        }
        left
    }

    fn rewrite(
        &self,
        state: State,
        (surely, flag): (bool, Flag),
        unknown: Unknown,
        place: &Place,
    ) -> Cases<State> {
        let mut taken = state.clone();
        if self.variables.keeps_captures {
            taken.environment.captures = Captures::Unknown;
        }
        taken.end = match flag {
            Flag::Break => End::Break,
            Flag::Continue => return always(taken),
            Flag::Last => End::Elsewhere,
            Flag::Redirect(status) => End::Returned(Returned { status: Some(status), own_text: true }),
        };
        let holds = match (surely, flag) {
            (true, _) => Some(true),
            // Those that leave are another location's.
            (false, Flag::Last) => Some(false),
            (false, _) => self.assumptions.ask(&unknown.reason),
        };
        match holds {
            Some(true) => always(taken),
            Some(false) => always(state),
            None => fork(&Guard::new(Condition::Opaque(unknown), place), always(taken), always(state)),
        }
    }

    fn conditional(&self, state: State, condition: &If) -> Cases<State> {
        match &condition.test {
            Test::Opaque => self.branch(state, Outcome::Unknown(true), condition),
            Test::True { variable } => all_cases(self.valued(state, variable), |(state, text)| {
                self.branch(state, condition::is_true(&text), condition)
            }),
            Test::Equals { left, right, equal, place } => {
                all_cases(self.valued(state, left), |(state, left)| {
                    all_cases(self.valued(state, right), |(state, right)| {
                        let outcome = condition::equals(&left, &right, &state.environment, place);
                        self.branch(state, if *equal { outcome } else { outcome.negated() }, condition)
                    })
                })
            }
            Test::Matches { left, pattern, matches, place } => {
                all_cases(self.valued(state, left), |(state, left)| {
                    let known = (self.variables, &state.environment);
                    let outcome = condition::matches(&left, pattern, known, place);
                    let matched = self.matched(&state, &left, pattern);
                    if *matches {
                        self.branches(matched, state, outcome, condition)
                    } else {
                        self.branches(state, matched, outcome.negated(), condition)
                    }
                })
            }
        }
    }

    /// The state after `pattern` has matched `text`.
    fn matched(&self, state: &State, text: &Text, pattern: &Rc<Pattern>) -> State {
        let mut state = state.clone();
        let of_origin = text.0 == [Piece::Origin];
        if self.variables.keeps_captures {
            state.environment.captures =
                if of_origin { Captures::Of(pattern.clone()) } else { Captures::Unknown };
        }
        for (name, number) in pattern.names().unwrap_or_default() {
            let group = Text::of(Piece::Group(pattern.clone(), number));
            let text = if of_origin { group } else { Text::opaque(&format!("`${name}` decides")) };
            state.environment.variables.insert(name, text);
        }
        state
    }

    fn branch(&self, state: State, outcome: Outcome, condition: &If) -> Cases<State> {
        self.branches(state.clone(), state, outcome, condition)
    }

    /// `then` goes through the body where the condition holds; `otherwise` passes it by.
    fn branches(&self, mut then: State, otherwise: State, outcome: Outcome, condition: &If) -> Cases<State> {
        let unknown = |apart_from_origin| {
            let unknown = Unknown { reason: condition.words.clone(), apart_from_origin };
            Guard::new(Condition::Opaque(unknown), &condition.place)
        };
        let guard = match outcome {
            Outcome::Fails => return always(otherwise),
            Outcome::Holds => None,
            Outcome::Depends(guard) => Some(guard),
            Outcome::Unknown(apart) => {
                match apart.then(|| self.assumptions.ask(&condition.words)).flatten() {
                    Some(false) => return always(otherwise),
                    Some(true) => None,
                    None => Some(unknown(apart)),
                }
            }
        };
        if let Some(Condition::Exact(origin, LetterCase::Matters)) =
            guard.as_ref().map(|guard| &*guard.condition)
        {
            then.environment.origin = Some(origin.as_str().into());
        }
        if let Some(location) = &condition.location {
            then.location = location.clone();
            then.handler = location.handler.or(then.handler);
        }
        let body = self.run(always(then), &condition.body);
        match guard {
            None => body,
            Some(guard) => fork(&guard, body, always(otherwise)),
        }
    }
}

/// `then` where the guard holds, else `otherwise`.
fn fork(guard: &Guard, then: Cases<State>, otherwise: Cases<State>) -> Cases<State> {
    let then = then.into_iter().map(|case| case.under(std::slice::from_ref(guard)));
    then.chain(otherwise).collect()
}

/// The same with cases of one value joined, where their order allows it.
fn grouped(cases: Cases<Text>) -> Cases<Text> {
    let mut groups: Vec<(Vec<Guard>, Text)> = Vec::new();
    let mut only_exact = true;
    let mut otherwise = Text::default();
    for case in cases {
        let [guard] = case.guards.as_slice() else {
            if case.guards.is_empty() {
                otherwise = case.then;
                break;
            }
            groups.push((vec![Guard::all_of(case.guards)], case.then));
            only_exact = false;
            continue;
        };
        let exact = matches!(&*guard.condition, Condition::Exact(..));
        let text = itself(guard, case.then);
        // Different constants exclude each other, so that their order is free.
        only_exact &= exact;
        let found = if only_exact {
            groups.iter_mut().find(|(_, known)| *known == text)
        } else {
            groups.last_mut().filter(|(_, known)| *known == text)
        };
        match found {
            Some((guards, _)) => guards.push(guard.clone()),
            None => groups.push((vec![guard.clone()], text)),
        }
        if groups.len() > MAX_VALUES {
            return always(Text::opaque("too many values decide"));
        }
    }
    let joined = |(guards, then)| Case { guards: vec![Guard::any_of(guards)], then };
    let mut all: Cases<Text> = groups.into_iter().map(joined).collect();
    all.push(Case { guards: Vec::new(), then: otherwise });
    trim(&mut all);
    all
}

/// The text that an origin was compared with is the origin, in the spelling of browsers.
fn itself(guard: &Guard, text: Text) -> Text {
    match &*guard.condition {
        Condition::Exact(origin, _) if text.constant() == Some(origin) => Text::of(Piece::Origin),
        _ => text,
    }
}
