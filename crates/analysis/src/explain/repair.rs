//! All changes that a call needs, one after the other, each tried on the recorded exchange
//! before the next is looked for: what is offered has been seen to work in the model.

use corsac_browser::{Engine, HeaderList, Response, Verdict};

use super::exchange::{Answered, Hop, RecordedExchange};
use super::fix::{Fix, NETWORK_PATH_WARNING, Place, fix};

/// Changes looked for; a call has at most twenty redirects of two responses each, and each
/// engine may end with one of its own.
const MAX_CHANGES: usize = 48;

/// What it takes to let a call through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// The changes, in the order in which the engines come upon the faults: first those that
    /// all engines need, then those of which the text names the engines.
    pub changes: Vec<Fix>,
    /// Whether every engine reads the response then. False where a change leads to
    /// answers that nobody has seen: another URL, another page.
    pub is_proven: bool,
}

/// The changes after which each of `engines` lets the call through.
pub fn repair(exchange: &RecordedExchange, engines: &[Engine]) -> Repair {
    let own: Vec<_> = engines.iter().map(|&engine| (engine, search(exchange, &[engine], &[]))).collect();
    let Found { mut changes, end } = search(exchange, engines, &own);
    // What ends the known answers stands last among its like.
    changes.sort_by_key(|change| (!is_needed_by_all(change, &own), is_elsewhere(change, exchange)));
    for change in &mut changes {
        if !is_needed_by_all(change, &own) && is_elsewhere(change, exchange) {
            // One engine's way out is not everybody's call.
            change.call = None;
        }
        if let Some(only) = only(change, &own) {
            change.text = format!("{only} only: {}", change.text);
        }
    }
    // Said once.
    let mut is_warned = false;
    for change in &mut changes {
        if let Some(bare) = change.text.strip_suffix(NETWORK_PATH_WARNING) {
            if is_warned {
                change.text = bare.to_owned();
            }
            is_warned = true;
        }
    }
    Repair { changes, is_proven: end == End::Proven }
}

/// What a search found.
struct Found {
    changes: Vec<Fix>,
    end: End,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With a change after which other things are asked, or the last that was looked for.
    Elsewhere,
    /// Every engine reads.
    Proven,
    /// The request is sent, and nobody knows what is answered.
    Unanswered,
}

/// Each engine is followed until it reads, or until nobody knows what is answered; `own` is
/// what each needs alone, if there are several.
fn search(exchange: &RecordedExchange, engines: &[Engine], own: &[(Engine, Found)]) -> Found {
    let mut repaired = exchange.clone();
    let mut changes: Vec<Fix> = Vec::new();
    let mut open = engines.to_vec();
    let mut end = End::Proven;
    for _ in 0..MAX_CHANGES {
        let Some(verdict) = first_failure(&repaired, &open) else {
            return Found { changes, end };
        };
        let is_told = |change: &Fix| {
            let is_moved = changes.iter().any(|own| own.is_permission || own.call.is_some());
            !is_moved || !is_unasked(&repaired, change) || own.iter().any(|(_, own)| has(own, change))
        };
        let change = fix(&repaired, &verdict).filter(is_told);
        let is_applied = change.as_ref().is_some_and(|change| apply(&mut repaired, change));
        if !is_applied {
            open.retain(|engine| *engine != verdict.engine);
            let is_unanswered = change.as_ref().is_none_or(|change| change.is_unanswered);
            end = if is_unanswered { End::Unanswered } else { End::Elsewhere };
        }
        let Some(change) = change else { continue };
        match changes.iter_mut().find(|own| is_same(own, &change)) {
            // An engine wants more of the same response.
            Some(own) => merge(own, change),
            None => changes.push(change),
        }
    }
    Found { changes, end: End::Elsewhere }
}

fn first_failure(exchange: &RecordedExchange, engines: &[Engine]) -> Option<Verdict> {
    let mut verdicts = engines.iter().map(|&engine| exchange.judge(engine));
    verdicts.find(|verdict| verdict.failure.is_some() || verdict.invalid.is_some())
}

