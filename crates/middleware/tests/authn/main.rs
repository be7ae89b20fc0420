//! Authentication against a world that is made of promises: who is recognized, who waits for
//! what, what fails and how it is told, and what cannot be compiled.

#![cfg(test)]

mod answers;
mod api_keys;
mod config;
mod file;
mod jwt;
mod opaque;
mod world;
