//! The layer decides as the vectors say, and so as the gateway does.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use corsac_diagnostics::Source;
use corsac_middleware::authn::read_file;
use corsac_middleware::rate_limit::ClientAddress;
use corsac_middleware::stack::{OnTokio, RequestBody, Stack, StackLayer, World, file};
use corsac_origin::PublicSuffixList;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};

use crate::harness::{Asked, Seen, drive, load, unpack};

/// What the vectors' README says of the handler.
async fn handle(request: Request<RequestBody<Sent>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(Full::new(Bytes::from_static(b"ok")));
    let Ok(body) = body.collect().await else {
        *response.status_mut() = http::StatusCode::IM_A_TEAPOT;
        return Ok(response);
    };
    let fields = response.headers_mut();
    let target = head.uri.path_and_query().unwrap().as_str();
    fields.insert("x-handled-target", target.parse().unwrap());
    fields.insert("x-handled-length", body.to_bytes().len().into());
    if let Some(subject) = head.headers.get("x-corsac-subject") {
        fields.insert("x-handled-subject", subject.clone());
    }
    if head.headers.contains_key("x-api-key") {
        fields.insert("x-handled-credential", "yes".parse().unwrap());
    }
    fields.insert("access-control-allow-origin", "*".parse().unwrap());
    fields.insert("access-control-expose-headers", "x-own".parse().unwrap());
    if target.ends_with("cookies") {
        fields.insert("set-cookie", "sid=1".parse().unwrap());
    }
    Ok(response)
}

/// A body that comes whole, or byte by byte.
struct Sent {
    bytes: Bytes,
    is_whole: bool,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let length = if self.is_whole { self.bytes.len() } else { 1 };
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn request(asked: &Asked<'_>) -> Request<Sent> {
    let client: IpAddr = asked.text("client").parse().unwrap();
    let mut request = Request::builder().method(asked.text("method")).uri(asked.text("target"));
    for (name, value) in asked.fields() {
        request = request.header(name, value);
    }
    if let (Some(body), false) = (asked.body(), asked.is("chunked")) {
        request = request.header("content-length", body.len());
    }
    let bytes = Bytes::from(asked.body().unwrap_or_default().to_owned());
    let sent = Sent { bytes, is_whole: !asked.is("chunked") };
    request.extension(ClientAddress(client)).body(sent).unwrap()
}

#[test]
fn the_layer_decides_as_the_vectors_say() {
    let vectors = load();
    let folder = std::env::temp_dir().join(format!("corsac-stack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = unpack(&vectors, &folder, "127.0.0.1:1");
    let name = folder.join("policy.toml");
    let source = Source::new(name.to_str().unwrap(), text);
    let reading = file::read(source, None, PublicSuffixList::embedded());
    let config = reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outside = std::sync::Arc::new(OnTokio::new(runtime.handle().clone()));
    let stack = Stack::compile(&config, &World { read: &read_file, outside }).unwrap();
    let layer = StackLayer::new(stack);
    let plain = layer.clone().layer(service_fn(handle));
    let secure = layer.over_tls(true).layer(service_fn(handle));
    drive(&vectors, |asked| {
        let service = if asked.is("secure") { secure.clone() } else { plain.clone() };
        runtime.block_on(async {
            let (head, body) = service.oneshot(request(asked)).await.unwrap().into_parts();
            let fields = head.headers.iter();
            let fields = fields.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            Seen {
                status: head.status.as_u16(),
                fields: fields.collect(),
                body: body.collect().await.unwrap().to_bytes().to_vec(),
            }
        })
    });
    std::fs::remove_dir_all(folder).unwrap();
}
