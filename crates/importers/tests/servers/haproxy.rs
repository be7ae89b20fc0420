//! HAProxy: generated frontends against the real program, and configurations that people copy.

use std::os::unix::net::UnixStream;
use std::process::Command;

use corsac_analysis::model::{Coverage, Credentials, Preflight, Value};

use crate::support::{
    EXPRESSIONS, NAMED, Random, Request, Running, Tally, ask, configurations, folder, model, program,
    readers, write,
};

#[test]
#[ignore = "starts haproxy"]
fn the_model_says_what_haproxy_sends() {
    let mut random = Random::new(7);
    let bodies: Vec<String> = (0..configurations(80)).map(|_| generate(&mut random)).collect();
    let folder = folder("haproxy");
    let mut text = String::from(
        "global\n  maxconn 500\ndefaults\n  mode http\n  timeout client 20s\n  timeout server 20s\n  timeout connect 5s\n",
    );
    for (number, body) in bodies.iter().enumerate() {
        let socket = folder.join(number.to_string());
        text.push_str(&format!(
            "frontend f{number}\n  bind unix@{}\n{body}  default_backend up\n",
            socket.display()
        ));
    }
    let upstream = folder.join("up");
    text.push_str(&format!("backend up\n  server up unix@{0}\nlisten upstream\n  bind unix@{0}\n  http-request return status 200 content-type text/plain string ok\n", upstream.display()));
    let file = write(&folder, "haproxy.cfg", &text);
    let mut command = Command::new(program("CORSAC_HAPROXY", &["haproxy"]));
    let socket = folder.clone();
    let ready = || UnixStream::connect(&upstream).is_ok();
    let _running = Running::start(command.args(["-db", "-f"]).arg(file), folder, ready);
    let mut tally = Tally::default();
    for (number, body) in bodies.iter().enumerate() {
        let text = format!("frontend f\n{body}  default_backend up\nbackend up\n  server up unix@up\n");
        let model = model("haproxy", &text);
        assert_eq!(model.scopes.len(), 1, "{text}");
        tally.compare(&model.scopes[0], body, |method, origin| {
            let connection = UnixStream::connect(socket.join(number.to_string())).unwrap();
            ask(connection, &Request { method, host: "h", path: "/", origin })
        });
    }
    tally.judge("HAProxy");
}

/// A frontend's rules.
fn generate(random: &mut Random) -> String {
    let mut text = format!("  capture request header origin len {}\n", random.pick(&[24, 40, 128, 512]));
    for _ in 0..=random.below(3) {
        text.push_str(&format!("  acl known {}\n", test(random)));
    }
    if random.one_in(3) {
        text.push_str(&format!("  acl other {}\n", test(random)));
    } else {
        text.push_str("  acl other req.fhdr(origin) -m sub .evil\n");
    }
    let sample =
        random.pick(&["req.hdr(origin)", "req.fhdr(origin)", "req.fhdr(origin),lower", "hdr(Origin)"]);
    let clause = clause(random);
    text.push_str(&format!("  http-request set-var(txn.origin) {sample}{clause}\n"));
    match random.below(6) {
        0 => text.push_str("  http-request set-var(txn.origin) str(https://example.com) if other\n"),
        1 => text.push_str("  http-request unset-var(txn.origin) if other\n"),
        2 => text.push_str("  http-request set-var-fmt(txn.also) %[req.hdr(origin)]\n"),
        _ => {}
    }
    if random.one_in(2) {
        let value = random.pick(&["%[req.hdr(origin)]", "%[req.fhdr(origin)]", "*", "%[var(txn.origin)]"]);
        let clause =
            random.pick(&[" if METH_OPTIONS", " if METH_OPTIONS known", " if { method OPTIONS } !other"]);
        text.push_str(&format!(
            "  http-request return status 204 hdr Access-Control-Allow-Origin {value} hdr Access-Control-Allow-Credentials true{clause}\n"
        ));
    }
    for _ in 0..=random.below(3) {
        let action = random.pick(&["set-header", "set-header", "add-header", "del-header"]);
        text.push_str(&response_rule(random, action));
    }
    text.push_str(&response_rule(random, "set-header"));
    let clause = response_clause(random);
    text.push_str(&format!("  http-response set-header Access-Control-Allow-Credentials true{clause}\n"));
    text
}

fn test(random: &mut Random) -> String {
    let case = random.pick(&["", " -i"]);
    let one = random.pick(&NAMED);
    let two = random.pick(&NAMED);
    let part = random.pick(&["example.com", ".example.com", "https://app", "localhost", "com"]);
    let expression = random.pick(&EXPRESSIONS);
    match random.below(9) {
        0 => format!("hdr(origin){case} {one} {two}"),
        1 => format!("hdr_end(origin){case} {part}"),
        2 => format!("hdr_beg(origin){case} {one}"),
        3 => format!("hdr_sub(origin){case} {part}"),
        4 => format!("hdr_dom(origin){case} {part}"),
        5 => format!("hdr_reg(origin){case} '{expression}'"),
        6 => format!("req.fhdr(origin){case} -m reg '{expression}'"),
        7 => format!(
            "req.fhdr(origin){case} -m {} {part} {two}",
            random.pick(&["beg", "end", "sub", "str", "dom"])
        ),
        _ => format!("req.hdr(origin) -m {} {part} {two}", random.pick(&["beg", "end", "sub", "str"])),
    }
}

fn clause(random: &mut Random) -> String {
    match random.below(6) {
        0 => String::new(),
        1 => " if known !other".to_owned(),
        2 => " unless other".to_owned(),
        3 => format!(" if {{ {} }}", test(random)),
        _ => " if known".to_owned(),
    }
}

