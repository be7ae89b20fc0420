//! The fields that one response lacks: all that the request needs, less what is right already.

use std::collections::HashSet;

use corsac_browser::{Response, is_token};

/// What a response must allow.
pub(super) struct Needs<'a> {
    pub(super) origin: &'a str,
    pub(super) credentials: bool,
    /// `Access-Control-Request-Method`, on a preflight.
    pub(super) method: Option<&'a str>,
    /// `Access-Control-Request-Headers`, on a preflight.
    pub(super) names: Option<&'a str>,
}

type Fields = Vec<(&'static str, String)>;

impl Needs<'_> {
    /// The names that the response does not allow.
    pub(super) fn missing_names(&self, response: Option<&Response>) -> Vec<&str> {
        let allowed = Allowed::of(response, "access-control-allow-headers", self.credentials);
        let mut missing: Vec<_> = self.names.unwrap_or_default().split(',').collect();
        missing.retain(|name| !name.is_empty() && !allowed.covers_name(name));
        missing.dedup();
        missing
    }
}

/// What a preflight's answer lacks.
pub(super) fn preflight_fields(needs: &Needs<'_>, response: Option<&Response>) -> Fields {
    let mut fields = response_fields(needs, response);
    let methods = Allowed::of(response, "access-control-allow-methods", needs.credentials);
    let method = needs.method.filter(|method| !methods.covers_method(method));
    if method.is_some() || methods.is_spoilt {
        let line = methods.with(method);
        if !line.is_empty() {
            fields.push(("Access-Control-Allow-Methods", line));
        }
    }
    let names = Allowed::of(response, "access-control-allow-headers", needs.credentials);
    let missing = needs.missing_names(response);
    if !missing.is_empty() || names.is_spoilt {
        fields.push(("Access-Control-Allow-Headers", names.with(missing)));
    }
    fields
}

/// What any response lacks.
pub(super) fn response_fields(needs: &Needs<'_>, response: Option<&Response>) -> Fields {
    let value = |name: &str| response.and_then(|response| response.headers.get(name));
    let origin = value("access-control-allow-origin");
    let is_allowed =
        origin.is_some_and(|value| value == needs.origin.as_bytes() || value == b"*" && !needs.credentials);
    let mut fields = Vec::new();
    if !is_allowed {
        fields.push(("Access-Control-Allow-Origin", needs.origin.to_owned()));
    }
    if needs.credentials && value("access-control-allow-credentials").as_deref() != Some(b"true") {
        fields.push(("Access-Control-Allow-Credentials", "true".to_owned()));
    }
    if !is_allowed && let Some(vary) = vary(value("vary").as_deref()) {
        fields.push(("Vary", vary));
    }
    fields
}

/// `Vary` with `Origin`, unless it has it.
fn vary(value: Option<&[u8]>) -> Option<String> {
    let value = value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default();
    let has = |name: &str| value.split(',').any(|own| own.trim().eq_ignore_ascii_case(name));
    match (has("origin") || has("*"), value.is_empty()) {
        (true, _) => None,
        (false, true) => Some("Origin".to_owned()),
        (false, false) => Some(format!("{value}, Origin")),
    }
}

/// Tokens up to which a list is searched one by one.
const FEW: usize = 16;

/// A list that a preflight's answer gives.
struct Allowed {
    tokens: Vec<String>,
    /// The tokens in lower case, where there are too many to search them one by one.
    many: HashSet<String>,
    is_wild: bool,
    /// Whether it has an element that is not a token, which spoils it all.
    is_spoilt: bool,
}

impl Allowed {
    fn of(response: Option<&Response>, name: &str, credentials: bool) -> Self {
        let value = response.and_then(|response| response.headers.get(name)).unwrap_or_default();
        let value = String::from_utf8_lossy(&value);
        let elements = value.split(',').map(str::trim).filter(|element| !element.is_empty());
        let (tokens, spoilt): (Vec<_>, Vec<_>) =
            elements.map(str::to_owned).partition(|element| is_token(element.as_bytes()));
        let is_wild = !credentials && tokens.iter().any(|token| token == "*");
        let many = match tokens.len() {
            ..=FEW => HashSet::new(),
            _ => tokens.iter().map(|token| token.to_ascii_lowercase()).collect(),
        };
        Self { tokens, many, is_wild, is_spoilt: !spoilt.is_empty() }
    }

