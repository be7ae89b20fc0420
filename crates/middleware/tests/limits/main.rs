//! Input limits: what passes, and the nearest thing that does not.
#![cfg(test)]

mod configuration;
mod hostile;
mod openapi;
mod requests;

use std::io;
use std::path::Path;
use std::sync::Arc;

use corsac_middleware::guard::{Head, Refused};
use corsac_middleware::limits::{
    BodyPlan, Limits, LimitsConfig, LimitsErrors, OpenApiConfig, Presence, RouteConfig, RouteLimits,
    SchemaConfig,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

/// A request: `POST /items?a=b`, its fields and its body.
struct Request<'r> {
    line: &'r str,
    fields: &'r [(&'r str, &'r str)],
    body: Option<&'r [u8]>,
}

fn post(body: &[u8]) -> Request<'_> {
    Request { line: "POST /items", fields: &[("content-type", "application/json")], body: Some(body) }
}

/// The whole way: head, then body if it is to be collected.
fn check(route: &RouteLimits, request: &Request<'_>) -> Result<(), Refused> {
    let (method, target) = request.line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let headers = headers(request.fields);
    let method: Method = method.parse().unwrap();
    let head =
        Head { method: &method, path, query, headers: &headers, host: None, is_secure: false, client: None };
    let presence = if request.body.is_some() { Presence::Possible } else { Presence::Absent };
    match route.check(&head, presence)? {
        BodyPlan::Stream => Ok(()),
        BodyPlan::Collect(check) => check.check(request.body.unwrap_or_default()),
    }
}

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in fields.iter().map(field) {
        headers.append(name, value);
    }
    headers
}

/// Status, code and body of a refusal.
fn answer(result: Result<(), Refused>) -> (u16, String, Value) {
    let Err(refused) = result else { return (200, String::new(), Value::Null) };
    let body: Value = serde_json::from_str(&refused.problem.body()).unwrap();
    (refused.problem.status.as_u16(), refused.problem.code.to_owned(), body)
}

fn status(route: &RouteLimits, request: &Request<'_>) -> u16 {
    answer(check(route, request)).0
}

fn schema_config() -> LimitsConfig {
    LimitsConfig {
        schemas: vec![SchemaConfig { name: "item".into(), file: "item.json".into() }],
        routes: vec![RouteConfig { body_schema: Some("item".into()), ..RouteConfig::default() }],
        ..LimitsConfig::default()
    }
}

fn openapi_config() -> LimitsConfig {
    LimitsConfig {
        openapi: vec![OpenApiConfig {
            name: "shop".into(),
            file: "shop.json".into(),
            base: "/api".into(),
            ..OpenApiConfig::default()
        }],
        routes: vec![RouteConfig { openapi: Some("shop".into()), ..RouteConfig::default() }],
        ..LimitsConfig::default()
    }
}

fn compile(config: &LimitsConfig, text: &str) -> Result<Limits, LimitsErrors> {
    let read = |_: &Path| -> io::Result<Vec<u8>> { Ok(text.as_bytes().to_vec()) };
    Limits::compile(config, &read)
}

/// The route `/` with this schema.
fn with_schema(schema: &str) -> Arc<RouteLimits> {
    Arc::clone(compile(&schema_config(), schema).unwrap().route("/").unwrap())
}

/// The mistakes of a file.
fn mistakes(config: &LimitsConfig, text: &str) -> Vec<String> {
    compile(config, text).unwrap_err().0.iter().map(ToString::to_string).collect()
}
