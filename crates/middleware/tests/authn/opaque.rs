//! Opaque tokens: one question each, bounded, and answers that are ones.

use bytes::Bytes;
use corsac_middleware::authn::Authn;
use http::{Response, StatusCode};
use serde_json::json;

use crate::world::{Sent, World, check, check_again, known, one_server, over, refused, wait};

fn active(subject: &str) -> serde_json::Value {
    json!({"active": true, "sub": subject, "scope": "read"})
}

#[test]
fn one_question_a_token_however_many_ask() {
    let world = World::new();
    let members = world.compile(&one_server(&world)).group("members").unwrap();
    let sent = Sent::bearer("opaque-1");
    let mut waits: Vec<_> = (0..20).map(|_| wait(check(&world, &members, &sent))).collect();
    // Another token is another question.
    let other = wait(check(&world, &members, &Sent::bearer("opaque-2")));
    assert_eq!(world.sent(), 2);
    drop(other);
    {
        let fetches = world.fetches.lock().unwrap();
        let request = &fetches[0].request;
        assert_eq!(request.body(), &Bytes::from("token=opaque-1&token_type_hint=access_token"));
        assert_eq!(request.method(), "POST");
        // gateway:s3cr3t-of-the-gateway
        assert_eq!(request.headers()["authorization"], "Basic Z2F0ZXdheTpzM2NyM3Qtb2YtdGhlLWdhdGV3YXk=");
        assert!(request.headers()["authorization"].is_sensitive());
    }
    world.fetches.lock().unwrap().swap(0, 1);
    world.answer_json(200, &active("ada"));
    for wait in &mut waits {
        let waited = over(wait).unwrap();
        assert_eq!(known(check_again(&world, &members, &sent, &waited)).principal().subject(), "ada");
    }
    known(check(&world, &members, &sent));
    assert_eq!(world.sent(), 2);
    // Its answer is kept for a minute, and not for more.
    world.pass(60);
    drop(wait(check(&world, &members, &sent)));
    assert_eq!(world.sent(), 3);
}

#[test]
fn an_answer_that_is_not_kept_still_answers_who_waited() {
    let world = World::new();
    let mut config = one_server(&world);
    config.introspection[0].rules.active_for = std::time::Duration::ZERO;
    config.introspection[0].rules.refused_for = std::time::Duration::ZERO;
    let members = world.compile(&config).group("members").unwrap();
    let sent = Sent::bearer("opaque-1");
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer_json(200, &active("ada"));
    let waited = over(&mut waiting).unwrap();
    known(check_again(&world, &members, &sent, &waited));
    // Only of the token that was asked about.
    drop(wait(check_again(&world, &members, &Sent::bearer("opaque-2"), &waited)));
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer_json(200, &json!({"active": false}));
    let waited = over(&mut waiting).unwrap();
    let refusal = refused(check_again(&world, &members, &sent, &waited));
    assert_eq!((refusal.problem.status, refusal.reason), (StatusCode::UNAUTHORIZED, "token-inactive"));
}

#[test]
fn only_200_with_json_is_an_answer() {
    let response = |status: u16, kind: &str, body: &'static str| {
        Ok(Response::builder().status(status).header("content-type", kind).body(body.into()).unwrap())
    };
    let yes = "{\"active\": true, \"sub\": \"eve\"}";
    for (answer, said) in [
        (response(401, "application/json", yes), "client id or secret is wrong"),
        (response(403, "application/json", yes), "another status"),
        (response(302, "application/json", yes), "another status"),
        (response(201, "application/json", yes), "another status"),
        (response(200, "text/html", yes), "not application/json"),
        (response(200, "application/json", "<html>"), "not JSON"),
        (response(200, "application/json", "{}"), "no `active`"),
        (Err("refused".to_owned()), "did not come"),
    ] {
        let world = World::new();
        let members = world.compile(&one_server(&world)).group("members").unwrap();
        let sent = Sent::bearer("opaque-1");
        let mut waiting = wait(check(&world, &members, &sent));
        world.answer(answer);
        let waited = over(&mut waiting).unwrap();
        let refusal = refused(check_again(&world, &members, &sent, &waited));
        assert_eq!(refusal.problem.status, StatusCode::SERVICE_UNAVAILABLE, "{said}");
        assert!(refusal.detail.unwrap().as_str().contains(said), "{said}");
        // Nothing is known of the token: the next request asks again.
        drop(wait(check(&world, &members, &sent)));
    }
    let world = World::new();
    let members = world.compile(&one_server(&world)).group("members").unwrap();
    let sent = Sent::bearer("opaque-1");
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer(response(200, "application/json; charset=utf-8", "{\"active\": true, \"sub\": \"ada\"}"));
    known(check_again(&world, &members, &sent, &over(&mut waiting).unwrap()));
}

