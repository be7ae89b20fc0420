//! The layer: configuration of [`Guarded`].

use std::sync::Arc;

use tower_layer::Layer;

use super::config::CsrfMode;
use super::decide::{Csrf, RouteCsrf};
use super::evidence::Ambient;
use super::service::Guarded;
use super::set_cookie::CookieRules;
use crate::cors::PolicySource;

/// How browsers reach the application. It is said, not found out: behind a proxy that
/// ends TLS nothing in a request is to be trusted with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `http://`
    Plain,
    /// `https://`
    Tls,
}

/// Puts the guard around a service. A clone is a few `Arc` bumps.
///
/// It stands inside of [`crate::cors::CorsLayer`], so that an allowed page can read its
/// 403. Its [`super::Decision`] is an extension of the request and of the response: what
/// logs requests reads it there, above all where the mode is [`CsrfMode::Report`].
#[derive(Clone, Debug)]
pub struct CsrfLayer {
    pub(super) csrf: Csrf,
    pub(super) transport: Transport,
    pub(super) route: RouteCsrf,
    pub(super) policy: Option<PolicySource>,
    pub(super) cookies: Option<Arc<CookieRules>>,
}

impl CsrfLayer {
    /// A layer that enforces, for whatever requests carry ([`Ambient::Carried`]), and
    /// allows no other origin than the application's own.
    pub fn new(csrf: Csrf, transport: Transport) -> Self {
        Self { csrf, transport, route: RouteCsrf::default(), policy: None, cookies: None }
    }

    /// Allows the origins that `policy` allows with credentials: the one of the
    /// [`crate::cors::CorsLayer`].
    #[must_use]
    pub fn with_policy(self, policy: impl Into<PolicySource>) -> Self {
        Self { policy: Some(policy.into()), ..self }
    }

    /// Says what authenticates.
    #[must_use]
    pub fn with_ambient(self, ambient: Ambient) -> Self {
        Self { route: RouteCsrf { ambient, ..self.route }, ..self }
    }

    /// Refuses, reports, or does nothing.
    #[must_use]
    pub fn with_mode(self, mode: CsrfMode) -> Self {
        Self { route: RouteCsrf { mode, ..self.route }, ..self }
    }

    /// Hardens the cookies that the service sets.
    #[must_use]
    pub fn with_cookies(self, rules: CookieRules) -> Self {
        Self { cookies: Some(Arc::new(rules)), ..self }
    }
}

impl<S> Layer<S> for CsrfLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { inner, layer: self.clone() }
    }
}
