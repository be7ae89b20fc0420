//! Roles and rules as tables of a policy file.
//!
//! ```toml
//! [roles.reader]
//! permissions = ["items:read"]
//!
//! [roles.editor]
//! includes = ["reader"]
//! permissions = ["items:write"]
//! claims = { groups = ["staff"] }
//! from = ["sign_in"]
//!
//! [[routes]]
//! path = "/items/{id}"
//! rules = [
//!   { methods = ["GET"], permission = "items:read" },
//!   { methods = ["PUT", "DELETE"], permission = "items:write" },
//! ]
//! ```

use std::io;
use std::path::{Path, PathBuf};

use corsac_diagnostics::{
    Diagnostic, FieldPath, INVALID_VALUE, Node, Segment, TableReader, Value, WRONG_TYPE, unreadable,
};

use super::Authz;
use super::config::{
    AuthzConfig, CedarConfig, CedarText, MAX_CEDAR_BYTES, Mistake, MistakeKind, RoleConfig, RouteConfig,
    RuleConfig,
};
use super::lint::{IMPOSSIBLE_RULE, UNREACHABLE_RULE};
use crate::mistake::Mistakes;

/// What a policy file says, while its tables are read.
#[derive(Debug)]
pub struct AuthzFile {
    config: AuthzConfig,
    /// Where each route stands.
    places: Vec<FieldPath>,
    /// What has findings already.
    unreadable: Vec<FieldPath>,
    files: Vec<PathBuf>,
}

/// Gives the bytes of a file that the policy file names, and no more than the bound.
pub type Files<'f> = dyn Fn(&Path, usize) -> io::Result<Vec<u8>> + 'f;

/// A policy file's authorization, and where its parts stand.
#[derive(Clone, Debug)]
pub struct ReadAuthz {
    /// What runs.
    pub authz: Authz,
    /// Where each of its routes stands.
    pub(super) places: Vec<FieldPath>,
}

impl AuthzFile {
    /// Reads the tables beside the routes: `[roles.*]` and `[cedar.*]`, whose files `files`
    /// gives.
    pub fn read(root: &mut TableReader<'_>, files: &Files<'_>, out: &mut Vec<Diagnostic>) -> Self {
        let mut file = Self {
            config: AuthzConfig::default(),
            places: Vec::new(),
            unreadable: Vec::new(),
            files: Vec::new(),
        };
        for (name, table) in root.named("roles", out) {
            let (place, before) = (table.path().clone(), out.len());
            let role = role(name, table, out);
            file.config.roles.push(role);
            if out.len() > before {
                file.unreadable.push(place);
            }
        }
        for (name, table) in root.named("cedar", out) {
            let (place, before) = (table.path().clone(), out.len());
            let config = file.policies(name, table, files, out);
            file.config.cedar.push(config);
            if out.len() > before {
                file.unreadable.push(place);
            }
        }
        file
    }

    /// The files that were asked for, to be watched: also those that could not be read.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    fn policies(
        &mut self,
        name: &str,
        mut table: TableReader<'_>,
        files: &Files<'_>,
        out: &mut Vec<Diagnostic>,
    ) -> CedarConfig {
        let policies = table.required_string("policies", out).map(str::to_owned);
        let schema = table.string("schema", out).map(str::to_owned);
        let mut text = |key: &'static str, path: String| {
            self.files.push(PathBuf::from(&path));
            let bytes =
                files(Path::new(&path), MAX_CEDAR_BYTES + 1).map_err(|error| unreadable(error.kind()));
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into()));
            let text = text.map_err(|reason| {
                let finding = table.invalid(key, &path, &reason);
                out.push(finding.help("paths are relative to the policy file"));
            });
            CedarText { file: path, text: text.unwrap_or_default() }
        };
        let config = CedarConfig {
            name: name.to_owned(),
            policies: policies.map(|path| text("policies", path)).unwrap_or_default(),
            schema: schema.map(|path| text("schema", path)),
        };
        table.finish(out);
        config
    }

    /// Reads `rules` of one of the `[[routes]]`, whose path is `path`. Each route has to
    /// come by; the result is its place in [`Authz::routes`].
    pub fn route(&mut self, path: &str, table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> usize {
        let index = self.config.routes.len();
        let place = table.field("rules");
        let rules = table.take("rules").map(|node| match &node.value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, node)| self.rule(node, place.index(index), out)).collect()
            }
            _ => {
                out.push(wrong_type(&place, "an array of tables", node));
                self.unreadable.push(place.clone());
                Vec::new()
            }
        });
        self.config.routes.push(RouteConfig { path: path.to_owned(), rules });
        self.places.push(table.path().clone());
        index
    }

    fn rule(&mut self, node: &Node, place: FieldPath, out: &mut Vec<Diagnostic>) -> RuleConfig {
        let before = out.len();
        let mut table = TableReader::new(node, place.clone(), out);
        let text = |table: &mut TableReader<'_>, key, out: &mut Vec<Diagnostic>| {
            table.string(key, out).map(str::to_owned)
        };
        let rule = RuleConfig {
            methods: strings(&mut table, "methods", out),
            permission: text(&mut table, "permission", out),
            scope: text(&mut table, "scope", out),
            owner: text(&mut table, "owner", out),
            from: strings(&mut table, "from", out),
            cedar: text(&mut table, "cedar", out),
            action: text(&mut table, "action", out),
            authenticated: table.boolean("authenticated", out).unwrap_or_default(),
            anyone: table.boolean("anyone", out).unwrap_or_default(),
        };
        table.finish(out);
        if out.len() > before {
            self.unreadable.push(place);
        }
        rule
    }

    /// Compiles what was read. `None` if anything prevents it from running.
    pub fn compile(self, out: &mut Vec<Diagnostic>) -> Option<ReadAuthz> {
        let compiled = Authz::compile(&self.config);
        if let Err(Mistakes(mistakes)) = &compiled {
            for mistake in mistakes {
                let place = in_file(&mistake.field, &self.places);
                if !self.is_reported(&place, &mistake.kind) {
                    out.push(mistake.to_diagnostic(&place, &self.places));
                }
            }
        }
        let authz = compiled.ok().filter(|_| self.unreadable.is_empty())?;
        Some(ReadAuthz { authz, places: self.places })
    }

    /// Whether a mistake at `place` may come of what could not be read.
    fn is_reported(&self, place: &FieldPath, kind: &MistakeKind) -> bool {
        let by_role = matches!(kind, MistakeKind::PermissionUnknown(_) | MistakeKind::UnknownRole(_));
        let of_role = |path: &FieldPath| path.segments().first() == Some(&Segment::Key("roles".into()));
        self.unreadable
            .iter()
            .any(|path| place.segments().starts_with(path.segments()) || (by_role && of_role(path)))
    }
}

