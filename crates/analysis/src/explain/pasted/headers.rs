//! Which header fields of a recorded request are the script's, and what was left out.

use std::fmt;

use super::error::short;

/// Fields that browsers set by themselves, in lower case: forbidden to scripts, hints, what
/// the cache asks, what the protocol needs. `sec-` and `proxy-` stand for more.
const BROWSERS_OWN: [&str; 44] = [
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "alt-used",
    "authority",
    "connection",
    "content-length",
    "cookie2",
    "date",
    "device-memory",
    "dnt",
    "downlink",
    "dpr",
    "ect",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "origin",
    "priority",
    "purpose",
    "referer",
    "referrer-policy",
    "rtt",
    "save-data",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "viewport-width",
    "width",
    "x-client-data",
    ":authority",
    ":method",
    ":path",
    ":scheme",
    ":version",
    "service-worker-navigation-preload",
];

/// What was left out of a paste or taken for something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// An `Authorization` that might be HTTP authentication.
    Authorization,
    /// Fields that browsers set by themselves.
    BrowserFields(Vec<String>),
    /// `cache-control` and `pragma` of a browser whose cache is switched off.
    Caching,
    /// `omit`, which tools print where no cookie was sent.
    CredentialsOmitted,
    /// Keys of a call that say nothing about CORS, or nothing that can be read.
    Keys(Vec<String>),
    /// Options of cURL that concern no browser.
    Options(Vec<String>),
    /// What follows the call.
    Rest(String),
    /// `--insecure`: browsers refuse a certificate that they do not trust.
    Insecure,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorization => f.write_str(
                "`authorization` is taken for the script's; if it is HTTP authentication, paste it with -u",
            ),
            Self::BrowserFields(names) => write!(f, "left out as the browser's own: {}", listed(names)),
            Self::Caching => f.write_str(
                "`cache-control` and `pragma` are taken for the browser's (\"Disable cache\"); -H adds them",
            ),
            Self::CredentialsOmitted => f.write_str(
                "`omit` is also what tools print where no cookie was sent; --credentials says otherwise",
            ),
            Self::Keys(keys) => write!(f, "left out as of no matter here: {}", listed(keys)),
            Self::Options(options) => write!(f, "left out as cURL's own: {}", listed(options)),
            Self::Rest(text) => write!(f, "left out as another command: `{}`", short(text)),
            Self::Insecure => {
                f.write_str("left out: `--insecure`; browsers refuse a certificate that they do not trust")
            }
        }
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", short(name))).collect::<Vec<_>>().join(", ")
}

/// The fields of a recorded request, sorted by whose they are.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) scripts: Vec<(String, String)>,
    pub(super) cookies: Vec<String>,
    pub(super) origin: Option<String>,
    pub(super) referrer: Option<String>,
    /// Whether this is a preflight.
    pub(super) is_preflight: bool,
    /// Whether a browser recorded it: it has fields that no hand writes.
    pub(super) is_recorded: bool,
    pub(super) remarks: Vec<Remark>,
}

/// Sorts `fields`. Those of `always`, or of a recorded request, are held against the names
/// that browsers use; a call that somebody wrote means what it says.
pub(super) fn sort(fields: Vec<(String, String)>, always: bool) -> Sorted {
    let is_sign = |name: &str| {
        name.starts_with("sec-") || matches!(name, "user-agent" | "accept-language" | "priority" | "referer")
    };
    let is_recorded = fields.iter().any(|(name, _)| is_sign(&name.to_ascii_lowercase()));
    let mut sorted = Sorted { is_recorded, ..Sorted::default() };
    let is_caching = is_recorded && is_cache_off(&fields);
    let mut own = Vec::new();
    for (name, value) in fields {
        let lower = name.to_ascii_lowercase();
        match &*lower {
            "origin" => sorted.origin = Some(value.clone()),
            "referer" => sorted.referrer = Some(value.clone()),
            "access-control-request-method" => sorted.is_preflight = true,
            _ => {}
        }
        if lower == "cookie" {
            sorted.cookies.push(value);
        } else if is_caching && matches!(&*lower, "cache-control" | "pragma") {
            // Told once, below.
        } else if (always || is_recorded) && is_browsers(&lower, &value, is_recorded) {
            own.push(lower);
        } else {
            sorted.scripts.push((name, value));
        }
    }
    if !own.is_empty() {
        sorted.remarks.push(Remark::BrowserFields(own));
    }
    if is_caching {
        sorted.remarks.push(Remark::Caching);
    }
    sorted
}

fn is_browsers(name: &str, value: &str, is_recorded: bool) -> bool {
    match name {
        // What a script's call has unless it says otherwise, and what elements ask for.
        "accept" => value == "*/*" || value.starts_with("text/html,") || value.starts_with("image/"),
        // The cache's, in a request that a browser made; otherwise somebody means it.
        "if-modified-since" | "if-none-match" => is_recorded,
        "cache-control" => is_recorded && value == "max-age=0",
        _ => BROWSERS_OWN.contains(&name) || name.starts_with("sec-") || name.starts_with("proxy-"),
    }
}

/// "Disable cache" sends both.
fn is_cache_off(fields: &[(String, String)]) -> bool {
    let has = |name: &str| {
        fields
            .iter()
            .any(|(own, value)| own.eq_ignore_ascii_case(name) && value.eq_ignore_ascii_case("no-cache"))
    };
    has("cache-control") && has("pragma")
}

/// Whether an `Authorization` may be the browser's: its scheme is one of those that browsers
/// speak by themselves.
pub(super) fn may_be_browsers(authorization: &str) -> bool {
    let scheme = authorization.split(' ').next().unwrap_or_default();
    ["basic", "digest", "negotiate", "ntlm"].iter().any(|own| own.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(fields: &[(&str, &str)], always: bool) -> Vec<String> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        sort(fields, always).scripts.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_a_browser_added_is_no_script_s() {
        let recorded = [
            ("accept", "*/*"),
            ("Cache-Control", "no-cache"),
            ("Pragma", "no-cache"),
            ("sec-ch-ua-mobile", "?0"),
            ("If-None-Match", "\"a\""),
            ("x-trace", "1"),
            ("content-type", "text/plain"),
        ];
        assert_eq!(names(&recorded, false), ["x-trace", "content-type"]);
        // Without a sign of a browser the same names are somebody's own.
        let written = [("Cache-Control", "no-cache"), ("Pragma", "no-cache"), ("If-None-Match", "\"a\"")];
        assert_eq!(names(&written, true), ["Cache-Control", "Pragma", "If-None-Match"]);
        // One alone is no "Disable cache".
        assert_eq!(names(&[("user-agent", "a"), ("pragma", "no-cache")], true), ["pragma"]);
        assert_eq!(names(&[("accept", "application/json"), ("sec-fetch-mode", "cors")], true), ["accept"]);
        assert_eq!(names(&[("Host", "a"), ("Hosts", "a")], true), ["Hosts"]);
    }
}
