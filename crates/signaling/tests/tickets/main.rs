//! What authenticates: tokens, proofs, consents, the ledger, credentials for a relay. Each
//! claim with its nearest refusal.
#![cfg(test)]

mod access;
mod consent;
mod foreign;
mod hello;
mod ledger;
mod minting;
mod relay;
mod rules;
