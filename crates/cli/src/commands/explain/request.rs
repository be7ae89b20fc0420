//! What is asked: the command line's words as the arguments of `fetch()`.

use corsac_analysis::explain::{MAX_PASTE_BYTES, PastedCall, read_curl, read_fetch};
use corsac_browser::{
    AddressSpace, Body, CredentialsMode, Initiator, Mode, Page, PageKind, RedirectMode, RequestInit,
};
use corsac_origin::OriginRef;
use url::{ParseError, Url};

use crate::args::{Credentials, Explain, Redirect, Space};
use crate::load::{self, LoadError};

/// A page and its call.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) page: Page,
    pub(crate) request: RequestInit,
    /// The text of the body, where it is known.
    pub(crate) body: Option<String>,
    /// What the browser adds to the request where the credentials mode lets it: `cookie`, and
    /// `authorization` of HTTP authentication. The user gave it.
    pub(crate) presented: Vec<(String, String)>,
    /// What of a pasted call was left out or taken for something.
    pub(crate) notes: Vec<String>,
}

fn failed(reason: String, hint: &str) -> LoadError {
    LoadError { reason, hint: hint.to_owned() }
}

impl Asked {
    /// The flags, and beneath them what a pasted call says.
    pub(crate) fn of(explain: &Explain) -> Result<Self, LoadError> {
        let pasted = pasted(explain)?;
        let origin = explain.from.as_ref().or(pasted.page_origin.as_ref());
        let origin = origin.ok_or_else(|| {
            failed(
                "the pasted call has no origin: neither `Origin` nor a referrer".to_owned(),
                "say whose page it is: --from https://app.example.com",
            )
        })?;
        let url = explain.url.as_ref().unwrap_or(&pasted.url);
        let (url, parsed) = absolute(url, origin)?;
        let page = surroundings(page(origin, &url)?, explain);
        let mut notes: Vec<_> = pasted.remarks.iter().map(ToString::to_string).collect();
        let (headers, presented) = headers(explain, &pasted)?;
        let body = match &explain.data {
            Some(text) => Some((Body::Text, Some(text.clone()))),
            None => pasted.body.map(|body| (body.kind, body.text)),
        };
        let default = if body.is_some() { "POST" } else { "GET" };
        let method = explain.method.clone().or(pasted.method);
        let (body, text) = body.map_or((None, None), |(kind, text)| (Some(kind), text));
        let request = RequestInit {
            url,
            method: method.unwrap_or_else(|| default.to_owned()),
            headers,
            mode: pasted.mode.unwrap_or(Mode::Cors),
            credentials: explain
                .credentials
                .map(CredentialsMode::from)
                .or(pasted.credentials)
                .unwrap_or_default(),
            redirect: explain.redirect.map(RedirectMode::from).or(pasted.redirect).unwrap_or_default(),
            cache: pasted.cache.unwrap_or_default(),
            body,
            initiator: if explain.xhr {
                Initiator::XmlHttpRequest { has_upload_listener: false }
            } else {
                Initiator::Fetch
            },
            ..RequestInit::default()
        };
        let is_at_home = parsed.origin().ascii_serialization() == page.origin;
        notes.extend(credentials_note(explain, &request, &presented, is_at_home));
        Ok(Self { page, request, body: text, presented, notes })
    }
}

impl From<Credentials> for CredentialsMode {
    fn from(credentials: Credentials) -> Self {
        match credentials {
            Credentials::Include => Self::Include,
            Credentials::Omit => Self::Omit,
            Credentials::SameOrigin => Self::SameOrigin,
        }
    }
}

impl From<Redirect> for RedirectMode {
    fn from(redirect: Redirect) -> Self {
        match redirect {
            Redirect::Error => Self::Error,
            Redirect::Follow => Self::Follow,
            Redirect::Manual => Self::Manual,
        }
    }
}

/// The pasted call; without one, nothing is told.
fn pasted(explain: &Explain) -> Result<PastedCall, LoadError> {
    let (paste, what) = match (&explain.curl, &explain.fetch) {
        (Some(paste), _) => (paste, "cURL command"),
        (None, Some(paste)) => (paste, "call of fetch()"),
        (None, None) => return Ok(PastedCall::default()),
    };
    let text = if paste == "-" { load::pasted(MAX_PASTE_BYTES)? } else { paste.clone() };
    let read = if explain.curl.is_some() { read_curl(&text) } else { read_fetch(&text) };
    read.map_err(|error| failed(format!("failed to read the {what}: {error}"), error.hint()))
}

