//! Which methods and request headers need no preflight (Fetch, sections 2.2.1 and 2.2.2).

use crate::engine::{Hint, Profile};
use crate::header::{HeaderList, is_token, trim};

/// Longest value of a CORS-safelisted request-header, in bytes.
const MAX_VALUE: usize = 128;

/// Most bytes of all CORS-safelisted values together.
const MAX_VALUES: usize = 1_024;

/// "A CORS-safelisted method is a method that is `GET`, `HEAD`, or `POST`."
pub(crate) fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// The CORS-unsafe request-header names of a list, in lower case, sorted, as they stand
/// in `Access-Control-Request-Headers`.
pub(crate) fn unsafe_names(headers: &HeaderList, profile: &Profile) -> Vec<String> {
    let mut names = Vec::new();
    let mut safelisted = Vec::new();
    let mut length = 0;
    // Of fields that are joined, the length if that is safelisted; at most one for each name that
    // can be, however many fields there are.
    let mut joined: Vec<(String, Option<usize>)> = Vec::new();
    let judged = |name: &str, value: &[u8]| is_safelisted(name, value, profile).then_some(value.len());
    for (name, value) in headers.iter() {
        let name = name.to_ascii_lowercase();
        let own = if !may_be_safelisted(&name, profile) {
            None
        } else if !profile.joins_repeated_fields {
            judged(&name, value)
        } else if let Some((_, known)) = joined.iter().find(|(own, _)| *own == name) {
            *known
        } else {
            let own = judged(&name, &headers.get(&name).unwrap_or_default());
            joined.push((name.clone(), own));
            own
        };
        match own {
            Some(own) => {
                length += own;
                safelisted.push(name);
            }
            None => names.push(name),
        }
    }
    if length > MAX_VALUES && profile.bounds_all_values {
        names.append(&mut safelisted);
    }
    names.sort_unstable();
    if !profile.repeats_request_headers {
        names.dedup();
    }
    names
}

/// Whether any value makes a field of this name, in lower case, a CORS-safelisted one.
fn may_be_safelisted(name: &str, profile: &Profile) -> bool {
    name == "range" || is_no_cors_name(name) || profile.safelisted_hints.iter().any(|(own, _)| *own == name)
}

/// A "CORS-safelisted request-header". `name` is in lower case.
pub(crate) fn is_safelisted(name: &str, value: &[u8], profile: &Profile) -> bool {
    #[cfg(test)]
    crate::header::count(value.len());
    let hint = profile.safelisted_hints.iter().find(|(own, _)| *own == name);
    let is_fine = match name {
        "accept" => !value.iter().any(|&byte| is_unsafe_byte(byte, profile)),
        "accept-language" | "content-language" => value.iter().all(|&byte| is_language_byte(byte)),
        "content-type" => {
            let is_unsafe =
                |&byte: &u8| is_unsafe_byte(byte, profile) || byte == b',' && profile.commas_divide_types;
            !value.iter().any(is_unsafe) && is_form_type(value)
        }
        "range" => is_simple_range(value, profile),
        _ => hint.is_some_and(|(_, hint)| is_hint(value, *hint)),
    };
    is_fine && value.len() <= MAX_VALUE
}

