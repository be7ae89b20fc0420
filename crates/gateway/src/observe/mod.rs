//! What is told of requests: one event each, the access log, metrics, the admin address.

pub(crate) mod access_log;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod event;
pub(crate) mod metrics;