    fn covers_method(&self, method: &str) -> bool {
        self.is_wild
            || matches!(method, "GET" | "HEAD" | "POST")
            || self.tokens.iter().any(|own| own == method)
    }

    fn covers_name(&self, name: &str) -> bool {
        self.is_wild && name != "authorization"
            || self.many.is_empty() && self.tokens.iter().any(|own| own.eq_ignore_ascii_case(name))
            || self.many.contains(&name.to_ascii_lowercase())
    }

    /// The list with more in it, and without a `*` that means nothing.
    fn with<'a>(&'a self, more: impl IntoIterator<Item = &'a str>) -> String {
        let own = self.tokens.iter().map(String::as_str).filter(|token| self.is_wild || *token != "*");
        own.chain(more).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use corsac_browser::HeaderList;

    fn lacking(fields: &[(&str, &str)], credentials: bool) -> Vec<String> {
        let response = Response { status: 200, headers: HeaderList::new(fields.iter().copied()) };
        let needs = Needs {
            origin: "https://a.example",
            credentials,
            method: Some("PUT"),
            names: Some("authorization,x-a"),
        };
        let fields = preflight_fields(&needs, Some(&response));
        fields
            .iter()
            .map(|(name, value)| format!("{}: {value}", name.trim_start_matches("Access-Control-")))
            .collect()
    }

    #[test]
    fn a_response_is_told_what_it_lacks_and_keeps_what_it_has() {
        let origin = ("Access-Control-Allow-Origin", "https://a.example");
        let wild = ("Access-Control-Allow-Origin", "*");
        let methods = |value| ("Access-Control-Allow-Methods", value);
        let names = |value| ("Access-Control-Allow-Headers", value);
        let (list, all) = ("Allow-Headers: authorization, x-a", "Allow-Methods: PUT");
        assert_eq!(lacking(&[], false), ["Allow-Origin: https://a.example", "Vary: Origin", all, list]);
        assert_eq!(lacking(&[wild, methods("*"), names("X-A, Authorization")], false), Vec::<String>::new());
        assert_eq!(lacking(&[wild, methods("*"), names("*")], false), ["Allow-Headers: *, authorization"]);
        assert_eq!(
            lacking(&[wild, methods("*"), names("x-a")], true),
            [
                "Allow-Origin: https://a.example",
                "Allow-Credentials: true",
                "Vary: Origin",
                all,
                "Allow-Headers: x-a, authorization"
            ]
        );
        assert_eq!(
            lacking(&[origin, methods("GET, x y"), names("x-a,authorization")], false),
            ["Allow-Methods: GET, PUT"]
        );
        assert_eq!(
            lacking(&[("Vary", "Accept"), methods("PUT, @"), names("x-a,authorization")], false),
            ["Allow-Origin: https://a.example", "Vary: Accept, Origin", all]
        );
    }

    #[test]
    fn long_lists_are_read_as_short_ones_are() {
        for count in [1, FEW - 1, FEW, 1_000] {
            let others: Vec<_> = (0..count).map(|number| format!("x-b{number}")).collect();
            let lacking = |more: &str| {
                let list = format!("{}, {more}", others.join(", "));
                let value = HeaderList::new([("Access-Control-Allow-Headers", list)]);
                let response = Response { status: 200, headers: value };
                let names = Some("authorization,x-a");
                let needs = Needs { origin: "null", credentials: false, method: None, names };
                needs.missing_names(Some(&response)).into_iter().map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(lacking("X-A, Authorization"), Vec::<String>::new());
            assert_eq!(lacking("X-A"), ["authorization"]);
            assert_eq!(lacking("X-A, *"), ["authorization"]);
        }
    }
}
