//! What authenticates: tokens, proofs, consents, the ledger. Each
//! claim with its nearest refusal.
#![cfg(test)]

mod access;
mod consent;
mod foreign;
mod hello;
mod ledger;
mod minting;
mod rules;
