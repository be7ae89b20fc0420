//! What changes for browsers between two configurations, whosever they are.
//!
//! Scopes of the same name are compared; those that are left over, on both sides, are compared
//! as a whole: what any of them lets read. Origins are compared exactly, with a witness for
//! each class of origins that gains or loses ([`Class`]); methods, header names and ages as
//! sets and numbers.

pub(crate) mod origins;

use std::collections::BTreeSet;

use crate::model::{Answer, Credentials, Field, Matcher, Model, Preflight, Scope, Value};
use crate::question::Prover;
use crate::stranger::{Intended, Tier};

/// What changes, scope by scope.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Scopes that were compared, in the new configuration's order.
    pub scopes: Vec<Compared>,
}

/// A scope of both configurations.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its name in the old configuration.
    pub old: String,
    /// Its name in the new one.
    pub new: String,
    /// What changes; nothing if they answer alike.
    pub changes: Vec<Change>,
}

/// One thing that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Values that are listed now and were not, or the other way round.
    Listed {
        /// Which.
        list: List,
        /// Added.
        gained: Vec<String>,
        /// Removed.
        lost: Vec<String>,
    },
    /// Origins whose pages may read now and might not, or the other way round.
    Origins {
        /// Whether they gain or lose.
        direction: Direction,
        /// Whether the page asks with credentials.
        credentials: Credentials,
        /// What kind of origins.
        class: Class,
        /// One of them.
        witness: String,
    },
    /// Something could not be compared.
    Undecided {
        /// What, and why.
        reason: String,
    },
    /// A value is another one.
    Value {
        /// Which.
        list: List,
        /// Before; nothing if it was not sent.
        old: Option<String>,
        /// Now.
        new: Option<String>,
    },
}

/// Whether access is added or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Added.
    Gained,
    /// Taken away.
    Lost,
}

/// Kinds of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Over `http`.
    Http,
    /// `null`.
    Null,
    /// Of extensions and applications, or of the web and none of the others.
    Other,
    /// A stranger can own it, so easily.
    Stranger(Tier),
}

/// What is compared beside origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// `Access-Control-Expose-Headers`.
    ExposedHeaders,
    /// `Access-Control-Max-Age`, in seconds.
    MaxAge,
    /// `Access-Control-Allow-Methods`.
    Methods,
    /// `Access-Control-Allow-Headers`.
    RequestHeaders,
}

impl List {
    /// What it is called, in the plural where it is a list.
    pub fn words(self) -> &'static str {
        match self {
            Self::ExposedHeaders => "exposed headers",
            Self::MaxAge => "max-age",
            Self::Methods => "methods",
            Self::RequestHeaders => "request headers",
        }
    }
}

