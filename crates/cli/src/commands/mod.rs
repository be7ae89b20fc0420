//! One file a verb.

pub(crate) mod check;
pub(crate) mod configuration;
mod deadline;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod rule;
pub(crate) mod serve;
pub(crate) mod signal;
pub(crate) mod verify_proof;
