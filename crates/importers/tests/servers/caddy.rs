//! Caddy: generated sites against the real program, and configurations that people copy.

use std::net::TcpStream;
use std::process::Command;

use corsac_analysis::model::{Coverage, Credentials, Preflight, Truth, Value};

use crate::support::{
    EXPRESSIONS, NAMED, Random, Request, Running, Tally, ask, configurations, connect, folder, free_port,
    model, program, readers, write,
};

#[test]
#[ignore = "starts caddy"]
fn the_model_says_what_caddy_sends() {
    let mut random = Random::new(13);
    let folder = folder("caddy");
    let (port, upstream) = (free_port(), free_port());
    let bodies: Vec<String> = (0..configurations(80)).map(|_| generate(&mut random, upstream)).collect();
    let mut text = format!(
        "{{\n\tadmin off\n\tauto_https off\n}}\nhttp://127.0.0.1:{upstream} {{\n\tbind 127.0.0.1\n\trespond ok\n}}\n"
    );
    for (number, body) in bodies.iter().enumerate() {
        text.push_str(&format!("http://h{number}.test:{port} {{\n\tbind 127.0.0.1\n{body}}}\n"));
    }
    let file = write(&folder, "Caddyfile", &text);
    let mut command = Command::new(program("CORSAC_CADDY", &["caddy"]));
    let command = command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    let command = command.env("XDG_DATA_HOME", &folder).env("XDG_CONFIG_HOME", &folder);
    let ready = || [port, upstream].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok());
    let _running = Running::start(command, folder, ready);
    let mut tally = Tally::default();
    for (number, body) in bodies.iter().enumerate() {
        let model = model("caddy", &format!("example.com {{\n{body}}}\n"));
        let host = format!("h{number}.test");
        for scope in model.scopes.iter().filter(|scope| !scope.name.contains("POST")) {
            let path = if scope.name.contains("path /api") { "/api/items" } else { "/items" };
            tally.compare(scope, body, |method, origin| {
                ask(connect(port), &Request { method, host: &host, path, origin })
            });
        }
    }
    tally.judge("Caddy");
}

/// The directives of a site.
fn generate(random: &mut Random, upstream: u16) -> String {
    let mut text = String::new();
    let (first, mut second) = (test(random), test(random));
    while first.contains("regexp") && second.contains("regexp") {
        second = test(random);
    }
    text.push_str(&format!("\t@a {}\n\t@b {{\n\t\t{first}\n\t\t{second}\n\t}}\n", test(random)));
    text.push_str(&format!("\t@r header_regexp o Origin {}\n", expression(random)));
    if random.one_in(3) {
        text.push_str(&format!(
            "\tmap {{header.Origin}} {{allowed}} {{\n\t\t{} {{header.Origin}}\n\t\t{} https://example.com\n\t\t~{} \"$0\"\n\t\tdefault \"{}\"\n\t}}\n",
            random.pick(&NAMED), random.pick(&NAMED).to_uppercase(), expression(random), random.pick(&["", "null", "*"])
        ).replace(" {header.Origin}\n", " https://app.example.com\n"));
        text.push_str("\theader Access-Control-Allow-Origin {allowed}\n");
    }
    for _ in 0..=random.below(3) {
        text.push_str(&header(random));
    }
    let matcher = matcher(random);
    text.push_str(&format!("\theader {matcher}Access-Control-Allow-Credentials true\n"));
    match random.below(5) {
        0 => text.push_str(&format!(
            "\thandle /api/* {{\n\t{}\t\trespond api\n\t}}\n\thandle {{\n\t{}\t\trespond ok\n\t}}\n",
            header(random),
            header(random)
        )),
        1 => text.push_str(&format!(
            "\troute {{\n\t{}\t\t@options method OPTIONS\n\t\trespond @options 204\n\t{}\t}}\n",
            header(random),
            header(random)
        )),
        2 => text.push_str("\t@options method OPTIONS\n\trespond @options 204\n"),
        _ => {}
    }
    match random.below(4) {
        0 => text.push_str("\trespond ok\n"),
        1 => text.push_str(&format!(
            "\treverse_proxy 127.0.0.1:{upstream} {{\n\t\theader_down Access-Control-Allow-Origin {}\n\t}}\n",
            random.pick(&NAMED)
        )),
        2 => text.push_str(&format!("\treverse_proxy 127.0.0.1:{upstream}\n")),
        _ => {}
    }
    text
}

fn expression(random: &mut Random) -> &'static str {
    loop {
        let picked = random.pick(&EXPRESSIONS);
        // Its engine has no look-ahead.
        if !picked.contains("(?!") {
            return picked;
        }
    }
}