impl Comparison {
    /// Compares two configurations.
    pub fn of(old: &Model, new: &Model, (prover, intended): (&Prover<'_>, &Intended)) -> Self {
        let prover = &prover.for_a_file();
        let mut olds: Vec<&Scope> = old.scopes.iter().collect();
        let mut news: Vec<&Scope> = Vec::new();
        let mut scopes = Vec::new();
        for scope in &new.scopes {
            match olds.iter().position(|other| other.name == scope.name) {
                Some(at) => {
                    let other = olds.remove(at);
                    scopes.push(Compared::of(&[other], &[scope], (prover, intended)));
                }
                None => news.push(scope),
            }
        }
        if !(olds.is_empty() && news.is_empty()) {
            scopes.push(Compared::of(&olds, &news, (prover, intended)));
        }
        Self { scopes }
    }

    /// Whether anything changes, or may.
    pub fn is_empty(&self) -> bool {
        self.scopes.iter().all(|scope| scope.changes.is_empty())
    }

    /// Whether somebody gains access.
    pub fn gains(&self) -> bool {
        let gains = |change: &Change| match change {
            Change::Listed { gained, .. } => !gained.is_empty(),
            Change::Origins { direction, .. } => *direction == Direction::Gained,
            Change::Undecided { .. } => true,
            Change::Value { .. } => false,
        };
        self.scopes.iter().flat_map(|scope| &scope.changes).any(gains)
    }
}

impl Compared {
    /// Compares what scopes let browsers do, as a whole.
    pub(crate) fn of(old: &[&Scope], new: &[&Scope], by: (&Prover<'_>, &Intended)) -> Self {
        let mut changes = Vec::new();
        for credentials in [Credentials::Omitted, Credentials::Included] {
            let readers = |scopes: &[&Scope]| {
                Matcher::AnyOf(scopes.iter().map(|scope| scope.actual.readers(credentials)).collect())
            };
            changes.extend(origins::changes((&readers(old), &readers(new)), credentials, by));
        }
        without_repetition(&mut changes);
        for list in [List::Methods, List::RequestHeaders, List::ExposedHeaders] {
            changes.extend(listed(list, old, new));
        }
        changes.extend(ages(old, new));
        let names = |scopes: &[&Scope]| match scopes {
            [] => "nothing".to_owned(),
            [scope] => scope.name.clone(),
            scopes => {
                format!("{} and {} more", scopes.first().map_or("", |scope| &scope.name), scopes.len() - 1)
            }
        };
        Self { old: names(old), new: names(new), changes }
    }
}

/// Who may read with credentials may read without: told once, with credentials.
fn without_repetition(changes: &mut Vec<Change>) {
    let told: Vec<Change> = changes.clone();
    changes.retain(|change| match change {
        Change::Origins { direction, credentials: Credentials::Omitted, class, witness } => {
            !told.contains(&Change::Origins {
                direction: *direction,
                credentials: Credentials::Included,
                class: *class,
                witness: witness.clone(),
            })
        }
        _ => true,
    });
}

fn listed(list: List, old: &[&Scope], new: &[&Scope]) -> Option<Change> {
    let (old, new) = match (all(list, old), all(list, new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(reason), _) | (_, Err(reason)) => {
            return Some(Change::Undecided { reason: format!("{}: {reason}", list.words()) });
        }
    };
    let beyond = |some: &BTreeSet<String>, others: &BTreeSet<String>| -> Vec<String> {
        some.difference(others).filter(|_| !others.contains("*")).cloned().collect()
    };
    let (gained, lost) = (beyond(&new, &old), beyond(&old, &new));
    (!gained.is_empty() || !lost.is_empty()).then_some(Change::Listed { list, gained, lost })
}

/// The values of a list in all of `scopes`, as browsers compare them.
fn all(list: List, scopes: &[&Scope]) -> Result<BTreeSet<String>, String> {
    let mut values = BTreeSet::new();
    for field in scopes.iter().filter_map(|scope| field(list, scope)) {
        match &field.value {
            Value::Opaque(reason) => return Err(reason.clone()),
            // Whatever is asked for is allowed: also what `*` does not cover.
            Value::Reflected => {
                values.insert("*".to_owned());
                values.insert("authorization".to_owned());
            }
            Value::Text(text) => {
                let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                // Methods are compared as they are written, names of fields without their case.
                values.extend(named.filter(|name| !is_safelisted(list, name)).map(|name| match list {
                    List::Methods => name.to_owned(),
                    _ => name.to_ascii_lowercase(),
                }));
            }
        }
    }
    Ok(values)
}

/// Methods that browsers allow whether they are listed or not (Fetch, "CORS-safelisted method").
fn is_safelisted(list: List, name: &str) -> bool {
    list == List::Methods && matches!(name, "GET" | "HEAD" | "POST")
}

fn field(list: List, scope: &Scope) -> Option<&Field> {
    let preflight: Option<&Answer> = match &scope.preflight {
        Preflight::Answered(answer) => Some(answer),
        _ => None,
    };
    match list {
        List::ExposedHeaders => scope.actual.expose_headers.as_ref(),
        List::MaxAge => preflight?.max_age.as_ref(),
        List::Methods => preflight?.allow_methods.as_ref(),
        List::RequestHeaders => preflight?.allow_headers.as_ref(),
    }
}

fn ages(old: &[&Scope], new: &[&Scope]) -> Option<Change> {
    let age = |scopes: &[&Scope]| -> Option<String> {
        let found = scopes.iter().find_map(|scope| field(List::MaxAge, scope))?;
        match &found.value {
            Value::Text(text) => Some(text.trim().to_owned()),
            Value::Opaque(_) | Value::Reflected => None,
        }
    };
    let (old, new) = (age(old), age(new));
    (old != new).then_some(Change::Value { list: List::MaxAge, old, new })
}
