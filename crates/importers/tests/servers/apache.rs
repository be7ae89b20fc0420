//! Apache: generated virtual hosts against the real program, and configurations that people
//! copy.

use std::net::TcpStream;
use std::process::Command;

use corsac_analysis::model::{Coverage, Credentials, Emission, Preflight, Truth, Value};

use crate::support::{
    EXPRESSIONS, NAMED, Random, Request, Running, Tally, ask, configurations, connect, folder, free_port,
    model, program, readers, write,
};

const MODULES: [&str; 11] = [
    "mpm_event",
    "headers",
    "setenvif",
    "rewrite",
    "env",
    "dir",
    "authz_core",
    "authn_core",
    "authz_host",
    "alias",
    "mime",
];

#[test]
#[ignore = "starts apache2"]
fn the_model_says_what_apache_sends() {
    let mut random = Random::new(11);
    let folder = folder("apache");
    let root = folder.join("www");
    std::fs::create_dir_all(root.join("api")).unwrap();
    write(&root, "index.html", "ok");
    write(&root.join("api"), "index.html", "ok");
    let bodies: Vec<String> =
        (0..configurations(80)).map(|_| generate(&mut random, root.to_str().unwrap())).collect();
    let port = free_port();
    let path = folder.display();
    let mut text = format!(
        "ServerRoot {path}\nServerName localhost\nPidFile {path}/pid\nListen 127.0.0.1:{port}\nErrorLog {path}/error\nDefaultRuntimeDir {path}\nMutex file:{path}\nStartServers 1\nKeepAlive Off\n"
    );
    let modules =
        std::env::var("CORSAC_APACHE_MODULES").unwrap_or_else(|_| "/usr/lib/apache2/modules".to_owned());
    for module in MODULES {
        text.push_str(&format!("LoadModule {module}_module {modules}/mod_{module}.so\n"));
    }
    text.push_str(&format!("TypesConfig /dev/null\nDirectoryIndex index.html\n<Directory {}>\nRequire all granted\n</Directory>\n", root.display()));
    for (number, body) in bodies.iter().enumerate() {
        text.push_str(&format!(
            "<VirtualHost 127.0.0.1:{port}>\nServerName h{number}.test\n{body}</VirtualHost>\n"
        ));
    }
    let file = write(&folder, "httpd.conf", &text);
    let mut command = Command::new(program("CORSAC_APACHE", &["apache2", "httpd"]));
    let ready = || TcpStream::connect(("127.0.0.1", port)).is_ok();
    let _running = Running::start(command.args(["-X", "-f"]).arg(file), folder, ready);
    let mut tally = Tally::default();
    for (number, body) in bodies.iter().enumerate() {
        let model = model("apache", &format!("<VirtualHost *:80>\nServerName h\n{body}</VirtualHost>\n"));
        let host = format!("h{number}.test");
        for scope in &model.scopes {
            // Where Apache looks for an index, it evaluates `<If>` for a GET of its own.
            let path = if scope.name.contains("path /api/") { "/api/index.html" } else { "/index.html" };
            tally.compare(scope, body, |method, origin| {
                ask(connect(port), &Request { method, host: &host, path, origin })
            });
        }
    }
    tally.judge("Apache");
}

