//! CORS settings that stand as literals in application code: Express and its relatives,
//! Starlette, Django, Flask, tower-http, actix-cors.
//!
//! A grammar of the language reads the text ([`syntax`]); the expressions that matter become
//! one small form for all languages ([`expression`]); names are followed to constants of the
//! same file, and no further ([`program`]). A value that could be changed in place is a constant only
//! if each place where it stands, under whatever name, is one that reads ([`reading`]). What is computed,
//! imported or read from the environment is opaque and listed: no code is run, and no other file
//! looked into, nor is it known what that does to what it imports from here.

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
