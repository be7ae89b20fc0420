//! What is offered as a fix, tried on every exchange that three browsers blocked.

#![cfg(test)]

use corsac_analysis::explain::{Place, RecordedExchange, Repair, Server, repair};
use corsac_browser::CredentialsMode::{Include, Omit};
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

/// WebKit looks at the status before the origin; found by the fuzzer.
#[test]
fn a_preflight_whose_status_is_bad_is_not_told_to_allow_null() {
    let redirected = r#"{"id":"x","page":{"origin":"https://a.example","secure_context":true},
        "request":{"url":"https://b.example/","method":"PUT"},"hops":[
        {"preflight":{"status":204,"headers":[["Access-Control-Allow-Origin","*"],["Access-Control-Allow-Methods","PUT"]]},
         "actual":{"status":307,"headers":[["Access-Control-Allow-Origin","*"],["Location","https://c.example/"]]}},
        {"preflight":{"status":405},"actual":{"status":200}}]}"#;
    let exchange = RecordedExchange::read(redirected.as_bytes()).unwrap();
    for engine in Engine::ALL {
        let changes = repair(&exchange, &[engine]).changes;
        let field = changes.iter().flat_map(|change| &change.fields).find(|(_, value)| value == "null");
        assert!(!changes.is_empty() && field.is_none(), "{engine:?}: {changes:?}");
    }
    assert!(repair(&exchange, &[Engine::WebKit]).changes[0].text.contains("ask https://c.example/ directly"));
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

fn words(server: Server, exchange: &RecordedExchange) -> String {
    server.words(exchange, &repair(exchange, &Engine::ALL)).unwrap()
}

/// Whether the words let anybody use credentials; to take an upstream's field away does not.
fn allows_credentials(words: &str) -> bool {
    let removes = ["unset", "del-header", "proxy_hide_header", "-Access-Control-Allow-Credentials"];
    words.to_ascii_lowercase().lines().any(|line| {
        line.contains("credentials") && !removes.iter().any(|word| line.contains(&word.to_ascii_lowercase()))
    })
}

#[test]
fn every_server_is_told_all_that_the_call_needs_and_no_more() {
    let exchange = refused("");
    for server in Server::ALL {
        let words = words(server, &exchange);
        let origin =
            if server == Server::Apache { r"https://app\.example\.com" } else { "https://app.example.com" };
        assert!(words.contains(origin) && !words.contains("*\""), "{words}");
        assert!(words.contains("PUT") && !words.contains("DELETE"), "{words}");
        assert!(words.to_ascii_lowercase().contains("x-trace"), "{words}");
        assert!(allows_credentials(&words) || server == Server::S3, "{words}");
    }
    let mut anonymous = exchange;
    anonymous.request.credentials = Omit;
    for server in Server::ALL {
        let words = words(server, &anonymous);
        assert!(!allows_credentials(&words), "{words}");
    }
    // Nothing is written for a page whose origin is everybody's.
    anonymous.page.origin = "null".to_owned();
    assert_eq!(Server::Nginx.words(&anonymous, &repair(&anonymous, &Engine::ALL)), None);
}

/// Refused to the page, allowed to another; `fields` are of both answers.
fn others_read(fields: &str) -> RecordedExchange {
    let line = format!(
        r#"{{"id":"x","page":{{"origin":"https://app.example.com","secure_context":true}},
        "request":{{"url":"https://api.example.com/","method":"PUT","headers":[["x-trace","1"]],"credentials":"include"}},
        "hops":[{{"preflight":{{"status":204,"headers":[{fields}]}},"actual":{{"status":200,"headers":[{fields}]}}}}]}}"#
    );
    RecordedExchange::read(line.as_bytes()).unwrap()
}

