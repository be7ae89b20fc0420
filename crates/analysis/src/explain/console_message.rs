//! A message of a browser's console: whose it is, what it means, where to look. It says no
//! more than the message does.

use corsac_browser::Engine;

/// What a console message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleMessage {
    /// Whose console printed it.
    pub engine: Engine,
    /// The engine's name for the failure; for WebKit, ours.
    pub code: &'static str,
    /// What it means.
    pub means: &'static str,
    /// What to look at.
    pub look: &'static str,
    /// The URL that it names.
    pub url: Option<String>,
    /// The page's origin, if it names it.
    pub origin: Option<String>,
}

/// A meaning, shared by the messages that say the same.
type Meaning = (&'static str, &'static str);

const MISSING: Meaning = (
    "the response has no `Access-Control-Allow-Origin`, so the page may not read it",
    "does the server send it on every response, errors and redirects too? Is a request answered before the layer that adds it?",
);
const MISSING_OR_OTHER: Meaning = (
    "the response's `Access-Control-Allow-Origin` is missing or names another origin",
    "compare it with the page's origin, character by character: scheme, port, no slash at the end",
);
const PREFLIGHT_MISSING: Meaning = (
    "the answer to the preflight (`OPTIONS`) has no `Access-Control-Allow-Origin`; it may be a 404, 405 or 401",
    "does `OPTIONS` reach the layer that answers preflights, before routing and authentication?",
);
const MISMATCH: Meaning = (
    "the response names another origin than the page's",
    "compare `Access-Control-Allow-Origin` with the page's origin, character by character: scheme, port, no slash at the end",
);
const INVALID: Meaning = (
    "`Access-Control-Allow-Origin` is not an origin",
    "send one origin, such as https://app.example.com, or `*`, without quotes",
);
const MULTIPLE: Meaning = (
    "there is more than one value in `Access-Control-Allow-Origin`",
    "do two layers add it, the application and a proxy? Only one may; a list is not allowed",
);
const WILDCARD: Meaning = (
    "the request includes credentials, and the response allows every origin with `*`",
    "name the page's origin and allow credentials, or ask without credentials",
);
const CREDENTIALS: Meaning = (
    "the request includes credentials, and the response does not allow them",
    "should this origin use the user's credentials? Then send `Access-Control-Allow-Credentials: true`",
);
const STATUS: Meaning = (
    "the answer to the preflight (`OPTIONS`) is not 200 to 299",
    "is `OPTIONS` routed, and answered before authentication? Browsers send no credentials with it",
);
const REDIRECT: Meaning = (
    "the preflight was redirected, which browsers do not follow",
    "ask the last URL directly: https instead of http, with or without the slash at the end",
);
const METHODS: Meaning = (
    "the answer to the preflight does not list the method",
    "is the method in `Access-Control-Allow-Methods`, in the same case? `*` does not count with credentials",
);
const HEADERS: Meaning = (
    "the answer to the preflight does not list a request header",
    "is the header in `Access-Control-Allow-Headers`? `*` does not count with credentials",
);
const METHODS_SYNTAX: Meaning = (
    "`Access-Control-Allow-Methods` is not a list of methods",
    "send method names with commas between them, without quotes",
);
const HEADERS_SYNTAX: Meaning = (
    "`Access-Control-Allow-Headers` is not a list of header names",
    "send header names with commas between them, without quotes",
);
const REDIRECT_CREDENTIALS: Meaning =
    ("a redirect leads to a URL with a user name or password", "leave them out of `Location`");
const LOCATION: Meaning =
    ("a redirect has no `Location` that is a URL", "send one `Location`, an http: or https: URL");
const SCHEME: Meaning = ("the URL, or a redirect, is not http: or https:", "ask an http: or https: URL");
const MODE: Meaning =
    ("mode `same-origin` allows no other origin", "use mode `cors`, or ask the page's own origin");
const NO_CORS: Meaning =
    ("mode `no-cors` goes with redirect mode `follow` only", "use redirect mode `follow`, or mode `cors`");
