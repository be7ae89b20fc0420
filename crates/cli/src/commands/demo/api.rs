//! The sample API behind the gateway. It knows nothing of CORS.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, CONTENT_TYPE, COOKIE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SET_COOKIE,
    UPGRADE, WWW_AUTHENTICATE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Longer than the gateway waits.
const SLOW: Duration = Duration::from_secs(30);

/// Serves until the demo stops.
pub(super) async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::task::spawn_local(async move {
            let service = service_fn(answer);
            // The gateway closes what it does not need.
            let _ =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let known = request.headers().contains_key(COOKIE);
    Ok(match (request.method(), path.as_str()) {
        (&Method::GET, "/items") => items(),
        (&Method::PUT, path) if path.starts_with("/items/") => save(request, known).await,
        (&Method::DELETE, path) if path.starts_with("/items/") => {
            respond(StatusCode::OK, &json!({"deleted": true}))
        }
        (_, "/private") => unauthorized(),
        (&Method::POST, "/upload") => {
            let size = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
            respond(StatusCode::OK, &json!({"received": size}))
        }
        (_, "/slow") => {
            tokio::time::sleep(SLOW).await;
            respond(StatusCode::OK, &json!({"slow": true}))
        }
        (_, "/echo") => echo(request),
        _ => respond(StatusCode::NOT_FOUND, &json!({"status": 404})),
    })
}

fn items() -> Response<Full<Bytes>> {
    let mut response = respond(StatusCode::OK, &json!({"items": [{"id": 7, "name": "corsac fox"}]}));
    let cookie = HeaderValue::from_static("session=demo; Path=/; HttpOnly; SameSite=Lax");
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

async fn save(request: Request<Incoming>, known: bool) -> Response<Full<Bytes>> {
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    match serde_json::from_slice::<Value>(&body) {
        Ok(item) => respond(StatusCode::OK, &json!({"saved": item, "session": known})),
        Err(_) => respond(StatusCode::BAD_REQUEST, &json!({"status": 400, "detail": "not JSON"})),
    }
}

fn unauthorized() -> Response<Full<Bytes>> {
    let body =
        json!({"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "sign in first"});
    let mut response = respond(StatusCode::UNAUTHORIZED, &body);
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    fields.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"demo\""));
    response
}

fn respond(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Opens a WebSocket that sends back what it receives.
fn echo(mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) else {
        return respond(StatusCode::UPGRADE_REQUIRED, &json!({"status": 426}));
    };
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::task::spawn_local(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            let sent =
                if message.is_text() || message.is_binary() { socket.send(message).await } else { Ok(()) };
            if sent.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let fields = response.headers_mut();
    fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
    fields.insert(SEC_WEBSOCKET_ACCEPT, accept.unwrap_or(HeaderValue::from_static("")));
    response
}
