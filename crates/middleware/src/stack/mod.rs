//! All guards in their order.
//!
//! The order is fixed: the route by the canonical path, CORS decided, a preflight answered
//! (never forwarded, never authenticated, with a budget of its own), limits by address,
//! CSRF, authentication, limits by caller, authorization, the body. [`Route`] is filled
//! slot by slot, and another order does not compile.
//!
//! [`Stack`] does no I/O: [`Stack::begin`] routes a request and decides who may read the
//! answer, [`Stack::advance`] asks one guard after the other until the request passes, is
//! refused, or has to wait, and [`Stack::stamp`] goes over every response, whoever made
//! it. The gateway and [`StackLayer`] both drive it, so that their decisions are the same.

mod answer;
mod audit;
mod compile;
mod count;
#[cfg(feature = "file")]
pub mod file;
mod passage;
mod route;
#[cfg(feature = "file")]
mod unused;

pub use answer::denial_text;
pub use audit::{AuditLog, Facts, Named, Recorded};
pub use compile::{Stack, StackConfig, StackError, World};
pub use count::{Counting, Outcome};
pub use passage::{Asked, Decided, Passage, Step};
pub use route::{NamedPolicy, REQUEST_ID, Route, RouteBuilder, slot};
