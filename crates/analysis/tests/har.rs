//! HAR files in the shape of each browser's export. Chromium's and Firefox's were exported by
//! Chromium 156 and Firefox ESR 153 and shortened; Safari's is made by hand after its
//! `HARBuilder.js`.
#![cfg(test)]

use corsac_analysis::explain::{HarCall, HarError, HarOutcome, HarSummary, Skipped, read_har};
use corsac_browser::{CredentialsMode, Engine};
use serde_json::{Value, json};

const CHROMIUM: &str = include_str!("data/har/chromium.har");
const FIREFOX: &str = include_str!("data/har/firefox.har");
const SAFARI: &str = include_str!("data/har/safari.har");

fn read(har: impl AsRef<[u8]>) -> (Vec<HarCall>, HarSummary) {
    let mut calls = Vec::new();
    let summary = read_har(har.as_ref(), &Engine::ALL, &mut |call| {
        calls.push(call);
        true
    });
    calls.sort_by_key(|call| call.entry);
    (calls, summary)
}

/// Method, path, and what became of it.
fn told(call: &HarCall) -> String {
    let url = call.exchange.request.url.replace("https://api.example.com", "");
    let outcome = match call.outcome {
        HarOutcome::Blocked => call.verdicts[0].failure.as_ref().unwrap().rule(),
        HarOutcome::Ok => "ok",
        HarOutcome::Unknown(unknown) => unknown.name(),
    };
    format!("{} {url} {outcome}", call.exchange.request.method)
}

fn all_told(har: impl AsRef<[u8]>) -> Vec<String> {
    read(har).0.iter().map(told).collect()
}

#[test]
fn chromium_and_firefox_exports_are_explained_alike() {
    for (har, engine) in [(CHROMIUM, Engine::Chromium), (FIREFOX, Engine::Firefox)] {
        let (calls, summary) = read(har);
        assert!(summary.error.is_none() && summary.engine == Some(engine), "{summary:?}");
        let mut told: Vec<_> = calls.iter().map(told).collect();
        told.sort();
        assert_eq!(
            told,
            [
                "DELETE /pf401 preflight-allow-origin-missing",
                "GET /dup allow-origin-multiple",
                "GET /e500 allow-origin-missing",
                "GET /missing allow-origin-missing",
                "GET /ok1 ok",
                "GET /redir ok",
                "GET https://down.example.com/refused no-response",
                "POST /ok-form ok",
                "PUT /nomethod method-not-allowed",
                "PUT /ok2 ok",
            ]
        );
        for call in &calls {
            assert!(call.recorded_by == Some(engine) && call.notes.is_empty(), "{call:?}");
            assert!(call.verdicts.first().is_none_or(|verdict| verdict.engine == engine), "{call:?}");
            assert_eq!(call.verdicts.is_empty(), call.is_unknown(), "nothing is made up: {call:?}");
        }
        let skipped = [(Skipped::Navigation, 1), (Skipped::NoCors, 3), (Skipped::SameOrigin, 1)];
        assert_eq!(summary.skipped.into_iter().collect::<Vec<_>>(), skipped);
        assert_eq!((summary.entries, summary.judged_entries), (19, 14));
        assert_eq!((summary.judged, summary.blocked, summary.unknown), (10, 5, 1));
    }
}

#[test]
fn a_call_is_one_exchange_with_its_preflight_and_redirects() {
    for har in [CHROMIUM, FIREFOX] {
        let (calls, _) = read(har);
        let by_path =
            |path: &str| calls.iter().find(|call| call.exchange.request.url.ends_with(path)).unwrap();
        let put = by_path("/ok2");
        assert_eq!(
            put.exchange.request.headers,
            [
                ("content-type".to_owned(), "application/json".to_owned()),
                ("x-trace".to_owned(), "1".to_owned())
            ]
        );
        assert!(put.verdicts[0].preflight_sent() && put.exchange.hops.len() == 1);
        assert_eq!(by_path("/redir").exchange.hops.len(), 2);
        // The fields of a form's parts, which Firefox writes among the request's, change nothing.
        assert!(!by_path("/ok-form").verdicts[0].preflight_sent());
    }
}

