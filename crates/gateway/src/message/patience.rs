//! How long something may take that should go on.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Bounds the time between two events. The timer exists only while one is awaited: what
/// is there already costs none.
#[derive(Debug)]
pub(crate) struct Patience {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    /// What was polled, or that it took too long.
    pub(crate) fn bound<T>(&mut self, cx: &mut Context<'_>, polled: Poll<T>) -> Poll<Result<T, TooSlow>> {
        if polled.is_ready() {
            self.timer = None;
            return polled.map(Ok);
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(TooSlow))
    }
}

#[derive(Debug)]
pub(crate) struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing came for too long")
    }
}

impl std::error::Error for TooSlow {}