const LOCAL: Meaning = (
    "the page needs the user's permission to reach this machine or the local network",
    "the permission of the site, in the browser; no response header can grant it",
);
const INSECURE_LOCAL: Meaning = (
    "a page that is not a secure context may not reach this machine or the local network",
    "serve the page over https:",
);
const OTHER_SPACE: Meaning = (
    "the call's `targetAddressSpace` is not where the server is",
    "where does the host name lead, from the user's network? Name that space, or none",
);
const OLD_PRIVATE_NETWORK: Meaning = (
    "a Chromium before 142 asked for `Access-Control-Allow-Private-Network`, which was given up",
    "update the browser: it asks the user now, and no response header counts",
);
const DISABLED: Meaning =
    ("this Firefox is set up to refuse all CORS requests", "`content.cors.disable` in about:config");
const NO_ORIGIN: Meaning =
    ("Firefox could not send the `Origin` field", "an extension that changes requests; the page's origin");
const NETWORK: Meaning = (
    "there was no response, or the browser does not tell why; it may have nothing to do with CORS",
    "the network panel: name, port, certificate, a redirect; an extension; mixed content; the local network",
);
const MIXED: Meaning = ("a secure page asks for something insecure", "ask https:");
const PORT: Meaning = ("browsers do not connect to this port", "serve it on another port");
const POLICY: Meaning = (
    "`Cross-Origin-Resource-Policy` forbids other origins to load it",
    "should others load it? Then send `Cross-Origin-Resource-Policy: cross-origin`",
);

/// Words of a message, its code, its meaning.
type Row = (&'static str, &'static str, Meaning);

/// Where Chromium says that the answer to a preflight is meant.
const CHROMIUM_PREFLIGHT: [Row; 10] = [
    (
        "No 'Access-Control-Allow-Origin' header is present",
        "PreflightMissingAllowOriginHeader",
        PREFLIGHT_MISSING,
    ),
    ("must not be the wildcard '*'", "PreflightWildcardOriginNotAllowed", WILDCARD),
    ("contains multiple values '", "PreflightMultipleAllowOriginValues", MULTIPLE),
    ("contains the invalid value '", "PreflightInvalidAllowOriginValue", INVALID),
    ("that is not equal to the supplied origin", "PreflightAllowOriginMismatch", MISMATCH),
    (
        "'Access-Control-Allow-Credentials' header in the response is '",
        "PreflightInvalidAllowCredentials",
        CREDENTIALS,
    ),
    ("It does not have HTTP ok status.", "PreflightInvalidStatus", STATUS),
    ("Redirect is not allowed for a preflight request.", "PreflightDisallowedRedirect", REDIRECT),
    (
        "No 'Access-Control-Allow-Private-Network' header was present",
        "PreflightMissingAllowPrivateNetwork",
        OLD_PRIVATE_NETWORK,
    ),
    (
        "'Access-Control-Allow-Private-Network' header in the response to this",
        "PreflightInvalidAllowPrivateNetwork",
        OLD_PRIVATE_NETWORK,
    ),
];

const CHROMIUM: [Row; 20] = [
    ("No 'Access-Control-Allow-Origin' header is present", "MissingAllowOriginHeader", MISSING),
    ("must not be the wildcard '*'", "WildcardOriginNotAllowed", WILDCARD),
    ("contains multiple values '", "MultipleAllowOriginValues", MULTIPLE),
    ("contains the invalid value '", "InvalidAllowOriginValue", INVALID),
    ("that is not equal to the supplied origin", "AllowOriginMismatch", MISMATCH),
    (
        "'Access-Control-Allow-Credentials' header in the response is '",
        "InvalidAllowCredentials",
        CREDENTIALS,
    ),
    ("Cannot parse Access-Control-Allow-Methods", "InvalidAllowMethodsPreflightResponse", METHODS_SYNTAX),
    ("Cannot parse Access-Control-Allow-Headers", "InvalidAllowHeadersPreflightResponse", HEADERS_SYNTAX),
    (
        "is not allowed by Access-Control-Allow-Methods in preflight",
        "MethodDisallowedByPreflightResponse",
        METHODS,
    ),
    (
        "is not allowed by Access-Control-Allow-Headers in preflight",
        "HeaderDisallowedByPreflightResponse",
        HEADERS,
    ),
    ("contains a username and password", "RedirectContainsCredentials", REDIRECT_CREDENTIALS),
    ("only supported for protocol schemes", "CorsDisabledScheme", SCHEME),
    ("Not allowed to load local resource", "", SCHEME),
    (". URL scheme \"", "CorsDisabledScheme", SCHEME),
    ("are not allowed by request mode", "DisallowedByMode", MODE),
    ("Request mode is \"same-origin\" but the URL's origin is not same", "DisallowedByMode", MODE),
    ("Request mode is \"no-cors\" but the redirect mode is not", "NoCorsRedirectModeNotFollow", NO_CORS),
    ("Permission was denied for this request to access the", "LocalNetworkAccessPermissionDenied", LOCAL),
    ("the resource is in more-private address space", "InsecureLocalNetwork", INSECURE_LOCAL),
    ("Request had a target IP address space of", "InvalidLocalNetworkAccess", OTHER_SPACE),
];

