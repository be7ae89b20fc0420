//! Which slip lets a stranger in, and what to write instead.

use corsac_diagnostics::excerpt;

use super::correct::{Slip, corrected};
use super::hosts;
use crate::model::{LetterCase, Matcher, Piece, Truth};
use crate::question::{Attack, Prover, Verdict};
use crate::regex::{Mode, Regex};
use crate::stranger::{Intended, Tier};

/// Why a stranger gets in, as far as the syntax tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something may stand before a name, without a dot between.
    Boundary,
    /// A dot stands for any byte.
    Dot,
    /// Nothing says where an expression ends.
    End,
    /// Something else.
    Other,
    /// A beginning is compared, and anything may follow.
    Prefix,
    /// Everybody registers under the suffix that is admitted.
    PublicSuffix,
    /// Nothing says where an expression begins.
    Start,
    /// The name may stand anywhere.
    Substring,
}

/// A stranger's way in.
pub(super) struct WayIn {
    pub(super) cause: Cause,
    /// What to write instead, proved; in the words of the configuration.
    pub(super) correction: Option<String>,
}

/// Corrections in the order in which they are tried.
const TRIES: [&[Slip]; 10] = [
    &[Slip::Dot],
    &[Slip::End],
    &[Slip::Boundary],
    &[Slip::Start],
    &[Slip::Dot, Slip::End],
    &[Slip::Dot, Slip::Boundary],
    &[Slip::End, Slip::Boundary],
    &[Slip::Dot, Slip::End, Slip::Boundary],
    &[Slip::End, Slip::Start],
    &[Slip::Dot, Slip::End, Slip::Start],
];

/// A pattern that a stranger gets through.
pub(super) struct Suspect<'a> {
    /// What is written.
    pub(super) when: &'a Matcher,
    /// Who may read.
    pub(super) readers: &'a Matcher,
    pub(super) attack: &'a Attack,
    pub(super) intended: &'a Intended,
    pub(super) prover: &'a Prover<'a>,
}

/// How a stranger gets in.
pub(super) fn of(asked: &Suspect<'_>) -> WayIn {
    if asked.is_shared() {
        return WayIn { cause: Cause::PublicSuffix, correction: None };
    }
    match core(asked.when) {
        Matcher::Regex(regex) | Matcher::Whole(regex, _) => asked.regex(regex),
        Matcher::Suffix(text, case) => {
            let boundary = Matcher::Suffix(format!(".{text}"), *case);
            let correction = asked.proved(&boundary).then(|| format!("end with `.{text}`"));
            WayIn { cause: Cause::Boundary, correction }
        }
        Matcher::Prefix(text, case) => {
            let correction = asked.origin(text, *case);
            WayIn { cause: Cause::Prefix, correction }
        }
        Matcher::Contains(text, case) => {
            let correction =
                asked.origin(text, *case).or_else(|| asked.origin(&format!("https://{text}"), *case));
            WayIn { cause: Cause::Substring, correction }
        }
        Matcher::Glob(pieces) => asked.glob(pieces),
        _ => WayIn { cause: Cause::Other, correction: None },
    }
}

/// The part of a condition that names who is meant.
fn core(when: &Matcher) -> &Matcher {
    match when {
        Matcher::AllOf(all) => {
            let positive = all.iter().map(core).find(|one| !matches!(one, Matcher::Not(_) | Matcher::Any));
            positive.unwrap_or(when)
        }
        other => other,
    }
}

