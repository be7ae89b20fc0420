//! The gateway over real sockets, seen from both sides.

#![cfg(test)]

mod answers;
mod events;
#[path = "../../../../vectors/harness.rs"]
mod harness;
mod limits;
mod matrix;
mod messages;
mod operation;
mod shared_limits;
mod smuggling;
mod streaming;
mod support;
mod tls;
mod vectors;
mod watching;
