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
    /// Where a redirect led, if it names one.
    pub redirected_to: Option<String>,
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
const REDIRECT_DENIED: Meaning = (
    "a redirect to another origin was refused; this message does not say why",
    "the redirect's status, `Location` and CORS headers, and those of where it leads",
);
const REDIRECT_SCHEME: Meaning = (
    "a redirect leads to what is not http: or https:, or to a URL with a user name or password",
    "send one `Location`, an http: or https: URL without them",
);
const REDIRECT_AFTER_PREFLIGHT: Meaning = (
    "the request was redirected after its preflight, which an old browser does not follow",
    "ask the last URL directly, or update the browser: the standard has come to allow it",
);
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

const UNKNOWN: Meaning = (
    "a CORS message of a version of the browser that is not known here",
    "what it says itself, behind the last colon; the request and its preflight in the network panel",
);
const SCRIPT: Meaning = (
    "the script's error: the same words whatever went wrong, so that they say nothing of the cause",
    "the browser's own message beside it, in the console; if there is none, the network panel",
);

/// Words of a message, with `…` for what differs, its code, its meaning. Quotes are straight.
type Row = (&'static str, &'static str, Meaning);

/// Where Chromium says that the answer to a preflight is meant.
const CHROMIUM_PREFLIGHT: [Row; 13] = [
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
    // Older versions.
    ("A wildcard '*' cannot be used in the", "PreflightWildcardOriginNotAllowed", WILDCARD),
    (
        "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is",
        "PreflightInvalidAllowCredentials",
        CREDENTIALS,
    ),
    ("Response to preflight request", "", UNKNOWN),
];

const CHROMIUM: [Row; 29] = [
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
    // Older versions.
    ("Response for preflight has invalid HTTP status code", "PreflightInvalidStatus", STATUS),
    ("Response for preflight is invalid (redirect)", "PreflightDisallowedRedirect", REDIRECT),
    ("A wildcard '*' cannot be used in the", "WildcardOriginNotAllowed", WILDCARD),
    (
        "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is",
        "InvalidAllowCredentials",
        CREDENTIALS,
    ),
    ("has a disallowed scheme for cross-origin requests", "CorsDisabledScheme", SCHEME),
    ("disallowed for cross-origin requests that require preflight", "", REDIRECT_AFTER_PREFLIGHT),
    ("disallowed to follow cross-origin redirect", "", REDIRECT_AFTER_PREFLIGHT),
    ("Invalid response. Origin '…' is therefore not allowed access", "InvalidResponse", NETWORK),
    ("blocked by CORS policy", "", UNKNOWN),
];

const FIREFOX: [Row; 19] = [
    (
        "Multiple CORS header 'Access-Control-Allow-Origin' not allowed",
        "CORSMultipleAllowOriginNotAllowed",
        MULTIPLE,
    ),
    ("CORS header 'Access-Control-Allow-Origin' missing", "CORSMissingAllowOrigin2", MISSING),
    (
        "CORS header 'Access-Control-Allow-Origin' does not match",
        "CORSAllowOriginNotMatchingOrigin",
        MISMATCH,
    ),
    ("Credential is not supported if the CORS header", "CORSNotSupportingCredentials", WILDCARD),
    (
        "expected 'true' in CORS header 'Access-Control-Allow-Credentials'",
        "CORSMissingAllowCredentials",
        CREDENTIALS,
    ),
    ("CORS preflight response did not succeed", "CORSPreflightDidNotSucceed3", STATUS),
    ("CORS request external redirect not allowed", "CORSExternalRedirectNotAllowed", REDIRECT),
    (
        "invalid token '…' in CORS header 'Access-Control-Allow-Methods'",
        "CORSInvalidAllowMethod",
        METHODS_SYNTAX,
    ),
    ("Did not find method in CORS header", "CORSMethodNotFound", METHODS),
    (
        "invalid token '…' in CORS header 'Access-Control-Allow-Headers'",
        "CORSInvalidAllowHeader",
        HEADERS_SYNTAX,
    ),
    (
        "is not allowed according to header 'Access-Control-Allow-Headers'",
        "CORSMissingAllowHeaderFromPreflight2",
        HEADERS,
    ),
    ("CORS request not http", "CORSRequestNotHttp", SCHEME),
    ("was blocked due to its Cross-Origin-Resource-Policy header", "COEP", POLICY),
    ("CORS request did not succeed", "CORSDidNotSucceed2", NETWORK),
    ("(Reason: CORS disabled)", "CORSDisabled", DISABLED),
    ("CORS header 'Origin' cannot be added", "CORSOriginHeaderNotAdded", NO_ORIGIN),
    // Older versions.
    ("CORS preflight channel did not succeed", "CORSPreflightDidNotSucceed", STATUS),
    (
        "missing token '…' in CORS header 'Access-Control-Allow-Headers' from CORS preflight channel",
        "CORSMissingAllowHeaderFromPreflight",
        HEADERS,
    ),
    ("Cross-Origin Request Blocked", "", UNKNOWN),
];

