//! What a route's requests may be.

use std::sync::Arc;

use corsac_events::Text;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::head::refused;
use super::json::{self, Bounds};
use super::media_type::{Declared, MediaType, is_json, is_within};
use super::openapi::Document;
use super::schema::{Invalid, Schema, Size};
use crate::guard::{Head, Refused};

/// What a body is held against.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Nothing,
    OpenApi(Arc<Document>),
    Schema(Arc<Schema>),
}

/// What one route's requests may be.
#[derive(Debug)]
pub struct RouteLimits {
    /// Types that a body may have; any if empty.
    pub(super) content_types: Vec<String>,
    pub(super) rule: Rule,
    pub(super) bounds: Bounds,
    pub(super) body_size: usize,
}

/// Whether a body may follow a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The request has ended.
    Absent,
    /// Bytes may follow: there is a length, a transfer coding, or an open HTTP/2 stream.
    Possible,
}

/// What to do with a request's body before it is forwarded.
#[must_use]
#[derive(Debug)]
pub enum BodyPlan {
    /// Pass it on as it comes.
    Stream,
    /// Collect it whole, and then ask.
    Collect(BodyCheck),
}

/// What a collected body is held against.
#[must_use]
#[derive(Debug)]
pub struct BodyCheck {
    schema: Option<Arc<Schema>>,
    bounds: Bounds,
    at_most: usize,
    is_required: bool,
}

impl RouteLimits {
    /// Whether nothing is asked of a request beyond its size.
    pub fn is_empty(&self) -> bool {
        self.content_types.is_empty() && matches!(self.rule, Rule::Nothing)
    }

    /// Checks all but the body, and says what is to be done with that.
    ///
    /// # Errors
    /// 404 `operation-unknown`, 405 `method-not-allowed`, 400 `parameter-invalid`,
    /// 400 `body-unexpected`, 400 `body-malformed` where a body must be and is not,
    /// 413 `body-too-large` by the announced length, 415 `media-type-unsupported`.
    pub fn check(&self, head: &Head<'_>, body: Presence) -> Result<BodyPlan, Refused> {
        let is_absent = body == Presence::Absent || is_length_zero(head.headers);
        let operation = match &self.rule {
            Rule::OpenApi(document) => document.find(head)?,
            Rule::Nothing | Rule::Schema(_) => None,
        };
        if let Some((operation, arguments)) = &operation {
            operation.check(head, arguments)?;
        }
        let operation = operation.map(|(operation, _)| operation.body.as_ref());
        let is_required = match (&self.rule, operation) {
            (_, Some(body)) => body.is_some_and(|body| body.is_required),
            (Rule::Schema(_), None) => needs_body(head.method),
            (Rule::Nothing | Rule::OpenApi(_), None) => false,
        };
        if is_absent {
            return if is_required { Err(malformed(json::Malformed::Empty)) } else { Ok(BodyPlan::Stream) };
        }
        if operation.is_some_and(|body| body.is_none()) {
            let detail = "this operation takes no body";
            return Err(refused(StatusCode::BAD_REQUEST, "body-unexpected", detail));
        }
        if self.content_types.is_empty()
            && operation.is_none()
            && matches!(self.rule, Rule::Nothing | Rule::OpenApi(_))
        {
            return Ok(BodyPlan::Stream);
        }
        let accept: Vec<&str> = match operation.flatten() {
            Some(body) => body.content.iter().map(|(range, _)| range.as_str()).collect(),
            None => self.content_types.iter().map(String::as_str).collect(),
        };
        let declared = self.declared(head.headers, &accept)?;
        let schema = match (&self.rule, operation.flatten()) {
            (_, Some(body)) => match body.of(&declared.essence) {
                Some((_, schema)) => schema.as_ref(),
                None => return Err(unsupported(&accept, "the body's type is not one that is taken")),
            },
            (Rule::Schema(schema), None) => Some(schema),
            (Rule::Nothing | Rule::OpenApi(_), None) => return Ok(BodyPlan::Stream),
        };
        if !declared.is_json() {
            return Ok(BodyPlan::Stream);
        }
        self.collect(head.headers, schema, is_required)
    }