/// The directives of a virtual host.
fn generate(random: &mut Random, root: &str) -> String {
    let mut text = format!("DocumentRoot {root}\n");
    for _ in 0..=random.below(2) {
        text.push_str(&variable(random));
    }
    if random.one_in(3) {
        text.push_str("RewriteEngine On\n");
        text.push_str(&rewriting(random));
    }
    for _ in 0..=random.below(3) {
        text.push_str(&header(random));
    }
    let clause = clause(random);
    let table = random.pick(&["", "always "]);
    text.push_str(&format!("Header {table}set Access-Control-Allow-Credentials true{clause}\n"));
    if random.one_in(2) {
        let inner =
            format!("{}{}", if random.one_in(2) { variable(random) } else { String::new() }, header(random));
        match random.below(5) {
            0 => text.push_str(&format!("<Location /api>\n{inner}</Location>\n")),
            1 => text.push_str(&format!(
                "<Directory {root}>\n{inner}<Limit POST>\n{}</Limit>\n</Directory>\n",
                header(random)
            )),
            2 => text.push_str(&format!("<Directory {root}/api>\n{inner}</Directory>\n")),
            3 => text.push_str(&format!(
                "<If \"{}\">\n{inner}</If>\n<ElseIf \"{}\">\n{}</ElseIf>\n<Else>\n{}</Else>\n",
                condition(random),
                condition(random),
                header(random),
                header(random)
            )),
            _ => text.push_str(&format!(
                "<IfModule mod_headers.c>\n{inner}</IfModule>\n<IfModule !mod_headers.c>\n{}</IfModule>\n",
                header(random)
            )),
        }
    }
    if random.one_in(4) {
        let order = random.below(2);
        let answered = random.pick(&["%{REQUEST_METHOD} OPTIONS", "%{HTTP:Origin} evil", "%{HTTP:Origin} ."]);
        let rules = format!("RewriteCond {answered}\nRewriteRule ^(.*)$ $1 [R=200,L]\n");
        match order {
            0 => text.push_str(&format!("RewriteEngine On\n{rules}")),
            _ => text.push_str(&format!("<Directory {root}>\nRewriteEngine On\n{rules}</Directory>\n")),
        }
    }
    text
}

fn variable(random: &mut Random) -> String {
    let expression = random.pick(&EXPRESSIONS);
    let name = random.pick(&["O", "O", "P", "o"]);
    let value = random.pick(&["=$0", "=$0", "=$0", "=$1", "=$1", "=x$0", "", "=", "=https://example.com"]);
    match random.below(10) {
        0 => format!("SetEnvIfNoCase Origin \"{expression}\" {name}{value}\n"),
        1 => format!("SetEnvIf ^Origin$ \"{expression}\" {name}{value}\n"),
        2 => format!("SetEnvIf Origin \"https://app\" {name}{value}\n"),
        3 => format!("SetEnvIf Origin \"^http:\" !{name}\n"),
        // Without a group of its own, what `$0` is here is garbage.
        4 => format!("SetEnvIfExpr \"%{{HTTP:Origin}} =~ m#({expression})#\" {name}=$0\n"),
        5 => format!("SetEnv {name} {}\n", random.pick(&NAMED)),
        6 => format!("UnsetEnv {name}\n"),
        _ => format!("SetEnvIf Origin \"{expression}\" {name}{value}\n"),
    }
}

fn rewriting(random: &mut Random) -> String {
    let expression = random.pick(&EXPRESSIONS);
    let flags = random.pick(&["", " [NC]", ""]);
    let subject = random.pick(&["%{HTTP:Origin}", "%{HTTP:Origin}", "%{HTTP_ORIGIN}", "%{ENV:O}"]);
    let value = random.pick(&["%0", "%0", "%1", "%{HTTP:Origin}", "x"]);
    let more = match random.below(4) {
        0 => "RewriteCond %{HTTP:Origin} !evil\n".to_owned(),
        1 => format!("RewriteCond %{{HTTP:Origin}} ={} [OR]\n", random.pick(&NAMED)),
        _ => String::new(),
    };
    let (before, after) =
        if more.ends_with("[OR]\n") { (more, String::new()) } else { (String::new(), more) };
    format!("{before}RewriteCond {subject} \"{expression}\"{flags}\n{after}RewriteRule .* - [E=O:{value}]\n")
}

fn clause(random: &mut Random) -> String {
    match random.below(6) {
        0 => random.pick(&[" env=P", " env=p"]).to_owned(),
        1 => " env=!O".to_owned(),
        2 => format!(" \"expr={}\"", condition(random)),
        3 => String::new(),
        _ => " env=O".to_owned(),
    }
}