#[test]
fn safari_exports_are_explained_with_the_words_that_they_have() {
    let (calls, summary) = read(SAFARI);
    assert_eq!(summary.engine, Some(Engine::WebKit));
    let told: Vec<_> = calls.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "GET /ok ok",
            "GET /missing allow-origin-missing",
            "GET /twice allow-origin-multiple",
            // Safari leaves preflights out; its message is all there is.
            "PUT /put no-response",
        ]
    );
    assert!(calls[3].error.contains("not allowed by Access-Control-Allow-Methods"));
    let skipped = [(Skipped::Cancelled, 1), (Skipped::Navigation, 1), (Skipped::ServiceWorker, 1)];
    assert_eq!(summary.skipped.into_iter().collect::<Vec<_>>(), skipped);
}

#[test]
fn a_truncated_har_is_explained_up_to_the_break_wherever_that_is() {
    let (whole, _) = read(SAFARI);
    let whole: Vec<_> = whole.iter().map(told).collect();
    let ends: Vec<_> = SAFARI.match_indices("}, \"cache\": {}, \"_fetchType\": ").map(|(at, _)| at).collect();
    let last = SAFARI.trim_end().len();
    for length in 0..last {
        let (calls, summary) = read(&SAFARI.as_bytes()[..length]);
        let told: Vec<_> = calls.iter().map(told).collect();
        assert!(whole.starts_with(&told), "{length}: {told:?}");
        let Some(HarError::Truncated { entry, .. }) = summary.error else { panic!("{length}: {summary:?}") };
        assert_eq!(entry, summary.entries);
        // What is whole is explained: the first entries are a page and the call of /ok.
        let complete = ends.iter().filter(|&&end| length > end + 50).count();
        assert!(
            summary.judged_entries + summary.skipped.values().sum::<u64>() >= complete as u64,
            "{length}"
        );
    }
    assert!(read(&SAFARI.as_bytes()[..last]).1.error.is_none());
    let message = |length: usize| read(&SAFARI.as_bytes()[..length]).1.error.unwrap().to_string();
    assert_eq!(message(ends[2]), "it ends in the middle of entry 3");
    assert_eq!(message(last - 4), "it ends after entry 7");
    assert_eq!(message(20), "it ends before the first entry");
}

/// A HAR of Chromium's with these entries.
fn chromium(entries: &[Value]) -> String {
    json!({"log": {"creator": {"name": "WebInspector"}, "entries": entries}}).to_string()
}

fn fields(fields: &[(&str, &str)]) -> Value {
    fields.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// A call from `https://app.example.com`.
fn entry(
    method: &str,
    path: &str,
    sent: &[(&str, &str)],
    (status, received): (u16, &[(&str, &str)]),
) -> Value {
    let page = [("Origin", "https://app.example.com"), ("Sec-Fetch-Mode", "cors")];
    json!({
        "startedDateTime": "2026-11-21T18:00:00.000Z", "time": 10, "_resourceType": "fetch",
        "request": {
            "method": method, "url": format!("https://api.example.com{path}"),
            "headers": fields(&[&page, sent].concat()), "cookies": [],
        },
        "response": {"status": status, "headers": fields(received), "_error": null},
    })
}

const ANY: (&str, &str) = ("access-control-allow-origin", "*");

#[test]
fn a_preflight_that_is_not_there_is_taken_as_passed_and_said_so() {
    let sent = [("x-a", "1"), ("authorization", "Bearer a"), ("dnt", "1"), ("cache-control", "no-cache")];
    let (calls, _) = read(chromium(&[entry("PUT", "/", &sent, (200, &[ANY]))]));
    assert_eq!(told(&calls[0]), "PUT / ok");
    assert!(calls[0].notes[0].starts_with("the HAR has no preflight"), "{calls:?}");
    let names: Vec<_> = calls[0].exchange.request.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["x-a", "authorization"]);
    // What the browser adds by itself makes no preflight.
    let sent = [("dnt", "1"), ("pragma", "no-cache"), ("sec-ch-ua", "\"x\""), ("x-client-data", "1")];
    let (calls, _) = read(chromium(&[entry("GET", "/", &sent, (200, &[ANY]))]));
    assert!(calls[0].notes.is_empty() && !calls[0].verdicts[0].preflight_sent(), "{calls:?}");
    // Without its answer, nothing is known.
    assert_eq!(all_told(chromium(&[entry("PUT", "/", &sent, (0, &[]))])), ["PUT / no-response"]);
}

