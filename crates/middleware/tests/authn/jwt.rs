//! Signed tokens: keys that come, change, stay away, and never come.

use std::sync::Arc;
use std::time::Instant;

use corsac_middleware::authn::{AuthnConfig, KeySource};
use http::StatusCode;
use serde_json::json;

use crate::world::{
    Issuer, KEYS_URL, NOW, Sent, World, bearer, check, check_again, fetched, group, jwt, known, one_issuer,
    over, refused, wait,
};

fn with_kid(issuer: &Issuer, kid: &str) -> String {
    issuer.token_of(&json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}), "eve", NOW + 3_600)
}

#[test]
fn many_requests_share_one_fetch_of_the_keys() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let members = world.compile(&one_issuer()).group("members").unwrap();
    let sent = Sent::bearer(&issuer.token("ada"));
    let mut waits: Vec<_> = (0..50).map(|_| wait(check(&world, &members, &sent))).collect();
    assert_eq!(world.sent(), 1);
    assert!(waits.iter_mut().all(|wait| over(wait).is_none()));
    world.answer_json(200, &issuer.keys());
    for wait in &mut waits {
        let waited = over(wait).unwrap();
        let identity = known(check_again(&world, &members, &sent, &waited));
        assert_eq!(identity.principal().subject(), "ada");
        assert!(!identity.is_ambient());
    }
    let fetches = world.fetches.lock().unwrap();
    assert_eq!((fetches.len(), fetches[0].request.uri().to_string().as_str()), (1, KEYS_URL));
    assert!(!fetches[0].request.headers().contains_key("authorization"));
}

#[test]
fn who_goes_away_takes_no_fetch_along() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let members = world.compile(&one_issuer()).group("members").unwrap();
    let sent = Sent::bearer(&issuer.token("ada"));
    let first = wait(check(&world, &members, &sent));
    let mut second = wait(check(&world, &members, &sent));
    world.run();
    drop(first);
    world.answer_json(200, &issuer.keys());
    let waited = over(&mut second).unwrap();
    known(check_again(&world, &members, &sent, &waited));
    assert_eq!(world.sent(), 1);
}

#[test]
fn no_more_wait_than_there_is_room_for() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let members = world.compile(&one_issuer()).group("members").unwrap();
    let sent = Sent::bearer(&issuer.token("ada"));
    let mut waits: Vec<_> = (0..1_024).map(|_| wait(check(&world, &members, &sent))).collect();
    let full = refused(check(&world, &members, &sent));
    assert_eq!((full.problem.status, full.reason), (StatusCode::SERVICE_UNAVAILABLE, "keys-unavailable"));
    waits.pop();
    waits.push(wait(check(&world, &members, &sent)));
    world.answer_json(200, &issuer.keys());
    assert!(waits.iter_mut().all(|wait| over(wait).is_some()));
}

#[test]
fn an_outage_at_the_start_ends_by_itself() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let mut config = one_issuer();
    let mut local = jwt("local", bearer());
    local.keys = KeySource::File("keys.json".into());
    config.jwt.push(local);
    config.groups.push(group("staff", &["local"]));
    world.write("keys.json", issuer.keys().to_string());
    let authn = world.compile(&config);
    let (members, staff) = (authn.group("members").unwrap(), authn.group("staff").unwrap());
    let sent = Sent::bearer(&issuer.token("ada"));
    authn.poll(world.time());
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer(Err("no route to host".into()));
    let waited = over(&mut waiting).unwrap();
    let refusal = refused(check_again(&world, &members, &sent, &waited));
    assert_eq!(refusal.problem.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refusal.problem.fields.iter().any(|(name, value)| name == "retry-after" && value == "5"));
    assert!(world.failures()[0].contains("no route to host"));
    // Others serve.
    known(check(&world, &staff, &sent));
    // During the pause nobody asks; behind it the timer does.
    world.pass(4);
    authn.poll(world.time());
    refused(check(&world, &members, &sent));
    assert_eq!(world.sent(), 1);
    world.pass(1);
    authn.poll(world.time());
    world.answer_json(200, &issuer.keys());
    known(check(&world, &members, &sent));
}

