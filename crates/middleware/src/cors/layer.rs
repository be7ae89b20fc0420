//! The layer: configuration of [`Cors`].

use tower_layer::Layer;

use super::errors::{AnswerErrors, PropagateErrors};
use super::service::Cors;
use super::shared::PolicySource;

/// Puts CORS around a service. A clone is one `Arc` bump, whatever the policy's size.
#[derive(Clone, Debug)]
pub struct CorsLayer<H = PropagateErrors> {
    policy: PolicySource,
    on_error: H,
}

impl CorsLayer {
    /// A layer that decides by `policy`: a [`corsac_cors::Policy`], or a
    /// [`super::SharedPolicy`] that somebody else may replace.
    pub fn new(policy: impl Into<PolicySource>) -> Self {
        Self { policy: policy.into(), on_error: PropagateErrors }
    }

    /// Answers errors of the inner service with `respond`'s response, stamped like
    /// any other.
    pub fn answer_errors<F>(self, respond: F) -> CorsLayer<AnswerErrors<F>> {
        CorsLayer { policy: self.policy, on_error: AnswerErrors(respond) }
    }
}

impl<S, H: Clone> Layer<S> for CorsLayer<H> {
    type Service = Cors<S, H>;

    fn layer(&self, inner: S) -> Self::Service {
        Cors { inner, policy: self.policy.clone(), on_error: self.on_error.clone() }
    }
}
