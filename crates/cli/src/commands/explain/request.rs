//! What is asked: the command line's words as the arguments of `fetch()`.

use corsac_browser::{
    AddressSpace, Body, CredentialsMode, Initiator, Page, PageKind, RedirectMode, RequestInit,
};
use corsac_origin::OriginRef;

use crate::args::{Credentials, Explain, Redirect, Space};
use crate::load::LoadError;

/// A page and its call.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) page: Page,
    pub(crate) request: RequestInit,
    pub(crate) body: Option<String>,
}

fn failed(reason: String, hint: &str) -> LoadError {
    LoadError { reason, hint: hint.to_owned() }
}

impl Asked {
    pub(crate) fn of(explain: &Explain) -> Result<Self, LoadError> {
        let url = explain.url.clone().unwrap_or_default();
        let parsed = url::Url::parse(&url).map_err(|error| {
            failed(
                format!("failed to read the URL `{url}`: {error}"),
                "write it whole: https://api.example.com/items/7",
            )
        })?;
        if !matches!(parsed.scheme(), "http" | "https") {
            let reason = format!("failed to ask `{url}`: only http: and https: are asked");
            return Err(failed(reason, "write it like https://api.example.com/items/7"));
        }
        let mut page = page(explain.from.as_deref().unwrap_or_default(), &url)?;
        page.address_space = match explain.address_space {
            None => page.address_space,
            Some(Space::Local) => AddressSpace::Local,
            Some(Space::Loopback) => AddressSpace::Loopback,
            Some(Space::Public) => AddressSpace::Public,
        };
        page.may_reach_local_network = explain.local_network_allowed;
        let headers = explain.headers.iter().map(|header| field(header)).collect::<Result<_, _>>()?;
        let default = if explain.data.is_some() { "POST" } else { "GET" };
        let request = RequestInit {
            url,
            method: explain.method.clone().unwrap_or_else(|| default.to_owned()),
            headers,
            credentials: match explain.credentials {
                Credentials::Include => CredentialsMode::Include,
                Credentials::Omit => CredentialsMode::Omit,
                Credentials::SameOrigin => CredentialsMode::SameOrigin,
            },
            redirect: match explain.redirect {
                Redirect::Error => RedirectMode::Error,
                Redirect::Follow => RedirectMode::Follow,
                Redirect::Manual => RedirectMode::Manual,
            },
            body: explain.data.as_ref().map(|_| Body::Text),
            initiator: match explain.xhr {
                true => Initiator::XmlHttpRequest { has_upload_listener: false },
                false => Initiator::Fetch,
            },
            ..RequestInit::default()
        };
        Ok(Self { page, request, body: explain.data.clone() })
    }
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
    let host = url::Url::parse(origin).ok();
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
            format!("failed to read the header `{header}`: it has no colon"),
            "write it like -H 'content-type: application/json'",
        )),
    }
}
