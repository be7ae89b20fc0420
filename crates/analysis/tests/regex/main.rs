//! Expressions in eight dialects, against what their engines do.
#![cfg(test)]

mod traps;
