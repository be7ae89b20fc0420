//! All guards as one tower layer.

#![cfg(test)]

mod file;
#[path = "../../../../vectors/harness.rs"]
mod harness;
mod layer;
mod vectors;
