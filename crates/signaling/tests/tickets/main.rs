//! What authenticates: tokens, proofs, consents. Each
//! claim with its nearest refusal.
#![cfg(test)]

mod access;
mod consent;
mod foreign;
mod hello;
mod minting;
mod rules;