/// Whether a change is about an answer that is not known: nothing more was sent before the
/// page or the script was changed.
fn is_unasked(exchange: &RecordedExchange, change: &Fix) -> bool {
    change.is_unanswered || exchange.hops.len() <= change.hop && !change.fields.is_empty()
}

/// Whether a change leads to answers that nobody has recorded.
fn is_elsewhere(change: &Fix, exchange: &RecordedExchange) -> bool {
    change.call.as_ref().is_some_and(|call| call.url != exchange.request.url)
}

fn is_same(one: &Fix, other: &Fix) -> bool {
    let is_answer = |fix: &Fix| matches!(fix.place, Place::Preflight | Place::Redirect | Place::Response);
    one.place == other.place && one.hop == other.hop && (is_answer(one) || one.text == other.text)
}

fn has(own: &Found, change: &Fix) -> bool {
    own.changes.iter().any(|other| is_same(other, change))
}

/// Whether an engine needs a change; nothing where its own search ended before it could tell.
/// One that sends the request needs no other page and no other call.
fn needs(change: &Fix, own: &Found) -> Option<bool> {
    let is_before = matches!(change.place, Place::Page | Place::Script);
    match own.end {
        _ if has(own, change) => Some(true),
        End::Proven => Some(false),
        End::Unanswered => is_before.then_some(false),
        End::Elsewhere => None,
    }
}

/// Those that let the call through as it is do not count.
fn is_needed_by_all(change: &Fix, own: &[(Engine, Found)]) -> bool {
    let mut failing = own.iter().filter(|(_, own)| !own.changes.is_empty());
    failing.all(|(_, own)| needs(change, own) != Some(false))
}

/// The browsers that need a change, if another does without.
fn only(change: &Fix, own: &[(Engine, Found)]) -> Option<String> {
    let browsers = || own.iter().filter(|(engine, _)| *engine != Engine::Standard);
    if !browsers().any(|(_, own)| needs(change, own) == Some(false)) {
        return None;
    }
    let needy = browsers().filter(|(_, own)| needs(change, own) == Some(true));
    let mut names: Vec<_> = needy.map(|(engine, _)| title(*engine)).collect();
    match (names.pop(), names.is_empty()) {
        (None, _) => None,
        (Some(last), true) => Some(last.to_owned()),
        (Some(last), false) => Some(format!("{} and {last}", names.join(", "))),
    }
}

