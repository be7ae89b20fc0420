//! What is offered as a fix, tried on every exchange that three browsers blocked.

#![cfg(test)]

use corsac_analysis::explain::{Place, RecordedExchange, Repair, Server, repair};
use corsac_browser::Engine;

const CASES: &str = include_str!("data/cases.jsonl");

fn exchanges() -> impl Iterator<Item = RecordedExchange> {
    CASES.lines().map(|line| RecordedExchange::read(line.as_bytes()).unwrap())
}

/// Whether a change leads to answers which nobody has recorded.
fn ends_elsewhere(repair: &Repair) -> bool {
    repair.changes.iter().any(|change| {
        let is_answer = matches!(change.place, Place::Preflight | Place::Redirect | Place::Response);
        !is_answer || change.fields.is_empty() && change.status.is_none()
    })
}

#[test]
fn every_blocked_exchange_has_a_repair_that_works_or_leads_elsewhere() {
    let (mut proven, mut elsewhere) = (0, 0);
    for exchange in exchanges() {
        for engine in Engine::ALL {
            let verdict = exchange.judge(engine);
            let is_blocked = verdict.failure.is_some() || verdict.invalid.is_some();
            let found = repair(&exchange, &[engine]);
            assert_eq!(is_blocked, !found.changes.is_empty(), "{} {engine:?}", exchange.id);
            assert!(found.is_proven || ends_elsewhere(&found), "{} {engine:?}: {found:#?}", exchange.id);
            if is_blocked {
                *(if found.is_proven { &mut proven } else { &mut elsewhere }) += 1;
            }
        }
        let all = repair(&exchange, &Engine::ALL);
        assert!(all.is_proven || ends_elsewhere(&all), "{}: {all:#?}", exchange.id);
    }
    assert!(proven > 500 && elsewhere > 100, "{proven} proven, {elsewhere} elsewhere");
}

#[test]
fn no_repair_allows_null_or_everybody() {
    for exchange in exchanges() {
        for change in repair(&exchange, &Engine::ALL).changes {
            for (name, value) in &change.fields {
                let is_origin = *name == "Access-Control-Allow-Origin";
                assert!(!is_origin || !matches!(&**value, "*" | "null"), "{}: {change}", exchange.id);
            }
        }
    }
}

/// The call of most examples, refused.
fn refused(server: &str) -> RecordedExchange {
    let line = format!(
        r#"{{"id":"x","page":{{"origin":"https://app.example.com","secure_context":true}},
        "request":{{"url":"https://api.example.com/","method":"PUT","headers":[["x-trace","1"]],"credentials":"include"}},
        "hops":[{{"preflight":{{"status":404,"headers":[["Server","{server}"]]}},"actual":{{"status":200}}}}]}}"#
    );
    RecordedExchange::read(line.as_bytes()).unwrap()
}

#[test]
fn servers_are_known_by_what_they_call_themselves_and_others_are_not_guessed() {
    for (said, known) in [
        ("nginx/1.27.1", Some(Server::Nginx)),
        ("istio-envoy", Some(Server::Envoy)),
        ("Apache/2.4.62 (Debian)", Some(Server::Apache)),
        ("uvicorn", Some(Server::FastApi)),
        ("cloudflare", None),
        ("", None),
    ] {
        assert_eq!(Server::of(&refused(said)), known, "{said}");
    }
}

#[test]
fn every_server_is_told_all_that_the_call_needs_and_no_more() {
    let exchange = refused("");
    let found = repair(&exchange, &Engine::ALL);
    for server in Server::ALL {
        let words = server.words(&exchange, &found).unwrap();
        assert!(words.contains("https://app.example.com") && !words.contains("*\""), "{words}");
        assert!(words.contains("PUT") && !words.contains("DELETE"), "{words}");
        assert!(words.to_ascii_lowercase().contains("x-trace"), "{words}");
        let allows = words.to_ascii_lowercase().contains("credentials");
        assert!(allows || server == Server::S3, "{words}");
    }
    let mut anonymous = exchange;
    anonymous.request.credentials = corsac_browser::CredentialsMode::Omit;
    let found = repair(&anonymous, &Engine::ALL);
    for server in Server::ALL {
        let words = server.words(&anonymous, &found).unwrap();
        assert!(!words.to_ascii_lowercase().contains("credentials"), "{words}");
    }
    // Nothing is written for a page whose origin is everybody's.
    anonymous.page.origin = "null".to_owned();
    assert_eq!(Server::Nginx.words(&anonymous, &repair(&anonymous, &Engine::ALL)), None);
}
