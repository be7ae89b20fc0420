//! The binary as people and programs use it.

#![cfg(test)]

mod broken;
mod browser;
mod check;
mod explain;
mod files;
mod findings;
mod har;
mod import;
mod keys;
mod pasted;
mod process;
mod rules;
mod serving;
mod signal;
mod unanswered;
