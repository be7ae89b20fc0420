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
mod body;
mod compile;
mod count;
mod entry;
#[cfg(feature = "file")]
pub mod file;
mod layer;
mod outside;
mod passage;
mod route;
mod service;
mod websocket;

pub use answer::denial_text;
pub use body::{BoxError, RequestBody, ResponseBody};
pub use compile::{BodySize, Stack, StackConfig, StackError, World};
pub use count::{Counting, Outcome};
pub use layer::StackLayer;
pub use outside::OnTokio;
pub use passage::{Asked, Decided, Passage, Step};
pub use route::{NamedPolicy, REQUEST_ID, Route, RouteBuilder, slot};
pub use service::Guarded;
pub use websocket::{SocketRuling, is_websocket};
