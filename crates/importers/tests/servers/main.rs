//! The readers of servers' configurations against the real servers.
#![cfg(test)]
#![expect(clippy::format_push_string, reason = "configurations are put together piece by piece")]

mod apache;
mod caddy;
mod haproxy;
mod hostile;
mod support;
