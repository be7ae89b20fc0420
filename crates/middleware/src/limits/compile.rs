//! From what people write to what runs, reporting every mistake.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corsac_diagnostics::FieldPath;
use serde_json::Value;

use super::config::{
    LimitsConfig, LimitsErrors, MAX_FILE, MAX_NAMED, Mistake, MistakeKind, OpenApiConfig, RouteConfig,
    SchemaConfig,
};
use super::head::HeadLimits;
use super::json::{self, Bounds, MAX_DEPTH, Malformed};
use super::media_type::is_essence;
use super::openapi::Document;
use super::route::{RouteLimits, Rule, is_checkable};
use super::schema::{Dialect, Found, Schema};
use crate::mistake::Mistakes;

/// Mistakes reported of one configuration.
const MAX_MISTAKES: usize = 1_000;

/// Bytes of a body that may be collected.
pub const MAX_BODY: usize = 64 << 20;

/// Values that a checked body may have.
pub const MAX_VALUES: usize = 1_000_000;

/// Bounds on what a schema's or a document's file holds.
const FILE_BOUNDS: Bounds = Bounds { depth: 128, values: 500_000 };

/// What requests may be, valid by construction.
#[derive(Clone, Debug)]
pub struct Limits {
    head: HeadLimits,
    routes: HashMap<String, Arc<RouteLimits>>,
    files: Vec<PathBuf>,
    warnings: Vec<Mistake>,
}

impl Limits {
    /// Compiles `config`. `read` gives the bytes of a file that `config` names; nothing
    /// else is read, and nothing is fetched.
    ///
    /// # Errors
    /// Every mistake, at most 1,000. A file that is missing or wrong is one: there is no
    /// route that lets bodies pass because its schema is gone.
    pub fn compile(
        config: &LimitsConfig,
        read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
    ) -> Result<Self, LimitsErrors> {
        let mut compiler = Compiler { read, mistakes: Vec::new(), warnings: Vec::new(), files: Vec::new() };
        let root = FieldPath::root();
        let head = HeadLimits::compile_at(&config.head, &root.key("head"), &mut compiler.mistakes);
        let schemas = compiler.schemas(&config.schemas, &root.key("schemas"));
        let documents = compiler.documents(&config.openapi, &root.key("openapi"));
        let mut routes = HashMap::new();
        compiler.count(&root.key("routes"), config.routes.len());
        for (index, route) in config.routes.iter().take(MAX_NAMED).enumerate() {
            let at = root.key("routes").index(index);
            let compiled = compiler.route(route, &at, &schemas, &documents);
            if routes.insert(route.route.clone(), Arc::new(compiled)).is_some() {
                compiler.report(at.key("path"), MistakeKind::Duplicate(route.route.clone()));
            }
        }
        let Compiler { mistakes, warnings, files, .. } = compiler;
        if mistakes.is_empty() { Ok(Self { head, routes, files, warnings }) } else { Err(Mistakes(mistakes)) }
    }

    /// The bounds on heads, before there is a route.
    pub fn head(&self) -> &HeadLimits {
        &self.head
    }

    /// The limits of a route; `None` if the configuration has no such route.
    pub fn route(&self, name: &str) -> Option<&Arc<RouteLimits>> {
        self.routes.get(name)
    }

    /// The files that were read: a change of one is a change of the configuration.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What is written and not checked, each with its place.
    pub fn warnings(&self) -> &[Mistake] {
        &self.warnings
    }
}

struct Compiler<'r> {
    read: &'r dyn Fn(&Path) -> io::Result<Vec<u8>>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
    files: Vec<PathBuf>,
}

/// What was defined by name; `None` where it is wrong, which has been reported.
type Named<'c, T> = HashMap<&'c str, Option<Arc<T>>>;

