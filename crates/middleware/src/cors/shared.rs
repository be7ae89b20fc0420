//! A policy that can be replaced while requests are served.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use corsac_cors::{Decision, Policy, RequestHead};

/// A policy shared by all clones of a layer. A request is decided by exactly one
/// generation; replacing the policy neither waits for requests nor makes them wait.
#[derive(Clone)]
pub struct SharedPolicy {
    current: Arc<ArcSwap<Policy>>,
}

impl SharedPolicy {
    /// Shares `policy` as the generation it has.
    pub fn new(policy: Policy) -> Self {
        Self { current: Arc::new(ArcSwap::from_pointee(policy)) }
    }

    /// The policy that decides now.
    pub fn load(&self) -> Policy {
        Policy::clone(&self.current.load())
    }

    /// Puts `policy` in place and returns its generation, one more than the last.
    /// Requests decided before keep their decision.
    pub fn replace(&self, policy: &Policy) -> u64 {
        let replaced = self.current.rcu(|current| policy.clone().with_generation(current.generation() + 1));
        replaced.generation() + 1
    }

    pub(crate) fn decide(&self, request: &RequestHead<'_>) -> Decision {
        self.current.load().decide(request)
    }
}

/// Where a layer has its policy from. One that nobody can replace needs no swap.
#[derive(Clone, Debug)]
pub enum PolicySource {
    /// This policy, for good.
    Fixed(Policy),
    /// Whatever is in place when a request comes.
    Shared(SharedPolicy),
}

impl PolicySource {
    #[cfg(feature = "csrf")]
    pub(crate) fn load(&self) -> Policy {
        match self {
            Self::Fixed(policy) => policy.clone(),
            Self::Shared(shared) => shared.load(),
        }
    }

    pub(crate) fn decide(&self, request: &RequestHead<'_>) -> Decision {
        match self {
            Self::Fixed(policy) => policy.decide(request),
            Self::Shared(shared) => shared.decide(request),
        }
    }
}

impl From<Policy> for PolicySource {
    fn from(policy: Policy) -> Self {
        Self::Fixed(policy)
    }
}

impl From<SharedPolicy> for PolicySource {
    fn from(shared: SharedPolicy) -> Self {
        Self::Shared(shared)
    }
}

impl fmt::Debug for SharedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedPolicy").field(&*self.current.load()).finish()
    }
}