/// A name that a `no-cors` request may set at all.
pub(crate) fn is_no_cors_name(name: &str) -> bool {
    ["accept", "accept-language", "content-language", "content-type"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

fn is_hint(value: &[u8], hint: Hint) -> bool {
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    match hint {
        Hint::ConnectionType => matches!(value, b"slow-2g" | b"2g" | b"3g" | b"4g"),
        Hint::Decimal => value.splitn(2, |&byte| byte == b'.').all(is_number),
        Hint::Integer => is_number(value),
        Hint::On => value.eq_ignore_ascii_case(b"on"),
    }
}

/// "A CORS-unsafe request-header byte".
fn is_unsafe_byte(byte: u8, profile: &Profile) -> bool {
    match byte {
        b'\t' => false,
        0..0x20 | 0x7f => true,
        0x80.. => profile.high_bytes_are_unsafe,
        _ => b"\"():<>?@[\\]{}".contains(&byte),
    }
}

fn is_language_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" *,-.;=".contains(&byte)
}

fn is_form_type(value: &[u8]) -> bool {
    let essence = essence(value);
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
        .iter()
        .any(|own| essence.is_some_and(|essence| essence.eq_ignore_ascii_case(own.as_bytes())))
}

/// The essence of a MIME type (MIME Sniffing, section 4.4), case as written.
fn essence(value: &[u8]) -> Option<&[u8]> {
    let value = trim(value);
    let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
    let essence = value.get(..end)?.trim_ascii_end();
    let slash = essence.iter().position(|&byte| byte == b'/')?;
    let (kind, subtype) = essence.split_at_checked(slash)?;
    (is_token(kind) && is_token(subtype.get(1..)?)).then_some(essence)
}

/// `bytes=N-` or `bytes=N-M` with N not above M.
fn is_simple_range(value: &[u8], profile: &Profile) -> bool {
    let Some((unit, rest)) = value.split_at_checked(6) else { return false };
    let is_bytes =
        unit == b"bytes=" || profile.range_unit_ignores_case && unit.eq_ignore_ascii_case(b"bytes=");
    let mut parts = rest.splitn(2, |&byte| byte == b'-');
    let (Some(first), Some(last)) = (parts.next(), parts.next()) else { return false };
    let is_number = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if !is_bytes || first.is_empty() || !is_number(first) || !is_number(last) {
        return false;
    }
    let fits = |digits: &[u8]| is_at_most(digits, b"9223372036854775807");
    let is_bounded = !profile.range_numbers_are_bounded || fits(first) && fits(last);
    is_bounded && (last.is_empty() || is_at_most(first, last))
}

/// Compares numbers of any length.
fn is_at_most(a: &[u8], b: &[u8]) -> bool {
    let digits =
        |number: &[u8]| -> Vec<u8> { number.iter().copied().skip_while(|&digit| digit == b'0').collect() };
    let (a, b) = (digits(a), digits(b));
    (a.len(), a) <= (b.len(), b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::header::looked_at;

    fn is_safe(name: &str, value: &str) -> bool {
        is_safelisted(name, value.as_bytes(), Engine::Standard.profile())
    }

    #[test]
    fn values_decide_as_much_as_names() {
        for (name, value) in [
            ("accept", "text/html, */*;q=0.1"),
            ("accept", "\u{1f}".replace('\u{1f}', "\t").as_str()),
            ("accept-language", "de-DE, en;q=0.5, *"),
            ("content-type", "text/plain;charset=UTF-8"),
            ("content-type", "Multipart/Form-Data; boundary=a"),
            ("range", "bytes=0-"),
            ("range", "bytes=007-8"),
            ("range", "bytes=99999999999999999998-99999999999999999999"),
        ] {
            assert!(is_safe(name, value), "{name}: {value}");
        }
        for (name, value) in [
            ("accept", "a\"b"),
            ("accept-language", "de_DE"),
            ("content-type", ""),
            ("content-type", "application/json"),
            ("content-type", "text/plain; charset=\"utf-8\""),
            ("content-type", "text/plain, application/json"),
            ("content-type", "text/ plain"),
            ("range", "bytes=-5"),
            ("range", "bytes=8-7"),
            ("range", "bytes = 0-"),
            ("range", "Bytes=0-"),
            ("range", "bytes=0-1,3-"),
            ("x-any", "a"),
        ] {
            assert!(!is_safe(name, value), "{name}: {value}");
        }
        assert!(is_safe("accept", &"a".repeat(128)) && !is_safe("accept", &"a".repeat(129)));
    }

    #[test]
    fn many_safelisted_values_together_are_unsafe() {
        let headers = |count: usize| HeaderList::new((0..count).map(|_| ("Accept", "a".repeat(128))));
        let standard = Engine::Standard.profile();
        assert!(unsafe_names(&headers(8), standard).is_empty());
        assert_eq!(unsafe_names(&headers(9), standard), ["accept"]);
        let list = HeaderList::new([("X-B", ""), ("x-a", ""), ("X-b", ""), ("accept", "x")]);
        assert_eq!(unsafe_names(&list, standard), ["x-a", "x-b"]);
        assert_eq!(unsafe_names(&list, Engine::Firefox.profile()), ["x-a", "x-b", "x-b"]);
    }

    #[test]
    fn repeated_fields_are_judged_together_where_engines_join_them() {
        let list = HeaderList::new([("Accept", "a".repeat(100)), ("accept", "b".repeat(100))]);
        assert_eq!(unsafe_names(&list, Engine::Chromium.profile()), ["accept"]);
        assert!(unsafe_names(&list, Engine::Firefox.profile()).is_empty());
        let list = HeaderList::new([("Accept", "a"), ("accept", "b"), ("range", "bytes=0-")]);
        assert!(unsafe_names(&list, Engine::Chromium.profile()).is_empty());
    }

    #[test]
    fn the_work_grows_as_the_list_does() {
        let distinct = |count: usize| HeaderList::new((0..count).map(|number| (format!("x-{number}"), "1")));
        let equal = |count: usize| HeaderList::new((0..count).map(|_| ("Accept", "a")));
        for engine in Engine::ALL {
            for list in [distinct(2_000), equal(2_000)] {
                let (_, looked_at) = looked_at(|| unsafe_names(&list, engine.profile()));
                // Once for the list, once for each name whose fields are joined, and the bytes
                // of each value or of the joined one: three for each field.
                assert!((2_000..=10_000).contains(&looked_at), "{engine:?}: {looked_at}");
            }
        }
        let mut list = distinct(2_000);
        list.append("X-0", "2");
        let (list, looked_at) = looked_at(|| {
            list.combine();
            list
        });
        assert!(looked_at <= 2_001, "{looked_at}");
        assert_eq!((list.get("x-0"), list.iter().count()), (Some(b"1, 2".to_vec()), 2_000));
    }
}
