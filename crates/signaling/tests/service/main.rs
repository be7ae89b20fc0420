//! The service over real sockets: every promise of the protocol on both transports, from outside.
#![cfg(test)]

mod consent;
mod costs;
mod errors;
mod handshake;
mod ledger;
mod mounted;
mod rooms;
mod sessions;
mod support;

use support::{client, minting, peer, world};
