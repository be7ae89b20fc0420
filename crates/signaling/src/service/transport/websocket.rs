//! WebSocket (RFC 6455): which requests become connections, and messages over them.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use corsac_events::Verdict;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::frames::{self, Frame, Frames};
use super::problem::Problem;
use crate::message::SUBPROTOCOL;
use crate::service::WEBSOCKET_PATH;
use crate::service::admission::Admission;
use crate::service::observe::audit::Told;
use crate::service::origins::Named;
use crate::service::session::serve;
use crate::service::session::transport::{Ending, Lost, Received, Transport};
use crate::service::shared::Shared;

/// The body of an answer.
pub type Answer = Full<Bytes>;

/// Bytes that are read at once.
const READ_BUFFER: usize = 4 * 1024;

/// Bytes that are gathered before they are written. One message more may come on top: the largest is
/// `welcome` of a full room with the largest assertions, some 130 KiB.
const WRITE_BUFFER: usize = 16 * 1024;

/// Bytes that are read and thrown away at the end: a peer that writes before it reads has to be let write,
/// or it never learns why.
const MAX_SWALLOWED: usize = 64 << 20;

/// Beats without a word from the peer, after which it has gone.
const MAX_SILENT: u8 = 2;

/// A request on the service's own port.
pub(crate) fn upgrade<B>(
    shared: &Arc<Shared>,
    request: &mut Request<B>,
    admission: Arc<Admission>,
) -> Response<Answer> {
    let judged =
        if request.uri().path() == WEBSOCKET_PATH { judge(shared, request) } else { Err(Problem::Path) };
    match judged {
        Ok(accept) => switch(shared, request, accept, admission),
        Err(problem) => refuse(shared, request.headers(), admission.client, problem),
    }
}

/// A request on somebody else's route.
pub(crate) fn upgrade_mounted<B>(
    shared: &Arc<Shared>,
    request: &mut Request<B>,
    client: IpAddr,
) -> Response<Answer> {
    let judged = judge(shared, request).and_then(|accept| {
        let permit = shared.budget.try_permit().ok_or(Problem::Busy)?;
        let open = shared.metrics.websockets.clone();
        Ok((accept, Admission::new(&shared.budget, client, WEBSOCKET_PATH, permit, open)))
    });
    match judged {
        Ok((accept, admission)) => switch(shared, request, accept, admission),
        Err(problem) => refuse(shared, request.headers(), client, problem),
    }
}

fn refuse(shared: &Shared, fields: &HeaderMap, client: IpAddr, problem: Problem) -> Response<Answer> {
    shared.metrics.turned(problem.turned());
    let mut told = Told::new(client, WEBSOCKET_PATH, Verdict::Denied, problem.code());
    told.status = Some(problem.status());
    if let Named::Other(origin) = shared.origins.judge(fields) {
        told.origin = Some(origin);
    }
    shared.audit.record(0, told);
    problem.response()
}

/// Whether a request opens a connection of this protocol; the value of `Sec-WebSocket-Accept` then.
fn judge<B>(shared: &Shared, request: &Request<B>) -> Result<HeaderValue, Problem> {
    if request.uri().query().is_some() {
        return Err(Problem::Query);
    }
    if request.method() != Method::GET {
        return Err(Problem::Method);
    }
    let fields = request.headers();
    match shared.origins.judge(fields) {
        Named::Listed => {}
        Named::None => return Err(Problem::OriginMissing),
        Named::Other(_) => return Err(Problem::Origin),
    }
    let is_upgrade = has_token(fields, &CONNECTION, "upgrade") && has_token(fields, &UPGRADE, "websocket");
    if !is_upgrade || request.version() != Version::HTTP_11 {
        return Err(Problem::Upgrade);
    }
    if only(fields, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(Problem::Version);
    }
    let key = only(fields, &SEC_WEBSOCKET_KEY).ok_or(Problem::Key)?;
    if STANDARD.decode(key).ok().is_none_or(|nonce| nonce.len() != 16) {
        return Err(Problem::Key);
    }
    // Names of subprotocols are compared as they are written (RFC 6455, section 4.1).
    let offers = |value: &HeaderValue| value.as_bytes().split(|byte| *byte == b',').any(is_subprotocol);
    if !fields.get_all(SEC_WEBSOCKET_PROTOCOL).iter().any(offers) {
        return Err(Problem::Subprotocol);
    }
    HeaderValue::try_from(accept(key)).map_err(|_| Problem::Key)
}

/// Section 4.2.2, step 5.4: it proves that the server speaks WebSocket, and nothing else.
fn accept(key: &[u8]) -> String {
    const SALT: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, SALT].concat()))
}

fn is_subprotocol(offered: &[u8]) -> bool {
    offered.trim_ascii() == SUBPROTOCOL.as_bytes()
}

