//! What all connections of a service share.

use std::sync::Arc;

use arc_swap::ArcSwap;
use corsac_credentials::KeySet;
use tokio::sync::watch;

use super::Limits;
use super::admission::Budget;
use super::clock::Clock;
use super::hub::Hub;
use super::observe::audit::Audit;
use super::observe::metrics::Metrics;
use super::origins::Origins;
use crate::ticket::AccessRules;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) origins: Origins,
    pub(crate) rules: AccessRules,
    pub(crate) keys: ArcSwap<KeySet>,
    pub(crate) hub: Hub,
    pub(crate) budget: Arc<Budget>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: Audit,
    /// Whether the service shuts down.
    pub(crate) stopping: watch::Sender<bool>,
}
