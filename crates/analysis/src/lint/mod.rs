//! What is wrong with what a server answers: the checklist of a CORS review over any
//! [`Model`], whoever's configuration it was.
//!
//! A rule asks the [`Prover`] and never guesses what can be decided. What cannot be is a
//! finding of its own (`undecided-origins`, `opaque-decision`, `unread-part`), so that silence
//! means that nothing was found. How grave a finding is and how certain it is are told apart:
//! what rests on a guess about whom the configuration is meant for is of medium confidence.
//!
//! - `rules`: one file a rule, in folders by what they are about;
//! - `answer`: what rules look at: the cases of an answer; `asked`: what the prover says of each;
//! - `cause` and `correct`: which slip lets a stranger in, and the expression without it;
//! - `suppress`: `# corsac: ignore[rule-id] reason` in the source.

mod answer;
mod asked;
mod cause;
mod correct;
mod found;
mod hosts;
mod rules;
mod suppress;

use std::collections::HashSet;

use corsac_diagnostics::Diagnostic;

use crate::model::{Model, Place, Preflight, Scope};
use crate::question::Prover;

pub(crate) use answer::meant;
use answer::{Judge, Judged};
use asked::Memory;
use found::Found;

pub use rules::RULES;

/// What is known beside the configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The names that it is meant for, as in `example.com`; a text that is no name, or a public
    /// suffix, is passed over (see [`crate::stranger::Intended::of`]). If there is none, the
    /// names are guessed from what the configuration spells out, and each finding that rests
    /// on the guess says so.
    pub intended: Vec<String>,
}

/// A finding in one of the model's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which of [`Model::files`].
    pub file: usize,
    /// The finding; its places are spans of that file.
    pub diagnostic: Diagnostic,
}

/// Everything that is wrong with `model`, in the order of files and places.
pub fn lint(model: &Model, prover: &Prover<'_>, options: &Options) -> Vec<Finding> {
    let prover = prover.for_a_file();
    let memory = Memory::new(&prover);
    let mut found = Found::new(model);
    let used = preflights_of_use(model);
    for scope in &model.scopes {
        let judge = Judge::new(&memory, options, scope);
        let actual = judge.answer(&scope.actual);
        let mut preflight = match &scope.preflight {
            Preflight::Answered(answer) => Some(judge.answer(answer)),
            _ => None,
        };
        if let Some(preflight) = &mut preflight {
            preflight.is_for_preflights_only = !leads_on(scope)
                && preflight.may_allow()
                && preflight.allow_origin_place().is_none_or(|place| !used.contains(place));
        }
        found.scope.clone_from(&scope.name);
        found.scope_place.clone_from(&scope.place);
        for answer in [Some(&actual), preflight.as_ref()].into_iter().flatten() {
            found.unread.clone_from(&answer.answer.unread);
            for check in rules::ANSWER_CHECKS {
                check(answer, &mut found);
            }
        }
        found.unread.clone_from(&scope.actual.unread);
        let judged = Judged { scope, actual: &actual, preflight: preflight.as_ref() };
        for check in rules::SCOPE_CHECKS {
            check(&judged, &mut found);
        }
    }
    found.scope = String::new();
    found.unread = None;
    rules::unread::find(model, &mut found);
    let findings = suppress::apply(model, found.into_findings());
    sorted(findings)
}

/// Where the answers to preflights are written that an actual response may follow: a server
/// answers them for all its locations, of which some have the fields.
fn preflights_of_use(model: &Model) -> HashSet<Place> {
    let of_use = model.scopes.iter().filter(|scope| leads_on(scope));
    let places = of_use.filter_map(|scope| match &scope.preflight {
        Preflight::Answered(answer) => answer::allow_origin_place(answer).cloned(),
        _ => None,
    });
    places.collect()
}

/// Whether an actual response may have the field that its preflight has.
fn leads_on(scope: &Scope) -> bool {
    answer::may_allow(&scope.actual) || scope.actual.unread.is_some()
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    let start = |finding: &Finding| match &finding.diagnostic.primary {
        Some(label) => found::span(&label.place).map_or(0, |span| span.start),
        None => 0,
    };
    findings.sort_by_key(|finding| {
        (finding.file, start(finding), finding.diagnostic.severity, finding.diagnostic.rule.id)
    });
    findings
}