const FIREFOX: [Row; 16] = [
    (
        "Multiple CORS header ‘Access-Control-Allow-Origin’ not allowed",
        "CORSMultipleAllowOriginNotAllowed",
        MULTIPLE,
    ),
    ("CORS header ‘Access-Control-Allow-Origin’ missing", "CORSMissingAllowOrigin2", MISSING),
    (
        "CORS header ‘Access-Control-Allow-Origin’ does not match",
        "CORSAllowOriginNotMatchingOrigin",
        MISMATCH,
    ),
    ("Credential is not supported if the CORS header", "CORSNotSupportingCredentials", WILDCARD),
    (
        "expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’",
        "CORSMissingAllowCredentials",
        CREDENTIALS,
    ),
    ("CORS preflight response did not succeed", "CORSPreflightDidNotSucceed3", STATUS),
    ("CORS request external redirect not allowed", "CORSExternalRedirectNotAllowed", REDIRECT),
    ("’ in CORS header ‘Access-Control-Allow-Methods’", "CORSInvalidAllowMethod", METHODS_SYNTAX),
    ("Did not find method in CORS header", "CORSMethodNotFound", METHODS),
    ("’ in CORS header ‘Access-Control-Allow-Headers’", "CORSInvalidAllowHeader", HEADERS_SYNTAX),
    (
        "is not allowed according to header ‘Access-Control-Allow-Headers’",
        "CORSMissingAllowHeaderFromPreflight2",
        HEADERS,
    ),
    ("CORS request not http", "CORSRequestNotHttp", SCHEME),
    ("was blocked due to its Cross-Origin-Resource-Policy header", "COEP", POLICY),
    ("CORS request did not succeed", "CORSDidNotSucceed2", NETWORK),
    ("(Reason: CORS disabled)", "CORSDisabled", DISABLED),
    ("CORS header ‘Origin’ cannot be added", "CORSOriginHeaderNotAdded", NO_ORIGIN),
];

const WEBKIT: [Row; 18] = [
    ("is not allowed by Access-Control-Allow-Origin", "OriginNotAllowedByACAO", MISSING_OR_OTHER),
    ("Access-Control-Allow-Origin cannot contain more than one origin", "MultipleACAO", MULTIPLE),
    (
        "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true",
        "WildcardWithCredentials",
        WILDCARD,
    ),
    ("Access-Control-Allow-Credentials is not \"true\"", "ACACNotTrue", CREDENTIALS),
    ("Preflight response is not successful", "PreflightNotSuccessful", STATUS),
    ("Header Access-Control-Allow-Methods has an invalid value", "InvalidACAM", METHODS_SYNTAX),
    ("Header Access-Control-Allow-Headers has an invalid value", "InvalidACAH", HEADERS_SYNTAX),
    ("is not allowed by Access-Control-Allow-Methods.", "MethodNotAllowedByACAM", METHODS),
    ("is not allowed by Access-Control-Allow-Headers.", "HeaderNotAllowedByACAH", HEADERS),
    ("Resource Sharing policy: the URL is not valid", "RedirectDenied", LOCATION),
    ("Resource Sharing policy: Redirected to either a non-HTTP URL", "RedirectDenied", SCHEME),
    ("denied by Cross-Origin Resource Sharing policy", "RedirectDenied", REDIRECT_CREDENTIALS),
    ("requested insecure content from", "MixedContent", MIXED),
    ("Cross origin requests are only supported for HTTP", "NotHttp", SCHEME),
    ("Not allowed to use restricted network port", "BadPort", PORT),
    ("Not allowed to request resource", "NotAllowedToRequestResource", NO_CORS),
    ("Cross-Origin-Resource-Policy response header", "CORP", POLICY),
    ("due to access control checks", "", NETWORK),
];

