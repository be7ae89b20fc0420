//! Authorization: who passes, and the nearest who does not.
#![cfg(test)]

#[cfg(feature = "cedar")]
mod cedar;
mod config;
mod decide;
mod file;
mod random;

use std::sync::Arc;

use corsac_credentials::{
    API_KEY_RANDOM_BYTES, ApiKeyEntry, ApiKeys, ApiKeysConfig, Introspection, IntrospectionConfig, NewApiKey,
    Principal, Timestamp,
};
use corsac_middleware::authz::{Authz, AuthzConfig, Permit, RoleConfig, RouteConfig, RuleConfig};
use corsac_middleware::guard::{Head, Refused};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// A principal of `provider` with these claims besides `sub`.
fn principal(provider: &str, claims: &Value) -> Arc<Principal> {
    let introspection = Introspection::compile(&IntrospectionConfig {
        name: provider.into(),
        roles_claim: Some("roles".into()),
        kept_claims: vec!["groups".into(), "tenant".into()],
        ..IntrospectionConfig::default()
    })
    .unwrap();
    let mut answer = json!({"active": true, "sub": "ann"});
    for (name, value) in claims.as_object().unwrap() {
        answer[name] = value.clone();
    }
    introspection.read_answer(answer.to_string().as_bytes(), Timestamp::from_secs(1)).unwrap()
}

/// A principal of an API key.
fn key_holder(roles: &[&str], scopes: &[&str]) -> Arc<Principal> {
    let new = NewApiKey::make("test", &[1; API_KEY_RANDOM_BYTES], &Box::new([7; 32]).into()).unwrap();
    let entry = ApiKeyEntry {
        id: new.id().into(),
        hash: new.hash().into(),
        subject: "robot".into(),
        roles: texts(roles),
        scopes: texts(scopes),
        ..ApiKeyEntry::default()
    };
    let keys = ApiKeys::compile(ApiKeysConfig {
        name: "keys".into(),
        prefix: "test".into(),
        hash_key: Box::new([7; 32]).into(),
        keys: vec![entry],
    });
    keys.unwrap().verify(new.text().expose_secret(), Timestamp::from_secs(1)).unwrap()
}

fn role(name: &str, permissions: &[&str]) -> RoleConfig {
    RoleConfig { name: name.into(), permissions: texts(permissions), ..RoleConfig::default() }
}

fn rule(methods: &[&str]) -> RuleConfig {
    RuleConfig { methods: texts(methods), ..RuleConfig::default() }
}

fn permission(methods: &[&str], name: &str) -> RuleConfig {
    RuleConfig { permission: Some(name.into()), ..rule(methods) }
}

fn scope(methods: &[&str], name: &str) -> RuleConfig {
    RuleConfig { scope: Some(name.into()), ..rule(methods) }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn config(roles: Vec<RoleConfig>, rules: Vec<RuleConfig>) -> AuthzConfig {
    AuthzConfig {
        roles,
        routes: vec![RouteConfig { path: "/items/{id}".into(), rules: Some(rules) }],
        ..AuthzConfig::default()
    }
}

fn compiled(roles: Vec<RoleConfig>, rules: Vec<RuleConfig>) -> Authz {
    Authz::compile(&config(roles, rules)).unwrap()
}

/// Asks the only route about a request for `/items/{id}`, made with a bearer token.
fn ask(authz: &Authz, method: &str, id: &str, principal: Option<&Principal>) -> Result<Permit, Refused> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("bearer abc"));
    ask_with(authz, method, id, principal, &headers)
}

fn ask_with(
    authz: &Authz,
    method: &str,
    id: &str,
    principal: Option<&Principal>,
    headers: &HeaderMap,
) -> Result<Permit, Refused> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let path = format!("/items/{id}");
    let head = Head {
        method: &method,
        path: &path,
        query: None,
        headers,
        host: Some("api.example.com"),
        is_secure: true,
        client: None,
    };
    authz.routes()[0].decide(&head, &|name| (name == "id").then_some(id), principal)
}

/// `ok RULE`, or the reason.
fn outcome(decided: &Result<Permit, Refused>) -> String {
    match decided {
        Ok(permit) => format!("ok {}", permit.rule().map_or("-".into(), |rule| rule.to_string())),
        Err(refused) => refused.reason.to_owned(),
    }
}
