//! JSON Pointers (RFC 6901) and percent-encoding.

use serde_json::Value;

/// Bytes of a pointer in an answer; a longer one ends at the last name that fits.
const MAX_POINTER: usize = 256;

/// References to references that are followed.
const MAX_HOPS: usize = 8;

/// `pointer` and then `name`.
pub(super) fn join(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// `pointer`, or its longest ancestor that has a length fit for an answer.
pub(super) fn bounded(pointer: &str) -> &str {
    let mut kept = pointer;
    while kept.len() > MAX_POINTER {
        kept = kept.rsplit_once('/').map_or("", |(ancestor, _)| ancestor);
    }
    kept
}

/// The pointer in a `$ref` to the same document.
pub(super) fn of_reference(reference: &str) -> Result<String, &'static str> {
    let fragment = reference.strip_prefix('#').ok_or("a `$ref` leaves the file, and nothing is fetched")?;
    let pointer = decode(fragment, Plus::Itself).ok_or("a `$ref` is not well-formed")?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err("a `$ref` names an anchor; write a JSON Pointer");
    }
    Ok(pointer)
}

/// What stands at `value` or where its `$ref` leads, and the pointer to it.
pub(super) fn follow<'d>(
    document: &'d Value,
    value: &'d Value,
    pointer: &str,
) -> Result<(&'d Value, String), &'static str> {
    let (mut value, mut pointer) = (value, pointer.to_owned());
    for _ in 0..MAX_HOPS {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok((value, pointer)) };
        pointer = of_reference(reference)?;
        value = document.pointer(&pointer).ok_or("a `$ref` leads nowhere")?;
    }
    Err("a `$ref` leads to too many others")
}

/// What `+` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plus {
    Itself,
    Space,
}

/// Decodes percent-encoded UTF-8.
pub(super) fn decode(text: &str, plus: Plus) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus == Plus::Space => b' ',
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_and_stay_short() {
        assert_eq!(join("/a", "b/c~d"), "/a/b~1c~0d");
        assert_eq!(bounded("/a/b"), "/a/b");
        assert_eq!(bounded(&format!("/a/{}", "b".repeat(254))), "/a");
        assert_eq!(bounded(&"x".repeat(300)), "");
    }

    #[test]
    fn references_stay_in_their_file() {
        assert_eq!(of_reference("#").as_deref(), Ok(""));
        assert_eq!(of_reference("#/a%20b/~1c").as_deref(), Ok("/a b/~1c"));
        for reference in ["https://example.com/a.json", "other.json#/a", "/etc/passwd", "#name", "#/%zz", ""]
        {
            assert!(of_reference(reference).is_err(), "{reference}");
        }
        let loops = serde_json::json!({"a": {"$ref": "#/a"}, "b": {"$ref": "#/c"}, "c": 1});
        assert!(follow(&loops, &loops["a"], "/a").is_err());
        assert_eq!(follow(&loops, &loops["b"], "/b").unwrap().1, "/c");
    }

    #[test]
    fn only_whole_percent_encodings_of_utf8_are_decoded() {
        assert_eq!(decode("a%2Fb+c", Plus::Itself).as_deref(), Some("a/b+c"));
        assert_eq!(decode("a+%C3%A9", Plus::Space).as_deref(), Some("a \u{e9}"));
        for text in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(decode(text, Plus::Space), None, "{text}");
        }
    }
}
