//! What the guard asks of whoever runs it: time, the network, and somewhere to wait for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use corsac_credentials::Timestamp;
use corsac_events::Text;
use http::{Request, Response, Uri};

use super::config::MAX_URL;

/// A future that can be sent to another thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The world around the guard.
pub trait Outside: Send + Sync + 'static {
    /// Runs a task beside the requests. One that is dropped counts as one that failed.
    fn spawn(&self, task: BoxFuture<()>);

    /// Sends a request and reads a response of at most `limit` bytes; one that is longer is an
    /// error, and so is a certificate that does not fit. Redirects are **not** followed: a
    /// request may carry a secret that is for its host only. The error is for the log.
    ///
    /// The guard drops the future when it takes too long.
    fn fetch(&self, request: Request<Bytes>, limit: usize) -> BoxFuture<Result<Response<Bytes>, String>>;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Something that operators should know, and that is no single request's. Default:
    /// nobody is told.
    fn notice(&self, notice: Notice) {
        drop(notice);
    }
}

/// News of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The method's name.
    pub method: Arc<str>,
    /// Whether it needs somebody's help.
    pub is_failure: bool,
    /// What happened: without any credential, in one line.
    pub text: Text,
}

/// No network: what has to be fetched stays away. For checking a configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Outside for Nowhere {
    fn spawn(&self, task: BoxFuture<()>) {
        drop(task);
    }

    fn fetch(&self, _: Request<Bytes>, _: usize) -> BoxFuture<Result<Response<Bytes>, String>> {
        Box::pin(std::future::ready(Err("there is no network".to_owned())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
}

impl fmt::Debug for dyn Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

/// A URL that something secret may be sent to.
pub(super) fn parse_url(text: &str) -> Result<Uri, &'static str> {
    if text.is_empty() {
        return Err("nothing there");
    }
    if text.len() > MAX_URL {
        return Err("a URL has at most 1,024 bytes");
    }
    if text.contains('#') {
        return Err("a fragment is never sent");
    }
    let uri: Uri = text.parse().map_err(|_| "it is not a URL")?;
    let authority = uri.authority().ok_or("it is not a URL with a host")?;
    if authority.as_str().contains('@') {
        return Err("a URL with a user name or password ends in logs");
    }
    let host = authority.host();
    if host.is_empty() {
        return Err("it is not a URL with a host");
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback(host) => Ok(uri),
        Some("http") => Err("without TLS anybody on the way can answer; only this machine needs none"),
        _ => Err("its scheme is neither `https` nor `http`"),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
