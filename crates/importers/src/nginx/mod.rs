//! nginx, and what is written as directives of it elsewhere.
//!
//! What is modelled is what nginx does, as `tests/nginx` finds by asking it: `map`s, the steps
//! of the rewrite module in their order, which `if` is in force at the end, `add_header` and
//! what it inherits, `always`, redirects inside. A scope is a server or a location; where
//! something else than origin and method decides (`if ($host = …)`), each way is a scope.
//!
//! Left out: what the file system holds, regular expressions on paths, the choice between
//! locations. Code (Lua, njs, Perl) is opaque.

mod answer;
mod fields;
mod known;
mod location;
mod read;
mod scopes;
mod server;
mod steps;
mod syntax;
mod value;

pub(crate) use read::{likeness, read};
