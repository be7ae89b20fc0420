//! `Vary`: which request fields a response depends on (RFC 9110, section 12.5.5).

use http::header::{Entry, HeaderMap, HeaderValue, VARY};

/// Names of request fields, and the same joined.
#[derive(Debug, PartialEq, Eq)]
pub struct Vary {
    names: &'static [&'static str],
    joined: &'static str,
}

impl Vary {
    /// `Origin`: a decision about any request depends on it, also when it is absent
    /// or denied; a shared cache must not hand one origin's answer to another.
    pub const ORIGIN: Self = Self { names: &["Origin"], joined: "Origin" };

    /// What a decision about `OPTIONS` depends on.
    pub const PREFLIGHT: Self = Self {
        names: &["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"],
        joined: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    };

    /// The same where the private-network field is answered.
    pub const PREFLIGHT_LEGACY: Self = Self {
        names: &[
            "Origin",
            "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
            "Access-Control-Request-Private-Network",
        ],
        joined: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
                 Access-Control-Request-Private-Network",
    };

    /// The field names.
    pub fn names(&self) -> &'static [&'static str] {
        self.names
    }
}

/// Adds the names of `vary` that `headers` does not have yet, in one line, keeping
/// every name there is. `*` stays alone: it says that everything matters.
pub fn merge_vary(headers: &mut HeaderMap, vary: &Vary) {
    if let Entry::Vacant(vacant) = headers.entry(VARY) {
        vacant.insert(HeaderValue::from_static(vary.joined));
        return;
    }
    let tokens = || {
        headers
            .get_all(VARY)
            .iter()
            .flat_map(|line| line.as_bytes().split(|&b| b == b','))
            .map(<[u8]>::trim_ascii)
    };
    if tokens().any(|token| token == b"*") {
        return;
    }
    let missing = |name: &&&str| !tokens().any(|token| token.eq_ignore_ascii_case(name.as_bytes()));
    let mut joined = Vec::new();
    let added = vary.names.iter().filter(missing).map(|name| name.as_bytes());
    let mut changed = false;
    for token in tokens()
        .filter(|token| !token.is_empty())
        .map(|token| (token, false))
        .chain(added.map(|name| (name, true)))
    {
        changed |= token.1;
        if !joined.is_empty() {
            joined.extend_from_slice(b", ");
        }
        joined.extend_from_slice(token.0);
    }
    if !changed {
        return;
    }
    // The inner values were accepted as field values; joined by commas they still are.
    match HeaderValue::from_bytes(&joined) {
        Ok(value) => drop(headers.insert(VARY, value)),
        Err(_) => drop(headers.append(VARY, HeaderValue::from_static(vary.joined))),
    }
}