#[test]
fn a_preflight_alone_says_what_it_can() {
    let asks = [("access-control-request-method", "PUT"), ("access-control-request-headers", "x-a")];
    let passes = [ANY, ("access-control-allow-methods", "PUT"), ("access-control-allow-headers", "x-a")];
    assert_eq!(all_told(chromium(&[entry("OPTIONS", "/", &asks, (204, &passes))])), ["PUT / no-request"]);
    assert_eq!(
        all_told(chromium(&[entry("OPTIONS", "/", &asks, (204, &[ANY]))])),
        ["PUT / method-not-allowed"]
    );
    assert_eq!(all_told(chromium(&[entry("OPTIONS", "/", &asks, (0, &[]))])), ["PUT / no-response"]);
}

#[test]
fn identical_calls_keep_their_own_preflights() {
    let put = || entry("PUT", "/", &[("x-a", "1")], (200, &[ANY]));
    let asks = [("access-control-request-method", "PUT"), ("access-control-request-headers", "x-a")];
    let passes = [ANY, ("access-control-allow-methods", "PUT"), ("access-control-allow-headers", "x-a")];
    let mut refused = entry("PUT", "/", &[], (0, &[]));
    refused["response"]["_error"] = "net::ERR_FAILED".into();
    let preflight = |fields: &[(&str, &str)]| entry("OPTIONS", "/", &asks, (204, fields));
    let har = chromium(&[put(), refused, preflight(&passes), preflight(&[ANY])]);
    let (calls, summary) = read(har);
    assert_eq!(calls.iter().map(told).collect::<Vec<_>>(), ["PUT / ok", "PUT / method-not-allowed"]);
    assert_eq!(summary.judged_entries, 4);
}

#[test]
fn a_preflight_of_another_page_is_a_call_of_its_own() {
    let mut asked = entry("OPTIONS", "/", &[("access-control-request-method", "PUT")], (403, &[]));
    asked["request"]["headers"][0]["value"] = "https://other.example.com".into();
    let (calls, _) = read(chromium(&[entry("PUT", "/", &[], (200, &[ANY])), asked.clone()]));
    let told: Vec<_> =
        calls.iter().map(|call| format!("{} from {}", told(call), call.exchange.page.origin)).collect();
    assert_eq!(
        told,
        [
            "PUT / ok from https://app.example.com",
            "PUT / preflight-allow-origin-missing from https://other.example.com"
        ]
    );
    let mut refused = entry("PUT", "/", &[], (0, &[]));
    refused["request"]["headers"][0]["value"] = "https://other.example.com".into();
    assert_eq!(all_told(chromium(&[refused, asked])), ["PUT / preflight-allow-origin-missing"]);
}

#[test]
fn a_preflight_is_not_of_a_request_whose_host_has_no_address() {
    let put = |time: &str, error: &str| {
        let mut put = entry("PUT", "/", &[], (0, &[]));
        put["startedDateTime"] = format!("2026-11-21T18:00:{time}Z").into();
        put["response"]["_error"] = error.into();
        put["request"]["headers"] = fields(&[("Referer", "https://app.example.com/")]);
        put
    };
    let mut asked = entry("OPTIONS", "/", &[("access-control-request-method", "PUT")], (403, &[]));
    asked["startedDateTime"] = "2026-11-21T18:00:00.510Z".into();
    let har =
        chromium(&[put("00.000", "net::ERR_NAME_NOT_RESOLVED"), put("00.500", "net::ERR_FAILED"), asked]);
    assert_eq!(all_told(har), ["PUT / no-response", "PUT / preflight-allow-origin-missing"]);
}

#[test]
fn a_fetch_that_was_sent_without_an_origin_was_in_mode_no_cors() {
    let sent = |names: &[(&str, &str)]| {
        let mut sent = entry("GET", "/", &[], (200, &[]));
        sent["request"]["url"] = "http://api.example.com/".into();
        sent["request"]["headers"] = fields(names);
        sent
    };
    let (host, referer) = (("Host", "api.example.com"), ("Referer", "http://app.example.com/a"));
    let (calls, summary) = read(chromium(&[sent(&[host, referer])]));
    assert!(calls.is_empty() && summary.skipped[&Skipped::NoCors] == 1, "{calls:?}");
    // With an `Origin`, or where Chromium recorded no more than a part of what it sent.
    for names in [&[host, referer, ("Origin", "http://app.example.com")][..], &[referer]] {
        assert_eq!(all_told(chromium(&[sent(names)])), ["GET http://api.example.com/ allow-origin-missing"]);
    }
    // The page may be told by `log.pages` alone.
    let mut of_page = sent(&[host]);
    of_page["pageref"] = "1".into();
    let har = |title: &str| {
        let pages = json!([{"id": "1", "title": title}]);
        json!({"log": {"creator": {"name": "WebInspector"}, "pages": pages, "entries": [of_page]}})
            .to_string()
    };
    assert!(read(har("http://app.example.com/")).1.skipped.contains_key(&Skipped::NoCors));
    assert!(read(har("http://api.example.com/")).1.skipped.contains_key(&Skipped::SameOrigin));
}

