//! Which fields a message has, of those that the gateway treats specially: one look at
//! each name instead of a lookup for each question.

use http::header::{HeaderMap, HeaderName};

/// A set of kinds of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(u16);

impl Fields {
    /// About one connection only (RFC 9110, section 7.6.1).
    pub(crate) const HOP_BY_HOP: Self = Self(1);
    /// `Connection`, which nominates others.
    pub(crate) const CONNECTION: Self = Self(1 << 1);
    pub(crate) const TRANSFER_ENCODING: Self = Self(1 << 2);
    pub(crate) const CONTENT_LENGTH: Self = Self(1 << 3);
    /// `Expect`, which is answered here.
    pub(crate) const EXPECT: Self = Self(1 << 4);
    pub(crate) const COOKIE: Self = Self(1 << 5);
    /// What a proxy says of a client, other than what is always set anew.
    pub(crate) const FORWARDED: Self = Self(1 << 6);
    pub(crate) const SEC_WEBSOCKET_KEY: Self = Self(1 << 7);
    pub(crate) const REQUEST_ID: Self = Self(1 << 8);

    /// The kinds of the fields of `headers`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers.keys().fold(Self::default(), |all, name| all.with(Self::kind(name)))
    }

    /// Whether one of `kinds` is there.
    pub(crate) const fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }

    /// Both.
    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What `name` is.
    pub(crate) fn kind(name: &HeaderName) -> Self {
        match name.as_str() {
            "connection" => Self::CONNECTION.with(Self::HOP_BY_HOP),
            "transfer-encoding" => Self::TRANSFER_ENCODING.with(Self::HOP_BY_HOP),
            "keep-alive" | "proxy-connection" | "te" | "trailer" | "upgrade" => Self::HOP_BY_HOP,
            "content-length" => Self::CONTENT_LENGTH,
            "expect" => Self::EXPECT,
            "cookie" => Self::COOKIE,
            "client-cert" | "client-cert-chain" | "forwarded" | "x-real-ip" => Self::FORWARDED,
            "sec-websocket-key" => Self::SEC_WEBSOCKET_KEY,
            "x-request-id" => Self::REQUEST_ID,
            _ => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_message_has_the_kinds_of_its_fields_and_no_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(Fields::of(&headers), Fields::default());
        for name in ["accept", "te", "cookie", "connections", "x-forwarded-for"] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        let fields = Fields::of(&headers);
        assert!(fields.has(Fields::HOP_BY_HOP) && fields.has(Fields::COOKIE));
        assert!(!fields.has(Fields::CONNECTION) && !fields.has(Fields::FORWARDED));
        headers.insert("connection", HeaderValue::from_static("close"));
        assert!(Fields::of(&headers).has(Fields::CONNECTION));
    }
}
