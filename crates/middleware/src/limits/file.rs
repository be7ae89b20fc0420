//! Input limits as tables of a policy file.

use std::path::PathBuf;

use corsac_diagnostics::{Diagnostic, FieldPath, INVALID_VALUE, Severity, TableReader};

use super::compile::MAX_VALUES;
use super::config::{LimitsErrors, Mistake, OpenApiConfig, RouteConfig, SchemaConfig, Unknown};
use super::json::MAX_DEPTH;

/// Reads `[schemas.NAME]`.
pub fn read_schemas(root: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Vec<SchemaConfig> {
    let mut schemas = Vec::new();
    for (name, mut table) in root.named("schemas", out) {
        let file = table.required_string("file", out).map(PathBuf::from);
        table.finish(out);
        schemas.extend(file.map(|file| SchemaConfig { name: name.to_owned(), file }));
    }
    schemas
}

/// Reads `[openapi.NAME]`.
pub fn read_openapi(root: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Vec<OpenApiConfig> {
    let mut documents = Vec::new();
    for (name, mut table) in root.named("openapi", out) {
        let file = table.required_string("file", out).map(PathBuf::from);
        let base = table.string("base", out).unwrap_or_default().to_owned();
        let unknown = unknown(&mut table, out);
        table.finish(out);
        documents.extend(file.map(|file| OpenApiConfig { name: name.to_owned(), file, base, unknown }));
    }
    documents
}

fn unknown(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Unknown {
    match table.string("unknown", out) {
        None | Some("refuse") => Unknown::Refuse,
        Some("pass") => Unknown::Pass,
        Some(text) => {
            let reason = "it must be \"refuse\" or \"pass\"";
            out.push(
                table.invalid("unknown", text, reason).help("\"refuse\" is the default and the safe one"),
            );
            Unknown::Refuse
        }
    }
}

/// Reads a route's keys `content_types`, `body_schema`, `openapi`, `max_depth` and
/// `max_values`. `route` and `body_size` are the caller's: the route has them already.
pub fn read_route(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> RouteConfig {
    let default = RouteConfig::default();
    let types = table.strings("content_types", out);
    if types.as_ref().is_some_and(Vec::is_empty) {
        let reason = "no body could have a type";
        out.push(table.invalid("content_types", "[]", reason).help("leave it out, or name a type"));
    }
    let text = |text: Option<&str>| text.map(str::to_owned);
    let mut count = |key, most: usize, default| {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        table.integer(key, (1, most), out).and_then(|it| usize::try_from(it).ok()).unwrap_or(default)
    };
    let max_depth = count("max_depth", MAX_DEPTH, default.max_depth);
    let max_values = count("max_values", MAX_VALUES, default.max_values);
    RouteConfig {
        // An item that is no string has its finding, and nothing runs.
        content_types: types.unwrap_or_default().into_iter().flatten().map(str::to_owned).collect(),
        body_schema: text(table.string("body_schema", out)),
        openapi: text(table.string("openapi", out)),
        max_depth,
        max_values,

        ..default
    }
}

impl Mistake {
    /// The finding, at the key that has to change.
    pub fn to_diagnostic(&self) -> Diagnostic {
        finding(&self.field, self).help(self.kind.help())
    }

    /// The finding of a warning: it is in force, and something is not checked.
    pub fn to_warning(&self) -> Diagnostic {
        finding(&self.field, self)
            .severity(Severity::Warning)
            .help("change the file, or check this in the application")
    }
}

impl LimitsErrors {
    /// The findings.
    pub fn to_diagnostics(&self) -> Vec<Diagnostic> {
        self.0.iter().map(Mistake::to_diagnostic).collect()
    }
}

fn finding(field: &FieldPath, mistake: &Mistake) -> Diagnostic {
    let message = format!("`{field}`: {}", mistake.kind);
    Diagnostic::new(&INVALID_VALUE, message).at_field(field, mistake.kind.to_string())
}
