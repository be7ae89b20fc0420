//! Envoy's `StringMatcher`.

use corsac_analysis::model::{LetterCase, Matcher, Truth};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_diagnostics::excerpt;

use super::super::draft::{Draft, Entry};
use super::get;
use crate::tree::Node;

/// The matchers of a list.
pub(super) fn entries(draft: &mut Draft, list: &Node) -> Vec<Entry> {
    let entry = |node: &Node| Entry { when: also_tried_on_star(of(draft, node)), place: node.place() };
    list.items().iter().map(entry).collect()
}

/// A matcher as the filter applies it: to `*` too, and then whoever asks is taken.
pub(crate) fn also_tried_on_star(matcher: Matcher) -> Matcher {
    match matcher.matches("*") {
        Truth::True => Matcher::Any,
        Truth::False => matcher,
        Truth::Unknown => {
            let reason = "it is not known whether `*` matches, which would admit everybody";
            Matcher::AnyOf(vec![matcher, Matcher::Opaque(reason.to_owned())])
        }
    }
}

/// An expression as Envoy applies it.
pub(crate) fn full_match(expression: &str) -> Matcher {
    Matcher::Regex(Regex::new(expression, Dialect::Re2, Mode::Full, Flags::default()))
}

fn of(draft: &mut Draft, node: &Node) -> Matcher {
    let ignored = draft.switch(get(node, "ignore_case"), false);
    let case = match ignored.on {
        Ok(true) => LetterCase::Ignored,
        Ok(false) => LetterCase::Matters,
        Err(reason) => return Matcher::Opaque(reason),
    };
    for (kind, matcher) in KINDS {
        let Some(value) = get(node, kind) else { continue };
        let value = if kind == "safe_regex" { get(value, "regex").unwrap_or(value) } else { value };
        return match draft.word(value).text {
            Ok(text) => matcher(text, case),
            Err(reason) => Matcher::Opaque(reason),
        };
    }
    let kind = node.entries().first().map_or("?", |entry| entry.key.as_str());
    let reason = format!("the matcher `{}` is not known", excerpt(kind));
    draft.unread(node, reason.as_str());
    Matcher::Opaque(reason)
}

type Kind = fn(String, LetterCase) -> Matcher;

const KINDS: [(&str, Kind); 5] = [
    ("contains", |text, case| Matcher::Contains(text, case)),
    ("exact", |text, case| Matcher::Exact(text, case)),
    ("prefix", |text, case| Matcher::Prefix(text, case)),
    ("safe_regex", |text, _| full_match(&text)),
    ("suffix", |text, case| Matcher::Suffix(text, case)),
];
