//! In the place of Cedar, where it is not built in: nothing of it can exist.

use std::sync::Arc;

use corsac_credentials::Principal;

use super::config::{CedarConfig, MistakeKind};
use super::roles::Roles;
use super::rules::Parameters;
use crate::guard::Head;

#[derive(Clone, Debug)]
pub(super) enum Policies {}

impl Policies {
    pub(super) fn compile(_: &CedarConfig) -> Result<Self, Vec<(&'static str, MistakeKind)>> {
        Err(vec![("policies", MistakeKind::CedarNotBuilt)])
    }
}

#[derive(Clone, Debug)]
pub(super) enum CedarRule {}

#[derive(Clone, Debug)]
pub(super) enum CedarRefusal {
    #[expect(dead_code, reason = "nobody can refuse")]
    Failed(String),
    #[expect(dead_code, reason = "nobody can refuse")]
    Refused(String),
}

impl CedarRule {
    pub(super) fn new(policies: &Arc<Policies>, _: Option<&str>, _: &str) -> Option<Self> {
        match **policies {}
    }

    pub(super) fn knows(&self, _: &str) -> bool {
        match *self {}
    }

    pub(super) fn name(&self) -> &str {
        match *self {}
    }

    pub(super) fn decide(
        &self,
        _: (&Head<'_>, &str),
        _: &Parameters<'_>,
        _: (&Principal, &Roles),
    ) -> Result<Vec<String>, CedarRefusal> {
        match *self {}
    }
}