fn condition(random: &mut Random) -> String {
    let expression = random.pick(&EXPRESSIONS);
    match random.below(6) {
        0 => format!("%{{HTTP:Origin}} == '{}'", random.pick(&NAMED)),
        1 => format!("%{{HTTP:Origin}} -in {{'{}', '{}'}}", random.pick(&NAMED), random.pick(&NAMED)),
        2 => format!("req('Origin') =~ m#{expression}#i && !(%{{HTTP:Origin}} =~ m#evil#)"),
        3 => format!(
            "%{{REQUEST_METHOD}} == 'OPTIONS' || tolower(%{{HTTP:Origin}}) != '{}'",
            random.pick(&NAMED)
        ),
        4 => "-n reqenv('O')".to_owned(),
        _ => format!("%{{HTTP:Origin}} =~ m#{expression}#"),
    }
}

fn header(random: &mut Random) -> String {
    let table = random.pick(&["", "", "always ", "onsuccess "]);
    let action = random.pick(&["set", "set", "set", "set", "add", "append", "merge", "setifempty", "unset"]);
    let clause = clause(random);
    if action == "unset" {
        return format!("Header {table}unset Access-Control-Allow-Origin{clause}\n");
    }
    let value = match random.below(7) {
        0 => "*",
        1 => "expr=%{HTTP:Origin}",
        2 => random.pick(&NAMED),
        3 => "%{P}e",
        4 => "%{o}e",
        _ => "%{O}e",
    };
    format!("Header {table}{action} Access-Control-Allow-Origin \"{value}\"{clause}\n")
}

const ORIGINS: [&str; 4] =
    ["https://app.example.com", "https://evil.net", "https://app.example.com.evil.net", "null"];

/// The answer with most votes: several domains, by `SetEnvIf`.
#[test]
fn the_usual_idiom_sends_what_was_matched() {
    let idiom = |expression: &str| {
        model(
            "apache",
            &format!(
                "<IfModule mod_headers.c>\n    SetEnvIf Origin \"{expression}\" AccessControlAllowOrigin=$0\n    Header add Access-Control-Allow-Origin %{{AccessControlAllowOrigin}}e env=AccessControlAllowOrigin\n    Header merge Vary Origin\n</IfModule>\n"
            ),
        )
    };
    let ours = ["http://www.example.com", "https://app.example.com", "https://app.example.com.evil.net"];
    let anchored = idiom(r"http(s)?://(www\.|app\.)?(example.com|dev02.example.com)$");
    assert_eq!(readers(&anchored.scopes[0].actual, &ours, Credentials::Omitted), ours[..2]);
    assert!(readers(&anchored.scopes[0].actual, &ours, Credentials::Included).is_empty());
    assert_eq!(anchored.scopes[0].actual.vary.as_ref().unwrap().value, Value::Text("Origin".to_owned()));
    assert_eq!(anchored.scopes[0].actual.coverage, Coverage::Successes);
    // Without the anchor, what is sent is still no more than what was matched.
    let open = idiom(r"^https?://(app\.)?example.com");
    assert_eq!(readers(&open.scopes[0].actual, &ours, Credentials::Omitted), ["https://app.example.com"]);
}

/// enable-cors.org's.
#[test]
fn a_star_is_for_everybody_without_credentials() {
    let model = model("apache", "Header set Access-Control-Allow-Origin \"*\"\n");
    assert_eq!(readers(&model.scopes[0].actual, &ORIGINS, Credentials::Omitted), ORIGINS);
    assert!(readers(&model.scopes[0].actual, &ORIGINS, Credentials::Included).is_empty());
}

#[test]
fn what_is_not_known_is_not_taken_for_its_contrary() {
    let of = |attribute: &str| {
        let text = format!(
            "SetEnv O http://localhost:3000\n<Location />\nSetEnvIf {attribute} \"^(https://.*)$\" O=$1\n</Location>\n\
             Header setifempty Access-Control-Allow-Origin \"%{{O}}e\" env=O\n"
        );
        let model = model("apache", &text);
        let scopes =
            model.scopes.iter().map(|scope| scope.actual.lets_read(ORIGINS[0], Credentials::Omitted));
        scopes.collect::<Vec<_>>()
    };
    // Where the section does not apply, what is always set is sent.
    assert_eq!(of("^Origin$"), [Truth::Unknown]);
    assert_eq!(of("Origin"), [Truth::True]);
}

