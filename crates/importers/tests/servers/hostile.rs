//! Hostile files end in time, with a model or a reason.

use corsac_analysis::model::{Credentials, Model, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{Includes, System, Unreadable, detect, import};

/// Every file includes itself.
struct Mirror(&'static str);

impl Includes for Mirror {
    fn read(&self, _: &str, _: &str) -> Result<Vec<Source>, String> {
        Ok(vec![Source::new("again", self.0), Source::new("again", self.0)])
    }
}

fn read(system: &str, text: &str, includes: &dyn Includes) -> Result<Model, Unreadable> {
    import(System::by_id(system).unwrap(), Source::new("test", text), includes)
}

#[test]
fn files_that_include_themselves_end() {
    for (system, text) in
        [("apache", "Include a\nHeader set X 1\n"), ("caddy", "import a\nexample.com {\n}\n")]
    {
        let model = read(system, text, &Mirror(text)).unwrap();
        assert!(!model.unread.is_empty(), "{system}");
        assert!(model.files.len() <= 300, "{system}");
    }
}

#[test]
fn snippets_that_import_themselves_end() {
    let text = "(a) {\n\timport a {args[0]}{args[0]}\n\timport a x\n}\nexample.com {\n\timport a y\n}\n";
    let model = read("caddy", text, &()).unwrap();
    assert!(model.unread.iter().any(|unread| unread.reason.contains("too much")), "{:?}", model.unread);
}

#[test]
fn nesting_has_a_bottom() {
    for (system, open) in [("apache", "<Location /a>\n"), ("caddy", "handle {\n")] {
        let deep = open.repeat(10_000);
        assert!(read(system, &deep, &()).unwrap_err().reason.contains("deeper"), "{system}");
        assert!(read(system, &open.repeat(20), &()).is_ok(), "{system}");
    }
    let negations =
        format!("<If \"{} true\">\nHeader set Access-Control-Allow-Origin *\n</If>\n", "!".repeat(50_000));
    let parentheses = format!("<If \"{}\">\n</If>\n", "(".repeat(50_000));
    for text in [negations, parentheses] {
        assert!(read("apache", &text, &()).is_ok());
    }
}

/// What cannot be followed is not known; it is never nothing.
#[test]
fn what_is_too_much_is_opaque() {
    let header = "Header set Access-Control-Allow-Origin \"%{O}e\" env=O\n";
    let many = |line: &dyn Fn(usize) -> String| (0..3_000).map(line).collect::<String>();
    let cases = [
        ("apache", format!("{}{header}", many(&|n| format!("SetEnvIf Origin ^https://{n} O=$0\n")))),
        (
            "apache",
            many(&|n| {
                format!(
                    "SetEnvIf Origin ^https://{n} O=$0\nHeader add Access-Control-Allow-Origin %{{O}}e env=O\n"
                )
            }),
        ),
        ("apache", many(&|n| format!("<If \"%{{HTTP:Origin}} == 'https://{n}'\">\n{header}</If>\n"))),
        (
            "apache",
            many(&|n| format!("<Location /{n}>\nHeader set Access-Control-Allow-Origin *\n</Location>\n")),
        ),
        (
            "haproxy",
            format!(
                "frontend f\n{}",
                many(&|n| format!(
                    "  http-response set-header Access-Control-Allow-Origin %[var(txn.{n})] if {{ var(txn.a) -m str {n} }}\n"
                ))
            ),
        ),
        (
            "caddy",
            format!(
                "example.com\n{}",
                many(&|n| format!(
                    "@m{n} header Origin https://{n}\nheader @m{n} Access-Control-Allow-Origin *\n"
                ))
            ),
        ),
    ];
    for (system, text) in cases {
        let model = read(system, &text, &()).unwrap();
        let read = model.scopes[0].actual.lets_read("https://evil.net", Credentials::Omitted);
        let known = system == "apache" && text.contains("<Location");
        assert!(read == Truth::Unknown || known && !model.unread.is_empty(), "{system}: {read:?}");
    }
}

#[test]
fn long_files_are_read_in_one_go() {
    for (system, line) in [
        ("apache", "RewriteCond %{HTTP:Origin} x\nRewriteRule ^ - [R=403]\n"),
        ("apache", "Define A ${A}${A}x\n"),
        ("apache", "<If true>\n</If>\n<ElseIf false>\n</ElseIf>\n"),
        ("haproxy", "frontend f\n  http-request deny if { hdr(origin) x }\n"),
        ("haproxy", "  http-request return status 200 hdr Vary x if { hdr(origin) x }\n"),
        ("caddy", "a {\n handle {\n respond x\n }\n}\n"),
        ("caddy", "@a header Origin b\nrespond @a x\n"),
        ("apache", "\u{0}\u{1}\u{fffd} \\\n"),
        ("haproxy", "\u{0}\" ' \\ \n"),
        ("caddy", "\u{0}` \" \\ \n"),
    ] {
        let head = if system == "haproxy" { "frontend f\n" } else { "" };
        let text = format!("{head}{}", line.repeat(5_000));
        let _ = read(system, &text, &());
        let _ = detect("x", &text);
    }
}

#[test]
fn each_text_is_its_own_systems() {
    for (name, text, id) in [
        (
            "Caddyfile",
            "example.com {\n\theader Access-Control-Allow-Origin *\n\treverse_proxy localhost:1\n}\n",
            "caddy",
        ),
        (
            "haproxy.cfg",
            "frontend f\n  bind :80\n  default_backend b\nbackend b\n  server s 127.0.0.1:1\n",
            "haproxy",
        ),
        (".htaccess", "Header set Access-Control-Allow-Origin *\n", "apache"),
        ("site.conf", "<VirtualHost *:80>\n  ServerName a\n  Header set X 1\n</VirtualHost>\n", "apache"),
        ("site.conf", "server {\n  listen 80;\n  add_header Access-Control-Allow-Origin *;\n}\n", "nginx"),
    ] {
        assert_eq!(detect(name, text).map(|system| system.id), Some(id), "{name}");
    }
}
