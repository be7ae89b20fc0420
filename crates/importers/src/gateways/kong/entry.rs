//! One of several origins of Kong's plugin.
//!
//! An expression loses its `^` and gets a `$`, and has to match from the beginning of what it is
//! tried on: the origin if it has a colon, else only the host. In `a|b` the `$` belongs to the last
//! branch alone, so that the first is a prefix.
//!
//! What is sent is the origin that Kong wrote anew. It loses the brackets of IPv6 addresses, so
//! that it equals no such origin.

use corsac_analysis::model::{Case, Choice, Emission, LetterCase, Matcher};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

use super::super::draft::{Entry, Word, reflecting};

/// The line for a list without `*`.
pub(super) fn origins(words: &[Word]) -> Choice<Emission> {
    if let [Word { text: Ok(text), place }] = words
        && text.chars().all(is_plain)
        && !text.is_empty()
    {
        return Choice::always(Emission::Fixed(text.clone()), place.clone());
    }
    let case = |word: &Word| Entry {
        when: match word.text.as_ref().map_or_else(|reason| Matcher::Opaque(reason.clone()), |text| of(text))
        {
            Matcher::Exact(text, case) if !text.contains('[') => Matcher::Exact(text, case),
            matcher => Matcher::AllOf(vec![
                matcher,
                Matcher::Not(Box::new(Matcher::Contains("[".to_owned(), LetterCase::Matters))),
            ]),
        },
        place: word.place.clone(),
    };
    let mut choice = reflecting(words.iter().map(case).collect());
    // An entry that is not known may be `*`, or alone and sent as it is.
    let unknown = words.iter().filter_map(|word| Some((word.text.as_ref().err()?, word.place.clone())));
    let unknown = unknown.map(|(reason, place)| Case {
        when: Matcher::Any,
        then: Emission::Opaque(reason.clone()),
        place,
    });
    choice.cases.extend(unknown);
    choice
}

/// Whether a character stands in a plain entry.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || ".:/-".contains(letter)
}

fn of(entry: &str) -> Matcher {
    if entry.chars().all(is_plain) {
        return Matcher::exact(normalized(entry));
    }
    let ended = if entry.ends_with('$') { entry.to_owned() } else { format!("{entry}$") };
    let expression = ended.strip_prefix('^').unwrap_or(&ended);
    if entry.contains(':') {
        return regex(expression, Mode::Prefix);
    }
    on_host(expression)
}

fn regex(expression: &str, mode: Mode) -> Matcher {
    Matcher::Regex(Regex::new(expression, Dialect::Pcre, mode, Flags::default()))
}

/// A plain entry without its path and a default port, as it is compared.
fn normalized(entry: &str) -> String {
    let Some((scheme, rest)) = entry.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return entry.to_owned();
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) =
        authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    match (scheme, port) {
        ("http", Some("80")) | ("https", Some("443")) | (_, None | Some("")) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// An expression that is tried on the host alone.
fn on_host(expression: &str) -> Matcher {
    const SCHEME: &str = "^[a-z][a-z0-9+.-]*://";
    let opaque = |reason: &str| Matcher::Opaque(reason.to_owned());
    let alone = Regex::new(expression, Dialect::Pcre, Mode::Prefix, Flags::default());
    if let Err(refusal) = alone.syntax() {
        return opaque(&refusal.reason);
    }
    let Some(body) = expression.strip_suffix('$').filter(|body| is_movable(body)) else {
        return opaque("it is not known what the expression matches in a host alone");
    };
    let port = ":[0-9]+$";
    let with_port = format!("{SCHEME}[^/]*{port}");
    // The end of the host is where a port follows; the match ends there or before.
    let before_port = format!("{SCHEME}(?:{body}(?={port}))(?=.*{port})");
    let whole = format!("{SCHEME}(?:{expression})");
    let null = Matcher::AllOf(vec![Matcher::exact("null"), Matcher::Regex(alone)]);
    Matcher::AnyOf(vec![
        null,
        Matcher::AllOf(vec![
            Matcher::Not(Box::new(regex(&with_port, Mode::Search))),
            regex(&whole, Mode::Search),
        ]),
        regex(&before_port, Mode::Search),
    ])
}

/// Whether an expression means the same in the middle of a text: it has no anchors, no look-around,
/// and nothing that depends on where it stands.
fn is_movable(body: &str) -> bool {
    let escapes = [r"\A", r"\z", r"\Z", r"\G", r"\K", r"\Q", r"\g", r"\R", r"\X", r"\C"];
    let looks = ["(?=", "(?!", "(?<", "(?>", "(?P", "(?|", "(?#", "(*", "(?R", "(?("];
    let anchored = body.replace("[^", "[").contains('^') || body.contains('$');
    let refers = body.as_bytes().windows(2).any(|pair| matches!(pair, [b'\\', b'1'..=b'9']));
    !anchored && !refers && !escapes.iter().chain(&looks).any(|part| body.contains(part))
}