#[test]
fn two_tables_make_two_lines_which_nobody_reads() {
    let model = model(
        "apache",
        "Header set Access-Control-Allow-Origin \"*\"\nHeader always set Access-Control-Allow-Origin \"*\"\n",
    );
    assert!(readers(&model.scopes[0].actual, &ORIGINS, Credentials::Omitted).is_empty());
}

#[test]
fn a_preflight_that_a_rule_answers_has_always_fields_only() {
    let text = |table: &str| {
        format!(
            "<VirtualHost *:80>\nServerName api\nHeader {table}set Access-Control-Allow-Origin \"*\"\nRewriteEngine On\nRewriteCond %{{REQUEST_METHOD}} OPTIONS\nRewriteRule ^(.*)$ $1 [R=200,L]\n</VirtualHost>\n"
        )
    };
    for (table, expected) in [("always ", 4), ("", 0)] {
        let model = model("apache", &text(table));
        assert_eq!(model.scopes[0].name, "virtual host api");
        let Preflight::Answered(answer) = &model.scopes[0].preflight else { panic!("{model:?}") };
        assert_eq!(readers(answer, &ORIGINS, Credentials::Omitted).len(), expected);
        assert_eq!(readers(&model.scopes[0].actual, &ORIGINS, Credentials::Omitted), ORIGINS);
    }
}

#[test]
fn preflights_that_have_to_sign_in_are_told() {
    let text = |inner: &str| {
        format!(
            "<Location /api>\nAuthType Basic\nAuthName api\nAuthUserFile /etc/users\n{inner}\nHeader set Access-Control-Allow-Origin *\n</Location>\n"
        )
    };
    let preflight = |inner: &str| model("apache", &text(inner)).scopes.pop().unwrap().preflight;
    let asked = preflight("Require valid-user");
    assert!(matches!(asked, Preflight::Authenticated(Some(_))), "{asked:?}");
    for free in [
        "<LimitExcept OPTIONS>\nRequire valid-user\n</LimitExcept>",
        "<RequireAny>\nRequire method OPTIONS\nRequire valid-user\n</RequireAny>",
        "Require all granted",
    ] {
        assert!(matches!(preflight(free), Preflight::Answered(_)), "{free}");
    }
}

#[test]
fn sections_are_scopes() {
    let model = model(
        "apache",
        "<VirtualHost *:80>\nServerName a\n<Location \"/api\">\nHeader set Access-Control-Allow-Origin \"*\"\n</Location>\n<Location /api/private>\nHeader unset Access-Control-Allow-Origin\n</Location>\n</VirtualHost>\n",
    );
    let read =
        |scope: &corsac_analysis::model::Scope| readers(&scope.actual, &ORIGINS, Credentials::Omitted).len();
    let scopes: Vec<_> = model.scopes.iter().map(|scope| (scope.name.as_str(), read(scope))).collect();
    let expected = [
        ("virtual host a", 0),
        ("virtual host a, path /api/", 4),
        ("virtual host a, path /api/, path /api/private/", 0),
    ];
    assert_eq!(scopes, expected);
}

#[test]
fn what_is_not_understood_is_listed() {
    let model = model(
        "apache",
        "Use Cors example.com\nFrobnicate on\nHeader set Access-Control-Allow-Origin \"${SITE}\"\n<VirtualHost *:80>\n</VirtualHost>\n",
    );
    let reasons: Vec<_> = model.unread.iter().map(|unread| unread.reason.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("Use Cors")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("frobnicate")), "{reasons:?}");
    let actual = &model.scopes[0].actual;
    assert_eq!(actual.lets_read("https://evil.net", Credentials::Omitted), Truth::Unknown);
}

#[test]
fn nothing_is_certain_of_what_a_missing_file_may_change() {
    let reads = |file: &str| {
        let text = format!("Include {file}\nHeader set Access-Control-Allow-Origin https://a.test\n");
        let model = model("apache", &text);
        assert_eq!(model.unread.len(), 1, "{:?}", model.unread);
        model.scopes[0].actual.lets_read("https://b.test", Credentials::Omitted)
    };
    assert_eq!(reads("/etc/apache2/cors.conf"), Truth::Unknown);
    assert_eq!(reads("/etc/letsencrypt/options-ssl-apache.conf"), Truth::False);
}

