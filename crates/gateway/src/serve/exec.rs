//! Tasks stay on the worker that made them.

use std::future::Future;

use hyper::rt::Executor;

/// Spawns on the worker's runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalExecutor;

impl<F> Executor<F> for LocalExecutor
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}
