//! What an entry is, and where it comes from.

use std::fmt;

use url::Url;

use super::entry::Entry;

/// Why a request is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Skipped {
    /// The page gave it up.
    Cancelled,
    /// A load of a page or frame.
    Navigation,
    /// A load that the CORS protocol has no part in.
    NoCors,
    /// Nothing tells which page asked.
    NoPage,
    /// `data:`, `blob:` and the like.
    NotHttp,
    /// A method or URL that no script can ask for.
    NotScript,
    /// The page's own origin.
    SameOrigin,
    /// A service worker answered it.
    ServiceWorker,
    /// More header fields than browsers take.
    TooLarge,
    /// A WebSocket.
    WebSocket,
}

impl Skipped {
    /// Its name in machine output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Navigation => "navigation",
            Self::NoCors => "no-cors",
            Self::NoPage => "no-page",
            Self::NotHttp => "not-http",
            Self::NotScript => "not-script",
            Self::SameOrigin => "same-origin",
            Self::ServiceWorker => "service-worker",
            Self::TooLarge => "too-large",
            Self::WebSocket => "websocket",
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "given up by the page",
            Self::Navigation => "navigations",
            Self::NoCors => "loads without CORS (images, scripts, styles)",
            Self::NoPage => "of a page that the HAR does not tell",
            Self::NotHttp => "not http: or https:",
            Self::NotScript => "that no script can send",
            Self::SameOrigin => "to the page's own origin",
            Self::ServiceWorker => "answered by a service worker",
            Self::TooLarge => "with more header fields than browsers take",
            Self::WebSocket => "WebSockets",
        })
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request that CORS decides about if it is to another origin.
    Cors,
    /// A preflight.
    Preflight,
    /// Something else.
    Skipped(Skipped),
}

impl Kind {
    pub(super) fn of(entry: &Entry) -> Self {
        let scheme = entry.url().split(':').next().unwrap_or_default();
        let is = |own: &str| scheme.eq_ignore_ascii_case(own);
        if is("ws") || is("wss") || entry.resource_type == "websocket" {
            return Self::Skipped(Skipped::WebSocket);
        }
        if !is("http") && !is("https") {
            return Self::Skipped(Skipped::NotHttp);
        }
        if entry.request.fields.is_cut || entry.response.fields.is_cut {
            return Self::Skipped(Skipped::TooLarge);
        }
        // Who made the response and who may read it was settled in the worker, whose own
        // requests are entries of their own.
        if entry.via_worker {
            return Self::Skipped(Skipped::ServiceWorker);
        }
        if entry.request.method == "OPTIONS" && entry.asked_method().is_some() {
            return Self::Preflight;
        }
        mode(entry)
    }
}

/// `Sec-Fetch-Mode` is the mode itself, but goes to trustworthy URLs only, and Chromium leaves
/// it out where nothing was sent ("provisional headers"); then there is `_resourceType`, which is
/// `fetch` in every mode. Without either, only `Origin` tells.
fn mode(entry: &Entry) -> Kind {
    let field = |name| entry.request.fields.get(name);
    match field("sec-fetch-mode") {
        Some("cors") => return Kind::Cors,
        Some("navigate" | "nested-navigate") => return Kind::Skipped(Skipped::Navigation),
        Some("websocket") => return Kind::Skipped(Skipped::WebSocket),
        Some(_) => return Kind::Skipped(Skipped::NoCors),
        None => {}
    }
    // A form that is posted carries `Origin` too.
    let is_page = field("upgrade-insecure-requests").is_some()
        || field("accept").is_some_and(|accept| accept.starts_with("text/html"));
    match &*entry.resource_type {
        "document" => Kind::Skipped(Skipped::Navigation),
        "fetch" if page_origin(entry).is_some_and(|page| is_no_cors(entry, &page)) => {
            Kind::Skipped(Skipped::NoCors)
        }
        "fetch" | "xhr" | "eventsource" | "preflight" => Kind::Cors,
        _ if field("origin").is_none() => Kind::Skipped(Skipped::NoCors),
        "" if is_page => Kind::Skipped(Skipped::Navigation),
        _ => Kind::Cors,
    }
}

/// Whether a page of `page` called `fetch()` in mode `no-cors`: what is sent to another origin in
/// mode `cors` always has `Origin`, and in the other modes of scripts nothing is.
pub(super) fn is_no_cors(entry: &Entry, page: &str) -> bool {
    let has = |name| entry.request.fields.get(name).is_some();
    // What the network's part of a browser adds; it is missing from requests that were not sent,
    // and from those that the browser's cache answered.
    let is_sent = ["accept-encoding", "connection", "host"].into_iter().any(has);
    let is_plain = entry.resource_type == "fetch" && !has("origin") && !has("sec-fetch-mode");
    is_plain && is_sent && origin_of(entry.url()).is_some_and(|url| url != page)
}

/// The origin of `url`, as browsers serialize it.
pub(super) fn origin_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// The page's origin as the request tells it. The `Referer` may be a stylesheet's, but what
/// stylesheets load with CORS carries `Origin`.
pub(super) fn page_origin(entry: &Entry) -> Option<String> {
    let sent = entry.request.fields.get("origin").map(str::trim);
    let is_origin =
        |text: &&str| *text == "null" || is_extension(text) || origin_of(text).as_deref() == Some(*text);
    match sent.filter(is_origin) {
        Some(origin) => Some(origin.to_owned()),
        None => entry.request.fields.get("referer").and_then(origin_of),
    }
}

/// Pages of extensions have origins of their own.
fn is_extension(text: &str) -> bool {
    let schemes = ["chrome-extension://", "moz-extension://", "safari-web-extension://"];
    schemes
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|host| !host.is_empty() && !host.contains('/')))
}