const WEBKIT: [Row; 19] = [
    ("Origin … is not allowed by Access-Control-Allow-Origin", "OriginNotAllowedByACAO", MISSING_OR_OTHER),
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
    ("Resource Sharing policy: Redirected to either a non-HTTP URL", "RedirectDenied", REDIRECT_SCHEME),
    ("Resource Sharing policy: Redirection URL contains credentials", "RedirectDenied", REDIRECT_CREDENTIALS),
    ("denied by Cross-Origin Resource Sharing policy", "RedirectDenied", REDIRECT_DENIED),
    ("requested insecure content from", "MixedContent", MIXED),
    ("Cross origin requests are only supported for HTTP", "NotHttp", SCHEME),
    ("Not allowed to use restricted network port", "BadPort", PORT),
    ("Not allowed to request resource", "NotAllowedToRequestResource", NO_CORS),
    ("Cross-Origin-Resource-Policy response header", "CORP", POLICY),
    ("due to access control checks", "", NETWORK),
];

/// What scripts are told, in each engine.
const SCRIPTS: [(Engine, &str); 3] = [
    (Engine::Chromium, "Failed to fetch"),
    (Engine::Firefox, "NetworkError when attempting to fetch resource."),
    (Engine::WebKit, "Load failed"),
];

/// Reads a message of a console; nothing if it is none of those that browsers print about
/// CORS.
pub fn read_console_message(text: &str) -> Option<ConsoleMessage> {
    // Firefox's quotes are typographic, and what people paste has often lost that.
    let plain = text.replace(['‘', '’'], "'").replace(['“', '”'], "\"");
    let is_preflight = plain.contains("Response to preflight request doesn't pass access control check");
    let chromium = if is_preflight { &CHROMIUM_PREFLIGHT[..] } else { &CHROMIUM };
    let (chromium, firefox) = ((Engine::Chromium, chromium), (Engine::Firefox, &FIREFOX[..]));
    // Chromium's and Firefox's texts have a frame; WebKit's words could be part of others.
    let is_firefox = plain.contains("Cross-Origin Request Blocked") || text.contains(['‘', '“']);
    let [first, second] = if is_firefox { [firefox, chromium] } else { [chromium, firefox] };
    let found = [first, second, (Engine::WebKit, &WEBKIT)].into_iter().find_map(|(engine, rows)| {
        let &(_, code, meaning) = rows.iter().find(|(words, ..)| says(&plain, words))?;
        Some((engine, code, meaning))
    });
    let (engine, code, (means, look)) = found.or_else(|| Some((script_error(&plain)?, "", SCRIPT)))?;
    let [url, redirected_to, origin] = named(&plain);
    Some(ConsoleMessage { engine, code, means, look, url, redirected_to, origin })
}

/// Whether `text` has `words`, with anything for each `…`.
fn says(text: &str, words: &str) -> bool {
    let mut rest = Some(text);
    words.split('…').all(|part| {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, after)| after);
        rest.is_some()
    })
}

/// Whose script's error it is; it may stand behind its type, and before a stack or a host.
fn script_error(text: &str) -> Option<Engine> {
    let line = text.trim().lines().next()?;
    let error = line.split_once("TypeError: ").map_or(line, |(_, error)| error);
    let is_it = |words: &str| {
        let rest = error.strip_prefix(words)?.trim();
        (rest.is_empty() || rest == "." || rest.starts_with(['(', '@'])).then_some(())
    };
    SCRIPTS.into_iter().find(|(_, words)| is_it(words).is_some()).map(|(engine, _)| engine)
}

