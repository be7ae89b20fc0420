//! What all guards share: what they see of a request, and what they refuse it with.
//!
//! A guard looks at a [`Head`] and lets it pass or gives a [`Refused`]: a [`Problem`] for
//! the client, terse, and a reason for the log, complete. The two share no sentence.

mod framing;
mod head;
mod host;
mod problem;
pub mod proxy;
mod refused;

pub use framing::{announced_length, framing_flaw};
pub use head::Head;
pub use host::Host;
pub use problem::{Failure, Problem};
pub use refused::Refused;
