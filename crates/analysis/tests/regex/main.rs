//! Expressions in eight dialects, against what their engines do.
#![cfg(test)]

mod bounds;
mod collected;
mod differential;
mod engines;
mod expressions;
mod texts;
mod traps;
