//! The exchange format, as far as the tests need it.

use corsac_browser::{
    AddressSpace, Body, CacheMode, CredentialsMode, Engine, Exchange, HeaderList, Mode, Page, PageKind,
    PreflightCache, RedirectMode, RequestInit, Response, SentKind, Verdict,
};
use serde_json::Value;

/// The model's verdict on an exchange.
pub(crate) fn judge(engine: Engine, case: &Value) -> Verdict {
    let page = page(&case["page"]);
    let init = request(&case["request"]);
    let mut cache = PreflightCache::default();
    let mut exchange = Exchange::new(engine, &page, &init, &mut cache, 0);
    while let Some(sent) = exchange.poll_output() {
        let hop = &case["hops"][sent.hop];
        let answer = match sent.kind {
            SentKind::Preflight => &hop["preflight"],
            SentKind::Actual => &hop["actual"],
        };
        let response = response(answer, sent.kind);
        exchange.handle_response(response, &mut cache);
    }
    exchange.into_verdict()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn page(page: &Value) -> Page {
    Page {
        origin: text(&page["origin"]),
        kind: match page["kind"].as_str().unwrap() {
            "sandbox" => PageKind::Sandbox,
            "data" => PageKind::Data,
            "file" => PageKind::File,
            "blob" => PageKind::Blob,
            "srcdoc" => PageKind::Srcdoc,
            "worker" => PageKind::Worker,
            _ => PageKind::Window,
        },
        secure_context: page["secure_context"].as_bool().unwrap(),
        address_space: match page["address_space"].as_str().unwrap() {
            "loopback" => AddressSpace::Loopback,
            "local" => AddressSpace::Local,
            _ => AddressSpace::Public,
        },
    }
}

fn bytes(value: &str) -> Vec<u8> {
    let latin: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    latin.unwrap_or_else(|| value.as_bytes().to_vec())
}

fn fields(fields: &Value) -> Vec<(String, Vec<u8>)> {
    let fields = fields.as_array().map(Vec::as_slice).unwrap_or_default();
    fields.iter().map(|field| (text(&field[0]), bytes(field[1].as_str().unwrap()))).collect()
}

fn pairs(fields: &Value) -> Vec<(String, String)> {
    fields.as_array().unwrap().iter().map(|field| (text(&field[0]), text(&field[1]))).collect()
}

fn request(request: &Value) -> RequestInit {
    RequestInit {
        url: text(&request["url"]),
        method: text(&request["method"]),
        headers: pairs(&request["headers"]),
        mode: match request["mode"].as_str().unwrap() {
            "cors" => Mode::Cors,
            "no-cors" => Mode::NoCors,
            "same-origin" => Mode::SameOrigin,
            _ => Mode::Navigate,
        },
        credentials: match request["credentials"].as_str().unwrap() {
            "include" => CredentialsMode::Include,
            "omit" => CredentialsMode::Omit,
            _ => CredentialsMode::SameOrigin,
        },
        redirect: match request["redirect"].as_str().unwrap() {
            "error" => RedirectMode::Error,
            "manual" => RedirectMode::Manual,
            _ => RedirectMode::Follow,
        },
        cache: if request["cache"] == "only-if-cached" {
            CacheMode::OnlyIfCached
        } else {
            CacheMode::Default
        },
        body: match request["body"]["kind"].as_str() {
            Some("text") => Some(Body::Text),
            Some("blob") => Some(Body::Blob(text(&request["body"]["type"]))),
            Some("form") => Some(Body::Form),
            Some("urlsearchparams") => Some(Body::UrlSearchParams),
            Some("bytes") => Some(Body::Bytes),
            Some("stream") => Some(Body::Stream),
            _ => None,
        },
    }
}

fn response(answer: &Value, kind: SentKind) -> Option<Response> {
    if answer.is_null() {
        let status = 404;
        return (kind == SentKind::Preflight).then(|| Response { status, headers: HeaderList::default() });
    }
    if answer["network_error"] == true {
        return None;
    }
    let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
    Some(Response { status, headers: HeaderList::new(fields(&answer["headers"])) })
}

/// What was sent, as lines.
pub(crate) fn requests(verdict: &Verdict) -> Vec<String> {
    let line = |sent: &corsac_browser::Sent| match sent.kind {
        SentKind::Actual => format!("{} actual {} {:?}", sent.hop, sent.method, sent.origin.as_deref()),
        SentKind::Preflight => format!(
            "{} preflight {:?} {:?} {:?}",
            sent.hop,
            sent.access_control_request_method.as_deref(),
            sent.access_control_request_headers.as_deref(),
            sent.origin.as_deref()
        ),
    };
    verdict.requests.iter().map(line).collect()
}

/// The same of what a browser sent.
pub(crate) fn normalized(requests: &Value) -> Vec<String> {
    let line = |sent: &Value| match sent["kind"].as_str().unwrap() {
        "actual" => format!(
            "{} actual {} {:?}",
            sent["hop"],
            sent["method"].as_str().unwrap(),
            sent["origin"].as_str()
        ),
        _ => format!(
            "{} preflight {:?} {:?} {:?}",
            sent["hop"],
            sent["access_control_request_method"].as_str(),
            sent["access_control_request_headers"].as_str(),
            sent["origin"].as_str()
        ),
    };
    requests.as_array().unwrap().iter().map(line).collect()
}
