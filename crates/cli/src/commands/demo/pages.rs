//! The two page servers. Both serve the same files; what differs is the origin.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::decisions::Decisions;
use super::policy::{API_HOST, Addresses, FILE};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, type, content.
const FILES: [(&str, &str, &str); 7] = [
    ("/", HTML, include_str!("assets/index.html")),
    ("/calls.js", SCRIPT, include_str!("assets/calls.js")),
    ("/favicon.svg", "image/svg+xml", include_str!("assets/favicon.svg")),
    ("/page.css", "text/css; charset=utf-8", include_str!("assets/page.css")),
    ("/page.js", SCRIPT, include_str!("assets/page.js")),
    ("/sandboxed.html", HTML, include_str!("assets/sandboxed.html")),
    ("/sandboxed.js", SCRIPT, include_str!("assets/sandboxed.js")),
];

/// Which page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The policy allows it.
    App,
    /// It does not.
    Foreign,
}

/// One page server.
#[derive(Debug)]
pub(super) struct Site {
    demo: Value,
    security: HeaderValue,
    decisions: Arc<Decisions>,
}

impl Site {
    pub(super) fn new(
        role: Role,
        addresses: &Addresses,
        gateway: SocketAddr,
        policy: &str,
        decisions: &Arc<Decisions>,
    ) -> Rc<Self> {
        let api = format!("{API_HOST}:{}", gateway.port());
        let own = addresses.page(role);
        let own = own.trim_end_matches('/');
        let demo = json!({
            "role": if role == Role::App { "app" } else { "foreign" },
            "api": format!("http://{api}"),
            "pages": {"app": addresses.page(Role::App), "foreign": addresses.page(Role::Foreign)},
            "policy": {"file": FILE, "lines": policy.lines().collect::<Vec<_>>()},
        });
        // The sandboxed document has an opaque origin, for which `'self'` means nothing.
        let security = format!(
            "default-src 'none'; script-src 'self' {own}; style-src 'self'; img-src 'self'; \
             connect-src 'self' http://{api} ws://{api}; frame-src 'self'; base-uri 'none'; form-action 'none'"
        );
        let security =
            HeaderValue::try_from(security).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Rc::new(Self { demo, security, decisions: Arc::clone(decisions) })
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let (status, kind, body) = match FILES.iter().find(|(name, _, _)| *name == path) {
            Some((_, kind, body)) => (StatusCode::OK, *kind, Bytes::from_static(body.as_bytes())),
            None => match path {
                "/demo.json" => (StatusCode::OK, "application/json", self.demo.to_string().into()),
                "/decisions" => {
                    let query = request.uri().query().unwrap_or_default();
                    (StatusCode::OK, "application/json", self.decisions.of(query).to_string().into())
                }
                _ => (StatusCode::NOT_FOUND, "text/plain", Bytes::from_static(b"no such page\n")),
            },
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        fields.insert(CONTENT_SECURITY_POLICY, self.security.clone());
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Serves until the demo stops.
pub(super) async fn serve(listener: TcpListener, site: Rc<Site>) {
    while let Ok((stream, _)) = listener.accept().await {
        let site = Rc::clone(&site);
        let service = service_fn(move |request| {
            let response = site.answer(&request);
            async move { Ok::<_, Infallible>(response) }
        });
        tokio::task::spawn_local(async move {
            // A browser that went away needs no answer.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
