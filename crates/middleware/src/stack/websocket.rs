//! WebSocket handshakes, which CORS does not cover: a page of any origin may open one,
//! cookies included (RFC 6455, section 10.2).

use corsac_cors::Verdict;
use http::header::{CONNECTION, HeaderMap, ORIGIN, SEC_WEBSOCKET_KEY, UPGRADE};
use http::{HeaderName, Method, Version};

use super::answer::denial_text;
use super::compile::Stack;
use super::passage::Passage;

/// What becomes of a WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketRuling {
    /// It is refused, for this reason.
    Refused(&'static str),
    /// It passes as it is.
    WithCredentials,
    /// It passes without cookies and `Authorization`: what `fetch` may not do, a socket
    /// may not do either.
    WithoutCredentials,
}

/// Whether a request asks for a WebSocket (RFC 6455, section 4.1).
pub fn is_websocket(method: &Method, version: Version, headers: &HeaderMap) -> bool {
    headers.contains_key(SEC_WEBSOCKET_KEY)
        && version == Version::HTTP_11
        && *method == Method::GET
        && has_token(headers, CONNECTION, b"upgrade")
        && asks_for_websocket_alone(headers)
}

/// `Upgrade` is one field with one protocol. A request that names others too is no handshake:
/// the server could switch to another one, and what follows would be no WebSocket (`h2c`, a
/// whole connection past every guard).
fn asks_for_websocket_alone(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(UPGRADE).iter();
    let only = lines.next().filter(|_| lines.next().is_none());
    only.is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &[u8]) -> bool {
    let lines = headers.get_all(name).iter();
    let mut tokens = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token))
}

impl Stack {
    /// Holds a handshake's `Origin` against the route's policy, and says what the policy
    /// made of it where it was asked.
    pub fn rule_socket(&self, passage: &Passage, headers: &HeaderMap) -> (SocketRuling, Option<Verdict>) {
        if self.is_cors_by_handler(passage) || !headers.contains_key(ORIGIN) {
            return (SocketRuling::WithCredentials, None);
        }
        let Some(decision) = passage.cors() else {
            return (SocketRuling::Refused("the origin is not allowed"), None);
        };
        let verdict = decision.policy().admits(headers);
        let ruling = match verdict {
            Verdict::Denied(_) => SocketRuling::Refused(denial_text(verdict)),
            Verdict::Allowed { .. } if !decision.policy().allows_credentials() => {
                SocketRuling::WithoutCredentials
            }
            Verdict::Allowed { .. } | Verdict::NotCors => SocketRuling::WithCredentials,
        };
        (ruling, Some(verdict))
    }
}
