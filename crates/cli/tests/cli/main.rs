//! The binary as people and programs use it.

#![cfg(test)]

mod browser;
#[expect(dead_code, reason = "the driver can do more than these tests ask of it")]
mod chromium;
mod explain;
mod files;
mod findings;
mod process;
mod rules;
mod serving;
