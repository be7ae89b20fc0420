//! Which origins gain or lose, one witness for each class.

use super::{Change, Class, Direction};
use crate::model::{Credentials, LetterCase, Matcher, Truth};
use crate::question::{Prover, Verdict, Witness};
use crate::stranger::Intended;

/// Longer lists are compared entry by entry, and not asked for every class.
const MAX_CASES: usize = 500;

/// What changes from the first matcher to the second.
pub(crate) fn changes(
    (old, new): (&Matcher, &Matcher),
    credentials: Credentials,
    by: (&Prover<'_>, &Intended),
) -> Vec<Change> {
    // What is not known is the same on both sides where the same is written.
    if old == new {
        return Vec::new();
    }
    let difference = by.0.difference(old, new);
    let gained = of_one_side((old, new), &difference.gained, by);
    let lost = of_one_side((new, old), &difference.lost, by);
    let told = |direction, found: Result<Vec<(Class, String)>, String>| match found {
        Ok(found) => found
            .into_iter()
            .map(|(class, witness)| Change::Origins { direction, credentials, class, witness })
            .collect(),
        Err(reason) => vec![Change::Undecided { reason: format!("origins: {reason}") }],
    };
    let mut changes: Vec<Change> = told(Direction::Gained, gained);
    changes.extend(told(Direction::Lost, lost));
    changes
}

/// The classes of origins that `more` takes and `less` does not.
fn of_one_side(
    (less, more): (&Matcher, &Matcher),
    witness: &Witness,
    (prover, intended): (&Prover<'_>, &Intended),
) -> Result<Vec<(Class, String)>, String> {
    let first = match witness {
        Witness::None => return Ok(Vec::new()),
        Witness::Unknown(reason) => return Err(reason.clone()),
        Witness::Found(origin) => origin,
    };
    let mut found = Vec::new();
    if size(less) + size(more) <= MAX_CASES {
        let beyond = Matcher::AllOf(vec![more.clone(), Matcher::Not(Box::new(less.clone()))]);
        if let Verdict::Attack(attack) = prover.strangers(&beyond, intended) {
            found.push((Class::Stranger(attack.tier), attack.telling.unwrap_or(attack.witness)));
        }
        let facts = prover.facts(&beyond);
        if facts.null == Some(true) {
            found.push((Class::Null, "null".to_owned()));
        }
        // Beside a stranger only what is meant is worth telling.
        let http = if found.is_empty() {
            facts.http
        } else {
            prover.facts(&Matcher::AllOf(vec![beyond, meant(intended)])).http
        };
        if let Some(origin) = http.found() {
            found.push((Class::Http, origin.to_owned()));
        }
    } else if more.matches("null") == Truth::True && less.matches("null") == Truth::False {
        found.push((Class::Null, "null".to_owned()));
    }
    let class = prover.class_of(first, intended);
    let is_told = found.iter().any(|(known, _)| matches!(known, Class::Stranger(_)) || *known == class);
    if !is_told {
        found.insert(0, (class, first.clone()));
    }
    Ok(found)
}

impl Prover<'_> {
    /// What kind of origin this is.
    fn class_of(&self, origin: &str, intended: &Intended) -> Class {
        match self.tier_of(origin, intended) {
            _ if origin == "null" => Class::Null,
            Some(tier) => Class::Stranger(tier),
            None if origin.starts_with("http://") => Class::Http,
            None => Class::Other,
        }
    }
}

/// The origins of the names that are meant, and of all under them.
fn meant(intended: &Intended) -> Matcher {
    let of = |name: &String| {
        let own = ["http", "https"].map(|scheme| Matcher::exact(format!("{scheme}://{name}")));
        own.into_iter().chain([Matcher::Suffix(format!(".{name}"), LetterCase::Matters)])
    };
    Matcher::AnyOf(intended.names().iter().flat_map(of).collect())
}

fn size(matcher: &Matcher) -> usize {
    match matcher {
        Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().map(size).sum(),
        Matcher::Not(inner) => size(inner),
        _ => 1,
    }
}
