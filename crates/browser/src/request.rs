//! What a script asks for, and what the `Request` constructor makes of it (Fetch,
//! sections 5.1 and 5.4).

use std::fmt;
use std::net::IpAddr;

use url::Url;

use crate::engine::Profile;
use crate::header::{HeaderList, is_token, trim};
use crate::network::{address_space, space_of};
use crate::safelist::{is_no_cors_name, is_safelisted, is_safelisted_method};

/// The document or worker whose script asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its origin as browsers serialize it; `null` for an opaque one.
    pub origin: String,
    /// What it is.
    pub kind: PageKind,
    /// Whether it is a secure context.
    pub secure_context: bool,
    /// Where it was loaded from.
    pub address_space: AddressSpace,
    /// Whether the user has allowed its site to reach the local network.
    pub may_reach_local_network: bool,
    /// The address spaces that host names lead to, where that is known; of others the name
    /// itself tells (`localhost`, `printer.local`).
    pub resolved: Vec<(String, AddressSpace)>,
}

impl Page {
    /// An ordinary document of `origin`, a secure context if it is from `https:`.
    pub fn of(origin: impl Into<String>) -> Self {
        let origin = origin.into();
        let secure_context = origin.starts_with("https://");
        Self {
            origin,
            kind: PageKind::Window,
            secure_context,
            address_space: AddressSpace::Public,
            may_reach_local_network: false,
            resolved: Vec::new(),
        }
    }

    /// The address space that the host of a URL shows.
    pub fn space_of(url: &str) -> AddressSpace {
        Url::parse(url).map_or(AddressSpace::Public, |url| address_space(&url))
    }
}

/// What a page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageKind {
    /// A frame whose document came from a `blob:` URL.
    Blob,
    /// A frame whose document came from a `data:` URL.
    Data,
    /// A document from a `file:` URL.
    File,
    /// A sandboxed frame or document.
    Sandbox,
    /// A frame whose document came from a `srcdoc` attribute.
    Srcdoc,
    /// A document of a server.
    #[default]
    Window,
    /// A worker.
    Worker,
}

/// An IP address space (Local Network Access, section 2.1), from the most private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressSpace {
    /// This machine.
    Loopback,
    /// This network.
    Local,
    /// The Internet.
    #[default]
    Public,
}

impl AddressSpace {
    /// Its name in the standard.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Local => "local",
            Self::Public => "public",
        }
    }

    /// The space of an address.
    pub fn of(address: IpAddr) -> Self {
        space_of(address)
    }
}

/// A request's mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Cross-origin, by the CORS protocol.
    #[default]
    Cors,
    /// Not for scripts.
    Navigate,
    /// Cross-origin without reading.
    NoCors,
    /// Never cross-origin.
    SameOrigin,
    /// Any other word, for which the constructor throws.
    Unknown,
}

impl Mode {
    /// The mode that a script calls `name`.
    pub fn named(name: &str) -> Self {
        match name {
            "cors" => Self::Cors,
            "navigate" => Self::Navigate,
            "no-cors" => Self::NoCors,
            "same-origin" => Self::SameOrigin,
            _ => Self::Unknown,
        }
    }
}

/// A request's credentials mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialsMode {
    /// Cookies and HTTP authentication always.
    Include,
    /// Never.
    Omit,
    /// To the page's own origin only.
    #[default]
    SameOrigin,
    /// Any other word, for which the constructor throws.
    Unknown,
}

impl CredentialsMode {
    /// The credentials mode that a script calls `name`.
    pub fn named(name: &str) -> Self {
        match name {
            "include" => Self::Include,
            "omit" => Self::Omit,
            "same-origin" => Self::SameOrigin,
            _ => Self::Unknown,
        }
    }
}

/// A request's redirect mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedirectMode {
    /// A redirect is an error.
    Error,
    /// Redirects are followed.
    #[default]
    Follow,
    /// A redirect is handed to the script, which sees nothing of it.
    Manual,
    /// Any other word, for which the constructor throws.
    Unknown,
}

impl RedirectMode {
    /// The redirect mode that a script calls `name`.
    pub fn named(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "follow" => Self::Follow,
            "manual" => Self::Manual,
            _ => Self::Unknown,
        }
    }
}

/// A request's cache mode; only one matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheMode {
    /// Any other.
    #[default]
    Default,
    /// `only-if-cached`, which goes with `same-origin` mode only.
    OnlyIfCached,
    /// Any other word, for which the constructor throws.
    Unknown,
}

