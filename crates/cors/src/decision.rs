//! What was decided for one request, and why.

use std::fmt;

use corsac_diagnostics::FieldPath;
use corsac_origin::{OriginError, PatternError};
use http::HeaderMap;
use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue};

use crate::error::Field;
use crate::policy::Policy;
use crate::response::vary::Vary;

/// What a request is to CORS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// It carries `Origin` and is not a preflight.
    Actual,
    /// It carries no `Origin`: no browser asks for CORS with it.
    NotCors,
    /// It asks what another request may be.
    Preflight,
}

/// Whether scripts of the asking origin may read the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allowed {
        /// Which of the policy's origins admitted it: the index among them as written.
        by: usize,
    },
    /// No.
    Denied(Denial),
    /// Nobody asked.
    NotCors,
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The preflight asks for `authorization`, which `*` does not cover.
    AuthorizationNotListed,
    /// The preflight's method is not in the policy.
    MethodNotListed,
    /// The preflight's method is not a token, or there are several.
    MethodUnparsable,
    /// The origin is not in the policy.
    OriginNotListed,
    /// The origin is opaque, and the policy does not allow that.
    OriginNull,
    /// The `Origin` field is not what a browser sends.
    OriginUnparsable(OriginError),
    /// A header that the preflight asks for is not in the policy.
    RequestHeaderNotListed(HeaderNameAt),
    /// `Access-Control-Request-Headers` is longer than any browser makes it.
    RequestHeadersTooLong,
    /// `Access-Control-Request-Headers` is not a list of names.
    RequestHeadersUnparsable,
    /// There are several `Origin` fields.
    SeveralOrigins,
}

/// Where a name stands in the request's `Access-Control-Request-Headers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderNameAt {
    pub(crate) line: usize,
    pub(crate) start: usize,
    pub(crate) len: usize,
}

impl HeaderNameAt {
    /// The name, given the fields of the request that was decided.
    pub fn name_in<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let value = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().nth(self.line)?;
        let bytes = value.as_bytes().get(self.start..self.start + self.len)?;
        std::str::from_utf8(bytes).ok()
    }
}

impl Denial {
    /// A stable name for logs and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuthorizationNotListed => "authorization-not-listed",
            Self::MethodNotListed => "method-not-listed",
            Self::MethodUnparsable => "method-unparsable",
            Self::OriginNotListed => "origin-not-listed",
            Self::OriginNull => "origin-null",
            Self::OriginUnparsable(_) => "origin-unparsable",
            Self::RequestHeaderNotListed(_) => "request-header-not-listed",
            Self::RequestHeadersTooLong => "request-headers-too-long",
            Self::RequestHeadersUnparsable => "request-headers-unparsable",
            Self::SeveralOrigins => "several-origins",
        }
    }

    /// The field of the policy that would have to change.
    fn field(&self) -> Option<Field> {
        match self {
            Self::AuthorizationNotListed | Self::RequestHeaderNotListed(_) => Some(Field::RequestHeaders),
            Self::MethodNotListed => Some(Field::Methods),
            Self::OriginNotListed | Self::OriginNull => Some(Field::Origins),
            Self::MethodUnparsable
            | Self::OriginUnparsable(_)
            | Self::RequestHeadersTooLong
            | Self::RequestHeadersUnparsable
            | Self::SeveralOrigins => None,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthorizationNotListed => {
                f.write_str("`*` in the policy's request headers does not cover `authorization`")
            }
            Self::MethodNotListed => f.write_str("the method is not in the policy"),
            Self::MethodUnparsable => f.write_str("`Access-Control-Request-Method` is not one method"),
            Self::OriginNotListed => f.write_str("the origin is not in the policy"),
            Self::OriginNull => f.write_str("the origin is opaque (`null`), which the policy does not allow"),
            Self::OriginUnparsable(error) => {
                write!(
                    f,
                    "the `Origin` field is not one that browsers send: {}",
                    PatternError::Origin(*error)
                )
            }
            Self::RequestHeaderNotListed(_) => f.write_str("a request header is not in the policy"),
            Self::RequestHeadersTooLong => {
                f.write_str("`Access-Control-Request-Headers` is longer than any browser makes it")
            }
            Self::RequestHeadersUnparsable => {
                f.write_str("`Access-Control-Request-Headers` is not a list of header names")
            }
            Self::SeveralOrigins => f.write_str("there are several `Origin` fields"),
        }
    }
}

/// What was decided for one request: verdict, reason, and what the response carries.
#[derive(Clone, Debug)]
pub struct Decision {
    pub(crate) policy: Policy,
    pub(crate) kind: RequestKind,
    pub(crate) verdict: Verdict,
    pub(crate) vary: &'static Vary,
    pub(crate) echo: Echo,
}

/// Validated parts of the request that an allowed response repeats. Each is a clone of
/// the request's own value: a reference count, no copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Echo {
    pub(crate) origin: Option<HeaderValue>,
    /// Rare, and boxed: a decision is moved several times.
    pub(crate) preflight: Option<Box<PreflightEcho>>,
}

/// What a preflight's answer repeats beyond the origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct PreflightEcho {
    pub(crate) method: Option<HeaderValue>,
    pub(crate) names: Option<HeaderValue>,
    pub(crate) private_network: bool,
}

impl Decision {
    /// What the request is to CORS.
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// The verdict with its reason.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether scripts of the asking origin may read the response.
    pub fn is_allowed(&self) -> bool {
        matches!(self.verdict, Verdict::Allowed { .. })
    }

    /// Whether the request is a preflight, which the application must not see.
    pub fn is_preflight(&self) -> bool {
        self.kind == RequestKind::Preflight
    }

    /// The generation of the policy that decided.
    pub fn generation(&self) -> u64 {
        self.policy.generation()
    }

    /// The policy that decided.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// `allowed`, `not-cors`, or the denial's code.
    pub fn reason(&self) -> &'static str {
        match &self.verdict {
            Verdict::Allowed { .. } => "allowed",
            Verdict::Denied(denial) => denial.code(),
            Verdict::NotCors => "not-cors",
        }
    }

    /// The field of the policy that decided, if one did.
    pub fn decided_by(&self) -> Option<FieldPath> {
        match &self.verdict {
            Verdict::Allowed { by } => Some(Field::Origin(*by).path()),
            Verdict::Denied(denial) => denial.field().map(Field::path),
            Verdict::NotCors => None,
        }
    }

    /// The request fields that the response depends on, to be merged into `Vary`.
    pub fn vary(&self) -> &'static Vary {
        self.vary
    }
}
