//! What people write, and what may be wrong with it.

use std::fmt;
use std::path::PathBuf;

use corsac_diagnostics::{excerpt, unreadable};

use crate::mistake;

/// Schemas, documents, and types of a route that one configuration may name.
pub const MAX_NAMED: usize = 1_000;

/// Bytes of a schema's or a document's file.
pub const MAX_FILE: usize = 4 << 20;

/// What requests may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Bounds on heads.
    pub head: HeadConfig,
    /// JSON Schemas by name.
    pub schemas: Vec<SchemaConfig>,
    /// OpenAPI documents by name.
    pub openapi: Vec<OpenApiConfig>,
    /// What applies to each route, in the order of the policy file.
    pub routes: Vec<RouteConfig>,
}

/// Bounds on a request's head. Each is at least 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadConfig {
    /// Header fields; beyond: 431.
    pub header_fields: usize,
    /// Bytes of all names and values; beyond: 431.
    pub header_size: usize,
    /// Bytes of one field's name and value; beyond: 431.
    pub field_size: usize,
    /// Bytes of path and query; beyond: 414.
    pub target_size: usize,
    /// Parameters of the query, parted by `&`; beyond: 400.
    pub query_parameters: usize,
}

impl Default for HeadConfig {
    fn default() -> Self {
        Self {
            header_fields: 100,
            header_size: 32 << 10,
            field_size: 32 << 10,
            target_size: 8 << 10,
            query_parameters: 256,
        }
    }
}

/// A JSON Schema: of draft 2020-12 unless `$schema` says 2019-09 or draft-07.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaConfig {
    /// Its name.
    pub name: String,
    /// Its file, JSON.
    pub file: PathBuf,
}

/// An OpenAPI 3.1 document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenApiConfig {
    /// Its name.
    pub name: String,
    /// Its file, JSON.
    pub file: PathBuf,
    /// What paths of requests have before the document's: empty, or `/api`.
    pub base: String,
    /// What becomes of requests that the document does not know.
    pub unknown: Unknown,
}

/// What becomes of requests that a document does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// They pass, unchecked.
    Pass,
    /// 404, or 405 where the path has other operations.
    #[default]
    Refuse,
}

/// What applies to one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// The route's name, such as its path pattern.
    pub route: String,
    /// Types that a body may have: `application/json`, `image/*`. Any if empty, JSON
    /// alone where there is a schema.
    pub content_types: Vec<String>,
    /// The name of the schema that bodies are held against.
    pub body_schema: Option<String>,
    /// The name of the document whose operations requests are held against.
    pub openapi: Option<String>,
    /// Bytes of a body that is collected to be checked.
    pub body_size: usize,
    /// Levels of arrays and objects in a checked body, at most 256.
    pub max_depth: usize,
    /// Values and names of members in a checked body, at most 1,000,000.
    pub max_values: usize,
}

impl Default for RouteConfig {
    fn default() -> Self {
        Self {
            route: "/".into(),
            content_types: Vec::new(),
            body_schema: None,
            openapi: None,
            body_size: 1 << 20,
            max_depth: 64,
            max_values: 65_536,
        }
    }
}

/// One mistake, or one warning.
pub type Mistake = mistake::Mistake<MistakeKind>;

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// A base that is not empty and no canonical path, or ends in `/`.
    Base(String),
    /// Both a schema and a document.
    BothSchemas,
    /// Not a media type.
    ContentType(String),
    /// In a schema or a document, at a JSON Pointer in its file.
    Document {
        /// Where in the file.
        pointer: String,
        /// What, a fragment.
        reason: String,
    },
    /// The same name or route a second time.
    Duplicate(String),
    /// Larger than [`MAX_FILE`].
    FileTooLarge,
    /// Not JSON as this module reads it.
    FileMalformed(&'static str),
    /// Cannot be read.
    FileUnreadable(std::io::ErrorKind),
    /// A type that no schema can be held against.
    NotJson(String),
    /// A number out of bounds.
    OutOfRange {
        /// The number.
        number: usize,
        /// The most it may be.
        most: usize,
    },
    /// More entries than there may be.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// No schema or document has this name.
    UnknownName(String),
}

impl MistakeKind {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Base(_) => "write it like \"/api\", or leave it out",
            Self::BothSchemas => "keep `body_schema` or `openapi`",
            Self::ContentType(_) => {
                "write it like \"application/json\" or \"image/*\", in lower case, without parameters"
            }
            Self::Document { .. } => "change it there; docs/input-limits.md lists what is read",
            Self::Duplicate(_) => "remove one of them",
            Self::FileTooLarge => "split it: a route needs its own schemas only",
            Self::FileMalformed(_) => "write JSON in UTF-8, no member twice; convert YAML first",
            Self::FileUnreadable(_) => {
                "check the path, which is relative to the policy file, and who may read it"
            }
            Self::NotJson(_) => "remove the type, or serve it by a route without a schema",
            Self::OutOfRange { .. } => "choose a number within the bounds",
            Self::TooMany { .. } => "remove some",
            Self::UnknownName(_) => "define it in `[schemas.NAME]` or `[openapi.NAME]`",
        }
    }
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(text) => write!(f, "`{}` is not the beginning of a path", excerpt(text)),
            Self::BothSchemas => f.write_str("a body has one schema, a document's or its own"),
            Self::ContentType(text) => write!(f, "`{}` is not a media type", excerpt(text)),
            Self::Document { pointer, reason } if pointer.is_empty() => f.write_str(reason),
            Self::Document { pointer, reason } => {
                write!(f, "{reason}, at `{}` in the file", excerpt(pointer))
            }
            Self::Duplicate(name) => write!(f, "`{}` stands here twice", excerpt(name)),
            Self::FileTooLarge => write!(f, "the file has more than {} MiB", MAX_FILE >> 20),
            Self::FileMalformed(reason) => write!(f, "the file cannot be used: {reason}"),
            Self::FileUnreadable(kind) => write!(f, "the file cannot be read: {}", unreadable(*kind)),
            Self::NotJson(text) => {
                write!(f, "`{}` is not JSON, and a schema reads nothing else", excerpt(text))
            }
            Self::OutOfRange { number, most } => write!(f, "{number} is not from 1 to {most}"),
            Self::TooMany { count, most } => write!(f, "{count} entries, at most {most} fit"),
            Self::UnknownName(name) => write!(f, "nothing is named `{}`", excerpt(name)),
        }
    }
}

/// All mistakes of a configuration that cannot be compiled.
pub type LimitsErrors = mistake::Mistakes<MistakeKind>;