impl CacheMode {
    /// The cache mode that a script calls `name`.
    pub fn named(name: &str) -> Self {
        match name {
            "default" | "force-cache" | "no-cache" | "no-store" | "reload" => Self::Default,
            "only-if-cached" => Self::OnlyIfCached,
            _ => Self::Unknown,
        }
    }
}

/// What a body is made from; it decides the `Content-Type` that nobody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A `Blob` with its type, which may be empty.
    Blob(String),
    /// An `ArrayBuffer` or a view of one.
    Bytes,
    /// A `FormData`.
    Form,
    /// A `ReadableStream`.
    Stream,
    /// A string.
    Text,
    /// A `URLSearchParams`.
    UrlSearchParams,
}

/// The arguments of `fetch()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInit {
    /// The URL, absolute.
    pub url: String,
    /// The method as written.
    pub method: String,
    /// Header fields as written; each character stands for the byte of its number.
    pub headers: Vec<(String, String)>,
    /// The mode.
    pub mode: Mode,
    /// The credentials mode.
    pub credentials: CredentialsMode,
    /// The redirect mode.
    pub redirect: RedirectMode,
    /// The cache mode.
    pub cache: CacheMode,
    /// The body.
    pub body: Option<Body>,
    /// The script's word for where the server is (Local Network Access, section 3.6).
    pub target_address_space: Option<AddressSpace>,
    /// What the script calls.
    pub initiator: Initiator,
}

/// What a script calls to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initiator {
    /// `fetch()`.
    #[default]
    Fetch,
    /// An `XMLHttpRequest`, whose `withCredentials` is credentials mode `include`; it has
    /// modes for nothing else.
    XmlHttpRequest {
        /// Whether something listens to its `upload`, which asks for a preflight
        /// (`XMLHttpRequest`, its upload listener flag).
        has_upload_listener: bool,
    },
}

impl RequestInit {
    fn has_unknown_mode(&self) -> bool {
        self.mode == Mode::Unknown
            || self.credentials == CredentialsMode::Unknown
            || self.redirect == RedirectMode::Unknown
            || self.cache == CacheMode::Unknown
    }
}

/// Why `fetch()` throws a `TypeError` before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalid {
    /// A body with `GET` or `HEAD`.
    BodyWithGet,
    /// `CONNECT`, `TRACE` or `TRACK`.
    ForbiddenMethod(String),
    /// A header name that is not a token.
    HeaderName(String),
    /// A header value with NUL, a line break, or a character beyond U+00FF.
    HeaderValue(String),
    /// A method that is not a token.
    Method(String),
    /// Mode `navigate`.
    NavigateMode,
    /// Mode `no-cors` with a method that needs a preflight.
    NoCorsMethod(String),
    /// `only-if-cached` without mode `same-origin`.
    OnlyIfCached,
    /// A mode that no browser knows.
    UnknownMode,
    /// A URL with a user name or password.
    UrlCredentials,
    /// A URL that cannot be parsed.
    UrlUnparsable(String),
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BodyWithGet => f.write_str("a request with `GET` or `HEAD` cannot have a body"),
            Self::ForbiddenMethod(method) => write!(f, "`{method}` is a forbidden method"),
            Self::HeaderName(name) => write!(f, "`{name}` is not a header name"),
            Self::HeaderValue(name) => {
                write!(f, "the value of `{name}` has a NUL, a line break, or a character beyond U+00FF")
            }
            Self::Method(method) => write!(f, "`{method}` is not a method"),
            Self::NavigateMode => f.write_str("mode `navigate` is not for scripts"),
            Self::NoCorsMethod(method) => write!(f, "mode `no-cors` does not allow `{method}`"),
            Self::OnlyIfCached => f.write_str("`only-if-cached` needs mode `same-origin`"),
            Self::UnknownMode => f.write_str("one of the modes is no word that browsers know"),
            Self::UrlCredentials => f.write_str("the URL contains a user name or a password"),
            Self::UrlUnparsable(url) => write!(f, "`{url}` is not an absolute URL"),
        }
    }
}

/// A request as the constructor leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) url: Url,
    pub(crate) method: String,
    pub(crate) headers: HeaderList,
    pub(crate) mode: Mode,
    pub(crate) credentials: CredentialsMode,
    pub(crate) redirect: RedirectMode,
    /// A body that can be sent once only.
    pub(crate) has_stream: bool,
    /// The use-CORS-preflight flag, where neither method nor headers ask for it.
    pub(crate) asks_for_preflight: bool,
    pub(crate) cache: CacheMode,
    pub(crate) target_address_space: Option<AddressSpace>,
}