/// A whole URL; one of a script may be relative to its page.
fn absolute(url: &str, origin: &str) -> Result<(String, Url), LoadError> {
    let parsed = match Url::parse(url) {
        Err(ParseError::RelativeUrlWithoutBase) if url.starts_with('/') => {
            Url::parse(origin).and_then(|page| page.join(url)).map(|joined| (joined.to_string(), joined))
        }
        parsed => parsed.map(|parsed| (url.to_owned(), parsed)),
    };
    let (url, parsed) = parsed.map_err(|error| {
        failed(
            format!("failed to read the URL `{url}`: {error}"),
            "write it whole: https://api.example.com/items/7",
        )
    })?;
    if !matches!(parsed.scheme(), "http" | "https") {
        let reason = format!("failed to ask `{url}`: only http: and https: are asked");
        return Err(failed(reason, "write it like https://api.example.com/items/7"));
    }
    Ok((url, parsed))
}

type Fields = Vec<(String, String)>;

/// The script's fields and the browser's credentials; a flag takes the place of what was
/// pasted under its name.
fn headers(explain: &Explain, pasted: &PastedCall) -> Result<(Fields, Fields), LoadError> {
    let given = explain.headers.iter().map(|header| field(header)).collect::<Result<Fields, _>>()?;
    let is_given = |name: &str| given.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let keep =
        |fields: &Fields| -> Fields { fields.iter().filter(|(name, _)| !is_given(name)).cloned().collect() };
    let (mut headers, mut presented) = (keep(&pasted.headers), keep(&pasted.presented));
    for (name, value) in given {
        // No script sets it; it says what the browser has.
        let fields = if name.eq_ignore_ascii_case("cookie") { &mut presented } else { &mut headers };
        fields.push((name, value));
    }
    Ok((headers, presented))
}

/// What the credentials mode makes of what was given.
fn credentials_note(
    explain: &Explain,
    request: &RequestInit,
    presented: &[(String, String)],
    is_at_home: bool,
) -> Option<String> {
    let mode = match request.credentials {
        CredentialsMode::SameOrigin if !is_at_home => "same-origin",
        CredentialsMode::Omit => "omit",
        _ => return None,
    };
    if let Some((name, _)) = presented.first() {
        return Some(format!("`{name}` is not sent: the credentials mode is `{mode}`; see --credentials"));
    }
    let is_unclear = explain.curl.is_some() && explain.credentials.is_none();
    is_unclear.then(|| {
        "the command has no cookie, so the credentials mode is taken for `same-origin`; see --credentials"
            .to_owned()
    })
}

/// What the flags say of the page.
fn surroundings(page: Page, explain: &Explain) -> Page {
    let address_space = match explain.address_space {
        None => page.address_space,
        Some(Space::Local) => AddressSpace::Local,
        Some(Space::Loopback) => AddressSpace::Loopback,
        Some(Space::Public) => AddressSpace::Public,
    };
    Page { address_space, may_reach_local_network: explain.local_network_allowed, ..page }
}

/// A page of `origin` that asks for `url`; an origin that no browser sends is a slip.
fn page(origin: &str, url: &str) -> Result<Page, LoadError> {
    OriginRef::parse(origin.as_bytes()).map_err(|error| {
        failed(
            format!("failed to read the origin `{origin}`: {error}"),
            "write it as browsers send it: https://app.example.com",
        )
    })?;
    let mut page = Page::of(origin);
    if origin == "null" {
        // Where it is from is unknown: it is taken for a secure page beside the server.
        page.kind = PageKind::Sandbox;
        page.secure_context = true;
        page.address_space = Page::space_of(url);
        return Ok(page);
    }
    let host = Url::parse(origin).ok();
    let is_loopback = host.as_ref().is_some_and(|url| Page::space_of(url.as_str()) == AddressSpace::Loopback);
    if is_loopback {
        // `http://localhost` is a secure context, and as private as can be.
        page.secure_context = true;
        page.address_space = AddressSpace::Loopback;
    } else if host.is_some_and(|url| Page::space_of(url.as_str()) == AddressSpace::Local) {
        page.address_space = AddressSpace::Local;
    }
    Ok(page)
}

fn field(header: &str) -> Result<(String, String), LoadError> {
    match header.split_once(':') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => Err(failed(
            // The rest may be a secret.
            format!(
                "failed to read the header `{}…`: it has no colon",
                header.split_whitespace().next().unwrap_or_default()
            ),
            "write it like -H 'content-type: application/json'",
        )),
    }
}
