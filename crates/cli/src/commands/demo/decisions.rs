//! What the gateway decided for each call of a page, kept for the page to show.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use corsac_cors::{Denial, Verdict};
use corsac_diagnostics::{Document, FieldPath};
use corsac_gateway::{CorsEvent, RequestEvent};
use serde_json::{Value, json};

/// Decisions kept: some hundred runs of both pages.
const MAX_DECISIONS: usize = 10_000;

/// The last decisions, and the policy that made them.
#[derive(Debug)]
pub(super) struct Decisions {
    policy: Document,
    kept: Mutex<VecDeque<(String, Value)>>,
}

impl Decisions {
    pub(super) fn new(policy: Document) -> Self {
        Self { policy, kept: Mutex::default() }
    }

    /// Keeps the decision of a request that carries `call=ID` in its query.
    pub(super) fn record(&self, event: &RequestEvent<'_>) {
        let Some(call) = call_of(event.target.query().unwrap_or_default()) else { return };
        let decision = self.describe(event);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_DECISIONS {
            kept.pop_front();
        }
        kept.push_back((call.to_owned(), decision));
    }

    /// What was decided for the call, oldest first.
    pub(super) fn of(&self, query: &str) -> Value {
        let call = call_of(query).unwrap_or_default();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|(id, _)| id == call).map(|(_, decision)| decision.clone()).collect()
    }

    fn describe(&self, event: &RequestEvent<'_>) -> Value {
        let ours =
            |name: &&http::HeaderName| **name == "vary" || name.as_str().starts_with("access-control-");
        let headers: Vec<_> = event
            .response
            .iter()
            .flat_map(|headers| headers.iter())
            .filter(|(name, _)| ours(name))
            .map(|(name, value)| json!([name.as_str(), value.to_str().unwrap_or_default()]))
            .collect();
        json!({
            "kind": event.cors.map_or("not-cors", |cors| cors.kind),
            "method": event.method.as_str(),
            "path": event.target.path(),
            "origin": event.origin.and_then(|origin| origin.to_str().ok()),
            "verdict": event.cors.map_or("not-cors", |cors| cors.outcome()),
            "reason": event.cors.map_or_else(String::new, |cors| reason(&cors)),
            "rule": event.cors.map_or("not-cors", |cors| cors.reason()),
            "line": self.line(event),
            "status": event.status.as_u16(),
            "headers": headers,
            "generation": event.generation,
        })
    }

    fn line(&self, event: &RequestEvent<'_>) -> Option<usize> {
        let policy = FieldPath::root().key("cors").key(event.policy?);
        let field = match event.cors?.verdict {
            Verdict::Denied(Denial::OriginNotListed | Denial::OriginNull) => FieldPath::root().key("origins"),
            _ => event.cors?.decided_by()?,
        };
        self.policy.line_of(&policy.join(&field))
    }
}

fn reason(cors: &CorsEvent<'_>) -> String {
    match &cors.verdict {
        Verdict::Allowed { .. } => "the policy lists this origin".to_owned(),
        Verdict::Denied(denial) => denial.to_string(),
        Verdict::NotCors => "no `Origin` was sent, so nobody asked".to_owned(),
    }
}

fn call_of(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("call="))
}
