//! The properties that fuzzing checks, one function a target.
//!
//! Each takes any bytes and panics where Corsac breaks a promise. `fuzz_targets/` hands
//! these functions to libFuzzer and holds nothing else.
//!
//! Two answers are compared wherever there can be two: Corsac's parser and the `url`
//! crate, the set of patterns and a comparison of texts, the decision and plain loops.
//! What Corsac compares with stays naive on purpose: a clever reference has the bugs of
//! what it judges.
#![forbid(unsafe_code)]

mod configuration;
mod expression;
mod guards;
mod har;
mod key_set;
mod origin;
mod pasted;
mod pattern;
mod policy_file;
mod request_headers;
mod signaling;
mod token;

pub use configuration::configuration;
pub use expression::expression;
pub use guards::guards;
pub use har::har;
pub use key_set::key_set;
pub use origin::origin;
pub use pasted::pasted;
pub use pattern::pattern;
pub use policy_file::policy_file;
pub use request_headers::request_headers;
pub use signaling::{candidate, sdp};
pub use token::token;
