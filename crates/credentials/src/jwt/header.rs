//! The form of a token and its header (RFC 7515, sections 4 and 7.1): what is refused
//! before any key is looked at.
//!
//! `jku`, `x5u`, `jwk`, `x5c` and `x5t` are ignored: a token does not choose the key that
//! judges it.

use crate::error::refusal::ShapeRefusal;
use crate::json::{Json, Object};
use crate::jwt::algorithm::Algorithm;
use crate::text::base64url;

/// Bytes of a `kid`. Real ones are thumbprints, UUIDs, short names, or addresses of keys.
pub(crate) const MAX_KEY_ID_BYTES: usize = 256;

/// A token in its three segments.
#[derive(Clone, Copy)]
pub(crate) struct Segments<'t> {
    /// What is signed: header, dot, payload.
    pub(crate) signed: &'t str,
    pub(crate) header: &'t str,
    pub(crate) payload: &'t str,
    pub(crate) signature: &'t str,
}

impl<'t> Segments<'t> {
    pub(crate) fn split(token: &'t str) -> Result<Self, ShapeRefusal> {
        if token.trim_ascii_start().starts_with('{') {
            return Err(ShapeRefusal::NotCompact);
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            (!payload.contains('.')).then_some(Self { signed, header, payload, signature })
        });
        parts.ok_or_else(|| match token.split('.').count() {
            5 => ShapeRefusal::Encrypted,
            count => ShapeRefusal::Segments(count),
        })
    }
}

/// What of a header matters.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

impl Header {
    /// `algorithms` and `check_type`: what `alg` and `typ` may be.
    pub(crate) fn read(
        segment: &str,
        algorithms: &[Algorithm],
        check_type: impl FnOnce(Option<&str>) -> Result<(), ShapeRefusal>,
    ) -> Result<Self, ShapeRefusal> {
        let bytes =
            base64url(segment).map_err(|mistake| ShapeRefusal::Base64 { segment: "header", mistake })?;
        let json = Json::parse(&bytes).map_err(ShapeRefusal::HeaderJson)?;
        let object = json.as_object().ok_or(ShapeRefusal::HeaderNotObject)?;
        if object.get("crit").is_some() {
            return Err(ShapeRefusal::Critical);
        }
        if object.get("b64").is_some() {
            return Err(ShapeRefusal::UnencodedPayload);
        }
        if let Some(content) = text(object, "cty")? {
            return Err(ShapeRefusal::Nested(content.to_owned()));
        }
        let algorithm = algorithm(object, algorithms)?;
        check_type(text(object, "typ")?)?;
        let key_id = match text(object, "kid")? {
            Some(id) if id.len() > MAX_KEY_ID_BYTES => return Err(ShapeRefusal::KeyIdTooLong(id.len())),
            id => id.map(str::to_owned),
        };
        Ok(Self { algorithm, key_id })
    }
}

fn text<'o>(object: &'o Object<'_>, name: &'static str) -> Result<Option<&'o str>, ShapeRefusal> {
    match object.get(name) {
        None => Ok(None),
        Some(value) => value.as_text().map(Some).ok_or(ShapeRefusal::HeaderMember(name)),
    }
}

fn algorithm(object: &Object<'_>, allowed: &[Algorithm]) -> Result<Algorithm, ShapeRefusal> {
    let name = text(object, "alg")?.ok_or(ShapeRefusal::AlgorithmMissing)?;
    if name.eq_ignore_ascii_case("none") {
        return Err(ShapeRefusal::AlgorithmNone);
    }
    let Some(algorithm) = Algorithm::parse(name) else {
        return Err(ShapeRefusal::AlgorithmUnknown(name.to_owned()));
    };
    if allowed.contains(&algorithm) {
        return Ok(algorithm);
    }
    if algorithm.is_symmetric() {
        return Err(ShapeRefusal::AlgorithmSymmetric(algorithm));
    }
    Err(ShapeRefusal::AlgorithmNotAllowed(algorithm))
}

/// Which `typ` a provider's tokens have.
#[derive(Clone, Debug)]
pub(crate) struct TypeRules {
    accepted: Vec<String>,
    may_be_absent: bool,
}

impl TypeRules {
    pub(crate) fn new(types: &[String], may_be_absent: bool) -> Self {
        Self { accepted: types.to_vec(), may_be_absent }
    }

    pub(crate) fn check(&self, typ: Option<&str>) -> Result<(), ShapeRefusal> {
        let Some(typ) = typ else {
            return if self.may_be_absent { Ok(()) } else { Err(ShapeRefusal::TypeMissing) };
        };
        let accepted = self.accepted.iter().any(|own| is_type(own, typ));
        if accepted { Ok(()) } else { Err(ShapeRefusal::TypeWrong(typ.to_owned())) }
    }
}

/// Whether the two name one media type, in which case does not matter (RFC 2045, section 5.1).
pub(crate) fn is_type(own: &str, typ: &str) -> bool {
    short_type(own).eq_ignore_ascii_case(short_type(typ))
}

/// RFC 7515, section 4.1.9: `application/` may be left out where no other slash follows.
fn short_type(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

#[cfg(test)]
mod tests {
    use super::{Segments, ShapeRefusal, short_type};

    #[test]
    fn a_token_has_three_segments() {
        let segments = Segments::split("a.b.c").ok().map(|s| (s.signed, s.header, s.payload, s.signature));
        assert_eq!(segments, Some(("a.b", "a", "b", "c")));
        let refusal = |token| Segments::split(token).err();
        assert_eq!(refusal(""), Some(ShapeRefusal::Segments(1)));
        assert_eq!(refusal("a.b"), Some(ShapeRefusal::Segments(2)));
        assert_eq!(refusal("a.b.c.d"), Some(ShapeRefusal::Segments(4)));
        assert_eq!(refusal("a.b.c.d.e"), Some(ShapeRefusal::Encrypted));
        assert_eq!(refusal("a.b.c.d.e.f"), Some(ShapeRefusal::Segments(6)));
        assert_eq!(refusal(r#" {"payload": "a.b.c"}"#), Some(ShapeRefusal::NotCompact));
    }

    #[test]
    fn the_prefix_of_a_media_type_may_be_left_out() {
        assert_eq!(short_type("application/at+jwt"), "at+jwt");
        assert_eq!(short_type("APPLICATION/AT+JWT"), "AT+JWT");
        assert_eq!(short_type("JWT"), "JWT");
        assert_eq!(short_type("application/a/b"), "application/a/b");
        assert_eq!(short_type("text/jwt"), "text/jwt");
    }
}