#[test]
fn keys_are_renewed_behind_the_requests_and_withdrawn_ones_end() {
    let (world, issuer, successor) = (World::new(), Issuer::new("k1"), Issuer::new("k2"));
    let (authn, members) = fetched(&world, &issuer);
    let sent = Sent::bearer(&issuer.token("ada"));
    known(check(&world, &members, &sent));
    // Stale: requests are served, the timer fetches, and a failure changes nothing.
    world.pass(601);
    known(check(&world, &members, &sent));
    authn.poll(world.time());
    assert_eq!(world.sent(), 2);
    known(check(&world, &members, &sent));
    world.answer_json(500, &json!({}));
    known(check(&world, &members, &sent));
    // A new set without the old key: what was verified with it is not any more.
    world.pass(5);
    authn.poll(world.time());
    world.answer_json(200, &successor.keys());
    let refusal = refused(check(&world, &members, &sent));
    assert_eq!((refusal.problem.status, refusal.reason), (StatusCode::UNAUTHORIZED, "token-key"));
    known(check(&world, &members, &Sent::bearer(&successor.token("ada"))));
}

#[test]
fn a_stale_key_is_refused_in_the_end() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (authn, members) = fetched(&world, &issuer);
    let token = issuer.token_of(&json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1"}), "ada", NOW + 80_000);
    let sent = Sent::bearer(&token);
    known(check(&world, &members, &sent));
    world.pass(4_200);
    known(check(&world, &members, &sent));
    world.pass(1);
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer(Err("down".into()));
    let waited = over(&mut waiting).unwrap();
    assert_eq!(refused(check_again(&world, &members, &sent, &waited)).reason, "keys-unavailable");
    drop(authn);
}

#[test]
fn a_fetch_that_never_ends_is_given_up() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let authn = world.compile(&one_issuer());
    let members = authn.group("members").unwrap();
    let sent = Sent::bearer(&issuer.token("ada"));
    let mut waiting = wait(check(&world, &members, &sent));
    world.run();
    world.pass(9);
    authn.poll(world.time());
    assert!(over(&mut waiting).is_none());
    world.pass(1);
    authn.poll(world.time());
    let waited = over(&mut waiting).unwrap();
    assert_eq!(refused(check_again(&world, &members, &sent, &waited)).reason, "keys-unavailable");
    // The fetch itself is dropped, and its late answer heard by nobody.
    world.run();
    assert_eq!(world.tasks(), 0);
    assert_eq!(world.failures(), ["the key set did not come in time"]);
    world.pass(5);
    authn.poll(world.time());
    world.answer_json(200, &issuer.keys());
    known(check(&world, &members, &sent));
}

#[test]
fn a_task_that_is_dropped_counts_as_a_failed_fetch() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let members = world.compile(&one_issuer()).group("members").unwrap();
    let sent = Sent::bearer(&issuer.token("ada"));
    let mut waiting = wait(check(&world, &members, &sent));
    world.abandon();
    let waited = over(&mut waiting).unwrap();
    assert_eq!(refused(check_again(&world, &members, &sent, &waited)).reason, "keys-unavailable");
}

/// 20,000 here: what would let one more fetch through, or grow, does so for each of them.
#[test]
fn made_up_key_ids_fetch_no_more_than_the_budget() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (authn, members) = fetched(&world, &issuer);
    world.pass(11);
    let mut answered = 0;
    for number in 0..20_000 {
        let forged = Sent::bearer(&format!(
            "{}.{}.{}",
            crate::world::b64(
                json!({"alg": "ES256", "typ": "at+jwt", "kid": format!("x{number}")}).to_string()
            ),
            crate::world::b64("{}"),
            crate::world::b64([7; 64])
        ));
        let first = check(&world, &members, &forged);
        if world.sent() > answered + 1 {
            world.answer_json(200, &issuer.keys());
            answered += 1;
            world.pass(u64::from(answered < 4));
        }
        drop(first);
    }
    // One at the start, five of the minute's six.
    assert!(world.sent() <= 6, "{}", world.sent());
    assert_eq!(authn.verified_tokens(), 0);
    known(check(&world, &members, &Sent::bearer(&issuer.token("ada"))));
}

#[test]
fn a_new_key_is_fetched_for_who_names_it_and_no_request_waits_for_ever() {
    let (world, issuer, successor) = (World::new(), Issuer::new("k1"), Issuer::new("k2"));
    let (_authn, members) = fetched(&world, &issuer);
    world.pass(11);
    let sent = Sent::bearer(&successor.token("ada"));
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer_json(200, &json!({"keys": [issuer.jwk(), successor.jwk()]}));
    let waited = over(&mut waiting).unwrap();
    known(check_again(&world, &members, &sent, &waited));
    // A key that is not there either: one wait, then a refusal.
    world.pass(11);
    let sent = Sent::bearer(&with_kid(&issuer, "k3"));
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer_json(200, &issuer.keys());
    let waited = over(&mut waiting).unwrap();
    assert_eq!(refused(check_again(&world, &members, &sent, &waited)).reason, "token-key");
}