#[test]
fn a_storm_of_tokens_asks_no_more_at_a_time_than_allowed() {
    let world = World::new();
    let authn = world.compile(&one_server(&world));
    let members = authn.group("members").unwrap();
    let mut waits = Vec::new();
    let mut refusals = 0;
    for number in 0..5_000 {
        match check(&world, &members, &Sent::bearer(&format!("opaque-{number}"))) {
            corsac_middleware::authn::Check::Wait(wait) => waits.push(wait),
            other => {
                let refusal = refused(other);
                assert_eq!(refusal.problem.status, StatusCode::SERVICE_UNAVAILABLE);
                refusals += 1;
            }
        }
    }
    assert_eq!((waits.len(), refusals, world.sent(), world.tasks()), (64, 4_936, 64, 64));
    // Who asks and goes away does not make room: the server is still busy with it.
    waits.clear();
    refused(check(&world, &members, &Sent::bearer("opaque-x")));
    ends_in_time(&world, &authn);
    drop(wait(check(&world, &members, &Sent::bearer("opaque-x"))));
}

fn ends_in_time(world: &World, authn: &Authn) {
    world.pass(5);
    authn.poll(world.time());
    world.run();
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let world = World::new();
    let authn = world.compile(&one_server(&world));
    let members = authn.group("members").unwrap();
    let sent = Sent::bearer("opaque-1");
    let mut waiting = wait(check(&world, &members, &sent));
    world.run();
    world.pass(4);
    authn.poll(world.time());
    assert!(over(&mut waiting).is_none());
    world.pass(1);
    authn.poll(world.time());
    let waited = over(&mut waiting).unwrap();
    let refusal = refused(check_again(&world, &members, &sent, &waited));
    assert_eq!(refusal.reason, "introspection-unavailable");
    world.run();
    assert_eq!(world.tasks(), 0);
}

#[test]
fn a_server_that_refuses_us_is_told_of_once_a_minute() {
    let world = World::new();
    let members = world.compile(&one_server(&world)).group("members").unwrap();
    for number in 0..10 {
        let _waiting = wait(check(&world, &members, &Sent::bearer(&format!("opaque-{number}"))));
        world.answer_json(401, &json!({"error": "invalid_client"}));
    }
    assert_eq!(world.failures().len(), 1);
    assert!(world.failures()[0].contains("401"), "{:?}", world.failures());
    world.pass(60);
    let _waiting = wait(check(&world, &members, &Sent::bearer("opaque-11")));
    world.answer_json(401, &json!({}));
    assert_eq!(world.failures().len(), 2);
}

#[test]
fn a_dropped_task_and_a_token_that_expired_meanwhile_are_refused() {
    let world = World::new();
    let members = world.compile(&one_server(&world)).group("members").unwrap();
    let sent = Sent::bearer("opaque-1");
    let mut waiting = wait(check(&world, &members, &sent));
    world.abandon();
    let waited = over(&mut waiting).unwrap();
    assert_eq!(refused(check_again(&world, &members, &sent, &waited)).reason, "introspection-unavailable");
    let mut waiting = wait(check(&world, &members, &sent));
    world.answer_json(200, &json!({"active": true, "sub": "ada", "exp": world.time().as_secs() + 2}));
    let waited = over(&mut waiting).unwrap();
    world.pass(2);
    assert_eq!(refused(check_again(&world, &members, &sent, &waited)).reason, "token-expired");
}

#[test]
fn a_reload_keeps_answers_of_the_same_server_only() {
    let world = World::new();
    let config = one_server(&world);
    let authn = world.compile(&config);
    let members = authn.group("members").unwrap();
    let sent = Sent::bearer("opaque-1");
    let _waiting = wait(check(&world, &members, &sent));
    world.answer_json(200, &active("ada"));
    let read = |path: &std::path::Path, limit| world.read(path, limit);
    let same = authn.recompile(&config, &read).unwrap();
    known(check(&world, &same.group("members").unwrap(), &sent));
    let mut moved = config.clone();
    moved.introspection[0].endpoint = "https://id2.example.com/introspect".into();
    let other = same.recompile(&moved, &read).unwrap();
    drop(wait(check(&world, &other.group("members").unwrap(), &sent)));
    world.write("introspection.secret", "another");
    let other = same.recompile(&config, &read).unwrap();
    drop(wait(check(&world, &other.group("members").unwrap(), &sent)));
}

#[test]
fn what_no_token_is_asks_nobody() {
    let world = World::new();
    let members = world.compile(&one_server(&world)).group("members").unwrap();
    let refusal = refused(check(&world, &members, &Sent::bearer(&"x".repeat(5_000))));
    assert_eq!((refusal.problem.status, world.sent()), (StatusCode::UNAUTHORIZED, 0));
}
