//! A compiled policy: valid by construction, cheap to clone.

use std::fmt;
use std::sync::Arc;

use corsac_origin::{OriginRef, OriginSet, PublicSuffixList};
use http::{HeaderName, HeaderValue};

use crate::compile::{compile, expose_headers};
use crate::config::PolicyConfig;
use crate::decision::Denial;
use crate::error::{Mistake, PolicyErrors};
use crate::header_name::HeaderNames;

/// A policy that can decide. A clone is one `Arc` bump.
#[derive(Clone)]
pub struct Policy {
    pub(crate) compiled: Arc<Compiled>,
    generation: u64,
}

/// Invariants, made by `compile`: with credentials, `origins` is never `Any`; every
/// header value is well-formed and names no forbidden method or header.
#[derive(Clone)]
pub(crate) struct Compiled {
    /// The configuration without its origins, which `origins` keeps.
    pub(crate) rest: PolicyConfig,
    pub(crate) origins: Origins,
    pub(crate) methods: Methods,
    pub(crate) request_headers: RequestHeaders,
    pub(crate) fields: Fields,
    pub(crate) warnings: Vec<Mistake>,
}

#[derive(Clone)]
pub(crate) enum Origins {
    /// `*`, which is sent as such.
    Any,
    Listed {
        set: Arc<OriginSet>,
        /// Where `null` stands among the written origins, in order.
        nulls: Vec<usize>,
    },
}

#[derive(Clone, Default)]
pub(crate) struct Methods {
    pub(crate) any: bool,
    pub(crate) listed: Vec<Box<str>>,
}

#[derive(Clone, Default)]
pub(crate) struct RequestHeaders {
    pub(crate) any: bool,
    pub(crate) names: HeaderNames,
}

/// Values of response fields that do not depend on the request.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    pub(crate) allow_methods: Option<HeaderValue>,
    pub(crate) allow_headers: Option<HeaderValue>,
    pub(crate) expose_headers: Option<HeaderValue>,
    pub(crate) max_age: Option<HeaderValue>,
}

impl Policy {
    /// Compiles `config` with the embedded Public Suffix List.
    ///
    /// # Errors
    /// Every mistake at once, with the warnings among them.
    pub fn compile(config: &PolicyConfig) -> Result<Self, PolicyErrors> {
        Self::compile_with(config, PublicSuffixList::embedded())
    }

    /// Compiles `config` with another Public Suffix List.
    ///
    /// # Errors
    /// Every mistake at once, with the warnings among them.
    pub fn compile_with(config: &PolicyConfig, suffixes: &PublicSuffixList) -> Result<Self, PolicyErrors> {
        compile(config, suffixes).map(|compiled| Self { compiled: Arc::new(compiled), generation: 0 })
    }

    /// The configuration that compiles to this policy.
    pub fn to_config(&self) -> PolicyConfig {
        let origins = match &self.compiled.origins {
            Origins::Any => vec!["*".to_owned()],
            Origins::Listed { set, nulls } => {
                let mut origins: Vec<_> = set.iter().map(str::to_owned).collect();
                for at in nulls {
                    origins.insert((*at).min(origins.len()), "null".to_owned());
                }
                origins
            }
        };
        PolicyConfig { origins, ..self.compiled.rest.clone() }
    }

    /// What to be warned of, although it compiles.
    pub fn warnings(&self) -> &[Mistake] {
        &self.compiled.warnings
    }

    /// Whether requests may carry credentials.
    pub fn allows_credentials(&self) -> bool {
        self.compiled.rest.credentials
    }

    /// Whether every website is allowed.
    pub fn allows_any_origin(&self) -> bool {
        matches!(self.compiled.origins, Origins::Any)
    }

    /// How often the policy had been replaced when this one was put in place; 0 for
    /// one that never was. Decisions carry it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The same policy as generation `number`.
    #[must_use]
    pub fn with_generation(self, number: u64) -> Self {
        Self { generation: number, ..self }
    }

    /// The same policy with more response headers that scripts may read: those that
    /// whoever stamps the responses sets too, such as `Retry-After`. Names that are exposed
    /// already stay as they are, and so does `*`.
    #[must_use]
    pub fn exposing<'n>(&self, names: impl IntoIterator<Item = &'n HeaderName>) -> Self {
        let mut compiled = Compiled::clone(&self.compiled);
        let exposed = &mut compiled.rest.exposed_headers;
        let is_exposed = |exposed: &[String], name: &HeaderName| {
            exposed.iter().any(|own| own == "*" || own.eq_ignore_ascii_case(name.as_str()))
        };
        for name in names {
            if !is_exposed(exposed, name) {
                exposed.push(name.as_str().to_owned());
            }
        }
        compiled.fields.expose_headers = expose_headers(exposed);
        Self { compiled: Arc::new(compiled), generation: self.generation }
    }

    /// The index among the written origins of the one that `bytes`, the value of an
    /// `Origin` field, is admitted by.
    pub(crate) fn admitted_by(&self, bytes: &[u8]) -> Result<usize, Denial> {
        let Origins::Listed { set, nulls } = &self.compiled.origins else {
            return OriginRef::parse(bytes).map(|_| 0).map_err(Denial::OriginUnparsable);
        };
        let written = |number| written_index(number, nulls);
        if let Some(number) = set.find_spelled(bytes) {
            return Ok(written(number));
        }
        match OriginRef::parse(bytes).map_err(Denial::OriginUnparsable)? {
            OriginRef::Opaque => nulls.first().copied().ok_or(Denial::OriginNull),
            OriginRef::Tuple(tuple) => set.find_unspelled(&tuple).map(written).ok_or(Denial::OriginNotListed),
        }
    }
}

/// The index among the written origins of the set's pattern `number`: each `null` before
/// it stands in no set.
pub(crate) fn written_index(number: usize, nulls: &[usize]) -> usize {
    nulls.iter().fold(number, |index, at| index + usize::from(*at <= index))
}

impl PartialEq for Policy {
    /// Equal when they were compiled from equal configurations; generations may differ.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.compiled, &other.compiled) || self.to_config() == other.to_config()
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = match &self.compiled.origins {
            Origins::Any => "any".to_owned(),
            Origins::Listed { set, .. } => format!("{} patterns", set.len()),
        };
        f.debug_struct("Policy")
            .field("generation", &self.generation)
            .field("origins", &origins)
            .field("rest", &self.compiled.rest)
            .finish_non_exhaustive()
    }
}