fn test(random: &mut Random) -> String {
    let named = random.pick(&NAMED);
    match random.below(8) {
        0 => "header Origin *.example.com".to_owned(),
        1 => "header Origin https://*".to_owned(),
        2 => "header Origin *example*".to_owned(),
        3 => format!("header_regexp Origin {}", expression(random)),
        4 => format!("not header Origin {named}"),
        5 => "path /api/*".to_owned(),
        _ => format!("header Origin {named}"),
    }
}

fn matcher(random: &mut Random) -> &'static str {
    random.pick(&["", "@a ", "@b ", "@r ", "/api/* ", "@a ", "@r "])
}

fn header(random: &mut Random) -> String {
    let matcher = matcher(random);
    let value = match random.below(7) {
        0 => "*",
        1 | 2 => "{header.Origin}",
        3 => "{http.request.header.origin}",
        4 => random.pick(&["{re.o.0}", "{http.regexp.o.1}"]),
        _ => random.pick(&NAMED),
    };
    let field = "Access-Control-Allow-Origin";
    match random.below(8) {
        0 => format!("\theader {matcher}+{field} {value}\n"),
        1 => format!("\theader {matcher}?{field} {value}\n"),
        2 => format!("\theader {matcher}{{\n\t\tdefer\n\t\t{field} {value}\n\t}}\n"),
        3 => format!("\theader {matcher}-{field}\n"),
        4 => format!(
            "\theader {matcher}{{\n\t\t{field} {value}\n\t\t?{field} https://example.com\n\t\tVary Origin\n\t}}\n"
        ),
        _ => format!("\theader {matcher}{field} {value}\n"),
    }
}

const ORIGINS: [&str; 4] =
    ["https://app.example.com", "https://evil.net", "https://app.example.com.evil.net", "null"];

/// The community's snippet.
#[test]
fn the_usual_snippet_admits_its_argument() {
    let model = model(
        "caddy",
        "(cors) {\n\t@cors_preflight method OPTIONS\n\t@cors header Origin {args.0}\n\n\thandle @cors_preflight {\n\t\theader Access-Control-Allow-Origin \"{args.0}\"\n\t\theader Access-Control-Allow-Methods \"GET, POST\"\n\t\theader Access-Control-Allow-Headers \"Content-Type\"\n\t\theader Access-Control-Max-Age \"3600\"\n\t\trespond \"\" 204\n\t}\n\n\thandle @cors {\n\t\theader Access-Control-Allow-Origin \"{args.0}\"\n\t\theader Access-Control-Expose-Headers \"Link\"\n\t}\n}\n\nexample.com {\n\timport cors https://app.example.com\n\treverse_proxy localhost:8080\n}\n",
    );
    let scope = &model.scopes[0];
    assert_eq!(scope.name, "site example.com");
    assert_eq!(readers(&scope.actual, &ORIGINS, Credentials::Omitted), ["https://app.example.com"]);
    assert!(readers(&scope.actual, &ORIGINS, Credentials::Included).is_empty());
    assert!(scope.actual.passes_upstream, "`header` stands beside the upstream's");
    let Preflight::Answered(answer) = &scope.preflight else { panic!("{scope:?}") };
    assert_eq!(answer.allow_methods.as_ref().unwrap().value, Value::Text("GET, POST".to_owned()));
    assert_eq!(readers(answer, &ORIGINS, Credentials::Omitted), ["https://app.example.com"]);
}

#[test]
fn an_expression_is_looked_for_anywhere_and_reflected_or_cut() {
    let text = |value: &str| {
        format!(
            "example.com\n@cors header_regexp o Origin ^https://app\\.example\\.com\nheader @cors Access-Control-Allow-Origin \"{value}\"\n"
        )
    };
    let reflected = model("caddy", &text("{header.Origin}"));
    let read = readers(&reflected.scopes[0].actual, &ORIGINS, Credentials::Omitted);
    assert_eq!(read, ["https://app.example.com", "https://app.example.com.evil.net"]);
    let matched = model("caddy", &text("{re.o.0}"));
    assert_eq!(
        readers(&matched.scopes[0].actual, &ORIGINS, Credentials::Omitted),
        ["https://app.example.com"]
    );
}

#[test]
fn deferred_fields_replace_the_upstreams() {
    let text = |header: &str| format!("example.com {{\n\treverse_proxy localhost:1\n\theader {header}\n}}\n");
    for (header, passes, coverage) in [
        ("Access-Control-Allow-Origin *", true, Coverage::All),
        ("{\n\t\tdefer\n\t\tAccess-Control-Allow-Origin *\n\t}", false, Coverage::Successes),
        (">Access-Control-Allow-Origin *", false, Coverage::Successes),
    ] {
        let model = model("caddy", &text(header));
        assert_eq!(model.scopes[0].actual.passes_upstream, passes, "{header}");
        assert_eq!(model.scopes[0].actual.coverage, coverage, "{header}");
        assert!(matches!(model.scopes[0].preflight, Preflight::Unknown));
    }
}