impl Suspect<'_> {
    /// Whether everybody registers under what is admitted: any name will do before the
    /// witness' own public suffix.
    fn is_shared(&self) -> bool {
        let witness = &self.attack.witness;
        let Some(host) = hosts::host(witness) else { return false };
        let Some((suffix, _)) = self.prover.list().public_suffix(&host) else { return false };
        let Some((scheme, _)) = witness.split_once("://") else { return false };
        let admits = |name: &str| self.readers.matches(&format!("{scheme}://{name}.{suffix}")) == Truth::True;
        ["zq7x", "another-attacker", "b-2"].into_iter().all(admits) || self.attack.tier == Tier::Private
    }

    /// Whether no stranger is admitted any more, and somebody is.
    fn proved(&self, matcher: &Matcher) -> bool {
        let is_open = |origin: &String| matcher.matches(origin) != Truth::False;
        let has_attack = is_open(&self.attack.witness) || self.attack.telling.iter().any(is_open);
        !has_attack
            && matches!(self.prover.strangers(matcher, self.intended), Verdict::Proved { .. })
            && self.prover.is_dead(matcher) == Some(false)
    }

    fn regex(&self, regex: &Regex) -> WayIn {
        if is_word(regex) {
            // With an end or a beginning alone it would be found in the other half of a name.
            return WayIn { cause: Cause::Substring, correction: None };
        }
        let corrections = TRIES.iter().filter_map(|slips| Some((*slips, corrected(regex, slips)?)));
        let mut proved = corrections.filter(|(_, regex)| self.proved(&Matcher::Regex(regex.clone())));
        match proved.next() {
            Some((slips, right)) => {
                let correction = written(right.text());
                WayIn { cause: self.cause(regex, slips), correction }
            }
            None => {
                let worst = [Slip::End, Slip::Boundary, Slip::Start, Slip::Dot];
                let ends = worst.iter().find(|slip| self.ends(regex, **slip));
                let cause = ends.map_or(Cause::Other, |slip| named(*slip, regex));
                WayIn { cause, correction: self.of_names(regex) }
            }
        }
    }

    /// The slip that the attack needs most.
    fn cause(&self, regex: &Regex, slips: &[Slip]) -> Cause {
        let worst = [Slip::End, Slip::Boundary, Slip::Start, Slip::Dot];
        let needed = worst.iter().find(|slip| slips.contains(slip) && self.ends(regex, **slip));
        needed.or(slips.first()).map_or(Cause::Other, |slip| named(*slip, regex))
    }

    /// Whether the attack ends once a slip is put right.
    fn ends(&self, regex: &Regex, slip: Slip) -> bool {
        let witness = self.attack.telling.as_deref().unwrap_or(&self.attack.witness);
        corrected(regex, &[slip]).is_some_and(|right| right.accepts(witness) == Some(false))
    }

    /// An expression of the names that are meant.
    fn of_names(&self, regex: &Regex) -> Option<String> {
        let names: Vec<_> = self.intended.names().iter().map(|name| name.replace('.', "\\.")).collect();
        let names = match names.as_slice() {
            [] => return None,
            [one] => one.clone(),
            several => format!("({})", several.join("|")),
        };
        let text = format!("^https://([a-z0-9-]+\\.)*{names}$");
        let right = Regex::new(&text, regex.dialect(), regex.mode(), regex.flags().clone());
        self.proved(&Matcher::Regex(right)).then(|| written(&text))?
    }

    fn origin(&self, text: &str, case: LetterCase) -> Option<String> {
        let origin = text.trim_end_matches(['.', ':', '/', '-']);
        let exact = Matcher::Exact(origin.to_owned(), case);
        (hosts::host(origin).is_some_and(|host| host.contains('.')) && self.proved(&exact))
            .then(|| format!("compare the whole: `{}`", excerpt(origin)))
    }

    fn glob(&self, pieces: &[Piece]) -> WayIn {
        if let [before @ .., Piece::Run(..)] = pieces {
            let text: Option<String> = before.iter().map(literal).collect();
            let correction = text.and_then(|text| self.origin(&text, LetterCase::Matters));
            return WayIn { cause: Cause::Prefix, correction };
        }
        let touching = pieces.windows(2).position(|pair| match pair {
            [Piece::Run(..), Piece::Literal(text, _)] => {
                text.starts_with(|c: char| c.is_ascii_alphanumeric())
            }
            _ => false,
        });
        let Some(at) = touching else { return WayIn { cause: Cause::Other, correction: None } };
        let mut right = pieces.to_vec();
        right.insert(at + 1, Piece::literal("."));
        let correction = self.proved(&Matcher::Glob(right.clone())).then(|| written(&shown(&right)));
        WayIn { cause: Cause::Boundary, correction: correction.flatten() }
    }
}

/// What a slip is called in `regex`.
fn named(slip: Slip, regex: &Regex) -> Cause {
    match slip {
        Slip::Dot => Cause::Dot,
        Slip::End => Cause::End,
        Slip::Start if regex.text().contains("://") => Cause::Start,
        Slip::Boundary | Slip::Start => Cause::Boundary,
    }
}

/// Whether an expression is one word, which is looked for anywhere.
fn is_word(regex: &Regex) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    regex.mode() == Mode::Search && !regex.text().is_empty() && regex.text().chars().all(is_plain)
}

/// The advice to write `text`; a longer one is no help.
pub(super) fn written(text: &str) -> Option<String> {
    const MAX_SHOWN: usize = 300;
    (text.len() <= MAX_SHOWN).then(|| format!("write `{text}`"))
}

fn literal(piece: &Piece) -> Option<String> {
    match piece {
        Piece::Literal(text, _) => Some(text.clone()),
        Piece::Run(..) => None,
    }
}

/// A glob as most systems write it.
fn shown(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| literal(piece).unwrap_or_else(|| "*".to_owned())).collect()
}
