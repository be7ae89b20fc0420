//! A bank behind the gateway, in real Chromium and Firefox: what a foreign page can make a
//! browser do, what the bank's own and an allowed page may do, and which refusals pages can
//! read. Without the guard the same forgeries move money.

#![cfg(test)]

mod same_site;
mod world;

use corsac_events::Verdict;
use corsac_oracle::{Browser, Chromium, Firefox};
use serde_json::{Value, json};
use world::{Call, Site, Way, World};

const WAYS: [Way; 3] = [Way::Loopback, Way::Plain, Way::Tls];

/// What a form can send.
const FORMS: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

const REFERRER: &str = "strict-origin-when-cross-origin";

#[tokio::test]
#[ignore = "needs Chromium; `cargo xtask test` installs it and runs this"]
async fn chromium() {
    let flags = [
        "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP *.test 127.0.0.1, MAP *.example 127.0.0.1",
        "--ignore-certificate-errors",
    ];
    // As if its user had allowed every site's cookies everywhere: what a foreign page can do
    // must not depend on that.
    let everywhere = json!({ "profile": { "cookie_controls_mode": 0, "block_third_party_cookies": false } });
    let browser = Browser::Chromium(Chromium::launch_as(&flags, &everywhere).await.unwrap());
    for way in WAYS {
        check(&World::start(way).await, &browser).await;
    }
    browser.close().await;
    let browser = Browser::Chromium(Chromium::launch_with(&flags).await.unwrap());
    same_site::check(&browser, "Chromium").await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Firefox; `cargo xtask test` installs it and runs this"]
async fn firefox() {
    let everywhere = [("network.cookie.cookieBehavior", json!(0))];
    let browser = Browser::Firefox(Firefox::launch_with(&everywhere).await.unwrap());
    for way in WAYS {
        check(&World::start(way).await, &browser).await;
    }
    browser.close().await;
    let browser = Browser::Firefox(Firefox::launch().await.unwrap());
    same_site::check(&browser, "Firefox").await;
    browser.close().await;
}

async fn check(world: &World, browser: &Browser) {
    sign_in(world, browser).await;
    without_the_guard_money_moves(world, browser).await;
    forms_of_a_foreign_page_are_refused(world, browser).await;
    scripts_of_a_foreign_page_are_refused(world, browser).await;
    own_pages_may_write(world, browser).await;
    allowed_pages_may_write(world, browser).await;
    refusals_are_readable_where_answers_are(world, browser).await;
}

/// A person without a session is shown the way to one, as far as the gateway can know that
/// it is a person.
async fn sign_in(world: &World, browser: &Browser) {
    world.visit(browser, &world.url("enforce", "early"), "early").await;
    let early = world.seen("early");
    let expected = if world.way.is_trustworthy() {
        (303, Some("sign-in-required"))
    } else {
        (401, Some("credential-missing"))
    };
    assert_eq!((early.status, early.problem), expected, "{:?}", world.way);
    world.visit(browser, &world.url("sign-in", "first"), "first").await;
}

fn refused(world: &World, id: &str, reason: &str) {
    let seen = world.seen(id);
    let about = format!("{id} {:?}: {seen:?}", world.way);
    assert_eq!((seen.status, seen.problem), (403, Some("cross-site-request")), "{about}");
    assert!(matches!(seen.csrf, Some((Verdict::Denied, found)) if found == reason), "{reason}, {about}");
    assert!(world.reached(id).is_none(), "{about}");
}

fn moved(world: &World, id: &str, verdict: Verdict, reason: &str) {
    let seen = world.seen(id);
    let about = format!("{id} {:?}: {seen:?}", world.way);
    assert_eq!(seen.status, 200, "{about}");
    assert_eq!(seen.csrf, Some((verdict, reason)), "{about}");
    assert!(world.reached(id).unwrap().is_moved, "{about}");
}

/// The reason for which a request is refused that says where it comes from.
fn foreign(world: &World) -> &'static str {
    if world.way.is_trustworthy() { "cross-site" } else { "foreign-origin" }
}

fn form(enctype: &str) -> Value {
    json!({ "enctype": enctype })
}

/// The attack works where nothing guards against it: the other tests can fail.
async fn without_the_guard_money_moves(world: &World, browser: &Browser) {
    for (index, enctype) in FORMS.into_iter().enumerate() {
        for route in ["off", "report"] {
            let id = format!("{route}-{index}");
            let call = Call::new(&id, "form", world.url(route, &id), form(enctype));
            world.run(browser, Site::Attacker, REFERRER, &[call]).await;
            if route == "report" {
                moved(world, &id, Verdict::ReportOnly, foreign(world));
            } else {
                let seen = world.seen(&id);
                assert!(seen.status == 200 && seen.csrf.is_none(), "{seen:?}");
                assert!(world.reached(&id).unwrap().is_moved, "{id} {:?}", world.way);
            }
        }
    }
}

