//! Strangers who get in, one rule for each slip that lets them.

pub(crate) mod missing_end_anchor;
pub(crate) mod missing_start_anchor;
pub(crate) mod opaque_decision;
pub(crate) mod prefix_without_end;
pub(crate) mod public_suffix_wildcard;
pub(crate) mod stranger_admitted;
pub(crate) mod substring_match;
pub(crate) mod suffix_without_boundary;
pub(crate) mod undecided_origins;
pub(crate) mod unescaped_dot;

use corsac_diagnostics::{Confidence, Diagnostic, Rule, Severity};

use crate::lint::answer::{JudgedAnswer, Pattern};
use crate::lint::asked::Reach;
use crate::lint::cause::{Cause, WayIn};
use crate::lint::found::{Found, WITH_CREDENTIALS};
use crate::question::{Attack, Verdict};
use crate::stranger::Tier;

/// What a slip is called, and what is written instead where nothing better is proved.
struct Words {
    rule: &'static Rule,
    message: &'static str,
    advice: &'static str,
}

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for pattern in answer.patterns.iter().filter(|pattern| pattern.asked.reach == Reach::Some) {
        if let (Verdict::Attack(attack), Some(way_in)) = (&pattern.asked.verdict, &pattern.asked.way_in) {
            tell(pattern, (attack, way_in), answer, found);
        }
    }
}

fn tell(
    pattern: &Pattern<'_>,
    (attack, way_in): (&Attack, &WayIn),
    answer: &JudgedAnswer<'_>,
    found: &mut Found<'_>,
) {
    let words = words(way_in.cause);
    let shown = attack.telling.as_deref().unwrap_or(&attack.witness);
    let with_credentials = pattern.asked.is_of_credentials;
    let how = if with_credentials { WITH_CREDENTIALS } else { "" };
    // Other websites gain little by reading what everybody may, or what takes such a name.
    let is_grave = with_credentials && attack.tier <= Tier::Private && !answer.is_for_preflights_only;
    // With no name at all, every website is a stranger's.
    let is_sure = !answer.is_guess || way_in.cause == Cause::PublicSuffix;
    let mut finding =
        Diagnostic::new(words.rule, format!("{}: `{shown}` {}{how}", words.message, answer.may()))
            .severity(if is_grave { Severity::Error } else { Severity::Warning })
            .confidence(if is_sure { Confidence::High } else { Confidence::Medium });
    if shown != attack.witness {
        finding = finding.note(format!("the shortest such origin is `{}`", attack.witness));
    }
    finding = finding.note(ease(attack.tier)).note(answer.meant_for());
    let help = way_in.correction.clone().unwrap_or_else(|| words.advice.to_owned());
    let second = answer.credentials_place().filter(|_| with_credentials);
    let second = second.map(|place| (place, "credentials are allowed here"));
    found.at_both(pattern.place, format!("admits `{shown}`"), second, finding.help(help));
}

fn words(cause: Cause) -> &'static Words {
    match cause {
        Cause::Boundary => &suffix_without_boundary::WORDS,
        Cause::Dot => &unescaped_dot::WORDS,
        Cause::End => &missing_end_anchor::WORDS,
        Cause::Other => &stranger_admitted::WORDS,
        Cause::Prefix => &prefix_without_end::WORDS,
        Cause::PublicSuffix => &public_suffix_wildcard::WORDS,
        Cause::Start => &missing_start_anchor::WORDS,
        Cause::Substring => &substring_match::WORDS,
    }
}

/// How easily a stranger has the name.
fn ease(tier: Tier) -> &'static str {
    match tier {
        Tier::Open => "anybody registers such a name within minutes",
        Tier::Icann => "such names are registered under their public suffix",
        Tier::Private => "anybody gets such a name from the hosting service",
        Tier::Odd => {
            "browsers accept such a host; it takes a wildcard certificate for a name that the stranger owns"
        }
        Tier::Http => "over http only: it needs no certificate",
    }
}
