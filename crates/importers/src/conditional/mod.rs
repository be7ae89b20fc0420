//! Configurations that are conditions over a request: what Apache, Caddy and HAProxy share.
//!
//! Their readers run a configuration once, for all requests: what a variable holds and which
//! lines a response has are kept as [`Line`]s, lists of conditions and values. A
//! [`Condition`] speaks of the origin and of [`Fact`]s (path, method, host); [`scopes()`] then
//! picks the requests that the configuration tells apart, and says for each what is left.

mod condition;
mod fact;
mod line;
mod notes;
mod response;
mod scopes;

pub(crate) use condition::{Condition, Pattern, Test};
pub(crate) use fact::{Fact, PathTest};
pub(crate) use line::{Line, Value};
pub(crate) use notes::Notes;
pub(crate) use response::Response;
pub(crate) use scopes::{Outcome, PreflightKind, scopes};