#[test]
fn what_others_may_do_today_stays() {
    let exchange = others_read(
        r#"["Access-Control-Allow-Origin","https://b.example"],["Access-Control-Allow-Credentials","true"],
        ["Access-Control-Allow-Methods","DELETE, put, TRACE, *, we'ird"],
        ["Access-Control-Allow-Headers","X-Other, cookie, $(id), *"],["Access-Control-Expose-Headers","X-Total"]"#,
    );
    for server in Server::ALL {
        let words = words(server, &exchange);
        let other = if server == Server::Apache { r"https://b\.example" } else { "https://b.example" };
        assert!(words.contains(other) && words.contains("DELETE"), "{words}");
        assert!(words.contains("x-other") && words.contains("x-trace"), "{words}");
        // What no script can use, or what is written wrong, is nobody's to lose.
        for wrong in ["put", "TRACE", "we'ird", "cookie", "(id)"] {
            assert!(!words.contains(wrong), "{wrong}: {words}");
        }
        // Proxies let an upstream's own through.
        let is_proxy = matches!(server, Server::Apache | Server::Caddy | Server::HaProxy | Server::Nginx);
        assert!(is_proxy || words.contains("x-total"), "{words}");
    }
}

#[test]
fn nobody_gets_credentials_who_has_none_nor_reads_who_could_not() {
    let listed = |fields: &str| {
        let words = words(Server::Corsac, &others_read(fields));
        let list = words.lines().find(|line| line.starts_with("origins")).unwrap().to_owned();
        (list, words)
    };
    let own = "origins = [\"https://app.example.com\"]";
    let (list, words) = listed(r#"["Access-Control-Allow-Origin","https://b.example"]"#);
    assert_eq!(list, own);
    assert!(words.contains("# https://b.example reads now, without credentials"), "{words}");
    for nobody in [
        "*",
        "null",
        "https://*.b.example",
        "https://b.example/",
        "https://b.example, https://c.example",
        "'",
    ] {
        let (list, words) = listed(&format!(
            r#"["Access-Control-Allow-Origin","{nobody}"],["Access-Control-Allow-Credentials","true"]"#
        ));
        assert!(list == own && !words.contains("b.example"), "{nobody}: {words}");
    }
}

#[test]
fn servers_that_refuse_methods_that_they_do_not_list_are_given_all() {
    for server in [Server::S3, Server::Spring] {
        let words = words(server, &refused(""));
        assert!(words.contains("\"GET\", \"HEAD\", \"POST\", \"PUT\""), "{words}");
    }
    assert!(!words(Server::Express, &refused("")).contains("POST"));
    assert!(words(Server::S3, &refused("")).starts_with("add this rule to the list"));
}

#[test]
fn origins_are_matched_whole_and_caches_are_told() {
    let mut exchange = refused("");
    exchange.page.origin = "http://[::1]:3000".to_owned();
    assert!(words(Server::Apache, &exchange).contains(r#""^(http://\[::1\]:3000)$""#));
    assert!(words(Server::Flask, &exchange).contains(r#"[r"^http://\[::1\]:3000$"]"#));
    assert!(words(Server::Express, &exchange).contains("['http://[::1]:3000']"));
    // The others send `Vary: Origin` for a list by themselves.
    for server in
        [Server::Apache, Server::Caddy, Server::Envoy, Server::Flask, Server::HaProxy, Server::Nginx]
    {
        let words = words(server, &exchange).to_ascii_lowercase();
        assert!(words.contains("vary") && words.contains("origin"), "{words}");
    }
}

#[test]
fn corsac_is_told_of_a_danger_only_where_it_is_one() {
    let words = |origin: &str, credentials| {
        let mut exchange = refused("");
        exchange.page.origin = origin.to_owned();
        exchange.request.credentials = credentials;
        words(Server::Corsac, &exchange)
    };
    let dangerous = words("http://app.example.com", Include);
    assert!(dangerous.contains("[cors.app.dangerous]\n# whoever is on the network path"), "{dangerous}");
    assert!(dangerous.ends_with("insecure_origins = true\n"), "{dangerous}");
    for (origin, credentials) in [
        ("http://app.example.com", Omit),
        ("https://app.example.com", Include),
        ("http://localhost:3000", Include),
    ] {
        assert!(!words(origin, credentials).contains("dangerous"), "{origin}");
    }
}

#[test]
fn what_a_preflight_asks_is_known_before_the_user_lets_it_be_sent() {
    let mut exchange = refused("");
    exchange.request.url = "https://localhost:8443/".to_owned();
    let asked = words(Server::Flask, &exchange);
    assert!(asked.contains("return \"\", 204") && asked.contains("x-trace"), "{asked}");
    exchange.request.method = "get".to_owned();
    exchange.request.headers.clear();
    let simple = words(Server::Flask, &exchange);
    assert!(!simple.contains("204") && simple.contains("methods=[\"GET\"]"), "{simple}");
}