#[test]
fn what_ended_a_response_that_may_be_read_is_said() {
    let broken = |error: &str| {
        let mut broken = entry("GET", "/", &[], (200, &[ANY]));
        broken["response"]["_error"] = error.into();
        broken
    };
    for error in ["net::ERR_HTTP2_PROTOCOL_ERROR", "net::ERR_CONTENT_LENGTH_MISMATCH"] {
        let (calls, _) = read(chromium(&[broken(error)]));
        assert_eq!(told(&calls[0]), "GET / ok");
        assert!(calls[0].notes[0].starts_with(&format!("the browser reports `{error}`")), "{calls:?}");
    }
    assert!(read(chromium(&[broken("")])).0[0].notes.is_empty());
}

#[test]
fn the_credentials_mode_is_recorded_or_inferred_from_what_the_browser_did() {
    let mut with_cookie = entry("GET", "/", &[], (200, &[ANY]));
    with_cookie["request"]["cookies"] = json!([{"name": "a", "value": "b"}]);
    let (calls, _) = read(chromium(&[with_cookie]));
    assert_eq!(
        (told(&calls[0]), calls[0].credentials.name()),
        ("GET / allow-origin-wildcard".into(), "recorded")
    );

    let mut refused = entry("GET", "/", &[], (200, &[ANY]));
    refused["response"]["_error"] = "net::ERR_FAILED".into();
    let (calls, _) = read(chromium(&[refused]));
    assert_eq!(
        (told(&calls[0]), calls[0].credentials.name()),
        ("GET / allow-origin-wildcard".into(), "inferred")
    );
    assert!(calls[0].notes[0].contains("`include` is inferred"), "{calls:?}");

    let (calls, _) = read(chromium(&[entry("GET", "/", &[], (200, &[ANY]))]));
    assert_eq!((told(&calls[0]), calls[0].credentials.name()), ("GET / ok".into(), "assumed"));
    assert_eq!(calls[0].exchange.request.credentials, CredentialsMode::SameOrigin);

    // A connection that broke, or a refusal that no mode explains, is no matter of credentials.
    for (status, allowed, error, outcome) in [
        (0, ANY, "net::ERR_CONNECTION_RESET", "no-response"),
        (
            200,
            ("access-control-allow-origin", "https://app.example.com"),
            "net::ERR_HTTP2_PROTOCOL_ERROR",
            "ok",
        ),
    ] {
        let mut broken = entry("GET", "/", &[], (status, &[allowed]));
        broken["response"]["_error"] = error.into();
        assert_eq!(all_told(chromium(&[broken])), [format!("GET / {outcome}")]);
    }
    let exact = [
        ("access-control-allow-origin", "https://app.example.com"),
        ("access-control-allow-credentials", "true"),
    ];
    let mut refused = entry("GET", "/", &[], (200, &exact));
    refused["response"]["_error"] = "net::ERR_FAILED".into();
    assert_eq!(all_told(chromium(&[refused])), ["GET / refused"]);
}

#[test]
fn what_a_browser_let_through_against_the_model_is_said() {
    let (calls, _) = read(chromium(&[entry("GET", "/", &[], (200, &[]))]));
    assert!(
        calls[0].is_blocked() && calls[0].notes[0].starts_with("the browser let it through"),
        "{calls:?}"
    );
    // What only other engines refuse is a note: a space before the colon, which Chromium forgives.
    let (calls, _) =
        read(chromium(&[entry("GET", "/", &[], (200, &[("access-control-allow-origin ", "*")]))]));
    assert_eq!(told(&calls[0]), "GET / ok");
    let reason = "would block it: there is no `Access-Control-Allow-Origin`";
    assert_eq!(calls[0].notes, [format!("firefox {reason}"), format!("webkit {reason}")]);
}

