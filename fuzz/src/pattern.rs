//! Patterns and an origin, judged by the pattern, by a set, and by a comparison of texts.

use corsac_origin::{OriginPattern, OriginRef, OriginSet, PatternError};

/// Lines of patterns, and the origin in the last line. The pattern, the set of one
/// pattern and a naive comparison agree; so do the set of all patterns and a loop.
pub fn pattern(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (lines, sent) = text.rsplit_once('\n').unwrap_or((text, ""));
    let patterns: Vec<_> = lines.split('\n').filter_map(parse).collect();
    patterns.iter().for_each(check_neighbours);
    let set = set_of(&patterns);
    text.split('\n').for_each(|line| check_spelled(&patterns, &set, line));
    let Ok(origin) = OriginRef::parse(sent.as_bytes()) else { return };
    for pattern in &patterns {
        let expected = is_admitted(pattern.as_str(), sent);
        assert_eq!(pattern.matches(&origin), expected, "`{pattern}` and `{sent}`");
        assert_eq!(set_of([pattern]).contains(&origin), expected, "the set of `{pattern}` and `{sent}`");
    }
    check_set(&patterns, &set, &origin);
}

fn parse(text: &str) -> Option<OriginPattern> {
    match OriginPattern::parse(text) {
        Ok(pattern) => {
            assert_eq!(pattern.as_str(), text);
            Some(pattern)
        }
        Err(error) => {
            check_refused(text, error);
            None
        }
    }
}

fn check_refused(text: &str, error: PatternError) {
    assert!(error.offset() <= text.len(), "{error:?} is behind the end of `{text}`");
    let wildcard = matches!(
        error,
        PatternError::WildcardOnAddress { .. }
            | PatternError::WildcardPosition { .. }
            | PatternError::WildcardScheme { .. }
    );
    let byte = text.as_bytes().get(error.offset());
    assert!(!wildcard || byte == Some(&b'*'), "{error:?} does not point at a `*` of `{text}`");
}

/// Below the base of a wildcard everything is admitted; the base itself and a name that
/// only ends like it are not.
fn check_neighbours(pattern: &OriginPattern) {
    let Some((scheme, rest)) = pattern.as_str().split_once("://*.") else { return };
    let base = rest.strip_suffix(":*").unwrap_or(rest);
    let set = set_of([pattern]);
    for (host, admitted) in [("", false), ("evil", false), ("evil.", true), ("a.b.", true)] {
        let neighbour = format!("{scheme}://{host}{base}");
        // A longer name may be longer than a name can be.
        let Ok(origin) = OriginRef::parse(neighbour.as_bytes()) else { continue };
        assert_eq!(pattern.matches(&origin), admitted, "`{pattern}` and `{neighbour}`");
        assert_eq!(set.contains(&origin), admitted, "the set of `{pattern}` and `{neighbour}`");
    }
}

/// What a set finds without parsing is an origin, and the first pattern spelled like it.
fn check_spelled(patterns: &[OriginPattern], set: &OriginSet, text: &str) {
    let expected = patterns.iter().position(|pattern| pattern.as_str() == text && !text.contains('*'));
    assert_eq!(set.find_spelled(text.as_bytes()), expected, "{patterns:?} and `{text}`");
    assert!(expected.is_none() || OriginRef::parse(text.as_bytes()).is_ok(), "`{text}` is no origin");
}

fn check_set(patterns: &[OriginPattern], set: &OriginSet, origin: &OriginRef<'_>) {
    assert_eq!(set.len(), patterns.len());
    assert!(set.iter().eq(patterns.iter().map(OriginPattern::as_str)));
    let expected = patterns.iter().any(|pattern| is_admitted(pattern.as_str(), origin.as_str()));
    let found = set.find(origin);
    assert_eq!(found.is_some(), expected, "{patterns:?} and `{origin}`");
    if let Some(pattern) = found.and_then(|number| patterns.get(number)) {
        assert!(pattern.matches(origin), "`{pattern}` was found for `{origin}`");
    }
    for (number, first) in set.duplicates() {
        assert!(first < number && set.text(first) == set.text(number), "{patterns:?}: {first}, {number}");
    }
}

fn set_of<'p>(patterns: impl IntoIterator<Item = &'p OriginPattern>) -> OriginSet {
    let mut builder = OriginSet::builder();
    for pattern in patterns {
        builder.push(pattern);
    }
    builder.build()
}

/// What a pattern means, by comparing texts: of a pattern and an origin that are both
/// well-formed.
fn is_admitted(pattern: &str, origin: &str) -> bool {
    if pattern == origin {
        return true;
    }
    let (Some((scheme, own)), Some((sent_scheme, sent))) =
        (pattern.split_once("://"), origin.split_once("://"))
    else {
        return false;
    };
    let ((own_host, own_port), (host, port)) = (host_and_port(own), host_and_port(sent));
    let host_fits = match own_host.strip_prefix('*') {
        Some(dot_and_base) => host.ends_with(dot_and_base),
        None => host == own_host,
    };
    scheme == sent_scheme && host_fits && (own_port == ":*" || own_port == port)
}

/// Splits before the colon of the port, which is behind the brackets of an IPv6 address.
fn host_and_port(text: &str) -> (&str, &str) {
    let brackets = text.rfind(']').unwrap_or(0);
    match text.rfind(':') {
        Some(colon) if colon > brackets => text.split_at(colon),
        _ => (text, ""),
    }
}
