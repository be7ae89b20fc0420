//! What rules look at: the cases of an answer, each asked about once.

use std::rc::Rc;

use corsac_origin::PublicSuffixList;

use super::Options;
use super::asked::{Asked, Memory};
use crate::model::{
    Answer, Case, Choice, Credentials, Emission, LetterCase, Matcher, Place, Scope, Split, Truth, is_never,
};
use crate::question::{Prover, intended_names};
use crate::stranger::Intended;

/// Most patterns of one answer that are asked about; a question costs some milliseconds.
const MAX_PATTERNS: usize = 200;

/// Most names that a note lists.
const MAX_NAMES: usize = 3;

/// A scope whose answers were asked about.
pub(super) struct Judged<'a> {
    pub(super) scope: &'a Scope,
    pub(super) actual: &'a JudgedAnswer<'a>,
    pub(super) preflight: Option<&'a JudgedAnswer<'a>>,
}

/// An answer that was asked about.
pub(super) struct JudgedAnswer<'a> {
    pub(super) answer: &'a Answer,
    pub(super) intended: &'a Intended,
    /// Whether the names were guessed.
    pub(super) is_guess: bool,
    pub(super) prover: &'a Prover<'a>,
    /// Single origins that are named, in order.
    pub(super) origins: Vec<Named<'a>>,
    /// Everything else that admits somebody, in order.
    pub(super) patterns: Vec<Pattern<'a>>,
    /// How many patterns were not asked about.
    pub(super) unasked: usize,
    /// Whether it answers preflights, and actual responses have no such field.
    pub(super) is_for_preflights_only: bool,
}

/// A single origin that a case names.
pub(super) struct Named<'a> {
    pub(super) origin: &'a str,
    pub(super) place: Option<&'a Place>,
    /// Whether an origin in lower case is admitted, and sent back as it is.
    pub(super) ignores_case: bool,
    /// Whether a page of it may read, and with credentials.
    pub(super) reads: Truth,
    pub(super) reads_with_credentials: Truth,
}

/// A case that may admit many origins.
pub(super) struct Pattern<'a> {
    /// What is written.
    pub(super) when: &'a Matcher,
    pub(super) emission: &'a Emission,
    pub(super) place: Option<&'a Place>,
    /// Who is admitted by it.
    pub(super) readers: Matcher,
    /// Who is admitted with credentials.
    pub(super) with_credentials: Matcher,
    /// Whether code or syntax that is not known takes part.
    pub(super) is_opaque: bool,
    /// What the prover says.
    pub(super) asked: Rc<Asked>,
}

/// Asks about the answers of one scope.
pub(super) struct Judge<'a> {
    memory: &'a Memory<'a>,
    intended: Intended,
    is_guess: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(memory: &'a Memory<'a>, options: &Options, scope: &Scope) -> Self {
        let intended = meant(options, scope, memory.prover.list());
        Self { memory, intended, is_guess: options.intended.is_empty() }
    }

    pub(super) fn answer<'s>(&'s self, answer: &'s Answer) -> JudgedAnswer<'s> {
        let readers = Split::of(answer.written_readers(Credentials::Omitted));
        let included = Split::of(answer.written_readers(Credentials::Included));
        let mut judged = JudgedAnswer {
            answer,
            intended: &self.intended,
            is_guess: self.is_guess,
            prover: self.memory.prover,
            origins: Vec::new(),
            patterns: Vec::new(),
            unasked: 0,
            is_for_preflights_only: false,
        };
        for (line, choice) in answer.allow_origin.iter().enumerate() {
            for (number, case) in choice.cases.iter().enumerate() {
                for when in alternatives(&case.when) {
                    if let Some(origin) = single(when, &case.then) {
                        let (reads, reads_with_credentials) =
                            (readers.matches(origin), included.matches(origin));
                        let place = case.place.as_ref();
                        let ignores_case = matches!(
                            (when, &case.then),
                            (Matcher::Exact(_, LetterCase::Ignored), Emission::Reflected)
                        );
                        let named = Named { origin, place, ignores_case, reads, reads_with_credentials };
                        judged.origins.push(named);
                    } else if case.then != Emission::Nothing && self.may_ask(&judged) {
                        let alone = alone(answer, (line, number), when);
                        judged.patterns.push(self.pattern(case, when, &alone));
                    } else {
                        judged.unasked += usize::from(case.then != Emission::Nothing);
                    }
                }
            }
        }
        judged
    }

    /// Whether one pattern more is asked about.
    fn may_ask(&self, judged: &JudgedAnswer<'_>) -> bool {
        judged.patterns.len() < MAX_PATTERNS && !self.memory.prover.is_spent()
    }

    fn pattern<'s>(&self, case: &'s Case<Emission>, when: &'s Matcher, alone: &Answer) -> Pattern<'s> {
        let readers = alone.readers(Credentials::Omitted);
        let with_credentials = alone.readers(Credentials::Included);
        let is_opaque = has_opaque(when) || matches!(case.then, Emission::Opaque(_));
        let is_unknown = matches!(when, Matcher::Opaque(_)) || matches!(case.then, Emission::Opaque(_));
        let asked = if is_unknown {
            Rc::new(Asked::unknown())
        } else {
            self.memory.ask(when, (&readers, &with_credentials), &self.intended)
        };
        let (place, emission) = (case.place.as_ref(), &case.then);
        Pattern { when, emission, place, readers, with_credentials, is_opaque, asked }
    }
}