#[test]
fn a_preflight_that_has_to_sign_in_is_told() {
    let text = |matcher: &str| {
        format!(
            "example.com {{\n\t@no not method OPTIONS\n\tbasicauth {matcher}{{\n\t\tbob hash\n\t}}\n\theader Access-Control-Allow-Origin *\n\trespond ok\n}}\n"
        )
    };
    let preflight = |matcher: &str| model("caddy", &text(matcher)).scopes.remove(0).preflight;
    assert!(matches!(preflight(""), Preflight::Authenticated(Some(_))));
    assert!(matches!(preflight("@no "), Preflight::Answered(_)));
}

#[test]
fn modules_and_other_expressions_are_opaque_and_listed() {
    for text in [
        "example.com {\n\tcors / https://app.example.com\n\trespond ok\n}\n",
        "example.com {\n\t@c expression `{header.Origin}.startsWith(\"https\")`\n\theader @c Access-Control-Allow-Origin {header.Origin}\n}\n",
    ] {
        let model = model("caddy", text);
        let actual = &model.scopes[0].actual;
        assert_eq!(actual.lets_read("https://evil.net", Credentials::Omitted), Truth::Unknown, "{text}");
    }
    let model = model("caddy", "example.com {\n\tfrobnicate\n\timport other.conf\n}\n");
    let reasons: Vec<_> = model.unread.iter().map(|unread| unread.reason.as_str()).collect();
    assert_eq!(reasons, ["`import other.conf`: included files are not read", "`frobnicate` is not read"]);
}

#[test]
fn what_is_imported_and_not_read_may_set_anything() {
    let strangers = |text: &str| {
        let model = model("caddy", text);
        let scope = &model.scopes[0];
        (scope.actual.lets_read("https://evil.net", Credentials::Omitted), scope.preflight.clone())
    };
    let site = |more: &str| {
        format!(
            "example.com {{\n\theader Access-Control-Allow-Origin https://a.test\n\t{more}\n\trespond ok\n}}\n"
        )
    };
    assert_eq!(strangers(&site("")).0, Truth::False);
    assert!(matches!(strangers(&site("")).1, Preflight::Answered(_)));
    let (stranger, preflight) = strangers(&site("import shared/*.caddy"));
    assert_eq!(stranger, Truth::Unknown);
    assert!(matches!(preflight, Preflight::Unknown));
    let inside = model("caddy", &site("handle /api/* {\n\t\timport other\n\t\trespond api\n\t}"));
    let scopes = inside.scopes.iter().map(|scope| {
        let stranger = scope.actual.lets_read("https://evil.net", Credentials::Omitted);
        (scope.name.contains("/api/"), stranger)
    });
    let mut scopes: Vec<_> = scopes.collect();
    scopes.sort_by_key(|(is_inside, _)| *is_inside);
    assert_eq!(scopes, [(false, Truth::False), (true, Truth::Unknown)]);
}

#[test]
fn a_file_of_snippets_is_judged() {
    let text = "(open) {\n\theader Access-Control-Allow-Origin {header.Origin}\n}\n\
                (given) {\n\t@o header Origin {args[0]}\n\theader @o Access-Control-Allow-Origin {args[0]}\n}\n";
    let model = model("caddy", text);
    let names: Vec<_> = model.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["snippet (given)", "snippet (open)"]);
    let reads = |at: usize| model.scopes[at].actual.lets_read("https://evil.net", Credentials::Omitted);
    assert_eq!((reads(0), reads(1)), (Truth::Unknown, Truth::True));
}

#[test]
fn what_is_not_followed_is_not_told_as_written() {
    let stranger = |inner: &str| {
        let model = model("caddy", &format!("example.com {{\n{inner}\nrespond ok\n}}\n"));
        model.scopes[0].actual.lets_read("https://evil.net", Credentials::Omitted)
    };
    let named =
        "@c header_regexp o Origin ^(?P<x>https://.*)$\nheader @c Access-Control-Allow-Origin {re.o.x}";
    assert_eq!(stranger(named), Truth::Unknown);
    let header = "header Access-Control-Allow-Origin {vars.o}";
    assert_eq!(stranger(&format!("vars o https://a.test\n{header}")), Truth::False);
    assert_eq!(stranger(&format!("vars o https://a.test\nvars o *\n{header}")), Truth::Unknown);
    assert_eq!(stranger("handle_errors {\nheader Access-Control-Allow-Origin *\n}"), Truth::Unknown);
    assert_eq!(stranger("handle_errors {\nrespond oops\n}"), Truth::False);
}