fn response_clause(random: &mut Random) -> String {
    let expression = random.pick(&EXPRESSIONS);
    match random.below(8) {
        0 => String::new(),
        1 => format!(" if {{ capture.req.hdr(0) -m reg '{expression}' }}"),
        2 => format!(" if {{ capture.req.hdr(0) -m end {} }}", random.pick(&NAMED)),
        // A request's sample in a response rule never matches.
        3 => " if known".to_owned(),
        4 => " if { var(txn.origin) -m str https://app.example.com } or { capture.req.hdr(0) -m sub local }"
            .to_owned(),
        5 => " unless { var(txn.origin) -m beg http: }".to_owned(),
        _ => " if { var(txn.origin) -m found }".to_owned(),
    }
}

fn response_rule(random: &mut Random, action: &str) -> String {
    let when = random.pick(&["http-response", "http-response", "http-after-response"]);
    let clause = response_clause(random);
    if action == "del-header" {
        return format!("  {when} del-header access-control-allow-origin{clause}\n");
    }
    let value = match random.below(6) {
        0 => "*",
        1 => "%[capture.req.hdr(0)]",
        2 => random.pick(&NAMED),
        _ => "%[var(txn.origin)]",
    };
    format!("  {when} {action} Access-Control-Allow-Origin {value}{clause}\n")
}

const ORIGINS: [&str; 4] =
    ["https://app.example.com", "https://evil.net", "https://app.example.com.evil.net", "null"];

/// The answer on the maker's own blog.
#[test]
fn a_captured_origin_is_reflected_to_those_that_an_acl_names() {
    let model = model(
        "haproxy",
        "frontend api\n  bind :80\n  capture request header origin len 128\n  http-response add-header Access-Control-Allow-Origin %[capture.req.hdr(0)] if { capture.req.hdr(0) -m found }\n  rspadd Access-Control-Allow-Headers:\\ Origin,\\ Accept if { capture.req.hdr(0) -m found }\n  default_backend api\nbackend api\n  server one 127.0.0.1:1\n",
    );
    let scope = &model.scopes[0];
    assert_eq!(scope.name, "frontend api, backend api");
    assert_eq!(readers(&scope.actual, &ORIGINS, Credentials::Omitted), ORIGINS);
    assert!(readers(&scope.actual, &ORIGINS, Credentials::Included).is_empty());
    let headers = scope.actual.allow_headers.as_ref().map(|field| &field.value);
    assert_eq!(headers, Some(&Value::Text("Origin, Accept".to_owned())));
    assert_eq!(scope.actual.coverage, Coverage::Successes);
    assert!(scope.actual.passes_upstream, "`add-header` stands beside the upstream's");
}

#[test]
fn a_request_sample_in_a_response_rule_never_matches() {
    let text = |rule: &str| {
        format!(
            "listen l\n  bind :80\n  acl known hdr(origin) https://app.example.com\n  http-request set-var(txn.origin) req.hdr(origin) if known\n  {rule}\n"
        )
    };
    let dead = model("haproxy", &text("http-response set-header Access-Control-Allow-Origin * if known"));
    assert!(readers(&dead.scopes[0].actual, &ORIGINS, Credentials::Omitted).is_empty());
    let alive = model(
        "haproxy",
        &text("http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)]"),
    );
    assert_eq!(readers(&alive.scopes[0].actual, &ORIGINS, Credentials::Omitted), ["https://app.example.com"]);
    assert_eq!(alive.scopes[0].actual.coverage, Coverage::All);
}

#[test]
fn preflights_are_answered_denied_or_asked_to_sign_in() {
    let text = |rule: &str| format!("frontend f\n  bind :80\n  {rule}\n  default_backend b\nbackend b\n");
    let preflight = |rule: &str| model("haproxy", &text(rule)).scopes.remove(0).preflight;
    let answered = preflight(
        "http-request return status 204 hdr Access-Control-Allow-Origin * hdr Access-Control-Allow-Methods GET,PUT if METH_OPTIONS",
    );
    let Preflight::Answered(answer) = answered else { panic!("{answered:?}") };
    assert_eq!(readers(&answer, &ORIGINS, Credentials::Omitted), ORIGINS);
    assert_eq!(answer.allow_methods.unwrap().value, Value::Text("GET,PUT".to_owned()));
    assert!(matches!(preflight("http-request deny if METH_OPTIONS"), Preflight::Unanswered));
    let signed = preflight("http-request auth unless { http_auth(users) }");
    assert!(matches!(signed, Preflight::Authenticated(Some(_))), "{signed:?}");
    assert!(matches!(preflight("http-request deny if { method TRACE }"), Preflight::Unknown));
}

#[test]
fn code_makes_everything_opaque_and_is_listed() {
    let model = model(
        "haproxy",
        "frontend f\n  bind :80\n  http-request lua.cors GET,PUT example.com *\n  http-response lua.cors\n",
    );
    assert!(model.unread.iter().any(|unread| unread.reason.contains("lua.cors")), "{:?}", model.unread);
    let actual = &model.scopes[0].actual;
    let unknown = corsac_analysis::model::Truth::Unknown;
    assert_eq!(actual.lets_read("https://evil.net", Credentials::Included), unknown);
}

#[test]
fn paths_that_rules_tell_apart_are_scopes() {
    let model = model(
        "haproxy",
        "frontend f\n  bind :80\n  acl api path_beg /api\n  http-request set-var(txn.api) bool(true) if api\n  http-request return status 200 hdr Access-Control-Allow-Origin * if api\n",
    );
    let names: Vec<_> = model.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["frontend f", "frontend f, path /api*"]);
    let read = |at: usize| readers(&model.scopes[at].actual, &ORIGINS, Credentials::Omitted).len();
    assert_eq!((read(0), read(1)), (0, ORIGINS.len()));
}