async fn forms_of_a_foreign_page_are_refused(world: &World, browser: &Browser) {
    let own = foreign(world);
    let plain = form(FORMS[0]);
    let url = |id| world.url("enforce", id);
    for (id, site, referrer, url, argument, reason) in [
        ("urlencoded", Site::Attacker, REFERRER, url("urlencoded"), form(FORMS[0]), own),
        ("multipart", Site::Attacker, REFERRER, url("multipart"), form(FORMS[1]), own),
        ("text", Site::Attacker, REFERRER, url("text"), form(FORMS[2]), own),
        (
            "own-session",
            Site::Attacker,
            REFERRER,
            world.url("own-session", "own-session"),
            plain.clone(),
            own,
        ),
        ("sibling", Site::Sibling, REFERRER, url("sibling"), plain.clone(), own),
        ("no-referrer", Site::Attacker, "no-referrer", url("no-referrer"), plain.clone(), "null-origin"),
        (
            "by-partner",
            Site::Attacker,
            REFERRER,
            world.by_way_of(Site::Partner, "enforce", "by-partner"),
            plain.clone(),
            "null-origin",
        ),
        (
            "by-bank",
            Site::Attacker,
            REFERRER,
            world.by_way_of(Site::Bank, "enforce", "by-bank"),
            plain.clone(),
            own,
        ),
        // The partner may write, but not in another's name.
        (
            "partner-by-attacker",
            Site::Partner,
            REFERRER,
            world.by_way_of(Site::Attacker, "enforce", "partner-by-attacker"),
            plain,
            "null-origin",
        ),
    ] {
        world.run(browser, site, referrer, &[Call::new(id, "form", url, argument)]).await;
        refused(world, id, reason);
    }
}

async fn scripts_of_a_foreign_page_are_refused(world: &World, browser: &Browser) {
    let call = |id: &str, kind, argument| Call::new(id, kind, world.url("enforce", id), argument);
    let post = |mode: &str, content: &str| json!({ "method": "POST", "mode": mode, "body": "{\"amount\":1000}", "headers": { "content-type": content } });
    let taken_for_post = json!({ "method": "GET", "fields": { "_method": "POST" } });
    let calls = [
        call("framed-0", "framed", form(FORMS[0])),
        call("framed-1", "framed", form(FORMS[1])),
        call("framed-2", "framed", form(FORMS[2])),
        call("json", "fetch", post("cors", "application/json")),
        call("simple", "fetch", post("cors", "text/plain")),
        call("opaque", "opaque", post("no-cors", "text/plain")),
        call("beacon", "beacon", Value::Null),
        call("image", "image", Value::Null),
        call("read", "fetch", Value::Null),
        call("sandboxed", "sandboxed", form(FORMS[0])),
        call("override", "framed", taken_for_post),
        Call::new(
            "opaque-by-partner",
            "opaque",
            world.by_way_of(Site::Partner, "enforce", "opaque-by-partner"),
            post("no-cors", "text/plain"),
        ),
        Call::new("socket", "socket", world.url("socket", "socket"), Value::Null),
    ];
    let told = world.run(browser, Site::Attacker, REFERRER, &calls).await;
    for id in ["framed-0", "framed-1", "framed-2", "simple", "opaque", "beacon"] {
        refused(world, id, foreign(world));
    }
    refused(world, "sandboxed", "null-origin");
    refused(world, "opaque-by-partner", "null-origin");
    // Browsers send no `Origin` with it.
    refused(world, "override", if world.way.is_trustworthy() { "cross-site" } else { "override-unproven" });
    // Its preflight is refused, so that it is never sent.
    let json = world.seen("json");
    assert!(json.method == "OPTIONS" && json.status == 403, "{json:?}");
    // What only reads passes, and cannot be read.
    for id in ["image", "read"] {
        let seen = world.seen(id);
        assert_eq!(seen.csrf, Some((Verdict::Allowed, "not-needed-safe-method")), "{seen:?}");
        assert!(world.reached(id).is_none_or(|it| !it.is_moved), "{seen:?}");
    }
    assert!(told["json"] == "TypeError" && told["simple"] == "TypeError", "{told:#}");
    assert!(told["read"] == "TypeError" && told["socket"] == "refused", "{told:#}");
    assert!(world.reached("socket").is_none());
    if world.way.is_trustworthy() {
        assert_eq!(world.seen("socket").status, 403);
    }
}