fn title(engine: Engine) -> &'static str {
    match engine {
        Engine::Standard => "Fetch",
        Engine::Chromium => "Chromium",
        Engine::Firefox => "Firefox",
        Engine::WebKit => "WebKit",
    }
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
    if change.is_permission {
        return !std::mem::replace(&mut exchange.page.may_reach_local_network, true);
    }
    if let Some(call) = &change.call {
        let is_known = call.url == exchange.request.url && **call != exchange.request;
        if is_known {
            exchange.request = (**call).clone();
        }
        return is_known;
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

    /// A page of the public Internet asks the machine that it is on.
    fn loopback(hops: &str) -> RecordedExchange {
        let call = r#""method":"GET""#;
        let mut exchange = recorded(call, hops);
        exchange.request.url = "https://localhost:8080/".to_owned();
        exchange
    }

    const PERMISSION: &str = "page Chromium and Firefox only: let the user allow the page to reach the local \
                              network (site settings, or the prompt); no response header can";
    const SENT: &str = "response send these fields with the response: `Access-Control-Allow-Origin: \
                        https://app.example.com`; `Vary: Origin`";

    #[test]
    fn behind_the_permission_is_what_the_response_lacks() {
        let found = repair(&loopback(r#"{"actual":{"status":200}}"#), &Engine::ALL);
        assert_eq!(texts(&found), [SENT, PERMISSION]);
        assert!(found.is_proven);
        let allowed = r#"{"actual":{"status":200,"headers":[["Access-Control-Allow-Origin","https://app.example.com"]]}}"#;
        assert_eq!(texts(&repair(&loopback(allowed), &Engine::ALL)), [PERMISSION]);
        // Nobody has asked yet: what the server would answer is not known.
        let found = repair(&loopback(""), &[Engine::Chromium, Engine::Firefox]);
        assert!(found.changes.len() == 1 && !found.is_proven, "{found:?}");
        // What WebKit has asked is.
        let found = repair(&loopback(""), &[Engine::Chromium, Engine::WebKit]);
        assert_eq!(found.changes.len(), 2, "{found:?}");
    }

    #[test]
    fn a_wrong_address_space_is_put_right_and_then_needs_the_permission() {
        let mut wrong = loopback(r#"{"actual":{"status":200}}"#);
        wrong.request.target_address_space = Some(corsac_browser::AddressSpace::Local);
        let found = repair(&wrong, &[Engine::Chromium]);
        let call = "script call with `targetAddressSpace: \"loopback\"`";
        assert_eq!(texts(&found), [call, &PERMISSION.replace("Chromium and Firefox only: ", ""), SENT]);
        assert!(found.is_proven);
        let right = Some(corsac_browser::AddressSpace::Loopback);
        assert_eq!(found.changes[0].call.as_ref().unwrap().target_address_space, right);
    }

    #[test]
    fn what_one_engine_needs_comes_behind_what_all_need_and_names_it() {
        let mut mixed = recorded(r#""method":"GET""#, r#"{"actual":{"status":200}}"#);
        mixed.request.url = "http://localhost:8080/".to_owned();
        mixed.page.address_space = corsac_browser::AddressSpace::Loopback;
        let found = repair(&mixed, &Engine::ALL);
        assert_eq!(texts(&found), [SENT, "script WebKit only: ask `https:`"]);
        // Nobody else is to ask there.
        assert!(!found.is_proven && found.changes[1].call.is_none());
        // Where all must, nobody is named, and nothing is said of a server that nobody asked.
        mixed.request.url = "http://api.example.com/".to_owned();
        let found = repair(&mixed, &Engine::ALL);
        assert_eq!(texts(&found), ["script ask `https:`"]);
        assert_eq!(found.changes[0].call.as_ref().unwrap().url, "https://api.example.com/");
    }

    #[test]
    fn an_engine_that_sends_the_request_needs_no_other_url() {
        let mut mixed = recorded(r#""method":"GET""#, "");
        mixed.request.url = "http://localhost:8080/".to_owned();
        let found = repair(&mixed, &[Engine::Chromium, Engine::Firefox, Engine::WebKit]);
        let permission = PERMISSION.replace("Chromium and Firefox only: ", "");
        assert_eq!(texts(&found), [permission.as_str(), "script WebKit only: ask `https:`"]);
    }

    #[test]
    fn credentials_for_a_page_over_plain_http_are_warned_of_once() {
        let asked = |origin: &str, credentials: &str| {
            let call = format!(r#""method":"PUT","credentials":"{credentials}""#);
            let mut exchange = recorded(&call, r#"{"preflight":{"status":204},"actual":{"status":200}}"#);
            exchange.page.origin = origin.to_owned();
            let found = texts(&repair(&exchange, &Engine::ALL)).join("\n");
            found.matches("whoever is on the network path can use the user's credentials").count()
        };
        assert_eq!(asked("http://app.example.com", "include"), 1);
        for (origin, credentials) in [
            ("http://app.example.com", "omit"),
            ("https://app.example.com", "include"),
            ("http://localhost:3000", "include"),
        ] {
            assert_eq!(asked(origin, credentials), 0, "{origin} {credentials}");
        }
    }

    #[test]
    fn a_preflight_refused_with_401_is_authentication_and_with_403_may_be_cors() {
        let refused = |status: u16| {
            let hops = format!(r#"{{"preflight":{{"status":{status}}},"actual":{{"status":200}}}}"#);
            texts(&repair(&recorded(r#""method":"PUT""#, &hops), &Engine::ALL)).remove(0)
        };
        assert!(refused(401).contains("answer `OPTIONS` before authentication, with 204"));
        let forbidden = refused(403);
        assert!(!forbidden.contains("before authentication"), "{forbidden}");
        assert!(forbidden.contains("refused by a CORS configuration, or by authentication"), "{forbidden}");
    }
}
