//! What all guards share: what they see of a request, and what they refuse it with.
//!
//! A guard looks at a [`Head`] and lets it pass or gives a [`Refused`]: a [`Problem`] for
//! the client, terse, and a reason for the log, complete. The two share no sentence.

mod head;
mod problem;
mod refused;

pub use head::Head;
pub use problem::{Failure, Problem};
pub use refused::Refused;
