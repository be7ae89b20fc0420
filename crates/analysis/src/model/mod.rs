//! What some server answers, however unwise: the form to which every configuration, ours
//! too, is brought before anything is said of it.
//!
//! A [`Model`] has scopes (a route, a location, a bucket). Each scope's [`Answer`] says which
//! `Access-Control-*` fields a response has, as choices over the request's origin. Whether a
//! page may *read* is then not what the server matched but what it emitted: see
//! [`Answer::lets_read`].
//!
//! What an importer does not understand becomes opaque and is listed; it never falls out.

mod answer;
mod matcher;
mod policy;
mod read;
mod readers;

use std::ops::Range;

use corsac_diagnostics::Source;

pub use answer::{Answer, Case, Choice, Coverage, Emission, ErrorsElsewhere, Field, Preflight, Value};
pub use matcher::{LetterCase, Matcher, Piece};
pub use policy::of_policy;
pub(crate) use policy::origin;
pub use read::{Credentials, Truth};
pub(crate) use readers::{Split, is_never};

/// What a configuration makes a server answer.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Whose configuration it is: `nginx`, `Express`, `Corsac`.
    pub system: &'static str,
    /// The texts it was read from; places count in them.
    pub files: Vec<Source>,
    /// Parts of the service that answer in their own way.
    pub scopes: Vec<Scope>,
    /// What was not understood.
    pub unread: Vec<Unread>,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which of [`Model::files`].
    pub file: usize,
    /// Its bytes.
    pub span: Range<usize>,
}

impl Place {
    /// From here to the end of `last`, as lists have it; only here if that is in another file or
    /// before.
    #[must_use]
    pub fn through(&self, last: &Self) -> Self {
        let end = if last.file == self.file { last.span.end.max(self.span.end) } else { self.span.end };
        Self { file: self.file, span: self.span.start..end }
    }
}

/// A part of a configuration that the model does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where.
    pub place: Option<Place>,
    /// What, and why, as a fragment: `` `js_content` runs code ``.
    pub reason: String,
}

/// A part of the service: requests that are answered alike.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Which requests, in the configuration's own words: `server api.example.com, location /v1/`.
    pub name: String,
    /// Where it stands.
    pub place: Option<Place>,
    /// What actual requests are answered.
    pub actual: Answer,
    /// What preflights are answered.
    pub preflight: Preflight,
}