#[test]
fn a_response_from_the_cache_is_not_judged_by_the_304() {
    assert_eq!(all_told(chromium(&[entry("GET", "/", &[], (304, &[]))])), ["GET / cached"]);
    assert_eq!(all_told(chromium(&[entry("GET", "/", &[], (304, &[ANY]))])), ["GET / ok"]);
    let other = ("access-control-allow-origin", "https://other.example.com");
    assert_eq!(
        all_told(chromium(&[entry("GET", "/", &[], (304, &[other]))])),
        ["GET / allow-origin-mismatch"]
    );
}

#[test]
fn redirects_are_judged_hop_by_hop() {
    let location = ("location", "https://other.example.com/b");
    let target = |origin: &str, received: &[(&str, &str)]| {
        let mut target = entry("GET", "/b", &[], (200, received));
        target["request"]["url"] = "https://other.example.com/b".into();
        target["request"]["headers"][0]["value"] = origin.into();
        target
    };
    let first = |received: &[(&str, &str)]| entry("GET", "/a", &[], (302, received));
    let exact = ("access-control-allow-origin", "https://app.example.com");
    assert_eq!(all_told(chromium(&[first(&[ANY, location]), target("null", &[ANY])])), ["GET /a ok"]);
    assert_eq!(
        all_told(chromium(&[first(&[ANY, location]), target("null", &[exact])])),
        ["GET /a allow-origin-mismatch"]
    );
    assert_eq!(all_told(chromium(&[first(&[location])])), ["GET /a allow-origin-missing"]);
    assert_eq!(all_told(chromium(&[first(&[ANY, location])])), ["GET /a no-target"]);
    // From the page's own origin to another.
    let mut home = first(&[location]);
    home["request"]["url"] = "https://app.example.com/a".into();
    assert_eq!(
        all_told(chromium(&[home, target("https://app.example.com", &[])])),
        ["GET https://app.example.com/a allow-origin-missing"]
    );
}

