//! Descriptions and candidates: what is passed on, and the nearest thing that is refused.
#![cfg(test)]

mod addresses;
mod base;
mod browsers;
mod candidates;
mod cases;
mod naive;
mod order;
mod properties;
mod table;
mod text;
