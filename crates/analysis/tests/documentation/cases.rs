//! One exchange for each way to fail: what is asked and answered is made up, what comes of
//! it is the model's.

use corsac_analysis::explain::{Answered, Hop, RecordedExchange};
use corsac_browser::{
    AddressSpace, Body, CredentialsMode, HeaderList, Mode, Page, RedirectMode, RequestInit, Response,
};

pub(crate) const ORIGIN: &str = "https://app.example.com";
pub(crate) const URL: &str = "https://api.example.com/items";

/// A way to fail.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The rule under which the standard blocks it, or the engine that does.
    pub(crate) rule: &'static str,
    /// The condition, in words.
    pub(crate) when: &'static str,
    pub(crate) exchange: RecordedExchange,
    /// What stands in a console's text for what.
    pub(crate) placeholders: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn new(rule: &'static str, when: &'static str, request: RequestInit, hops: Vec<Hop>) -> Self {
        let exchange = RecordedExchange { id: rule.into(), page: Page::of(ORIGIN), request, hops };
        Self { rule, when, exchange, placeholders: Vec::new() }
    }

    fn with(mut self, words: &'static str, placeholder: &'static str) -> Self {
        self.placeholders.push((words, placeholder));
        self
    }

    fn page(mut self, change: impl FnOnce(&mut Page)) -> Self {
        change(&mut self.exchange.page);
        self
    }

    fn request(mut self, change: impl FnOnce(&mut RequestInit)) -> Self {
        change(&mut self.exchange.request);
        self
    }
}

type Fields<'f> = &'f [(&'f str, &'f str)];

/// A call of `fetch()`.
pub(crate) fn asking(method: &str) -> RequestInit {
    RequestInit { url: URL.into(), method: method.into(), ..RequestInit::default() }
}

fn answered(status: u16, fields: Fields<'_>) -> Answered {
    Answered::Response(Response { status, headers: HeaderList::new(fields.iter().copied()) })
}

fn hop(status: u16, fields: Fields<'_>) -> Hop {
    Hop { preflight: None, actual: answered(status, fields) }
}

/// A hop whose request is answered as all would have it.
fn preflighted(status: u16, fields: Fields<'_>) -> Hop {
    Hop { preflight: Some(answered(status, fields)), actual: answered(200, &[ALLOW]) }
}

const ALLOW: (&str, &str) = ("Access-Control-Allow-Origin", ORIGIN);
const ANY: (&str, &str) = ("Access-Control-Allow-Origin", "*");
const OTHER: (&str, &str) = ("Access-Control-Allow-Origin", "https://other.example.com");
const CREDENTIALS: (&str, &str) = ("Access-Control-Allow-Credentials", "true");

fn methods(value: &str) -> (&str, &str) {
    ("Access-Control-Allow-Methods", value)
}

fn names(value: &str) -> (&str, &str) {
    ("Access-Control-Allow-Headers", value)
}

fn location(value: &str) -> (&str, &str) {
    ("Location", value)
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    let cors = VARIANTS.iter().flat_map(Variant::cases);
    let others = [opaque_origins(), preflights(), allowed_lists(), redirects(), unsafe_redirects()];
    let first = [opaque_url(), calls(), networks()];
    cors.chain(others.into_iter().flatten()).chain(first.into_iter().flatten()).collect()
}