impl Request {
    /// The `Request` constructor.
    pub(crate) fn construct(init: &RequestInit, profile: &Profile) -> Result<Self, Invalid> {
        let url = Url::parse(&init.url).map_err(|_| Invalid::UrlUnparsable(init.url.clone()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::UrlCredentials);
        }
        check_modes(init)?;
        let method = normalize_method(&init.method)?;
        if init.mode == Mode::NoCors && !is_safelisted_method(&method) {
            return Err(Invalid::NoCorsMethod(method));
        }
        let mut headers = HeaderList::default();
        for (name, value) in &init.headers {
            let bytes: Option<Vec<u8>> =
                value.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
            let bytes = bytes.ok_or_else(|| Invalid::HeaderValue(name.clone()))?;
            guarded_append(&mut headers, name, &bytes, init.mode, profile)?;
        }
        let has_no_body = matches!(&*method, "GET" | "HEAD");
        let is_fetch = init.initiator == Initiator::Fetch;
        if init.body.is_some() && has_no_body && is_fetch {
            return Err(Invalid::BodyWithGet);
        }
        if !is_fetch {
            headers.combine();
        }
        // `send()` leaves the body of a GET or HEAD out.
        let body = init.body.as_ref().filter(|_| !has_no_body);
        let content_type = body.and_then(|body| content_type(body, profile));
        if let Some(content_type) = content_type
            && !headers.contains("content-type")
        {
            guarded_append(&mut headers, "Content-Type", content_type.as_bytes(), init.mode, profile)?;
        }
        Ok(Self {
            url,
            method,
            headers,
            mode: init.mode,
            credentials: init.credentials,
            redirect: init.redirect,
            has_stream: init.body == Some(Body::Stream) && !profile.sends_streams_as_text,
            cache: init.cache,
            asks_for_preflight: init.initiator == Initiator::XmlHttpRequest { has_upload_listener: true },
            target_address_space: init.target_address_space,
        })
    }
}

fn check_modes(init: &RequestInit) -> Result<(), Invalid> {
    if init.has_unknown_mode() {
        return Err(Invalid::UnknownMode);
    }
    match (init.mode, init.cache) {
        (Mode::Navigate, _) => Err(Invalid::NavigateMode),
        (Mode::SameOrigin, _) => Ok(()),
        (_, CacheMode::OnlyIfCached) => Err(Invalid::OnlyIfCached),
        _ => Ok(()),
    }
}

/// "To normalize a method": six are written in upper case whatever the script wrote.
fn normalize_method(method: &str) -> Result<String, Invalid> {
    if !is_token(method.as_bytes()) {
        return Err(Invalid::Method(method.to_owned()));
    }
    let upper = method.to_ascii_uppercase();
    match &*upper {
        "CONNECT" | "TRACE" | "TRACK" => Err(Invalid::ForbiddenMethod(method.to_owned())),
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => Ok(upper),
        _ => Ok(method.to_owned()),
    }
}

/// "To append a header (name, value) to a Headers object", with the guards `request`
/// and `request-no-cors`.
fn guarded_append(
    headers: &mut HeaderList,
    name: &str,
    value: &[u8],
    mode: Mode,
    profile: &Profile,
) -> Result<(), Invalid> {
    let value = trim(value);
    if !is_token(name.as_bytes()) {
        return Err(Invalid::HeaderName(name.to_owned()));
    }
    if value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) {
        return Err(Invalid::HeaderValue(name.to_owned()));
    }
    let lower = name.to_ascii_lowercase();
    if is_forbidden(&lower, value) || profile.ignored_headers.contains(&&*lower) {
        return Ok(());
    }
    if mode == Mode::NoCors {
        let mut combined = headers.get(name).map_or(Vec::new(), |mut old| {
            old.extend_from_slice(b", ");
            old
        });
        combined.extend_from_slice(value);
        if !is_no_cors_name(name) || !is_safelisted(&lower, &combined, profile) {
            return Ok(());
        }
    }
    headers.append(name, value);
    Ok(())
}

/// A "forbidden request-header", in lower case.
fn is_forbidden(name: &str, value: &[u8]) -> bool {
    const NAMES: [&str; 21] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    let overrides_method = matches!(name, "x-http-method" | "x-http-method-override" | "x-method-override");
    NAMES.contains(&name)
        || name.starts_with("proxy-")
        || name.starts_with("sec-")
        || overrides_method && value.split(|&byte| byte == b',').map(trim).any(is_forbidden_method)
}

