//! Calls as developer tools and documents give them: a cURL command or a `fetch()` call,
//! read as what a script asked for.
//!
//! What a tool copies is what went over the wire, so much of it is the browser's own and
//! says nothing about the script: it is left out, and a [`Remark`] says so. Nothing is run
//! and nothing is read from files: shell variables, expressions and `@file` are refused.

mod command;
mod error;
mod fetch_call;
mod headers;
mod javascript;
mod words;

pub use command::read_curl;
pub use error::{PasteError, PasteMistake};
pub use fetch_call::read_fetch;
pub use headers::Remark;

use corsac_browser::{Body, CacheMode, CredentialsMode, Mode, RedirectMode};
use url::Url;

/// Largest text that is read as a call, in bytes; a body may be pasted along.
pub const MAX_PASTE_BYTES: usize = 1 << 20;

/// A call that somebody pasted. What it does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastedCall {
    /// The URL as written; it may be relative in a `fetch()` call.
    pub url: String,
    /// The method.
    pub method: Option<String>,
    /// The header fields that the script set; each character stands for the byte of its
    /// number.
    pub headers: Vec<(String, String)>,
    /// What the user showed as the browser's credentials: `cookie`, and `authorization` where
    /// it is HTTP authentication. Not a script's, so no preflight names them.
    pub presented: Vec<(String, String)>,
    /// The body.
    pub body: Option<PastedBody>,
    /// The mode.
    pub mode: Option<Mode>,
    /// The credentials mode.
    pub credentials: Option<CredentialsMode>,
    /// The redirect mode.
    pub redirect: Option<RedirectMode>,
    /// The cache mode.
    pub cache: Option<CacheMode>,
    /// The origin of the page, by `Origin`, `Referer` or `referrer`.
    pub page_origin: Option<String>,
    /// What was left out or taken for something, and why.
    pub remarks: Vec<Remark>,
}

/// A pasted body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastedBody {
    /// What it is made from.
    pub kind: Body,
    /// Its text, if the paste has it: `new FormData(form)` does not.
    pub text: Option<String>,
}

/// Refuses what is too large to be a call.
fn check_size(text: &str) -> Result<(), PasteError> {
    match text.len() {
        length if length > MAX_PASTE_BYTES => Err(PasteMistake::TooLarge.at(MAX_PASTE_BYTES)),
        _ if text.trim().is_empty() => Err(PasteMistake::Empty.at(0)),
        _ => Ok(()),
    }
}

/// The origin of a referrer's URL.
fn origin_of(referrer: &str) -> Option<String> {
    let url = Url::parse(referrer).ok()?;
    url.origin().is_tuple().then(|| url.origin().ascii_serialization())
}

/// Each byte as the character of its number.
fn isomorphic(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}