/// A way in which the CORS check fails.
struct Variant {
    /// On a response, and on that to a preflight.
    rules: [&'static str; 2],
    when: &'static str,
    fields: Fields<'static>,
    mode: CredentialsMode,
    /// What stands in for the header's value in console texts.
    value: Option<&'static str>,
}

const fn variant(
    rules: [&'static str; 2],
    when: &'static str,
    fields: Fields<'static>,
    mode: CredentialsMode,
    value: Option<&'static str>,
) -> Variant {
    Variant { rules, when, fields, mode, value }
}

const MULTIPLE: [&str; 2] = ["allow-origin-multiple", "preflight-allow-origin-multiple"];
const REFUSED: [&str; 2] = ["allow-credentials-not-true", "preflight-allow-credentials-not-true"];

const VARIANTS: [Variant; 10] = {
    use CredentialsMode::{Include, SameOrigin};
    [
        variant(
            ["allow-origin-missing", "preflight-allow-origin-missing"],
            "there is no `Access-Control-Allow-Origin`",
            &[],
            SameOrigin,
            None,
        ),
        variant(
            ["allow-origin-mismatch", "preflight-allow-origin-mismatch"],
            "it names another origin, or differs in scheme, port, case or a slash at the end",
            &[OTHER],
            SameOrigin,
            Some("https://other.example.com"),
        ),
        variant(
            ["allow-origin-wildcard", "preflight-allow-origin-wildcard"],
            "it is `*`, and the request's credentials mode is `include`",
            &[ANY, CREDENTIALS],
            Include,
            None,
        ),
        variant(
            MULTIPLE,
            "there are several `Access-Control-Allow-Origin` lines, equal ones too",
            &[ALLOW, ALLOW],
            SameOrigin,
            Some("https://app.example.com, https://app.example.com"),
        ),
        variant(
            MULTIPLE,
            "one line has several values with commas",
            &[("Access-Control-Allow-Origin", "https://app.example.com, https://other.example.com")],
            SameOrigin,
            Some("https://app.example.com, https://other.example.com"),
        ),
        variant(
            MULTIPLE,
            "one line has several values with spaces",
            &[("Access-Control-Allow-Origin", "https://app.example.com https://other.example.com")],
            SameOrigin,
            Some("https://app.example.com https://other.example.com"),
        ),
        variant(
            ["allow-origin-invalid", "preflight-allow-origin-invalid"],
            "its value is no origin: a host without its scheme, `all`, `\"*\"` in quotes, nothing",
            &[("Access-Control-Allow-Origin", "app.example.net")],
            SameOrigin,
            Some("app.example.net"),
        ),
        variant(
            REFUSED,
            "credentials mode `include`, and there is no `Access-Control-Allow-Credentials`",
            &[ALLOW],
            Include,
            None,
        ),
        variant(
            REFUSED,
            "credentials mode `include`, and `Access-Control-Allow-Credentials` is not `true` in lower case, once",
            &[ALLOW, ("Access-Control-Allow-Credentials", "True")],
            Include,
            Some("True"),
        ),
        variant(
            ["allow-origin-mismatch", "preflight-allow-origin-mismatch"],
            "it is `null`, and the page has an origin",
            &[("Access-Control-Allow-Origin", "null")],
            SameOrigin,
            None,
        ),
    ]
};

impl Variant {
    /// On a response, on a redirect, on the answer to a preflight.
    fn cases(&self) -> Vec<Case> {
        let Self { rules: [response, preflight], when, fields, mode, value } = self;
        let request = |method| RequestInit { credentials: *mode, ..asking(method) };
        let redirect = [fields, &[location("https://other.example.net/")][..]].concat();
        let mut cases = vec![
            Case::new(response, when, request("GET"), vec![hop(200, fields)]),
            Case::new(response, when, request("GET"), vec![hop(302, &redirect)]),
            Case::new(preflight, when, request("PUT"), vec![preflighted(204, fields)]),
        ];
        for case in &mut cases {
            case.placeholders.extend(value.map(|value| (value, "<value>")));
        }
        cases
    }
}

/// Where a page's origin is `null`.
fn opaque_origins() -> Vec<Case> {
    let rule = "allow-origin-mismatch";
    let crossed = [ALLOW, location("https://other.example.net/items")];
    vec![
        Case::new(
            rule,
            "the page's origin is `null`: sandboxed, `data:`, `file:`",
            asking("GET"),
            vec![hop(200, &[ALLOW])],
        )
        .page(|page| page.origin = "null".into())
        .with("https://app.example.com", "<value>"),
        Case::new(
            rule,
            "a redirect went from one foreign origin to another, after which the request's origin is `null`",
            asking("GET"),
            vec![hop(302, &crossed), hop(200, &[ALLOW])],
        )
        .with("value 'https://app.example.com'", "value '<value>'")
        .with("match ‘https://app.example.com’", "match ‘<value>’")
        .with("https://other.example.net/items", "<url>"),
    ]
}

fn preflights() -> Vec<Case> {
    let to = location("https://api.example.com/items/");
    vec![
        Case::new(
            "preflight-allow-origin-missing",
            "`OPTIONS` is answered with 404, 405 or 401 and without CORS headers",
            asking("PUT"),
            vec![preflighted(404, &[])],
        ),
        Case::new(
            "preflight-status",
            "the status is not 200 to 299, and the CORS headers are right",
            asking("PUT"),
            vec![preflighted(404, &[ALLOW])],
        ),
        Case::new(
            "preflight-status",
            "the status is 401 or 403: authentication comes before CORS",
            asking("PUT"),
            vec![preflighted(401, &[ALLOW])],
        ),
        Case::new(
            "preflight-redirect",
            "the status is 301, 302, 303, 307 or 308, with `Location`",
            asking("PUT"),
            vec![preflighted(308, &[ALLOW, to])],
        ),
        Case::new(
            "preflight-network-error",
            "`OPTIONS` gets no response",
            asking("PUT"),
            vec![Hop { preflight: Some(Answered::NetworkError), actual: Answered::NetworkError }],
        ),
    ]
}

fn allowed_lists() -> Vec<Case> {
    let with = |name: &str| RequestInit { headers: vec![(name.into(), "1".into())], ..asking("GET") };
    let (syntax, header) = ("allow-headers-syntax", "header-not-allowed");
    let include = |init: &mut RequestInit| init.credentials = CredentialsMode::Include;
    let answer = |fields| vec![preflighted(204, fields)];
    vec![
        Case::new("method-not-allowed", "the method is not listed", asking("PUT"), answer(&[ALLOW]))
            .with("Method PUT", "Method <method>"),
        Case::new(
            "method-not-allowed",
            "the script wrote it in lower case (`patch`), and it is listed in upper case",
            asking("patch"),
            answer(&[ALLOW, methods("PATCH")]),
        )
        .with("Method patch", "Method <method>"),
        Case::new(
            "method-not-allowed",
            "it is covered by `*` only, and the request's credentials mode is `include`",
            asking("PUT"),
            answer(&[ALLOW, CREDENTIALS, methods("*")]),
        )
        .request(include)
        .with("Method PUT", "Method <method>"),
        Case::new(header, "a header of the request is not listed", with("X-Trace"), answer(&[ALLOW]))
            .with("x-trace", "<header>"),
        Case::new(
            header,
            "it is covered by `*` only, and the request's credentials mode is `include`",
            with("X-Trace"),
            answer(&[ALLOW, CREDENTIALS, names("*")]),
        )
        .request(include)
        .with("x-trace", "<header>"),
        Case::new(
            header,
            "it is `Authorization`, covered by `*` only, without credentials",
            with("Authorization"),
            answer(&[ALLOW, names("*")]),
        ),
        Case::new(
            "allow-methods-syntax",
            "`Access-Control-Allow-Methods` has an element that is no method, needed or not",
            asking("PUT"),
            answer(&[ALLOW, methods("PUT; GET")]),
        )
        .with("PUT; GET", "<value>"),
        Case::new(
            syntax,
            "`Access-Control-Allow-Headers` has an element that is no header name, needed or not",
            asking("PUT"),
            answer(&[ALLOW, methods("PUT"), names("x-trace: 1")]),
        )
        .with("x-trace: 1", "<value>"),
    ]
}

fn redirects() -> Vec<Case> {
    let to = |value: &'static str| vec![hop(302, &[ALLOW, location(value)])];
    let several = [ALLOW, location("/a"), location("/b")];
    let mode = |mode| RequestInit { redirect: mode, ..asking("GET") };
    let stream = RequestInit { body: Some(Body::Stream), ..asking("POST") };
    let streamed = [ALLOW, location("/b")];
    let circle = vec![hop(302, &[ALLOW, location("/items")]); 21];
    let error = RedirectMode::Error;
    vec![
        Case::new("redirect-location", "`Location` is not a URL", asking("GET"), to("https://")),
        Case::new(
            "redirect-location",
            "several `Location` lines that differ",
            asking("GET"),
            vec![hop(302, &several), hop(200, &[ALLOW])],
        )
        .with("https://api.example.com/a", "<url>"),
        Case::new("too-many-redirects", "the 21st redirect", asking("GET"), circle),
        Case::new(
            "redirect-mode",
            "redirect mode `error`, and the answer is a redirect",
            mode(error),
            to("/b"),
        ),
        Case::new(
            "redirect-stream",
            "the body is a stream, and the answer a redirect other than 303",
            stream,
            vec![Hop { actual: answered(307, &streamed), ..preflighted(204, &[ALLOW]) }, hop(200, &[ALLOW])],
        ),
    ]
}

fn unsafe_redirects() -> Vec<Case> {
    let to = |value: &'static str| vec![hop(302, &[ALLOW, location(value)]), hop(200, &[ALLOW])];
    let rule = "redirect-credentials";
    vec![
        Case::new(
            rule,
            "`Location` has a user name or password",
            asking("GET"),
            to("https://user:secret@api.example.com/b"),
        ),
        Case::new(
            rule,
            "the same on the page's own origin",
            asking("GET"),
            to("https://user:secret@app.example.com/b"),
        )
        .request(|request| request.url = "https://app.example.com/items".into()),
        Case::new(
            "redirect-scheme",
            "`Location` is `data:`, `file:` or `about:`",
            asking("GET"),
            to("data:,a"),
        ),
        Case::new(
            "redirect-scheme",
            "`Location` has another scheme, such as `javascript:`",
            asking("GET"),
            to("javascript:a"),
        ),
        Case::new("redirect-scheme", "`Location` is `ftp:`", asking("GET"), to("ftp://api.example.com/")),
    ]
}

/// A response that is not read.
fn opaque_url() -> Vec<Case> {
    let policy = |value| vec![hop(200, &[("Cross-Origin-Resource-Policy", value)])];
    let request = RequestInit { mode: Mode::NoCors, ..asking("GET") };
    vec![
        Case::new(
            "cross-origin-resource-policy",
            "mode `no-cors`, and the value is `same-origin`, or `same-site` on another site",
            request.clone(),
            policy("same-origin"),
        )
        .with("(same-origin)", "(<value>)"),
        Case::new(
            "no-cors-redirect-mode",
            "mode `no-cors` with redirect mode `error` or `manual`",
            request,
            policy("cross-origin"),
        )
        .request(|request| request.redirect = RedirectMode::Error),
    ]
}

/// What the script asks for.
fn calls() -> Vec<Case> {
    let same = RequestInit { mode: Mode::SameOrigin, ..asking("GET") };
    let home = RequestInit { url: "https://app.example.com/items".into(), ..same.clone() };
    let at = |url: &str| RequestInit { url: url.into(), ..asking("GET") };
    let stream = RequestInit { body: Some(Body::Stream), ..asking("POST") };
    vec![
        Case::new(
            "same-origin-mode",
            "mode `same-origin`, and the URL is of another origin",
            same,
            Vec::new(),
        ),
        Case::new(
            "same-origin-mode",
            "mode `same-origin`, and a redirect leads to another origin",
            home,
            vec![hop(302, &[location(URL)])],
        ),
        Case::new(
            "scheme-not-http",
            "the URL is `ftp:` or another scheme",
            at("ftp://api.example.com/items"),
            Vec::new(),
        )
        .with("ftp://api.example.com/items", "<url>"),
        Case::new("scheme-not-http", "the URL is `file:`", at("file:///items"), Vec::new())
            .with("file:///items", "<url>"),
        Case::new("stream-body", "the body is a `ReadableStream`", stream, vec![preflighted(204, &[ALLOW])]),
    ]
}

fn networks() -> Vec<Case> {
    let at = |url: &str| RequestInit { url: url.into(), ..asking("GET") };
    let dead = || vec![Hop { preflight: None, actual: Answered::NetworkError }];
    let asked = Hop { actual: Answered::NetworkError, ..preflighted(204, &[ALLOW, methods("PUT")]) };
    let away = location("https://api.example.com:6667/");
    vec![
        Case::new("network-error", "no response: name, port, TLS, a connection cut", asking("GET"), dead()),
        Case::new("network-error", "no response, after a preflight that passed", asking("PUT"), vec![asked]),
        Case::new(
            "mixed-content",
            "the page is from `https:`, the URL `http:`",
            at("http://api.example.com/items"),
            Vec::new(),
        )
        .with("http://api.example.com/items", "<url>"),
        Case::new(
            "mixed-content",
            "the same with `http://localhost` or a loopback address",
            at("http://localhost/items"),
            vec![hop(200, &[ALLOW])],
        )
        .page(|page| page.address_space = AddressSpace::Loopback)
        .with("http://localhost/items", "<url>"),
        Case::new(
            "bad-port",
            "the URL's port is one that browsers do not connect to",
            at("https://api.example.com:6667/"),
            Vec::new(),
        )
        .with("https://api.example.com:6667/", "<url>")
        .with("6667", "<port>"),
        Case::new("bad-port", "the same after a redirect", asking("GET"), vec![hop(302, &[ALLOW, away])])
            .with("https://api.example.com:6667/", "<url>")
            .with("6667", "<port>"),
        Case::new(
            "local-network-permission",
            "a public page asks `localhost` or a local address, without the user's permission",
            at("https://192.168.1.1/items"),
            vec![hop(200, &[ALLOW])],
        )
        .with("https://192.168.1.1/items", "<url>"),
        Case::new(
            "local-network-insecure",
            "a public page that is not a secure context asks `localhost` or a local address",
            at("http://192.168.1.1/items"),
            vec![hop(200, &[("Access-Control-Allow-Origin", "http://app.example.com")])],
        )
        .page(|page| *page = Page::of("http://app.example.com"))
        .with("http://192.168.1.1/items", "<url>")
        .with("http://app.example.com", "<origin>"),
        Case::new(
            "local-network-other-space",
            "the call's `targetAddressSpace` is not where the server is",
            at("https://192.168.1.1/items"),
            vec![hop(200, &[ALLOW])],
        )
        .request(|request| request.target_address_space = Some(AddressSpace::Loopback))
        .with("https://192.168.1.1/items", "<url>"),
    ]
}
