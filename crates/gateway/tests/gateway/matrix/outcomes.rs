//! Every outcome that a request can have, how it is brought about, and what shows it.

use super::wire::Content;

/// Who answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Upstream,
    /// The gateway, with this code.
    Gateway(&'static str),
}

/// What a preflight for the same request gets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// The same: what refuses stands before anybody looks whether it is a preflight.
    Same,
    /// 204 and nothing else, for this reason: the outcome cannot exist here.
    Granted(&'static str),
    /// 403 also for the allowed page, for this reason.
    Denied(&'static str),
}

/// One row of the matrix.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) status: u16,
    pub(super) by: By,
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) fields: &'static [(&'static str, &'static str)],
    pub(super) content: Content,
    /// A field that the answer has, and how its value begins.
    pub(super) tells: Option<(&'static str, &'static str)>,
    /// Whether the upstream gets the request, whole.
    pub(super) reaches: bool,
    /// `guard verdict reason` of each decision.
    pub(super) guards: &'static [&'static str],
    pub(super) preflight: Asked,
}

const FORWARDED: &str = "preflights are never forwarded, and only the upstream answers this";
const AUTHENTICATED: &str = "preflights are never authenticated";
const AUTHORIZED: &str = "preflights are never authenticated, so nobody is there to be authorized";
const BODILESS: &str = "bodies and their types are checked after the preflight is answered";
const COUNTED: &str = "preflights are not counted with requests, but have a budget of their own";
const UNROUTED: &str = "a page may ask before it reads that there is nothing";
const DESCRIBED: &str = "the document's methods are checked after the preflight is answered";

/// A `GET` that the upstream answers.
const BASE: Outcome = Outcome {
    name: "",
    status: 200,
    by: By::Upstream,
    method: "GET",
    target: "/open/200",
    fields: &[],
    content: Content::Nothing,
    tells: None,
    reaches: true,
    guards: &[],
    preflight: Asked::Granted(FORWARDED),
};

/// A request that the gateway refuses.
const REFUSED: Outcome = Outcome { reaches: false, ..BASE };

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