async fn own_pages_may_write(world: &World, browser: &Browser) {
    let call = |id: &str, kind, argument| Call::new(id, kind, world.url("enforce", id), argument);
    let json = json!({ "method": "POST", "body": "{}", "headers": { "content-type": "application/json" } });
    let calls = [
        call("own-0", "framed", form(FORMS[0])),
        call("own-1", "framed", form(FORMS[1])),
        call("own-2", "framed", form(FORMS[2])),
        call("own-json", "fetch", json),
        call("own-beacon", "beacon", Value::Null),
        Call::new("own-sid", "framed", world.url("own-session", "own-sid"), form(FORMS[0])),
        Call::new("own-socket", "socket", world.url("socket", "own-socket"), Value::Null),
    ];
    let told = world.run(browser, Site::Bank, REFERRER, &calls).await;
    let reason = if world.way.is_trustworthy() { "same-origin" } else { "own-origin" };
    for id in ["own-0", "own-1", "own-2", "own-json", "own-beacon", "own-sid"] {
        moved(world, id, Verdict::Allowed, reason);
    }
    assert_eq!(told["own-json"]["body"], "{\"moved\":true}", "{told:#}");
    assert_eq!(told["own-socket"], "opened", "{told:#}");
    let cookies = world.reached("own-socket").unwrap().cookies;
    assert!(cookies.iter().any(|it| it == "session"), "{cookies:?}");
    world.run(browser, Site::Bank, REFERRER, &[call("own-form", "form", form(FORMS[0]))]).await;
    moved(world, "own-form", Verdict::Allowed, reason);
    // A page that hides where it is says so to itself, too.
    world.run(browser, Site::Bank, "no-referrer", &[call("hidden", "form", form(FORMS[0]))]).await;
    if world.way.is_trustworthy() {
        moved(world, "hidden", Verdict::Allowed, "same-origin");
    } else {
        refused(world, "hidden", "null-origin");
    }
}

async fn allowed_pages_may_write(world: &World, browser: &Browser) {
    let call = |id: &str, kind, argument| Call::new(id, kind, world.url("enforce", id), argument);
    for (index, enctype) in FORMS.into_iter().enumerate() {
        let id = format!("partner-{index}");
        world.run(browser, Site::Partner, REFERRER, &[call(&id, "form", form(enctype))]).await;
        moved(world, &id, Verdict::Allowed, "allowed-origin");
    }
    let post =
        |content: &str| json!({ "method": "POST", "body": "{}", "headers": { "content-type": content } });
    let calls = [
        call("partner-json", "fetch", post("application/json")),
        call("partner-simple", "fetch", post("text/plain")),
        Call::new("partner-socket", "socket", world.url("socket", "partner-socket"), Value::Null),
    ];
    let told = world.run(browser, Site::Partner, REFERRER, &calls).await;
    for id in ["partner-json", "partner-simple"] {
        if world.way.is_trustworthy() {
            moved(world, id, Verdict::Allowed, "allowed-origin");
            assert_eq!(told[id]["body"], "{\"moved\":true}", "{told:#}");
        } else {
            // A cookie that travels has to be `Secure`, so that some browsers send none.
            assert_eq!(world.seen(id).csrf, Some((Verdict::Allowed, "allowed-origin")));
            assert!(told[id]["status"] == 200 || told[id]["status"] == 401, "{told:#}");
        }
    }
    if world.way.is_trustworthy() {
        assert_eq!(told["partner-socket"], "opened", "{told:#}");
    }
}

/// Status, code and fields of every refusal reach a page that may read, and nothing of them
/// reaches another.
async fn refusals_are_readable_where_answers_are(world: &World, browser: &Browser) {
    let post = |body: &str, content: &str| json!({ "method": "POST", "body": body, "headers": { "content-type": content } });
    let without = |mut init: Value| {
        init["credentials"] = json!("omit");
        init
    };
    let all = [
        ("enforce", "r401", without(json!({})), 401, "credential-missing", "www-authenticate"),
        ("readers", "r403", without(post("a", "text/plain")), 403, "cross-site-request", "x-request-id"),
        ("typed", "r415", post("a", "text/plain"), 415, "media-type-unsupported", "accept"),
        ("typed", "r422", post("{}", "application/json"), 422, "body-invalid", "x-request-id"),
        ("limited", "first", json!({}), 200, "", "ratelimit"),
        ("limited", "r429", json!({}), 429, "quota-exceeded", "retry-after"),
        ("away", "r503", json!({}), 503, "authentication-unavailable", "retry-after"),
    ];
    // Over plain http the cookie does not travel in each browser, and without one it is 401.
    let all = &all[..if world.way.is_trustworthy() { 7 } else { 6 }];
    let calls: Vec<_> = all
        .iter()
        .map(|(route, id, init, ..)| Call::new(id, "fetch", world.url(route, id), init.clone()))
        .collect();
    let told = world.run(browser, Site::Partner, REFERRER, &calls).await;
    for (_, id, _, status, code, field) in all {
        let found = &told[id];
        let about = format!("{id} {:?}: {found:#}", world.way);
        assert_eq!(found["status"], *status, "{about}");
        for field in [field, "x-request-id"] {
            assert!(found["headers"][field].is_string(), "{field} of {about}");
        }
        if !code.is_empty() {
            let body: Value = serde_json::from_str(found["body"].as_str().unwrap()).unwrap();
            assert_eq!(body["code"], *code, "{about}");
            assert_eq!(found["headers"]["content-type"], "application/problem+json", "{about}");
        }
    }
    let foreign = world.run(browser, Site::Attacker, REFERRER, &calls).await;
    for call in &calls {
        assert_eq!(foreign[&call.id], "TypeError", "{} {:?}: {foreign:#}", call.id, world.way);
    }
}
