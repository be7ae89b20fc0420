//! All changes that a call needs, one after the other, each tried on the recorded exchange
//! before the next is looked for: what is offered has been seen to work in the model.

use corsac_browser::{Engine, HeaderList, Response, Verdict};

use super::exchange::{Answered, Hop, RecordedExchange};
use super::fix::{Fix, Place, fix};

/// Changes looked for; a call has at most twenty redirects of two responses each.
const MAX_CHANGES: usize = 48;

/// What it takes to let a call through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// The changes, in the order in which the engines come upon the faults.
    pub changes: Vec<Fix>,
    /// Whether every engine reads the response then. False where a change leads to
    /// answers that nobody has seen: another URL, another page.
    pub is_proven: bool,
}

/// The changes after which each of `engines` lets the call through.
pub fn repair(exchange: &RecordedExchange, engines: &[Engine]) -> Repair {
    let mut repaired = exchange.clone();
    let mut changes: Vec<Fix> = Vec::new();
    while changes.len() < MAX_CHANGES {
        let Some(verdict) = first_failure(&repaired, engines) else {
            return Repair { changes, is_proven: true };
        };
        let Some(change) = fix(&repaired, &verdict) else { break };
        let is_applied = apply(&mut repaired, &change);
        match changes.iter_mut().find(|own| is_same_place(own, &change)) {
            // An engine wants more of the same response.
            Some(own) => merge(own, change),
            None => changes.push(change),
        }
        if !is_applied {
            break;
        }
    }
    Repair { changes, is_proven: false }
}

fn first_failure(exchange: &RecordedExchange, engines: &[Engine]) -> Option<Verdict> {
    let mut verdicts = engines.iter().map(|&engine| exchange.judge(engine));
    verdicts.find(|verdict| verdict.failure.is_some() || verdict.invalid.is_some())
}

fn is_same_place(one: &Fix, other: &Fix) -> bool {
    let is_answer = |fix: &Fix| matches!(fix.place, Place::Preflight | Place::Redirect | Place::Response);
    is_answer(one) && one.place == other.place && one.hop == other.hop
}

fn merge(own: &mut Fix, more: Fix) {
    for (name, value) in more.fields {
        match own.fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => own.fields.push((name, value)),
        }
    }
    own.status = own.status.or(more.status);
}

/// Makes the change; false if it cannot be made here, or changes nothing.
fn apply(exchange: &mut RecordedExchange, change: &Fix) -> bool {
    if let Some(call) = &change.call {
        let is_same_url = call.url == exchange.request.url;
        exchange.request = (**call).clone();
        return is_same_url;
    }
    if change.fields.is_empty() && change.status.is_none() {
        return false;
    }
    while exchange.hops.len() <= change.hop {
        exchange.hops.push(Hop::default());
    }
    let Some(hop) = exchange.hops.get_mut(change.hop) else { return false };
    let answered = match change.place {
        Place::Preflight => {
            let missing = Response { status: 404, headers: HeaderList::default() };
            hop.preflight.get_or_insert(Answered::Response(missing))
        }
        _ => &mut hop.actual,
    };
    let Answered::Response(response) = answered else { return false };
    let before = response.clone();
    response.status = change.status.unwrap_or(response.status);
    for (name, value) in &change.fields {
        response.headers.set(name, value);
    }
    *response != before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(request: &str, hops: &str) -> RecordedExchange {
        let line = format!(
            r#"{{"id":"x","page":{{"origin":"https://app.example.com","secure_context":true}},
            "request":{{"url":"https://api.example.com/",{request}}},"hops":[{hops}]}}"#
        );
        RecordedExchange::read(line.as_bytes()).unwrap()
    }

    fn texts(repair: &Repair) -> Vec<String> {
        repair.changes.iter().map(|change| format!("{} {change}", change.place.name())).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_named_once_and_then_all_engines_read() {
        let broken = recorded(
            r#""method":"PUT","headers":[["content-type","application/json"]],"credentials":"include""#,
            r#"{"preflight":{"status":200,"headers":[["Access-Control-Allow-Methods","GET"]]},
               "actual":{"status":500}}"#,
        );
        let found = repair(&broken, &Engine::ALL);
        assert_eq!(
            texts(&found),
            [
                "preflight send these fields with the answer to the preflight: `Access-Control-Allow-Origin: \
             https://app.example.com`; `Access-Control-Allow-Credentials: true`; `Vary: Origin`; \
             `Access-Control-Allow-Methods: GET, PUT`; `Access-Control-Allow-Headers: content-type`",
                "response send these fields with every response, errors too (this is 500): \
             `Access-Control-Allow-Origin: https://app.example.com`; `Access-Control-Allow-Credentials: true`; \
             `Vary: Origin`",
            ]
        );
        assert!(found.is_proven);
        let fine = recorded(
            r#""method":"GET""#,
            r#"{"actual":{"status":200,"headers":[["Access-Control-Allow-Origin","*"]]}}"#,
        );
        assert_eq!(repair(&fine, &Engine::ALL), Repair { changes: Vec::new(), is_proven: true });
    }

    #[test]
    fn a_change_whose_effect_nobody_has_seen_is_not_called_proven() {
        let redirected = recorded(
            r#""method":"PUT""#,
            r#"{"preflight":{"status":301,"headers":[["Location","/v2/"]]},"actual":{"status":200}}"#,
        );
        let found = repair(&redirected, &Engine::ALL);
        assert!(!found.is_proven && found.changes.len() == 1, "{found:?}");
        assert_eq!(found.changes[0].call.as_ref().unwrap().url, "https://api.example.com/v2/");
        let down = recorded(r#""method":"GET""#, r#"{"actual":{"network_error":true}}"#);
        assert!(!repair(&down, &Engine::ALL).is_proven);
    }
}