/// The URL, where a redirect led, and the page's origin, as each engine's frame has them. Chromium
/// lets quotes stand in the path of a URL.
fn named(text: &str) -> [Option<String>; 3] {
    let between = |before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        let (found, _) = rest.split_once(after)?;
        (!found.is_empty() && !found.contains(char::is_whitespace)).then(|| found.to_owned())
    };
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    let url = between(" (redirected from '", "') from origin")
        .or_else(|| between(" at '", "' from origin"))
        .or_else(|| between("Redirect from '", "' to '"))
        .or_else(|| between("remote resource at '", "'"))
        .or_else(|| between("remote resource at ", " "))
        .or_else(|| between(" cannot load ", " "))
        .or_else(|| between("Failed to load ", " "));
    let url = url.map(|url| url.trim_end_matches(['.', ':']).to_owned());
    let target = between("' to '", "' has been blocked")
        .or_else(|| text.contains("(redirected from '").then(|| between(" at '", "' (redirected")).flatten())
        .or_else(|| between("was redirected to '", "'"))
        .or_else(|| between("Cross-origin redirection to ", " denied"));
    let origin = between(" from origin '", "' has been blocked")
        .or_else(|| between(" Origin '", "' is therefore not allowed"))
        .or_else(|| between("Origin ", " is not allowed by"));
    [url.filter(is_url), target.filter(is_url), origin]
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
        let quoted = "Access to fetch at 'https://b.example/it's' from origin 'https://a.example' has been blocked by \
                      CORS policy: …";
        assert_eq!(named(quoted), ("https://b.example/it's".to_owned(), origin.to_owned()));
        let redirected = "Access to XMLHttpRequest at 'https://c.example/' (redirected from 'https://b.example/') from \
                          origin 'null' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is \
                          present on the requested resource.";
        assert_eq!(named(redirected), ("https://b.example/".to_owned(), "null".to_owned()));
        let message = read_console_message(redirected).unwrap();
        assert_eq!(message.redirected_to.as_deref(), Some("https://c.example/"));
        let old = "Failed to load http://b.example/a: Redirect from 'http://b.example/a' to 'http://c.example/' has \
                   been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested \
                   resource. Origin 'http://a.example' is therefore not allowed access.";
        let message = read_console_message(old).unwrap();
        assert_eq!(message.code, "MissingAllowOriginHeader");
        assert_eq!(message.url.as_deref(), Some("http://b.example/a"));
        assert_eq!(message.redirected_to.as_deref(), Some("http://c.example/"));
        assert_eq!(message.origin.as_deref(), Some("http://a.example"));
    }

    fn read_line(url: &str, origin: &str) -> RecordedExchange {
        let line = format!(
            r#"{{"id":"x","page":{{"origin":"{origin}","secure_context":true}},"request":{{"url":"{url}"}},
            "hops":[{{"actual":{{"status":200}}}}]}}"#
        );
        RecordedExchange::read(line.as_bytes()).unwrap()
    }

    /// Engine, code, and whether it is the meaning.
    fn means(text: &str) -> (Engine, &'static str, Meaning) {
        let message = read_console_message(text).unwrap_or_else(|| panic!("{text}"));
        (message.engine, message.code, (message.means, message.look))
    }

    #[test]
    fn wordings_of_older_versions_are_read() {
        let load = "XMLHttpRequest cannot load http://b.example/. ";
        let preflight = "Response to preflight request doesn't pass access control check: ";
        let wildcard = "A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials \
                        flag is true. Origin 'http://a.example' is therefore not allowed access.";
        let credentials = "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is ''. It must \
                           be 'true' to allow credentials. Origin 'http://a.example' is therefore not allowed access.";
        for (text, code, meaning) in [
            ("Response for preflight has invalid HTTP status code 404".into(), "PreflightInvalidStatus", STATUS),
            ("Response for preflight is invalid (redirect)".into(), "PreflightDisallowedRedirect", REDIRECT),
            (wildcard.to_owned(), "WildcardOriginNotAllowed", WILDCARD),
            (format!("{preflight}{wildcard}"), "PreflightWildcardOriginNotAllowed", WILDCARD),
            (credentials.to_owned(), "InvalidAllowCredentials", CREDENTIALS),
            (format!("{preflight}{credentials}"), "PreflightInvalidAllowCredentials", CREDENTIALS),
            (
                "The request was redirected to 'http://c.example/', which is disallowed for cross-origin requests \
                 that require preflight."
                    .into(),
                "",
                REDIRECT_AFTER_PREFLIGHT,
            ),
        ] {
            let text = format!("{load}{text}");
            assert_eq!(means(&text), (Engine::Chromium, code, meaning), "{text}");
            assert_eq!(read_console_message(&text).unwrap().url.as_deref(), Some("http://b.example/"), "{text}");
        }
        let frame = "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                     https://b.example/. (Reason: ";
        let headers = "token ‘x-foo’ in CORS header ‘Access-Control-Allow-Headers’";
        for (reason, code, meaning) in [
            ("CORS preflight channel did not succeed).".to_owned(), "CORSPreflightDidNotSucceed", STATUS),
            (
                format!("missing {headers} from CORS preflight channel)."),
                "CORSMissingAllowHeaderFromPreflight",
                HEADERS,
            ),
            (format!("invalid {headers})."), "CORSInvalidAllowHeader", HEADERS_SYNTAX),
            (
                "CORS header ‘Access-Control-Allow-Origin’ missing).".to_owned(),
                "CORSMissingAllowOrigin2",
                MISSING,
            ),
        ] {
            let text = format!("{frame}{reason}");
            let straight = text.replace(['‘', '’'], "'");
            let bare = straight.replace(frame, "(Reason: ");
            for text in [text, straight, bare] {
                assert_eq!(means(&text), (Engine::Firefox, code, meaning), "{text}");
            }
        }
    }

    #[test]
    fn a_refusal_without_a_reason_gets_none() {
        let denied =
            "Cross-origin redirection to https://c.example/ denied by Cross-Origin Resource Sharing policy";
        for (rest, meaning) in [
            (".", REDIRECT_DENIED),
            ("", REDIRECT_DENIED),
            (": Redirection URL contains credentials.", REDIRECT_CREDENTIALS),
            (": the URL is not valid.", LOCATION),
            (": Redirected to either a non-HTTP URL or a URL that contains credentials.", REDIRECT_SCHEME),
        ] {
            assert_eq!(
                means(&format!("{denied}{rest}")),
                (Engine::WebKit, "RedirectDenied", meaning),
                "{rest}"
            );
        }
    }

    #[test]
    fn unknown_reasons_in_a_known_frame_are_told_as_such() {
        for (text, engine) in [
            (
                "Access to fetch at 'https://b.example/' from origin 'https://a.example' has been blocked by CORS \
                 policy: The moon is not full.",
                Engine::Chromium,
            ),
            (
                "Response to preflight request doesn't pass access control check: Neither is it new.",
                Engine::Chromium,
            ),
            (
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at \
                 https://b.example/. This can be fixed by moving the resource to the same domain or enabling CORS.",
                Engine::Firefox,
            ),
        ] {
            assert_eq!(means(text), (engine, "", UNKNOWN), "{text}");
        }
    }

    #[test]
    fn errors_of_scripts_say_nothing() {
        for (text, engine) in [
            ("TypeError: Failed to fetch", Engine::Chromium),
            (
                "Uncaught (in promise) TypeError: Failed to fetch (api.example.com)\n    at a.js:1",
                Engine::Chromium,
            ),
            ("TypeError: NetworkError when attempting to fetch resource.", Engine::Firefox),
            (" Load failed\n", Engine::WebKit),
        ] {
            assert_eq!(means(text), (engine, "", SCRIPT), "{text}");
        }
    }

    #[test]
    fn other_messages_are_not() {
        for text in [
            "",
            "TypeError: Failed to fetch dynamically imported module: https://a.example/b.js",
            "TypeError: Load failed for a font",
            "Failed to load resource: the server responded with a status of 404",
            "404 Not Found",
            "Access-Control-Allow-Origin",
            "Request has been terminated\nPossible causes: the network is offline, Origin is not allowed by \
             Access-Control-Allow-Origin, the page is being unloaded, etc.",
        ] {
            assert_eq!(read_console_message(text), None, "{text}");
        }
    }
}
