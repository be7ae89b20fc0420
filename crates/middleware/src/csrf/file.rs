//! The guard as tables of a policy file.
//!
//! ```toml
//! [csrf]
//! token = { key_file = "csrf.key", session_cookie = "sid" }   # or key_env = "CSRF_KEYS"
//!
//! [cookies.session]
//! same_site = "lax"
//! secure = true
//! http_only = true
//! readable = ["XSRF-TOKEN"]
//!
//! [[routes]]
//! csrf = "enforce"                                            # or "report", "off"
//! cookies = "session"
//! ```

use corsac_diagnostics::{Diagnostic, FieldPath, INVALID_VALUE, Segment, TableReader, listed};
use secrecy::SecretString;

use super::config::{CookieConfig, CsrfConfig, CsrfMode, SameSite, TokenConfig};
use super::decide::Csrf;
use super::mistake::{CsrfErrors, Mistake};
use super::set_cookie::CookieRules;
use crate::mistake::Mistakes;

/// Where the keys of tokens are. Reading them is the caller's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource<'d> {
    /// A variable of the environment.
    Environment(&'d str),
    /// A file, by its path as written.
    File(&'d str),
}

/// Reads and compiles `[csrf]`. `keys` gives the text of the keys, or says why it cannot;
/// what it says is shown and must have no key in it. `None` if anything in the table
/// prevents it from running.
pub fn read_csrf(
    mut table: TableReader<'_>,
    keys: impl FnOnce(KeySource<'_>) -> Result<SecretString, String>,
    out: &mut Vec<Diagnostic>,
) -> Option<Csrf> {
    let before = out.len();
    let token = table.table("token", out).map(|token| read_token(token, keys, before, out));
    table.finish(out);
    match token {
        None => (out.len() == before).then(Csrf::default),
        Some((_, None)) => None,
        Some((place, Some(token))) => {
            let compiled = Csrf::compile(&CsrfConfig { token: Some(token) });
            report(compiled, out, |mistake| place.of(mistake)).filter(|_| out.len() == before)
        }
    }
}

/// Where the token's settings stand.
struct TokenPlace {
    table: FieldPath,
    keys: &'static str,
}

impl TokenPlace {
    /// The keys stand in one of two keys of the table.
    fn of(&self, mistake: &Mistake) -> FieldPath {
        match mistake.field.segments().last() {
            Some(Segment::Key(key)) if key == "keys" => self.table.key(self.keys),
            Some(Segment::Key(key)) => self.table.key(key),
            _ => self.table.clone(),
        }
    }
}

fn read_token(
    mut table: TableReader<'_>,
    keys: impl FnOnce(KeySource<'_>) -> Result<SecretString, String>,
    before: usize,
    out: &mut Vec<Diagnostic>,
) -> (TokenPlace, Option<TokenConfig>) {
    let file = table.string("key_file", out);
    let variable = table.string("key_env", out);
    let source = match (file, variable) {
        (Some(file), None) => Some(("key_file", file, KeySource::File(file))),
        (None, Some(variable)) => Some(("key_env", variable, KeySource::Environment(variable))),
        (Some(_), Some(variable)) => {
            let reason = "the keys stand in a file already";
            out.push(table.invalid("key_env", variable, reason).help("remove `key_file` or `key_env`"));
            None
        }
        // Unless one of them, or the table, is of another type, which is reported.
        (None, None) if out.len() == before => {
            let help = "write key_file = \"csrf.key\", or key_env = \"CSRF_KEYS\"";
            out.push(table.missing("key_file").help(help));
            None
        }
        (None, None) => None,
    };
    let session_cookie = table.required_string("session_cookie", out);
    let text = source.and_then(|(key, name, source)| {
        let refuse =
            |reason: String| table.invalid(key, name, &reason).help("make it readable, or name another");
        keys(source).map_err(|reason| out.push(refuse(reason))).ok()
    });
    let place = TokenPlace { table: table.path().clone(), keys: source.map_or("key_file", |(key, ..)| key) };
    table.finish(out);
    let token = text.zip(session_cookie);
    (place, token.map(|(keys, name)| TokenConfig { keys, session_cookie: name.to_owned() }))
}

/// Reads and compiles `[cookies.NAME]`. `None` if anything in the table prevents it from
/// running.
pub fn read_cookies(mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<CookieRules> {
    let before = out.len();
    let path = table.path().clone();
    let same_site = table.string("same_site", out).and_then(|name| {
        let known = SameSite::parse(name);
        if known.is_none() {
            let reason = "cookies that say nothing get `lax` or `strict`";
            let help = "write same_site = \"lax\"; a cookie that must travel says SameSite=None itself";
            out.push(table.invalid("same_site", name, reason).help(help));
        }
        known
    });
    let secure = table.boolean("secure", out).unwrap_or_default();
    let http_only = table.boolean("http_only", out).unwrap_or_default();
    let readable = table.strings("readable", out).unwrap_or_default();
    let readable = readable.into_iter().map(|name| name.unwrap_or_default().to_owned()).collect();
    table.finish(out);
    if out.len() > before {
        return None;
    }
    let compiled = CookieRules::compile(&CookieConfig { same_site, secure, http_only, readable });
    report(compiled, out, |mistake| path.join(&mistake.field))
}

/// What a route says with `csrf = "…"`; a mode that nobody knows enforces.
pub fn read_mode(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<CsrfMode> {
    let name = table.string("csrf", out)?;
    Some(CsrfMode::parse(name).unwrap_or_else(|| {
        let known = listed(CsrfMode::ALL.into_iter().map(CsrfMode::name));
        let finding = table.invalid("csrf", name, "no such mode");
        out.push(finding.help(format!("write one of {known}")));
        CsrfMode::Enforce
    }))
}

fn report<T>(
    compiled: Result<T, CsrfErrors>,
    out: &mut Vec<Diagnostic>,
    place: impl Fn(&Mistake) -> FieldPath,
) -> Option<T> {
    let finding = |mistake: &Mistake| {
        let at = place(mistake);
        Diagnostic::new(&INVALID_VALUE, format!("`{at}`: {}", mistake.kind))
            .at_field(&at, "this does not work")
            .help(mistake.kind.help())
    };
    compiled.map_err(|Mistakes(mistakes)| out.extend(mistakes.iter().map(finding))).ok()
}