#[test]
fn a_request_waits_a_few_times_and_no_more() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let members = world.compile(&one_issuer()).group("members").unwrap();
    let sent = Sent::bearer(&issuer.token("ada"));
    let mut asked = check(&world, &members, &sent);
    for _ in 0..3 {
        let mut waiting = wait(asked);
        world.answer(Err("down".into()));
        world.pass(5);
        let waited = over(&mut waiting).unwrap();
        asked = check_again(&world, &members, &sent, &waited);
    }
    assert_eq!(refused(asked).problem.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn a_reload_keeps_keys_and_what_was_verified_with_them() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (authn, members) = fetched(&world, &issuer);
    let sent = Sent::bearer(&issuer.token("ada"));
    known(check(&world, &members, &sent));
    let mut config = one_issuer();
    config.groups.push(group("others", &["sign_in"]));
    let read = |path: &std::path::Path, limit| world.read(path, limit);
    let same = authn.recompile(&config, &read).unwrap();
    known(check(&world, &same.group("others").unwrap(), &sent));
    assert_eq!((world.sent(), same.verified_tokens()), (1, 1));
    // Other rules: neither keys nor tokens are taken over.
    config.jwt[0].provider.audiences = vec!["https://other.example.com".into()];
    let other = same.recompile(&config, &read).unwrap();
    let mut waiting = wait(check(&world, &other.group("members").unwrap(), &sent));
    world.answer_json(200, &issuer.keys());
    let waited = over(&mut waiting).unwrap();
    let refusal = refused(check_again(&world, &other.group("members").unwrap(), &sent, &waited));
    assert_eq!(refusal.reason, "token-claim");
    // A mistake leaves the one in force as it is.
    config.groups[0].methods.clear();
    assert!(other.recompile(&config, &read).is_err());
    known(check(&world, &members, &sent));
}

#[test]
fn a_key_that_leaves_its_file_takes_its_tokens_along() {
    let (world, issuer, successor) = (World::new(), Issuer::new("k1"), Issuer::new("k2"));
    let mut local = jwt("local", bearer());
    local.keys = KeySource::File("keys.json".into());
    let config =
        AuthnConfig { jwt: vec![local], groups: vec![group("staff", &["local"])], ..AuthnConfig::default() };
    world.write("keys.json", issuer.keys().to_string());
    let authn = world.compile(&config);
    let sent = Sent::bearer(&issuer.token("ada"));
    known(check(&world, &authn.group("staff").unwrap(), &sent));
    world.write("keys.json", successor.keys().to_string());
    let read = |path: &std::path::Path, limit| world.read(path, limit);
    let after = authn.recompile(&config, &read).unwrap();
    assert_eq!(refused(check(&world, &after.group("staff").unwrap(), &sent)).reason, "token-key");
    assert_eq!(authn.files(), [std::path::Path::new("keys.json")]);
}

/// `cargo test --release -p corsac-middleware --test authn -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_a_cached_check_costs() {
    let (world, issuer) = (World::new(), Issuer::new("k1"));
    let (_authn, members) = fetched(&world, &issuer);
    let requests: Vec<_> = (0..1_000).map(|n| Sent::bearer(&issuer.token(&format!("user-{n}")))).collect();
    let pass = || requests.iter().for_each(|sent| drop(known(check(&world, &members, sent))));
    pass();
    let mut best = f64::MAX;
    for _ in 0..50 {
        let start = Instant::now();
        pass();
        best = best.min(start.elapsed().as_secs_f64());
    }
    let bytes = requests[0].headers["authorization"].len();
    println!("a cached check of {bytes} bytes: {:.0} ns", best * 1e6);
    let members = Arc::clone(&members);
    let forged = Sent::get("/");
    let start = Instant::now();
    for _ in 0..100_000 {
        drop(refused(check(&world, &members, &forged)));
    }
    println!("a refusal: {:.0} ns", start.elapsed().as_secs_f64() * 1e4);
}