fn is_forbidden_method(method: &[u8]) -> bool {
    [&b"CONNECT"[..], b"TRACE", b"TRACK"].iter().any(|own| own.eq_ignore_ascii_case(method))
}

/// The type that a body brings along ("To extract a body with type").
fn content_type<'b>(body: &'b Body, profile: &Profile) -> Option<&'b str> {
    match body {
        Body::Text => Some("text/plain;charset=UTF-8"),
        Body::UrlSearchParams => Some("application/x-www-form-urlencoded;charset=UTF-8"),
        // The boundary is drawn anew each time; its bytes are all safe.
        Body::Form => Some("multipart/form-data; boundary=----corsac"),
        Body::Blob(kind) => Some(kind.as_str()).filter(|kind| !kind.is_empty()),
        Body::Stream if profile.sends_streams_as_text => Some("text/plain;charset=UTF-8"),
        Body::Bytes | Body::Stream => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_xml_http_request_leaves_bodies_out_and_joins_headers_that_fetch_repeats() {
        let field = ("Accept".to_owned(), "a".repeat(100));
        let fetch = RequestInit {
            url: "https://api.example/".to_owned(),
            method: "GET".to_owned(),
            headers: vec![field.clone(), field],
            body: Some(Body::Text),
            ..RequestInit::default()
        };
        let profile = Engine::Firefox.profile();
        assert_eq!(Request::construct(&fetch, profile), Err(Invalid::BodyWithGet));
        let listening = Initiator::XmlHttpRequest { has_upload_listener: true };
        let request =
            Request::construct(&RequestInit { initiator: listening, ..fetch.clone() }, profile).unwrap();
        assert!(request.asks_for_preflight && !request.headers.contains("content-type"));
        assert_eq!(request.headers.all("accept").map(<[u8]>::len).collect::<Vec<_>>(), [202]);
        let silent = Initiator::XmlHttpRequest { has_upload_listener: false };
        let request = Request::construct(&RequestInit { initiator: silent, ..fetch }, profile).unwrap();
        assert!(!request.asks_for_preflight);
    }
    use crate::engine::Engine;

    fn init(method: &str) -> RequestInit {
        RequestInit { url: "https://api.example/".into(), method: method.into(), ..RequestInit::default() }
    }

    fn construct(init: &RequestInit) -> Result<Request, Invalid> {
        Request::construct(init, Engine::Standard.profile())
    }

    #[test]
    fn six_methods_are_normalized_and_three_refused() {
        for (written, method) in [("get", "GET"), ("Put", "PUT"), ("patch", "patch"), ("QUERY", "QUERY")] {
            assert_eq!(construct(&init(written)).unwrap().method, method);
        }
        assert_eq!(construct(&init("tRace")), Err(Invalid::ForbiddenMethod("tRace".into())));
        assert_eq!(construct(&init("a b")), Err(Invalid::Method("a b".into())));
    }

    #[test]
    fn forbidden_headers_are_dropped_and_broken_ones_refused() {
        let with = |name: &str, value: &str| {
            let headers = vec![(name.to_owned(), value.to_owned())];
            construct(&RequestInit { headers, ..init("GET") }).map(|request| request.headers.contains(name))
        };
        assert_eq!(with("Cookie", "a"), Ok(false));
        assert_eq!(with("Sec-Anything", "a"), Ok(false));
        assert_eq!(with("X-HTTP-Method-Override", "PUT, trace"), Ok(false));
        assert_eq!(with("X-HTTP-Method-Override", "PUT"), Ok(true));
        assert_eq!(with("Cookies", "a"), Ok(true));
        assert_eq!(with("a b", "a"), Err(Invalid::HeaderName("a b".into())));
        assert_eq!(with("a", "x\ny"), Err(Invalid::HeaderValue("a".into())));
        assert_eq!(with("a", "x\n"), Ok(true));
    }

    #[test]
    fn without_cors_only_harmless_headers_stay() {
        let headers = [("Accept", "a"), ("X-A", "1"), ("Content-Type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = construct(&RequestInit { headers, mode: Mode::NoCors, ..init("POST") }).unwrap();
        assert_eq!(request.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Accept"]);
        assert!(construct(&RequestInit { mode: Mode::NoCors, ..init("PUT") }).is_err());
    }
}
