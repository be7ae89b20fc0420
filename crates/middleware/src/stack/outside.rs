//! The world of credentials on a tokio runtime.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bytes::Bytes;
use corsac_credentials::Timestamp;
use http::{Request, Response};
use tokio::runtime::Handle;
use tokio::time::MissedTickBehavior;

use super::compile::Stack;
use super::layer::StackLayer;
use crate::authn::{BoxFuture, Notice, Outside};

/// How often keys are looked at that may be due.
const TICK: Duration = Duration::from_secs(1);

type Fetch = dyn Fn(Request<Bytes>, usize) -> BoxFuture<Result<Response<Bytes>, String>> + Send + Sync;
type Teller = dyn Fn(&Notice) + Send + Sync;

/// An [`Outside`] for applications: tasks run on a tokio runtime, requests go through
/// whatever client the application has.
///
/// Key files, API keys among them, need no client. Keys at a URL and opaque tokens do; what
/// `fetch` has to keep is said at [`Outside::fetch`]:
///
/// ```
/// use bytes::Bytes;
/// use corsac_middleware::authn::BoxFuture;
/// use corsac_middleware::stack::OnTokio;
/// use http::{Request, Response};
///
/// # async fn send(_: Request<Bytes>, _: usize) -> std::io::Result<Response<Bytes>> {
/// #     Ok(Response::default())
/// # }
/// // `send` is the client's: https, no redirects, at most `limit` bytes.
/// fn fetch(request: Request<Bytes>, limit: usize) -> BoxFuture<Result<Response<Bytes>, String>> {
///     Box::pin(async move { send(request, limit).await.map_err(|error| error.to_string()) })
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let outside = OnTokio::here().fetching_by(fetch);
/// # drop(outside);
/// # });
/// ```
#[derive(Clone)]
pub struct OnTokio {
    runtime: Handle,
    fetch: Option<Arc<Fetch>>,
    teller: Option<Arc<Teller>>,
}

impl OnTokio {
    /// On this runtime, without a client.
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, fetch: None, teller: None }
    }

    /// On the runtime that it is called on.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn here() -> Self {
        Self::new(Handle::current())
    }

    /// Fetches by a client of the application's.
    #[must_use]
    pub fn fetching_by(
        mut self,
        fetch: impl Fn(Request<Bytes>, usize) -> BoxFuture<Result<Response<Bytes>, String>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.fetch = Some(Arc::new(fetch));
        self
    }

    /// Tells `teller` what operators should know.
    #[must_use]
    pub fn telling(mut self, teller: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.teller = Some(Arc::new(teller));
        self
    }
}

impl Outside for OnTokio {
    fn spawn(&self, task: BoxFuture<()>) {
        drop(self.runtime.spawn(task));
    }

    fn fetch(&self, request: Request<Bytes>, limit: usize) -> BoxFuture<Result<Response<Bytes>, String>> {
        match &self.fetch {
            Some(fetch) => fetch(request, limit),
            None => Box::pin(std::future::ready(Err("the application has no client".to_owned()))),
        }
    }

    fn now(&self) -> Timestamp {
        time_of_day()
    }

    fn notice(&self, notice: Notice) {
        if let Some(teller) = &self.teller {
            teller(&notice);
        }
    }
}

impl fmt::Debug for OnTokio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnTokio").finish_non_exhaustive()
    }
}

impl<H> StackLayer<H> {
    /// Keeps keys fresh that are fetched, until the layer and its services are gone. To be
    /// spawned once, as a task beside the server.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static + use<H> {
        let stack = Arc::downgrade(&self.stack);
        async move {
            let mut timer = tokio::time::interval(TICK);
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                timer.tick().await;
                let Some(stack): Option<Arc<ArcSwap<Stack>>> = stack.upgrade() else { return };
                stack.load().authn().poll(time_of_day());
            }
        }
    }
}

/// The time of day.
pub(super) fn time_of_day() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_secs(since.as_secs())
}