impl Compiler<'_> {
    fn report(&mut self, field: FieldPath, kind: MistakeKind) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake { field, kind });
        }
    }

    fn count(&mut self, at: &FieldPath, count: usize) {
        if count > MAX_NAMED {
            self.report(at.clone(), MistakeKind::TooMany { count, most: MAX_NAMED });
        }
    }

    fn schemas<'c>(&mut self, schemas: &'c [SchemaConfig], all: &FieldPath) -> Named<'c, Schema> {
        let mut named = Named::new();
        self.count(all, schemas.len());
        for schema in schemas.iter().take(MAX_NAMED) {
            let at = all.key(&schema.name);
            let compiled =
                self.document(&schema.file, &at.key("file"), |value, found| match Dialect::of(value) {
                    Some(dialect) => Schema::compile(value, "", dialect, found),
                    None => {
                        found.mistake("/$schema", "`$schema` is not draft 2020-12, 2019-09 or draft-07");
                        None
                    }
                });
            if named.insert(schema.name.as_str(), compiled.map(Arc::new)).is_some() {
                self.report(at, MistakeKind::Duplicate(schema.name.clone()));
            }
        }
        named
    }

    fn documents<'c>(&mut self, documents: &'c [OpenApiConfig], all: &FieldPath) -> Named<'c, Document> {
        let mut named = Named::new();
        self.count(all, documents.len());
        for config in documents.iter().take(MAX_NAMED) {
            let at = all.key(&config.name);
            if !is_base(&config.base) {
                self.report(at.key("base"), MistakeKind::Base(config.base.clone()));
            }
            let compiled = self.document(&config.file, &at.key("file"), |value, found| {
                Document::compile(value, &config.base, config.unknown, found)
            });
            if named.insert(config.name.as_str(), compiled.map(Arc::new)).is_some() {
                self.report(at, MistakeKind::Duplicate(config.name.clone()));
            }
        }
        named
    }

    fn document<T>(
        &mut self,
        file: &Path,
        at: &FieldPath,
        compile: impl FnOnce(&Value, &mut Found) -> Option<T>,
    ) -> Option<T> {
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_owned());
        }
        let value = match (self.read)(file) {
            Err(error) => Err(MistakeKind::FileUnreadable(error.kind())),
            Ok(bytes) if bytes.len() > MAX_FILE => Err(MistakeKind::FileTooLarge),
            Ok(bytes) => json::parse(&bytes, FILE_BOUNDS)
                .map(|(value, _)| value)
                .map_err(|reason| MistakeKind::FileMalformed(malformed_file(reason))),
        };
        let value = value.map_err(|kind| self.report(at.clone(), kind)).ok()?;
        let mut found = Found::default();
        let compiled = compile(&value, &mut found);
        let kind = |(pointer, reason)| MistakeKind::Document { pointer, reason };
        for mistake in found.mistakes {
            self.report(at.clone(), kind(mistake));
        }
        let left = MAX_MISTAKES.saturating_sub(self.warnings.len());
        self.warnings.extend(
            found.warnings.into_iter().take(left).map(|it| Mistake { field: at.clone(), kind: kind(it) }),
        );
        compiled
    }

    fn route(
        &mut self,
        route: &RouteConfig,
        at: &FieldPath,
        schemas: &Named<'_, Schema>,
        documents: &Named<'_, Document>,
    ) -> RouteLimits {
        let rule = match (&route.body_schema, &route.openapi) {
            (None, None) => Rule::Nothing,
            (Some(_), Some(_)) => {
                self.report(at.key("openapi"), MistakeKind::BothSchemas);
                Rule::Nothing
            }
            (Some(name), None) => {
                self.named(name, &at.key("body_schema"), schemas).map_or(Rule::Nothing, Rule::Schema)
            }
            (None, Some(name)) => {
                self.named(name, &at.key("openapi"), documents).map_or(Rule::Nothing, Rule::OpenApi)
            }
        };
        let mut content_types = self.content_types(route, at);
        if content_types.is_empty() && route.body_schema.is_some() {
            content_types.push("application/json".into());
        }
        let bounds = [
            ("body_size", route.body_size, MAX_BODY),
            ("max_depth", route.max_depth, MAX_DEPTH),
            ("max_values", route.max_values, MAX_VALUES),
        ];
        for (key, number, most) in
            bounds.into_iter().filter(|(_, number, most)| !(1..=*most).contains(number))
        {
            self.report(at.key(key), MistakeKind::OutOfRange { number, most });
        }
        let bounds = Bounds { depth: route.max_depth, values: route.max_values };
        RouteLimits { content_types, rule, bounds, body_size: route.body_size }
    }

    /// What is defined under `name`; that it is not is a mistake, and nothing runs.
    fn named<T>(&mut self, name: &str, at: &FieldPath, known: &Named<'_, T>) -> Option<Arc<T>> {
        let found = known.get(name);
        if found.is_none() {
            self.report(at.clone(), MistakeKind::UnknownName(name.to_owned()));
        }
        found.cloned().flatten()
    }

    fn content_types(&mut self, route: &RouteConfig, at: &FieldPath) -> Vec<String> {
        let all = at.key("content_types");
        self.count(&all, route.content_types.len());
        let mut seen = HashSet::new();
        for (index, range) in route.content_types.iter().take(MAX_NAMED).enumerate() {
            let kind = if !is_essence(range) || (range.starts_with("*/") && range != "*/*") {
                MistakeKind::ContentType(range.clone())
            } else if route.body_schema.is_some() && !is_checkable(range) {
                MistakeKind::NotJson(range.clone())
            } else if !seen.insert(range) {
                MistakeKind::Duplicate(range.clone())
            } else {
                continue;
            };
            self.report(all.index(index), kind);
        }
        route.content_types.iter().take(MAX_NAMED).cloned().collect()
    }
}

/// Empty, or the beginning of a canonical path.
fn is_base(base: &str) -> bool {
    let fits = |segment: &str| {
        !segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['?', '#', '%'])
    };
    base.is_empty() || base.strip_prefix('/').is_some_and(|rest| rest.split('/').all(fits))
}

fn malformed_file(reason: Malformed) -> &'static str {
    match reason {
        Malformed::DuplicateName => "an object names a member twice",
        Malformed::Empty => "it is empty",
        Malformed::NotJson => "it is not JSON",
        Malformed::NotUtf8 => "it is not UTF-8",
        Malformed::TooDeep => "it is nested too deeply",
        Malformed::TooManyValues => "it has too many values",
    }
}