#[test]
fn a_variable_that_a_directive_waits_for_is_set() {
    let sent = |clause: &str| {
        let text = format!(
            "SetEnvIf Origin \"^https://(app|www)\\.example\\.com$\" CORS=$0\nHeader set Access-Control-Allow-Origin \"%{{CORS}}e\"{clause}\n"
        );
        let model = model("apache", &text);
        let cases = &model.scopes[0].actual.allow_origin[0].cases;
        cases.iter().any(|case| case.then == Emission::Fixed("(null)".to_owned()))
    };
    assert!(!sent(" env=CORS"));
    assert!(sent(""), "Apache writes this where it is not set");
    assert!(sent(" env=!OTHER"), "another one says nothing of it");
}

/// What Apache 2.4 does with them: `echo` sends the request's fields of these names back, `edit`
/// changes what is there, and `unset *` does nothing.
#[test]
fn what_echo_and_edit_do_is_not_passed_over() {
    let read = |text: &str| model("apache", &format!("{text}\n<VirtualHost *:80>\n</VirtualHost>\n"));
    let reads =
        |text: &str| read(text).scopes[0].actual.lets_read("https://app.example.com", Credentials::Omitted);
    assert_eq!(reads("Header echo ^Access-Control"), Truth::Unknown);
    assert_eq!(reads("Header echo ^X-"), Truth::False);
    assert_eq!(read("Header echo .*").unread.len(), 1);
    let edit = "Header edit Access-Control-Allow-Origin evil good";
    assert_eq!(reads(&format!("Header set Access-Control-Allow-Origin *\n{edit}")), Truth::Unknown);
    assert!(read(edit).unread[0].reason.contains("an upstream or a program"), "{:?}", read(edit).unread);
    assert_eq!(reads("Header set Access-Control-Allow-Origin *\nHeader unset *"), Truth::True);
    let empty = "Header setifempty Access-Control-Allow-Origin";
    assert_eq!(reads(&format!("{empty} *\n{empty} https://b.test")), Truth::True);
    assert_eq!(
        reads(&format!("Header always set Access-Control-Allow-Origin *\n{empty} https://b.test")),
        Truth::False,
        "the other table is not looked at"
    );
    let merge = "Header merge Access-Control-Allow-Origin";
    assert_eq!(reads(&format!("{merge} *\n{merge} *")), Truth::True);
    assert_eq!(reads(&format!("{merge} *\n{merge} https://b.test")), Truth::False);
}

/// What Apache 2.4 does: `SetEnv` and `UnsetEnv` have variables of their own, which are looked at
/// where the request has none.
#[test]
fn what_is_set_of_the_request_stays() {
    let reads = |inner: &str, origin: &str| {
        let header = "Header set Access-Control-Allow-Origin %{O}e env=O";
        let body = inner.replace("HEADER", header);
        let text = format!(
            "<VirtualHost *:80>\nServerName a\nDocumentRoot /srv\nRewriteEngine On\n{body}\n</VirtualHost>\n"
        );
        model("apache", &text).scopes[0].actual.lets_read(origin, Credentials::Omitted)
    };
    let setting = ["SetEnvIf Origin (.+) O=$1", "RewriteEngine On\nRewriteRule .* - [E=O:%{HTTP:Origin}]"];
    for (set, late) in setting.iter().flat_map(|set| [(set, "UnsetEnv O"), (set, "SetEnv O https://a.test")])
    {
        let inner = format!("{set}\n{late}\nHEADER");
        for inner in [
            inner.clone(),
            format!("<Directory /srv>\n{inner}\n</Directory>"),
            format!("<Location />\n{inner}\n</Location>"),
            format!("<If \"true\">\n{inner}\n</If>"),
        ] {
            assert_eq!(reads(&inner, "https://b.test"), Truth::True, "{inner}");
        }
    }
    let answered = "<Directory /srv>\nSetEnv O *\nRewriteEngine On\nRewriteCond %{HTTP:Origin} //b\nRewriteRule ^ - [R=200]\nHeader always set Access-Control-Allow-Origin %{O}e env=O\n</Directory>";
    assert_eq!(reads(answered, "https://a.test"), Truth::True);
    assert_eq!(reads(answered, "https://b.test"), Truth::False);
    let empty =
        "SetEnvIf Origin (.+) O=\nHeader set Access-Control-Allow-Origin * \"expr=reqenv('O') == '1'\"";
    assert_eq!(reads(empty, "https://b.test"), Truth::True);
    let only = "SetEnvIf Origin ^https://c O=$0.test\nSetEnv O https://a.test\nHEADER";
    assert_eq!(reads(only, "https://a.test"), Truth::True);
    assert_eq!(reads(only, "https://b.test"), Truth::False);
    for (late, expected) in [
        ("SetEnv O *\nUnsetEnv O\nHEADER", Truth::False),
        ("UnsetEnv O\nSetEnv O *\nHEADER", Truth::True),
        ("SetEnv O *\n<Location />\nUnsetEnv O\n</Location>\nHEADER", Truth::False),
        ("SetEnvIf Origin . !O\nSetEnv O *\nHEADER", Truth::True),
        ("SetEnv O *\nPassEnv O\nHEADER", Truth::Unknown),
        ("PassEnv O\nHeader set Access-Control-Allow-Origin * env=!O", Truth::Unknown),
    ] {
        assert_eq!(reads(late, "https://b.test"), expected, "{late}");
    }
}