impl Mistake {
    fn to_diagnostic(&self, place: &FieldPath, places: &[FieldPath]) -> Diagnostic {
        let finding = match &self.kind {
            MistakeKind::Covered { by } => {
                let message = format!("`{place}` stops nobody and lets nobody pass");
                let other = match self.field.segments() {
                    [_, route, list, ..] => {
                        in_file(&path(&[Segment::Key("routes".into()), route.clone(), list.clone()]), places)
                    }
                    _ => FieldPath::root(),
                };
                let finding = Diagnostic::new(&UNREACHABLE_RULE, message);
                finding.and_at_field(&other.index(*by), "this rule lets pass whoever that does")
            }
            MistakeKind::PermissionUnknown(_) => {
                Diagnostic::new(&IMPOSSIBLE_RULE, format!("nobody can pass `{place}`"))
            }
            kind => Diagnostic::new(&INVALID_VALUE, format!("`{place}` makes no sense: {kind}")),
        };
        finding.at_field(place, self.kind.to_string()).help(self.kind.help())
    }
}

fn role(name: &str, mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> RoleConfig {
    let role = RoleConfig {
        name: name.to_owned(),
        includes: strings(&mut table, "includes", out),
        permissions: strings(&mut table, "permissions", out),
        claims: claims(&mut table, out),
        scopes: strings(&mut table, "scopes", out),
        from: strings(&mut table, "from", out),
    };
    table.finish(out);
    role
}

/// A list that is written has something in it: an empty one would be read as "any" by one
/// and as "none" by another.
fn strings(table: &mut TableReader<'_>, key: &'static str, out: &mut Vec<Diagnostic>) -> Vec<String> {
    let Some(items) = table.strings(key, out) else { return Vec::new() };
    if items.is_empty() {
        out.push(
            table
                .invalid(key, "[]", "there is nothing in it")
                .help("write something into it, or leave it out"),
        );
    }
    items.into_iter().flatten().map(str::to_owned).collect()
}

fn claims(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Vec<(String, Vec<String>)> {
    let Some(node) = table.take("claims") else { return Vec::new() };
    let place = table.field("claims");
    let Value::Table(entries) = &node.value else {
        out.push(wrong_type(&place, "a table such as { groups = [\"admins\"] }", node));
        return Vec::new();
    };
    if entries.is_empty() {
        out.push(
            table.invalid("claims", "{}", "there is nothing in it").help("name a claim, or leave it out"),
        );
    }
    let mut texts = |place: FieldPath, node: &Node| {
        let Value::Array(items) = &node.value else {
            out.push(wrong_type(&place, "an array of strings", node));
            return Vec::new();
        };
        let text = |(index, item): (usize, &Node)| match &item.value {
            Value::String(text) => Some(text.clone()),
            _ => {
                out.push(wrong_type(&place.index(index), "a string", item));
                None
            }
        };
        items.iter().enumerate().filter_map(text).collect()
    };
    entries.iter().map(|(claim, node)| (claim.clone(), texts(place.key(claim), node))).collect()
}

fn wrong_type(path: &FieldPath, expected: &str, node: &Node) -> Diagnostic {
    let found = node.value.type_name();
    Diagnostic::new(&WRONG_TYPE, format!("`{path}` takes {expected}, and has another type: {found}"))
        .at_field(path, format!("its type is {found}"))
        .help(format!("write {expected} here"))
}

/// A field of the configuration as a field of the file.
pub(super) fn in_file(field: &FieldPath, places: &[FieldPath]) -> FieldPath {
    match field.segments() {
        [Segment::Key(routes), Segment::Index(index), rest @ ..] if routes == "routes" => {
            places.get(*index).cloned().unwrap_or_default().join(&path(rest))
        }
        _ => field.clone(),
    }
}

fn path(segments: &[Segment]) -> FieldPath {
    segments.iter().fold(FieldPath::root(), |path, segment| match segment {
        Segment::Key(key) => path.key(key),
        Segment::Index(index) => path.index(*index),
    })
}
