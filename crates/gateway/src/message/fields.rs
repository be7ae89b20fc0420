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
    /// One of those that the gateway removes or sets, in a spelling that CGI and its heirs
    /// take for the same: `X_Forwarded_For`.
    pub(crate) const DISGUISED: Self = Self(1 << 9);

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
            "http2-settings" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "upgrade" => {
                Self::HOP_BY_HOP
            }
            "content-length" => Self::CONTENT_LENGTH,
            "expect" => Self::EXPECT,
            "cookie" => Self::COOKIE,
            "client-cert" | "client-cert-chain" | "forwarded" | "x-real-ip" => Self::FORWARDED,
            "sec-websocket-key" => Self::SEC_WEBSOCKET_KEY,
            "x-request-id" => Self::REQUEST_ID,
            name if is_disguised(name) => Self::DISGUISED,
            _ => Self::default(),
        }
    }
}

/// Whether a name has characters that CGI (RFC 3875, section 4.1.18) makes one with `-`, and
/// is one of the gateway's own then.
fn is_disguised(name: &str) -> bool {
    const OWN: [&str; 9] = [
        "client-cert",
        "connection",
        "content-length",
        "forwarded",
        "transfer-encoding",
        "x-corsac",
        "x-forwarded",
        "x-real-ip",
        "x-request-id",
    ];
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.bytes().all(is_plain) {
        return false;
    }
    let folded: String =
        name.bytes().map(|byte| if is_plain(byte) { char::from(byte) } else { '-' }).collect();
    OWN.iter().any(|own| folded.starts_with(own))
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

    #[test]
    fn a_field_of_ours_in_another_spelling_is_disguised() {
        let kind = |name: &str| Fields::kind(&HeaderName::try_from(name).unwrap());
        for name in ["x_forwarded_for", "x-real_ip", "client_cert", "x.corsac.subject", "transfer_encoding"] {
            assert_eq!(kind(name), Fields::DISGUISED, "{name}");
        }
        for name in ["x_custom", "x-forwarded-for", "x-corsac-subject", "accept", "my_client_cert"] {
            assert!(!kind(name).has(Fields::DISGUISED), "{name}");
        }
    }
}
