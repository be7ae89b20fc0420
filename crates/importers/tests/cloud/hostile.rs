//! Files that mean harm: an answer, soon, and no more memory than they deserve.

use corsac_diagnostics::Source;
use corsac_importers::{System, import};

const SYSTEMS: [(&str, &str); 6] = [
    ("api-gateway", "a.json"),
    ("azure", "a.json"),
    ("cloudformation", "a.yaml"),
    ("gcs", "a.json"),
    ("s3", "a.xml"),
    ("terraform", "a.tf"),
];

fn read(system: &str, name: &str, text: &str) -> Result<usize, String> {
    let model = import(System::by_id(system).unwrap(), Source::new(name, text), &());
    model.map(|model| model.scopes.len()).map_err(|error| error.reason)
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("a {\n", "}\n"), ("a = [", "]"), ("a = {a = ", "}"), ("a = \"${", "}\"")] {
        let text = open.repeat(10_000) + &close.repeat(10_000);
        let _ = read("terraform", "a.tf", &text);
    }
    let deep = |open: &str| open.repeat(10_000);
    assert_eq!(
        read("terraform", "a.tf", &deep("a {\n")),
        Err("blocks and lists are nested deeper than 64".to_owned())
    );
    assert!(read("terraform", "a.tf", &format!("a = {}", deep("["))).unwrap_err().contains("deeper than 64"));
    assert_eq!(read("s3", "a.xml", &deep("<a>")), Err("elements are nested deeper than 64".to_owned()));
    assert_eq!(read("terraform", "a.tf", &("a {\n".repeat(60) + &"}\n".repeat(60))), Ok(0));
}

#[test]
fn nothing_panics() {
    let pieces = [
        "cors_rule {",
        "}",
        "\"",
        "${",
        "\\",
        "\\u12",
        "<<EOT",
        "\n",
        "[",
        "]",
        "=",
        ",",
        "#",
        "/*",
        "<",
        ">",
        "&",
        "&#x;",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>",
        "]]>",
        "<![CDATA[",
        "\u{0}",
        "\u{feff}",
        "é",
        "resource",
        " ",
        "%{",
        "$${",
    ];
    let mut state = 1_u64;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += pieces[usize::try_from(state >> 33).unwrap() % pieces.len()];
        }
        for (system, name) in SYSTEMS {
            let _ = read(system, name, &text);
        }
    }
}

#[test]
fn entities_do_not_multiply() {
    let text = "<!DOCTYPE a [<!ENTITY b \"cccc\">]><CORSConfiguration>&b;</CORSConfiguration>";
    assert_eq!(read("s3", "a.xml", text), Err("document types are not read".to_owned()));
}

#[test]
fn long_files_are_read_or_refused() {
    let texts = [
        ("terraform", "a.tf", "a = 1\n".repeat(2_000_000)),
        ("terraform", "a.tf", "a = \"${\"".repeat(1_000_000)),
        ("terraform", "a.tf", "a = [1]+".repeat(1_000_000)),
        ("s3", "a.xml", "<a/>".repeat(2_000_000)),
    ];
    for (system, name, text) in texts {
        let _ = read(system, name, &text);
    }
    let rules = "cors_rule {\nallowed_origins = [\"https://a.example\"]\nallowed_methods = [\"GET\"]\n}\n"
        .repeat(30_000);
    assert_eq!(read("terraform", "a.tf", &format!("resource \"aws_s3_bucket\" \"b\" {{\n{rules}}}")), Ok(1));
}
