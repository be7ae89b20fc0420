//! The `path` of a `[[routes]]` table.

use corsac_diagnostics::{Diagnostic, FieldPath, Rule, Severity, TableReader, excerpt, listed};

use super::canonical::canonical_path;
use super::placeholders;

/// Two routes for the same requests.
pub static ROUTE_CONFLICT: Rule =
    Rule { id: "route-conflict", severity: Severity::Error, summary: "two routes match the same requests" };

/// A name that is not defined.
pub static UNKNOWN_REFERENCE: Rule = Rule {
    id: "unknown-reference",
    severity: Severity::Error,
    summary: "a name that is defined nowhere in the file",
};

/// A definition that nothing uses.
pub static UNUSED_DEFINITION: Rule =
    Rule { id: "unused-definition", severity: Severity::Warning, summary: "a definition that nothing uses" };

/// The finding that nobody uses the definition at `path`; `user` is who would: `route`.
pub fn unused_definition(path: &FieldPath, user: &str) -> Diagnostic {
    let finding = Diagnostic::new(&UNUSED_DEFINITION, format!("no {user} uses `{path}`"));
    finding.at_field(path, "defined here").help(format!("name it in a {user}, or remove it"))
}

/// The paths of the routes so far.
#[derive(Debug, Default)]
pub struct Paths {
    matcher: matchit::Router<()>,
    written: Vec<(String, FieldPath)>,
}

impl Paths {
    /// The path of a route, if it is well-formed and in no other's way.
    pub fn read(&mut self, table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<String> {
        let text = table.required_string("path", out)?;
        let place = table.field("path");
        let help = "write it like \"/api/{*rest}\" (everything below) or \"/users/{id}\" (one segment)";
        let finding = match placeholders::mistake(text) {
            _ if !text.starts_with('/') => {
                Some(table.invalid("path", text, "a path begins with `/`").help(help))
            }
            Some(mistake) => Some(table.invalid("path", text, &mistake.reason).help(mistake.help)),
            None if !is_canonical(text) => {
                let reason = "no request matches it: requests are matched by their canonical path";
                let help = "write it as browsers send it, percent-encoded in upper case";
                Some(table.invalid("path", text, reason).help(help))
            }
            None => self.conflict(text, &place),
        };
        self.written.push((text.to_owned(), place));
        let right = finding.is_none().then(|| text.to_owned());
        out.extend(finding);
        right
    }

    /// Adds a path, or says which other one is in its way.
    fn conflict(&mut self, text: &str, place: &FieldPath) -> Option<Diagnostic> {
        let with = match self.matcher.insert(text, ()).err()? {
            matchit::InsertError::Conflict { with } => with,
            _ => String::new(),
        };
        // What the matcher names is its guess, and no path that was written where several
        // routes begin alike.
        let named = self.written.iter().filter(|(other, _)| *other == with);
        let other = named.chain(&self.written).find(|(other, _)| placeholders::conflicts(text, other));
        let short = excerpt(text);
        let message = match other {
            Some((other, _)) if other == text => format!("`{short}` has two routes"),
            Some((other, _)) => format!("`{short}` and `{}` match some of the same requests", excerpt(other)),
            None => format!("`{short}` matches some requests of another route"),
        };
        let finding = Diagnostic::new(&ROUTE_CONFLICT, message)
            .at_field(place, "no request would know which of the two")
            .help("remove one of the two, or tell them apart by a fixed segment before the parameter");
        Some(match other {
            Some((_, place)) => finding.and_at_field(place, "the other route"),
            None => finding,
        })
    }
}

/// Whether the path is in the spelling that requests are matched by, its parameters
/// aside.
fn is_canonical(path: &str) -> bool {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for letter in path.chars() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                plain.push('x');
            }
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    canonical_path(&plain).is_ok_and(|canonical| canonical == plain)
}

/// The finding for a name that no definition has. `group` is the table of the definitions.
pub fn unknown_reference<'n>(
    what: &str,
    group: &str,
    name: &str,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let (name, known) = (excerpt(name), listed(known));
    let finding = Diagnostic::new(&UNKNOWN_REFERENCE, format!("there is no {what} `{name}`"));
    finding.help(match known.as_str() {
        "" => format!("define it: [{group}.{name}]"),
        known => format!("define it as [{group}.{name}], or name one of {known}"),
    })
}