#[test]
fn names_of_variables_ignore_case() {
    let sent = |text: &str| model("apache", text).scopes.remove(0).actual;
    let header = "Header set Access-Control-Allow-Origin %{Y}e env=y";
    let reads =
        |set: &str| sent(&format!("{set}\n{header}")).lets_read("https://b.test", Credentials::Omitted);
    assert_eq!(reads("SetEnvIf Origin (.*) Y=$1"), Truth::True);
    assert_eq!(reads("SetEnvIf Origin (.*) y=$1\nSetEnv Y https://a.test"), Truth::True);
    assert_eq!(reads("RewriteEngine On\nRewriteRule .* - [E=y:%{HTTP:Origin}]"), Truth::True);
    assert_eq!(reads("SetEnvIf Origin (.*) Z=$1"), Truth::False);
    assert_eq!(reads("SetEnvIf Origin (.*) Y=$1\nSetEnvIf Origin (.*) !y"), Truth::False);
    let actual = sent(&format!("SetEnvIf Origin ^https://a Y=$0\n{header}"));
    let cases = &actual.allow_origin[0].cases;
    assert!(cases.iter().all(|case| case.then != Emission::Fixed("(null)".to_owned())), "{cases:?}");
    let expression = "SetEnvIf Origin . Y\nSetEnvIf y 1 z\nHeader set Access-Control-Allow-Origin * \"expr=-n reqenv('Z')\"";
    assert_eq!(sent(expression).lets_read("https://b.test", Credentials::Omitted), Truth::True);
}

#[test]
fn variables_that_apache_sets_are_not_taken_for_unset() {
    let stranger = |inner: &str| {
        let text = format!("<VirtualHost *:80>\nServerName a\n{inner}\n</VirtualHost>\n");
        let actual = &model("apache", &text).scopes[0].actual;
        actual.lets_read("https://b.test", Credentials::Omitted)
    };
    let header = |clause: &str| format!("Header always set Access-Control-Allow-Origin * {clause}");
    assert_eq!(stranger(&header("env=OURS")), Truth::False);
    for own in ["env=MATCH_N", "env=SCRIPT_URL", "env=REDIRECT_O"] {
        assert_eq!(stranger(&header(own)), Truth::Unknown, "{own}");
    }
    let unset = format!("SetEnv Y 1\n{}", header("env=!Y"));
    assert_eq!(stranger(&unset), Truth::False);
    assert_eq!(stranger(&format!("Require all granted\n{unset}")), Truth::False);
    assert_eq!(stranger(&format!("Redirect 410 /sub\n{unset}")), Truth::Unknown);
    let early = format!("RequestHeader unset Origin early\nSetEnvIf Origin .+ HAS\n{}", header("env=!HAS"));
    assert_eq!(stranger(&early), Truth::Unknown);
}
