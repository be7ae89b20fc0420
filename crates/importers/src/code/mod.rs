//! CORS settings that stand as literals in application code: Express and its relatives,
//! Starlette, Django, Flask, tower-http, actix-cors.
//!
//! A grammar of the language reads the text ([`syntax`]); the expressions that matter become
//! one small form for all languages ([`expression`]); names are followed to constants of the
//! same file, and no further ([`program`]). What is computed, imported or read from the
//! environment is opaque and listed: no code is run, and no other file looked into.

mod answers;
pub(crate) mod express;
mod expression;
mod javascript;
mod mentions;
mod program;
mod python;
pub(crate) mod python_systems;
mod reading;
mod rust;
pub(crate) mod rust_systems;
mod strings;
mod syntax;