    /// The one type that the request declares, if the route takes it.
    fn declared(&self, headers: &HeaderMap, accept: &[&str]) -> Result<MediaType, Refused> {
        let declared = match Declared::of(headers) {
            Declared::Type(declared) => declared,
            Declared::Missing => return Err(unsupported(accept, "the body has no content type")),
            Declared::Unclear => {
                return Err(unsupported(accept, "the body's content type is not one media type"));
            }
        };
        let is_taken = self.content_types.iter().any(|range| is_within(&declared.essence, range));
        if !is_taken && !self.content_types.is_empty() {
            return Err(unsupported(accept, "the body's type is not one that is taken"));
        }
        if declared.is_json() && !declared.is_utf8() {
            return Err(unsupported(accept, "JSON is taken in UTF-8 only"));
        }
        Ok(declared)
    }

    fn collect(
        &self,
        headers: &HeaderMap,
        schema: Option<&Arc<Schema>>,
        is_required: bool,
    ) -> Result<BodyPlan, Refused> {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        if !codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            let detail = "the body is checked here, and read without a content coding only";
            let mut refusal = refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type-unsupported", detail);
            refusal.problem.fields.push((ACCEPT_ENCODING, HeaderValue::from_static("identity")));
            return Err(refusal);
        }
        let check =
            BodyCheck { schema: schema.cloned(), bounds: self.bounds, at_most: self.body_size, is_required };
        let announced = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| usize::try_from(length).map_or(true, |it| it > check.at_most)) {
            return Err(too_large());
        }
        Ok(BodyPlan::Collect(check))
    }
}

impl BodyCheck {
    /// Bytes to collect at most. Whoever collects stops there and gives what there is,
    /// with at least one byte more if there are more: the check refuses it.
    pub fn at_most(&self) -> usize {
        self.at_most
    }

    /// Checks a whole body.
    ///
    /// # Errors
    /// 413 `body-too-large`, 400 `body-malformed`, 422 `body-invalid`.
    pub fn check(&self, body: &[u8]) -> Result<(), Refused> {
        if body.len() > self.at_most {
            return Err(too_large());
        }
        if body.is_empty() && !self.is_required {
            return Ok(());
        }
        let (value, values) = json::parse(body, self.bounds).map_err(malformed)?;
        let Some(schema) = &self.schema else { return Ok(()) };
        schema.check(&value, Size { values, bytes: body.len() }).map_err(invalid)
    }
}

/// Whether a request of this method without a body is worth an answer of its own.
fn needs_body(method: &Method) -> bool {
    !matches!(*method, Method::DELETE | Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_length_zero(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() == b"0")
}

pub(super) fn too_large() -> Refused {
    let detail = "the request body is larger than this route takes";
    refused(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
}

fn malformed(reason: json::Malformed) -> Refused {
    refused(StatusCode::BAD_REQUEST, "body-malformed", reason.detail())
}

fn invalid(invalid: Invalid) -> Refused {
    const CODE: &str = "body-invalid";
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match invalid {
        Invalid::TooComplex => {
            let refusal = refused(status, CODE, "the body takes more work to check than it is given");
            refusal.because("body-too-complex", None)
        }
        Invalid::Failures { failures, keywords } => {
            let mut refusal = refused(status, CODE, "the body is not what this route takes");
            refusal.problem.errors = failures;
            refusal.because(CODE, Some(Text::new(&keywords)))
        }
    }
}

/// 415 with what would be taken (RFC 9110, section 15.5.16).
fn unsupported(accept: &[&str], detail: &'static str) -> Refused {
    let mut refusal = refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type-unsupported", detail);
    if let Ok(accept) = HeaderValue::from_str(&accept.join(", ")) {
        refusal.problem.fields.push((ACCEPT, accept));
    }
    refusal
}

/// Whether a schema can be held against bodies of this type.
pub(super) fn is_checkable(range: &str) -> bool {
    is_json(range)
}
