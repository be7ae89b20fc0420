//! What others see of the service: counters and events.

pub(crate) mod audit;
pub(crate) mod metrics;
