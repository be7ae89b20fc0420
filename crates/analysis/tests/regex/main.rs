//! Expressions in eight dialects, against what their engines do.
#![cfg(test)]

mod differential;
mod engines;
mod expressions;
mod texts;
mod traps;