/// Reads a message of a console; nothing if it is none of those that browsers print about
/// CORS.
pub fn read_console_message(text: &str) -> Option<ConsoleMessage> {
    let is_preflight = text.contains("Response to preflight request doesn't pass access control check");
    let chromium = if is_preflight { &CHROMIUM_PREFLIGHT[..] } else { &CHROMIUM };
    let (chromium, firefox) = ((Engine::Chromium, chromium), (Engine::Firefox, &FIREFOX[..]));
    // Chromium's and Firefox's texts have a frame; WebKit's words could be part of others.
    let is_firefox = text.contains("Cross-Origin Request Blocked") || text.contains(['‘', '“']);
    let [first, second] = if is_firefox { [firefox, chromium] } else { [chromium, firefox] };
    [first, second, (Engine::WebKit, &WEBKIT)].into_iter().find_map(|(engine, rows)| {
        let &(_, code, (means, look)) = rows.iter().find(|(words, ..)| text.contains(words))?;
        let (url, origin) = named(text);
        Some(ConsoleMessage { engine, code, means, look, url, origin })
    })
}

/// The URL and the page's origin that a message names, as each engine's frame has them.
fn named(text: &str) -> (Option<String>, Option<String>) {
    let between = |before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        let (found, _) = rest.split_once(after)?;
        (!found.is_empty() && !found.contains(char::is_whitespace)).then(|| found.to_owned())
    };
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    let url = between(" (redirected from '", "')")
        .or_else(|| between(" at '", "'"))
        .or_else(|| between("remote resource at ‘", "’"))
        .or_else(|| between("remote resource at ", " "))
        .or_else(|| between(" cannot load ", " "));
    let url = url.map(|url| url.trim_end_matches('.').to_owned());
    let origin = between(" from origin '", "'").or_else(|| between("Origin ", " is not allowed by"));
    (url.filter(is_url), origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::RecordedExchange;

    #[test]
    fn every_message_of_the_model_is_recognized() {
        let cases = include_str!("../../tests/data/cases.jsonl");
        let mut seen = std::collections::BTreeSet::new();
        for line in cases.lines() {
            let exchange = RecordedExchange::read(line.as_bytes()).unwrap();
            for engine in [Engine::Chromium, Engine::Firefox, Engine::WebKit] {
                let verdict = exchange.judge(engine);
                let Some(console) = &verdict.console else { continue };
                let message = read_console_message(console);
                let read = message.map(|message| (message.engine, message.code));
                assert_eq!(
                    read,
                    Some((engine, verdict.code.unwrap_or_default())),
                    "{}: {console}",
                    exchange.id
                );
                seen.insert((engine.name(), verdict.code));
            }
        }
        assert!(seen.len() > 45, "{seen:?}");
    }

    #[test]
    fn url_and_origin_are_taken_from_each_frame() {
        let named = |text: &str| {
            let message = read_console_message(text).unwrap();
            (message.url.unwrap_or_default(), message.origin.unwrap_or_default())
        };
        let (url, origin) = ("https://b.example/x?a='1", "https://a.example");
        let line = read_line(url, origin);
        for engine in [Engine::Chromium, Engine::Firefox, Engine::WebKit] {
            let (found, from) = named(line.judge(engine).console.as_deref().unwrap());
            assert_eq!(found, "https://b.example/x?a=%271");
            assert_eq!(from, if engine == Engine::Firefox { "" } else { origin });
        }
        let redirected = "Access to XMLHttpRequest at 'https://c.example/' (redirected from 'https://b.example/') from \
                          origin 'null' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is \
                          present on the requested resource.";
        assert_eq!(named(redirected), ("https://b.example/".to_owned(), "null".to_owned()));
    }

    fn read_line(url: &str, origin: &str) -> RecordedExchange {
        let line = format!(
            r#"{{"id":"x","page":{{"origin":"{origin}","secure_context":true}},"request":{{"url":"{url}"}},
            "hops":[{{"actual":{{"status":200}}}}]}}"#
        );
        RecordedExchange::read(line.as_bytes()).unwrap()
    }

    #[test]
    fn other_messages_are_not() {
        for text in ["", "TypeError: Failed to fetch", "404 Not Found", "Access-Control-Allow-Origin"] {
            assert_eq!(read_console_message(text), None, "{text}");
        }
    }
}
