//! Text made to break a reader: bounded work, a message, no crash.

use corsac_diagnostics::Source;
use corsac_importers::{System, import};

/// Reads `text` with the reader of `system`; what matters is that it returns.
fn read(system: &str, file: &str, text: String) -> Result<usize, String> {
    let model = import(System::by_id(system).unwrap(), Source::new(file, text), &());
    model.map(|model| model.scopes.len()).map_err(|error| error.reason)
}

const FILES: [(&str, &str); 7] = [
    ("express", "a.js"),
    ("express", "a.ts"),
    ("express", "a.tsx"),
    ("fastapi", "a.py"),
    ("django", "settings.py"),
    ("flask-cors", "a.py"),
    ("rust", "a.rs"),
];

#[test]
fn ten_thousand_nested_parentheses_do_not_overflow_the_stack() {
    for (system, file) in FILES {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("a.b(", ")"), ("!", ""), ("-", "")]
        {
            let nested = format!("x = {}1{}\n", open.repeat(10_000), close.repeat(10_000));
            let _ = read(system, file, nested);
        }
    }
}

#[test]
fn nested_settings_are_read_as_deep_as_is_followed() {
    let nested = |depth: usize| {
        format!("app.use(cors({{ origin: {}'https://a.com'{} }}))", "[".repeat(depth), "]".repeat(depth))
    };
    let admits = |depth| {
        let model =
            import(System::by_id("express").unwrap(), Source::new("a.js", nested(depth)), &()).unwrap();
        model.scopes[0].actual.lets_read("https://a.com", corsac_analysis::model::Credentials::Omitted)
    };
    assert_eq!(admits(20), corsac_analysis::model::Truth::True);
    assert_eq!(admits(10_000), corsac_analysis::model::Truth::Unknown);
}

/// Units that made a parser slow or large, with the file they did it in.
const SLOW: [(&str, &str); 12] = [
    ("a.ts", "a<b,"),
    ("a.tsx", "a<b,"),
    ("a.js", "-of =...>"),
    ("a.js", "}-+"),
    ("a.js", "}{)("),
    ("a.py", "}{)(\n"),
    ("a.py", "\\\n"),
    ("a.py", ",\\\n"),
    ("a.rs", "1(+\"x\"&"),
    ("a.rs", "}{)("),
    ("a.rs", "!-}where "),
    ("a.js", "\u{0}\u{1}\u{fffd}"),
];

#[test]
fn broken_text_is_given_up_early() {
    for (file, unit) in SLOW {
        let system = match file.rsplit('.').next() {
            Some("py") => "fastapi",
            Some("rs") => "rust",
            _ => "express",
        };
        let text = unit.repeat((200 << 10) / unit.len());
        let error = read(system, file, text).expect_err(unit);
        assert!(
            error.contains("syntax") || error.contains("open `<`") || error.contains("joined"),
            "{unit}: {error}"
        );
    }
}

#[test]
fn code_larger_than_people_write_is_refused() {
    let error = read("express", "a.js", "a;\n".repeat(100_000)).unwrap_err();
    assert_eq!(error, "it is code of more than 256 KiB");
    assert_eq!(read("express", "a.js", "a;\n".repeat(80_000)), Ok(0));
}

#[test]
fn names_that_double_a_text_are_not_followed_forever() {
    let doubled = (1..60).map(|n| format!("A{n} = A{0} + A{0} + A{0}\n", n - 1)).collect::<Vec<_>>().concat();
    let text =
        format!("A0 = 'https://a.com'\n{doubled}app.add_middleware(CORSMiddleware, allow_origins=A59)\n");
    assert_eq!(read("fastapi", "a.py", text), Ok(1));
    let lists = (1..60)
        .map(|n| format!("const a{n} = [...a{0}, ...a{0}, ...a{0}];\n", n - 1))
        .collect::<Vec<_>>()
        .concat();
    let text = format!("const a0 = ['https://a.com'];\n{lists}app.use(cors({{ origin: a59 }}))\n");
    assert_eq!(read("express", "a.js", text), Ok(1));
}

#[test]
fn a_name_that_is_itself_ends() {
    assert_eq!(
        read(
            "fastapi",
            "a.py",
            "A = B\nB = A\napp.add_middleware(CORSMiddleware, allow_origins=A)\n".to_owned()
        ),
        Ok(1)
    );
    assert_eq!(read("express", "a.js", "const a = [...a]; app.use(cors({ origin: a }))".to_owned()), Ok(1));
}

#[test]
fn conditions_without_end_are_bounded() {
    let cors = |body: &str| {
        format!("const l = ['https://a.com'];\napp.use(cors({{ origin: function (o, cb) {{ {body} }} }}));\n")
    };
    let ways = "if (l.includes(o)) { x } ".replace("{ x }", "{ console.log(o) }").repeat(4_000);
    let items: Vec<_> = (0..250).map(|number| format!("'https://{number}.com'")).collect();
    let wide = "l.some(i => i === o) || ".repeat(2_000);
    let set = "if (l.includes(req.headers.origin)) { res.setHeader('Access-Control-Allow-Origin', req.headers.origin) }\n";
    for code in [
        cors(&format!("{ways} cb(null, true)")),
        cors(&format!("{} cb(null, true)", "if (x) ".repeat(10_000))),
        cors(&format!("cb(null, {} true)", "(".repeat(5_000))),
        cors(&format!("cb(null, {}true)", "o => o, ".repeat(5_000))),
        cors(&"if (l.includes(o)) { cb(null, true) } else { ".repeat(3_000)),
        cors(&format!("cb(null, {wide} false)")).replace("'https://a.com'", &items.join(", ")),
        cors(&format!("cb(null, {}l.includes(o){})", "!(".repeat(20_000), ")".repeat(20_000))),
        format!("module.exports = (req, res) => {{\n{}}}\n", set.repeat(2_000)),
        "f('Access-Control-Allow-Origin');\n".repeat(7_000),
    ] {
        assert!(code.len() < 256 << 10, "{}", code.len());
        let _ = read("express", "a.js", code);
    }
}
