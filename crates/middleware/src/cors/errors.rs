//! What becomes of an error of the inner service.
//!
//! An error is not a response: the server closes the connection, and the page sees a
//! network error that looks like a CORS error. [`AnswerErrors`] makes it a response
//! that the allowed page can read.

use http::Response;

/// Turns an error of the inner service into a response, or passes it on.
pub trait OnError<E, B>: Clone {
    /// A response to stamp and send.
    ///
    /// # Errors
    /// The error itself, to be passed on unchanged.
    fn respond(&self, error: E) -> Result<Response<B>, E>;
}

/// Passes errors on; right where the service cannot fail, as in axum.
#[derive(Clone, Copy, Debug, Default)]
pub struct PropagateErrors;

impl<E, B> OnError<E, B> for PropagateErrors {
    fn respond(&self, error: E) -> Result<Response<B>, E> {
        Err(error)
    }
}

/// Answers errors with a function's response.
#[derive(Clone, Copy, Debug)]
pub struct AnswerErrors<F>(pub(crate) F);

impl<E, B, F> OnError<E, B> for AnswerErrors<F>
where
    F: Fn(E) -> Response<B> + Clone,
{
    fn respond(&self, error: E) -> Result<Response<B>, E> {
        Ok((self.0)(error))
    }
}