impl<'a> JudgedAnswer<'a> {
    /// What findings about strangers take for granted.
    pub(super) fn meant_for(&self) -> String {
        let names = self.intended.names();
        let shown: Vec<_> = names.iter().take(MAX_NAMES).map(|name| format!("`{name}`")).collect();
        let more = match names.len().saturating_sub(MAX_NAMES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        match (self.is_guess, names.is_empty()) {
            (true, true) => "no name of yours is spelled out here; --intend names it".to_owned(),
            (true, false) => {
                format!("meant for {}{more}, as spelled out here; --intend says otherwise", shown.join(", "))
            }
            (false, _) => format!("meant for {}{more}", shown.join(", ")),
        }
    }

    /// Whether some line of `Access-Control-Allow-Origin` may be sent.
    pub(super) fn may_allow(&self) -> bool {
        may_allow(self.answer)
    }

    /// What somebody who is admitted may do.
    pub(super) fn may(&self) -> &'static str {
        if self.is_for_preflights_only { "passes preflights" } else { "may read" }
    }

    /// Where `Access-Control-Allow-Origin` is written.
    pub(super) fn allow_origin_place(&self) -> Option<&'a Place> {
        allow_origin_place(self.answer)
    }

    /// Where `Access-Control-Allow-Credentials: true` is written.
    pub(super) fn credentials_place(&self) -> Option<&Place> {
        let cases = self.answer.allow_credentials.iter().flat_map(|line| &line.cases);
        cases.filter(|case| case.then).find_map(|case| case.place.as_ref())
    }

    /// Whether credentials may be allowed to anybody.
    pub(super) fn may_have_credentials(&self) -> bool {
        self.answer.allow_credentials.iter().any(|line| line.cases.iter().any(|case| case.then))
    }
}

/// Whether some line of `Access-Control-Allow-Origin` may be sent.
pub(super) fn may_allow(answer: &Answer) -> bool {
    let sends = |case: &Case<Emission>| case.then != Emission::Nothing;
    answer.allow_origin.iter().any(|line| line.cases.iter().any(sends))
}

/// Where `Access-Control-Allow-Origin` is written.
pub(super) fn allow_origin_place(answer: &Answer) -> Option<&Place> {
    let cases = answer.allow_origin.iter().flat_map(|line| &line.cases);
    cases.filter(|case| case.then != Emission::Nothing).find_map(|case| case.place.as_ref())
}

/// Whom a scope is for: the names that were told, or those that it spells out.
pub(crate) fn meant(options: &Options, scope: &Scope, list: &PublicSuffixList) -> Intended {
    let given = options.intended.clone();
    let names = if given.is_empty() { spelled_out(scope, list) } else { given };
    let is_name = |name: &&String| Intended::of([name.as_str()], list).is_ok();
    let names: Vec<&str> = names.iter().filter(is_name).map(String::as_str).collect();
    Intended::of(names, list).unwrap_or_default()
}

/// The names that the matchers of a scope spell out.
fn spelled_out(scope: &Scope, list: &PublicSuffixList) -> Vec<String> {
    let mut all = Vec::new();
    for answer in super::rules::answers(scope) {
        for case in answer.allow_origin.iter().flat_map(|line| &line.cases) {
            if case.then == Emission::Nothing {
                continue;
            }
            all.push(case.when.clone());
            if let Emission::Fixed(text) = &case.then {
                all.push(Matcher::exact(text.clone()));
            }
        }
    }
    intended_names(&Matcher::AnyOf(all), list)
}

/// The members of a list, one by one.
fn alternatives(when: &Matcher) -> Vec<&Matcher> {
    match when {
        Matcher::AnyOf(any) => any.iter().flat_map(alternatives).collect(),
        other => vec![other],
    }
}

/// The one origin that a case can admit.
fn single<'a>(when: &'a Matcher, emission: &'a Emission) -> Option<&'a str> {
    match (when, emission) {
        (_, Emission::Fixed(text)) if text == "*" => None,
        (_, Emission::Nothing | Emission::Opaque(_)) => None,
        (_, Emission::Fixed(text)) | (Matcher::Exact(text, _), _) => Some(text),
        _ => None,
    }
}

/// The answer with one case alone, and those before it that refuse.
fn alone(answer: &Answer, (line, number): (usize, usize), when: &Matcher) -> Answer {
    let mut alone = Answer { allow_credentials: answer.allow_credentials.clone(), ..Answer::default() };
    for (other, choice) in answer.allow_origin.iter().enumerate() {
        if other != line {
            alone.allow_origin.push(choice.clone());
            continue;
        }
        let refusing = choice.cases.iter().take(number).filter(|case| may_refuse(case));
        let mut cases: Vec<_> =
            refusing.map(|case| Case { then: Emission::Nothing, ..case.clone() }).collect();
        if let Some(case) = choice.cases.get(number) {
            cases.push(Case { when: when.clone(), ..case.clone() });
        }
        alone.allow_origin.push(Choice { cases });
    }
    alone
}

/// Whether an origin that the case matches may be refused by it.
fn may_refuse(case: &Case<Emission>) -> bool {
    match (&case.then, &case.when) {
        (Emission::Reflected, _) => false,
        (Emission::Fixed(text), Matcher::Exact(origin, _)) => !text.eq_ignore_ascii_case(origin),
        (Emission::Fixed(text), _) => text != "*",
        (Emission::Matched(_) | Emission::Nothing | Emission::Opaque(_), _) => true,
    }
}

pub(super) fn has_opaque(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().any(has_opaque),
        Matcher::Not(inner) => has_opaque(inner),
        Matcher::Opaque(_) => true,
        _ => false,
    }
}

impl Pattern<'_> {
    /// Whether somebody may be admitted with credentials.
    pub(super) fn has_credentials(&self) -> bool {
        !is_never(&self.with_credentials) && !matches!(self.with_credentials, Matcher::Opaque(_))
    }
}