#[test]
fn the_page_may_stand_behind_the_entries() {
    let mut anonymous = entry("GET", "/", &[], (200, &[]));
    anonymous["request"]["headers"] = json!([{"name": "Sec-Fetch-Mode", "value": "cors"}]);
    anonymous["pageref"] = "p".into();
    let pages = json!([{"id": "p", "title": "https://app.example.com/index.html"}]).to_string();
    let entries = json!([anonymous]).to_string();
    for har in [
        format!(r#"{{"log":{{"pages":{pages},"entries":{entries}}}}}"#),
        format!(r#"{{"log":{{"entries":{entries},"pages":{pages}}}}}"#),
    ] {
        let (calls, _) = read(&har);
        assert_eq!(calls[0].exchange.page.origin, "https://app.example.com");
    }
    let (calls, summary) = read(format!(r#"{{"log":{{"entries":{entries}}}}}"#));
    assert!(calls.is_empty() && summary.skipped[&Skipped::NoPage] == 1);
}

#[test]
fn other_requests_are_counted_and_not_judged() {
    let with_url = |url: &str| {
        let mut other = entry("GET", "/", &[], (200, &[]));
        other["request"]["url"] = url.into();
        other
    };
    for (entry, skipped) in [
        (with_url("data:text/plain,a"), Skipped::NotHttp),
        (with_url("blob:https://app.example.com/1"), Skipped::NotHttp),
        (with_url("wss://api.example.com/"), Skipped::WebSocket),
        (with_url("https://app.example.com:443/a"), Skipped::SameOrigin),
        (entry("TRACE", "/", &[], (200, &[])), Skipped::NotScript),
        (entry("G T", "/", &[], (200, &[])), Skipped::NotScript),
        (with_url(""), Skipped::NotHttp),
    ] {
        let (calls, summary) = read(chromium(&[entry]));
        assert!(calls.is_empty(), "{calls:?}");
        assert_eq!(summary.skipped.into_keys().collect::<Vec<_>>(), [skipped]);
    }
}

#[test]
fn files_that_are_something_else_are_told() {
    for (text, message) in [
        ("", "it ends before the first entry"),
        ("{}", "it is not a HAR: it has no `log.entries`"),
        ("[]", "it is not a HAR: it has no `log.entries`"),
        ("7", "it is not a HAR: it has no `log.entries`"),
        (r#"{"log":{"entries":5}}"#, "it is not a HAR: it has no `log.entries`"),
        ("<html>", "it is not JSON: expected value at line 1 column 1"),
        (r#"{"log":{"entries":[{},]}}"#, "it breaks at entry 1: trailing comma at line 1 column 23"),
        (r#"{"log":{"entries":[{}]}} x"#, "it breaks at entry 1: trailing characters at line 1 column 26"),
    ] {
        assert_eq!(read(text).1.error.unwrap().to_string(), message, "{text}");
    }
    let deep = format!(r#"{{"log":{{"entries":[{{"_initiator":{}"#, "[".repeat(1_000_000));
    assert!(read(deep).1.error.unwrap().to_string().contains("nested deeper than 512 levels"));
    let (_, summary) = read(r#"{"log":{"entries":[]}}"#);
    assert!(summary.error.is_none() && summary.entries == 0);
}

#[test]
fn hostile_entries_neither_stop_the_reader_nor_the_others() {
    let good = entry("GET", "/", &[], (200, &[ANY])).to_string();
    for hostile in [
        "null",
        "5",
        "\"a\"",
        "[]",
        "[[{}]]",
        "{}",
        "true",
        "-1.5e300",
        r#"{"request":5,"response":[],"time":"x","startedDateTime":7,"pageref":{},"_fetchType":null}"#,
        r#"{"request":{"method":1,"url":[],"headers":{},"cookies":7,"postData":"a"},"response":{"status":"200"}}"#,
        r#"{"request":{"url":"https://a/","headers":[null,5,{"name":null,"value":"a"},{"name":"a"},{"name":"b","value":null}]}}"#,
        r#"{"request":{"method":"GET","method":"PUT","url":"https://a/","url":"https://b/"},"request":{}}"#,
        r#"{"response":{"status":99999999999999999999},"request":{"url":"http://[","headers":[{"name":"Origin","value":"null"}]}}"#,
        "{\"request\":{\"url\":\"https://a/\\u0000\\u001b[31m\",\"method\":\"GET\",\"headers\":[{\"name\":\"Origin\",\"value\":\"https://b\\n\"},{\"name\":\"é\",\"value\":\"\\u20ac\"}]}}",
    ] {
        let har = format!(r#"{{"log":{{"entries":[{hostile},{good},{hostile}]}}}}"#);
        let (calls, summary) = read(&har);
        assert!(summary.error.is_none() && summary.entries == 3, "{hostile}: {summary:?}");
        assert!(calls.iter().any(|call| told(call) == "GET / ok"), "{hostile}: {calls:?}");
        let looks_fine = |call: &HarCall| !call.exchange.request.url.contains(char::is_control);
        assert!(calls.iter().all(looks_fine), "{calls:?}");
    }
}

#[test]
fn too_many_header_fields_are_not_judged_and_bodies_not_kept() {
    let many: Vec<_> = (0..100_000).map(|_| ("x-a", "b")).collect();
    let long = "x".repeat(3 << 20);
    let mut body = entry("GET", "/", &[], (200, &[ANY]));
    body["response"]["content"] = json!({"text": long});
    body["request"]["postData"] = json!({"text": long});
    let (calls, summary) = read(chromium(&[entry("GET", "/", &many, (200, &many)), body]));
    assert_eq!(calls.iter().map(told).collect::<Vec<_>>(), ["GET / ok"]);
    assert_eq!(summary.skipped[&Skipped::TooLarge], 1);
}

#[test]
fn a_byte_order_mark_is_no_harm_and_asking_for_no_more_stops() {
    let (calls, _) = read(format!("\u{feff}{SAFARI}"));
    assert_eq!(calls.len(), 4);
    let mut seen = 0;
    let summary = read_har(SAFARI.as_bytes(), &[Engine::WebKit], &mut |_| {
        seen += 1;
        false
    });
    assert!(seen == 1 && summary.error.is_none() && summary.judged == 1);
}

#[test]
fn a_url_is_given_back_as_browsers_write_it() {
    let har = "{\"log\":{\"entries\":[{\"request\":{\"method\":\"GET\",\"url\":\"https://user:word@API.example.com/a\\tb\",\
               \"headers\":[{\"name\":\"Origin\",\"value\":\"https://app.example.com\"}]},\
               \"response\":{\"status\":200,\"headers\":[]}}]}}";
    let mut urls = Vec::new();
    read_har(har.as_bytes(), &[Engine::Chromium], &mut |call| {
        urls.push(call.exchange.request.url);
        true
    });
    assert_eq!(urls, ["https://api.example.com/ab"]);
}
