//! Cross-site request forgery: what Go's tests ask, what browsers send, what attackers
//! can make them send, tokens, cookies, the layer, the policy file, and the page for users.

#![cfg(test)]

mod attacks;
mod browsers;
mod documentation;
mod file;
mod go;
mod layer;
mod properties;
mod set_cookie;
mod token;

use corsac_cors::{Policy, PolicyConfig};
use corsac_middleware::csrf::{Ambient, Csrf, CsrfConfig, Decision, RouteCsrf, TokenConfig};
use corsac_middleware::guard::Head;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// The key of all tests, and the one before it.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OLD_KEY: &str = "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0";

/// A request to `https://app.example.com/items` with a session.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    host: Option<String>,
    is_secure: bool,
    ambient: Ambient,
}

impl Asked {
    fn new(method: &str) -> Self {
        Self {
            method: method.parse().unwrap(),
            uri: Uri::from_static("/items"),
            headers: HeaderMap::new(),
            host: Some("app.example.com".into()),
            is_secure: true,
            ambient: Ambient::Cookies,
        }
    }

    fn post(fields: &[(&str, &str)]) -> Self {
        Self::new("POST").with(fields)
    }

    fn with(mut self, fields: &[(&str, &str)]) -> Self {
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            self.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        self
    }

    fn at(self, uri: &str) -> Self {
        Self { uri: uri.parse().unwrap(), ..self }
    }

    fn to(self, host: &str) -> Self {
        Self { host: Some(host.into()), ..self }
    }

    fn plain(self) -> Self {
        Self { is_secure: false, ..self }
    }

    fn where_ambient_is(self, ambient: Ambient) -> Self {
        Self { ambient, ..self }
    }

    fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            path: self.uri.path(),
            query: self.uri.query(),
            headers: &self.headers,
            host: self.host.as_deref(),
            is_secure: self.is_secure,
            client: None,
        }
    }

    fn decide(&self, csrf: &Csrf, policy: Option<&Policy>) -> Decision {
        csrf.decide(&self.head(), policy, RouteCsrf { ambient: self.ambient, ..RouteCsrf::default() })
    }

    /// The reason of a guard without tokens, on a route that allows [`policy`].
    fn reason(&self) -> &'static str {
        self.decide(&Csrf::default(), Some(&policy())).reason()
    }
}

/// Allows one origin, all tenants' and an extension, to `PUT` beside what is safelisted.
fn policy() -> Policy {
    Policy::compile(&PolicyConfig {
        origins: strings(&[
            "https://trusted.example",
            "https://*.tenants.example",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        ]),
        methods: strings(&["PUT"]),
        credentials: true,
        ..PolicyConfig::default()
    })
    .unwrap()
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

/// A guard with tokens for the session in `sid`.
fn with_tokens(keys: &[&str]) -> Csrf {
    let token = TokenConfig { keys: keys.join("\n").into(), session_cookie: "sid".into() };
    Csrf::compile(&CsrfConfig { token: Some(token) }).unwrap()
}