fn has_token(fields: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = fields.get_all(name).iter();
    let mut tokens = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The value of a field that is there once.
fn only<'f>(fields: &'f HeaderMap, name: &HeaderName) -> Option<&'f [u8]> {
    let mut values = fields.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}

/// Switches to WebSocket, and serves the connection in a task of its own.
fn switch<B>(
    shared: &Arc<Shared>,
    request: &mut Request<B>,
    accept: HeaderValue,
    admission: Arc<Admission>,
) -> Response<Answer> {
    tokio::spawn(converse(Arc::clone(shared), hyper::upgrade::on(request), admission));
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let fields = response.headers_mut();
    fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    fields.insert(UPGRADE, HeaderValue::from_static("websocket"));
    fields.insert(SEC_WEBSOCKET_ACCEPT, accept);
    fields.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    response
}

async fn converse(shared: Arc<Shared>, upgrade: OnUpgrade, admission: Arc<Admission>) {
    let upgraded = tokio::select! {
        biased;
        () = admission.evicted() => return,
        upgraded = timeout(shared.limits.handshake_time, upgrade) => upgraded,
    };
    if let Ok(Ok(upgraded)) = upgraded {
        serve(shared, WebSocket::new(TokioIo::new(upgraded)), admission).await;
    }
}

/// A WebSocket connection.
struct WebSocket<S> {
    stream: S,
    frames: Frames,
    output: Vec<u8>,
    written: usize,
    /// What the peer said when it went.
    goodbye: Option<Vec<u8>>,
    /// What comes now cannot be read.
    is_broken: bool,
    is_heard: bool,
    silent: u8,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            frames: Frames::default(),
            output: Vec::new(),
            written: 0,
            goodbye: None,
            is_broken: false,
            is_heard: false,
            silent: 0,
        }
    }

    fn received(&mut self, frame: Frame) -> Received {
        self.is_heard = true;
        match frame {
            Frame::Close(said) => {
                self.goodbye = Some(said);
                Received::Closed
            }
            Frame::NotText => {
                self.is_broken = true;
                Received::NotText
            }
            Frame::Other => Received::Control,
            Frame::Ping(said) => {
                // Who asks and does not read gets no answer.
                if self.output.len() < WRITE_BUFFER {
                    frames::write_pong(&mut self.output, &said);
                }
                Received::Control
            }
            Frame::Text(text) => Received::Text(text),
            Frame::TooLong => {
                self.is_broken = true;
                Received::TooLong
            }
        }
    }

    async fn flush(&mut self) -> bool {
        poll_fn(|cx| self.poll_flush(cx)).await.is_ok()
    }

    /// Reads to the end, and throws it away.
    async fn swallow(&mut self) {
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let mut buffer = [0; READ_BUFFER];
        let mut swallowed = 0;
        while swallowed < MAX_SWALLOWED {
            match self.stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(count) => swallowed += count,
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Transport for WebSocket<S> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        loop {
            if let Some(frame) = self.frames.next() {
                return Poll::Ready(self.received(frame));
            }
            let mut buffer = [0; READ_BUFFER];
            let mut read = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => self.frames.push(read.filled()),
                Ok(()) | Err(_) => return Poll::Ready(Received::Lost),
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        if self.output.len() < WRITE_BUFFER { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    fn write(&mut self, text: &str) -> Result<(), Lost> {
        frames::write_text(&mut self.output, text);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        while let Some(rest) = self.output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Lost)),
                Ok(count) => self.written += count,
            }
        }
        self.written = 0;
        self.output = Vec::new();
        Pin::new(&mut self.stream).poll_flush(cx).map_err(|_| Lost)
    }

    fn beat(&mut self) -> bool {
        self.silent = if std::mem::take(&mut self.is_heard) { 0 } else { self.silent + 1 };
        if self.silent > MAX_SILENT {
            return false;
        }
        if self.output.len() < WRITE_BUFFER {
            frames::write_ping(&mut self.output);
        }
        true
    }

    async fn end(mut self, ending: Ending<'_>) {
        match ending {
            Ending::Answer => frames::write_close(&mut self.output, &self.goodbye.take().unwrap_or_default()),
            Ending::Close(code, reason) => frames::write_goodbye(&mut self.output, code, reason),
        }
        if !self.flush().await {
            return;
        }
        if matches!(ending, Ending::Close(..)) && !self.is_broken {
            // The peer answers before it goes (section 5.5.1).
            loop {
                match poll_fn(|cx| self.poll_receive(cx)).await {
                    Received::Closed => break,
                    Received::Lost => return,
                    _ if self.is_broken => break,
                    _ => self.output.clear(),
                }
            }
        }
        self.swallow().await;
    }
}
