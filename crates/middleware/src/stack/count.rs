//! Who a request counts for, kept apart from the request so that a store can be asked.

use std::net::IpAddr;
use std::sync::Arc;

use corsac_credentials::Method;
use http::header::ORIGIN;

use super::passage::Asked;
use crate::authn::Identity;
#[cfg(feature = "redis")]
use crate::rate_limit::shared::SharedRoute;
use crate::rate_limit::{Decision, Moment, RouteLimit, Subject};

#[cfg(feature = "redis")]
pub use crate::rate_limit::shared::Outcome;

/// What was decided of one request.
#[cfg(not(feature = "redis"))]
#[derive(Debug)]
pub enum Outcome {
    /// By this process.
    Decided(Decision),
    /// By this process alone, although others share the limit.
    Local(Decision),
    /// It passes uncounted.
    Passed(Decision),
    /// It is to be answered with a 503.
    Refused,
}

/// One request's limits, and who it counts for. `Debug` shows neither.
pub struct Counting {
    limit: Arc<RouteLimit>,
    address: Option<IpAddr>,
    origin: Option<Vec<u8>>,
    /// The provider and the subject, and whether an API key says so.
    caller: Option<(String, bool)>,
}

impl Counting {
    pub(super) fn new(limit: &Arc<RouteLimit>, asked: &Asked<'_>, identity: Option<&Identity>) -> Self {
        let origin = limit.counts_origins().then(|| asked.head.headers.get(ORIGIN)).flatten();
        let caller = identity.filter(|_| limit.counts_callers()).map(|identity| {
            let principal = identity.principal();
            // A subject is unique within its provider only.
            let name = [principal.provider(), "\n", principal.subject()].concat();
            (name, principal.method() == Method::ApiKey)
        });
        Self {
            limit: Arc::clone(limit),
            address: asked.head.client,
            origin: origin.map(|origin| origin.as_bytes().to_vec()),
            caller,
        }
    }

    /// Who it counts for.
    pub fn subject(&self) -> Subject<'_> {
        let caller = self.caller.as_ref().map(|(name, _)| name.as_str());
        let api_key = self.caller.as_ref().filter(|(_, is_key)| *is_key).map(|(name, _)| name.as_str());
        Subject { address: self.address, api_key, origin: self.origin.as_deref(), principal: caller }
    }

    /// The limits, as a store takes them; `None` where one of them is too fast for it, or
    /// nothing is to be counted there.
    #[cfg(feature = "redis")]
    pub fn shared(&self) -> Option<SharedRoute> {
        SharedRoute::new(Arc::clone(&self.limit))
    }

    pub(super) fn can_be_shared(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.shared().is_some();
        #[cfg(not(feature = "redis"))]
        return false;
    }

    /// Decides by this process' own buckets.
    pub fn decide(&self, now: Moment) -> Decision {
        self.limit.decide(&self.subject(), now)
    }
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counting").finish_non_exhaustive()
    }
}