pub(super) const OUTCOMES: &[Outcome] = &[
    Outcome { name: "200", ..BASE },
    Outcome {
        name: "200 through all guards",
        target: "/members/200",
        fields: &[("authorization", "GOOD")],
        guards: &["authn allowed jwt", "authz allowed permission"],
        preflight: Asked::Granted(AUTHENTICATED),
        ..BASE
    },
    Outcome {
        name: "200 with a body that the schema takes",
        method: "POST",
        target: "/items",
        fields: JSON,
        content: Content::Text(r#"{"name": "abc"}"#),
        guards: &["limits allowed body-valid"],
        preflight: Asked::Granted(BODILESS),
        ..BASE
    },
    Outcome {
        name: "301",
        status: 301,
        target: "/open/301",
        tells: Some(("location", "/elsewhere")),
        ..BASE
    },
    Outcome {
        name: "304",
        status: 304,
        target: "/open/304",
        fields: &[("if-none-match", "\"a\"")],
        tells: Some(("etag", "\"a\"")),
        ..BASE
    },
    Outcome { name: "400 by the upstream", status: 400, target: "/open/400", ..BASE },
    Outcome {
        name: "400 by the path",
        status: 400,
        by: By::Gateway("bad-request"),
        target: "/open/%zz/zqmarker",
        preflight: Asked::Same,
        ..REFUSED
    },
    Outcome {
        name: "400 by the schema's parser",
        status: 400,
        by: By::Gateway("body-malformed"),
        method: "POST",
        target: "/items",
        fields: JSON,
        content: Content::Text("{\"name\": zqmarker"),
        guards: &["limits denied body-malformed"],
        preflight: Asked::Granted(BODILESS),
        ..REFUSED
    },
    Outcome {
        name: "401 without a token",
        status: 401,
        by: By::Gateway("credential-missing"),
        target: "/members/200",
        tells: Some(("www-authenticate", "Bearer realm=\"members\"")),
        guards: &["authn denied credential-missing"],
        preflight: Asked::Granted(AUTHENTICATED),
        ..REFUSED
    },
    Outcome {
        name: "401 by a token that has ended",
        status: 401,
        by: By::Gateway("credential-expired"),
        target: "/members/200",
        fields: &[("authorization", "EXPIRED")],
        tells: Some(("www-authenticate", "Bearer realm=\"members\", error=\"invalid_token\"")),
        guards: &["authn denied token-expired"],
        preflight: Asked::Granted(AUTHENTICATED),
        ..REFUSED
    },
    Outcome {
        name: "403 by a rule",
        status: 403,
        by: By::Gateway("forbidden"),
        method: "PUT",
        target: "/members/200",
        fields: &[("authorization", "GOOD")],
        guards: &["authn allowed jwt", "authz denied missing-permission"],
        preflight: Asked::Granted(AUTHORIZED),
        ..REFUSED
    },
    Outcome {
        // A method that the policy does not name: else the allowed page might write.
        name: "403 against forgery",
        status: 403,
        by: By::Gateway("cross-site-request"),
        method: "PATCH",
        target: "/forms",
        fields: &[("cookie", "sid=zqmarker"), ("sec-fetch-site", "cross-site")],
        guards: &["csrf denied cross-site"],
        preflight: Asked::Denied("the policy does not name the method"),
        ..REFUSED
    },
    Outcome { name: "404 by the upstream", status: 404, target: "/open/404", ..BASE },
    Outcome {
        name: "404",
        status: 404,
        by: By::Gateway("no-route"),
        target: "/nowhere/zqmarker",
        guards: &["routing denied no-route"],
        preflight: Asked::Granted(UNROUTED),
        ..REFUSED
    },
    Outcome {
        name: "405 for TRACE",
        status: 405,
        by: By::Gateway("method-not-proxied"),
        method: "TRACE",
        tells: Some(("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")),
        preflight: Asked::Denied("no policy can name the method"),
        ..REFUSED
    },
    Outcome {
        name: "405 by the document",
        status: 405,
        by: By::Gateway("method-not-allowed"),
        method: "PUT",
        target: "/shop/things",
        tells: Some(("allow", "GET")),
        guards: &["limits denied method-not-allowed"],
        preflight: Asked::Granted(DESCRIBED),
        ..REFUSED
    },
    Outcome {
        name: "413 announced",
        status: 413,
        by: By::Gateway("body-too-large"),
        method: "POST",
        content: Content::Announced(2_000),
        preflight: Asked::Granted(BODILESS),
        ..REFUSED
    },
    Outcome {
        name: "413 streamed",
        status: 413,
        by: By::Gateway("body-too-large"),
        method: "POST",
        content: Content::Streamed(10),
        preflight: Asked::Granted(BODILESS),
        ..REFUSED
    },
    Outcome {
        name: "413 streamed to a schema",
        status: 413,
        by: By::Gateway("body-too-large"),
        method: "POST",
        target: "/items",
        fields: JSON,
        content: Content::Streamed(10),
        preflight: Asked::Granted(BODILESS),
        ..REFUSED
    },
    Outcome {
        name: "415",
        status: 415,
        by: By::Gateway("media-type-unsupported"),
        method: "POST",
        target: "/items",
        fields: &[("content-type", "text/zqmarker")],
        content: Content::Text("zqmarker"),
        tells: Some(("accept", "application/json")),
        guards: &["limits denied media-type-unsupported"],
        preflight: Asked::Granted(BODILESS),
        ..REFUSED
    },
    Outcome {
        name: "422",
        status: 422,
        by: By::Gateway("body-invalid"),
        method: "POST",
        target: "/items",
        fields: JSON,
        content: Content::Text(r#"{"name": "zqmarker"}"#),
        guards: &["limits denied body-invalid"],
        preflight: Asked::Granted(BODILESS),
        ..REFUSED
    },
    Outcome {
        name: "429",
        status: 429,
        by: By::Gateway("quota-exceeded"),
        target: "/limited",
        tells: Some(("retry-after", "8")),
        guards: &["rate-limit denied quota-exceeded"],
        preflight: Asked::Granted(COUNTED),
        ..REFUSED
    },
    Outcome {
        name: "431",
        status: 431,
        by: By::Gateway("head-too-large"),
        fields: &[("x-large", "LARGE")],
        preflight: Asked::Same,
        ..REFUSED
    },
    Outcome { name: "500 by the upstream", status: 500, target: "/open/500", ..BASE },
    Outcome {
        // Not a method that may be repeated on another connection.
        name: "502",
        status: 502,
        by: By::Gateway("upstream-failed"),
        method: "POST",
        target: "/open/502",
        ..BASE
    },
    Outcome {
        name: "503 without keys",
        status: 503,
        by: By::Gateway("authentication-unavailable"),
        target: "/away",
        fields: &[("authorization", "AWAY")],
        tells: Some(("retry-after", "")),
        guards: &["authn error keys-unavailable"],
        preflight: Asked::Granted(AUTHENTICATED),
        ..REFUSED
    },
    Outcome { name: "504", status: 504, by: By::Gateway("upstream-timeout"), target: "/late/504", ..BASE },
    Outcome {
        name: "panic",
        status: 500,
        by: By::Gateway("internal-error"),
        target: "/open/panic",
        preflight: Asked::Same,
        ..BASE
    },
];
