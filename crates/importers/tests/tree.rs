//! YAML, JSON and TOML as a tree: values, places, templates, bounds.
#![cfg(test)]

use corsac_importers::tree::{MAX_NODES, Node, Notation, Tree, Value, notation, read};

fn yaml(text: &str) -> Tree {
    read(text, Notation::Yaml).unwrap()
}

/// The one document, written shortly: `{a=1,b=["x",?]}`; `?` is opaque, `..` an opaque rest.
fn shown(text: &str, notation: Notation) -> String {
    let tree = read(text, notation).unwrap();
    assert_eq!(tree.documents.len(), 1, "{text}");
    short(&tree.documents[0])
}

fn short(node: &Node) -> String {
    match &node.value {
        Value::Boolean(flag) => flag.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(",")),
        Value::Null => "null".to_owned(),
        Value::Number(text) => text.clone(),
        Value::Opaque(_) => "?".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Table(_) => {
            let rest = node.rest().map(|_| "..".to_owned());
            let entries = node.entries().iter().map(|entry| format!("{}={}", entry.key, short(&entry.value)));
            format!("{{{}}}", entries.chain(rest).collect::<Vec<_>>().join(","))
        }
    }
}

/// The bytes that every scalar and key says it has, one after the other.
fn written<'t>(text: &'t str, node: &Node, into: &mut Vec<&'t str>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| written(text, item, into)),
        Value::Table(_) => {
            for entry in node.entries() {
                into.push(text.get(entry.key_span.clone()).unwrap());
                written(text, &entry.value, into);
            }
        }
        _ => into.push(text.get(node.span.clone()).unwrap()),
    }
}

#[test]
fn the_three_notations_say_the_same() {
    let same = "{a={b=[\"x y\",1,true],c=\"\\\"é\"},d=\"no\"}";
    for (text, notation) in [
        ("a:\n  b: [x y, 1, true]\n  c: '\"é'\nd: no\n", Notation::Yaml),
        ("# c\n---\na: {b: [\"x y\", 1, True], c: \"\\\"\\xe9\"}\nd: 'no'", Notation::Yaml),
        (
            "{\"a\": {\"b\": [\"x y\", 1, true], \"c\": \"\\\"\\u00e9\"}, // c\n \"d\": \"no\"}",
            Notation::Json,
        ),
        ("d = 'no'\n[a]\nc = '\"é'\nb = [\"x y\", 1, true]\n", Notation::Toml),
    ] {
        let shown = shown(text, notation);
        let parts = |text: &str| {
            let mut parts: Vec<_> = text.bytes().collect();
            parts.sort_unstable();
            parts
        };
        assert_eq!(parts(&shown), parts(same), "{text}\n{shown}");
    }
}

#[test]
fn every_key_and_value_knows_its_place() {
    for (text, notation) in [
        ("ü: &x 'a'\nb:\n  - c\n  - {d: \"e\"}\nf: g", Notation::Yaml),
        ("\"ü\" = 'a'\nb = ['c', {d = \"e\"}]\nf='g'", Notation::Toml),
        ("{\"ü\": \"a\", \"b\": [\"c\", {\"d\": \"e\"}], \"f\": \"g\"}", Notation::Json),
    ] {
        let tree = read(text, notation).unwrap();
        let mut parts = Vec::new();
        written(text, &tree.documents[0], &mut parts);
        let bare: String = parts.concat().replace(['"', '\''], "");
        let mut letters: Vec<_> = bare.chars().collect();
        letters.sort_unstable();
        assert_eq!(letters.iter().collect::<String>(), "abcdefgü", "{text}: {parts:?}");
    }
    let tree = yaml("a:\n  b: c\n\n\nd: e");
    assert_eq!(tree.documents[0].get("a").unwrap().span, 5..9);
}

#[test]
fn scalars_without_quotes_have_types_and_quoted_ones_have_none() {
    for (text, value) in [
        ("~", "null"),
        ("", "{a=null}"),
        ("null", "null"),
        ("'null'", "\"null\""),
        ("TRUE", "true"),
        ("yes", "\"yes\""),
        ("'true'", "\"true\""),
        ("-12", "-12"),
        ("1e3", "1e3"),
        ("1.2.3", "\"1.2.3\""),
        ("inf", "\"inf\""),
        ("!!str 5", "\"5\""),
        ("! 5", "\"5\""),
        ("!!int '5'", "5"),
        ("|\n  x\n  y\n", "\"x\\ny\\n\""),
        (">-\n  x\n  y\n", "\"x y\""),
    ] {
        let expected = if value.starts_with('{') { value.to_owned() } else { format!("{{a={value}}}") };
        assert_eq!(shown(&format!("a: {text}"), Notation::Yaml), expected, "{text}");
    }
    let document = &yaml("a: yes\nb: 'yes'").documents[0];
    assert!(document.get("a").unwrap().plain);
    assert!(!document.get("b").unwrap().plain);
}

#[test]
fn what_a_template_writes_is_opaque_and_nothing_else() {
    for (text, value) in [
        ("a: {{ .Values.x }}\nb: c", "{a=?,b=\"c\"}"),
        ("a: \"https://{{ .x }}\"\nb: c", "{a=?,b=\"c\"}"),
        ("a: {{ .x | default \"a: b\" | quote }}\nb: c", "{a=?,b=\"c\"}"),
        ("a: {{/* why */}}\n  b", "{a=\"b\"}"),
        ("a: b {{- /* why */}}\nc: d", "{a=\"b\",c=\"d\"}"),
        ("a: ${X}\nb: $X\nc: x${\n", "{a=?,b=\"$X\",c=\"x${\"}"),
        ("a: !Ref X\nb: !Sub [x, {y: z}]\nc: !GetAtt {a: b}\nd: e", "{a=?,b=?,c=?,d=\"e\"}"),
        ("{{ .key }}: a\nb: c", "{b=\"c\",..}"),
        // What is put in stands at the column that the template says.
        ("a:\n  b: c\n  {{- toYaml .x | nindent 2 }}\nd: e", "{a={b=\"c\",..},d=\"e\"}"),
        ("a:\n  b: c\n{{ toYaml .x | indent 2 }}\nd: e", "{a={b=\"c\",..},d=\"e\"}"),
        ("a:\n  b: c\n  {{- toYaml .x | nindent 0 }}\nd: e", "{a={b=\"c\"},d=\"e\",..}"),
        ("a:\n  {{- toYaml .x | nindent 2 }}\nd: e", "{a=?,d=\"e\"}"),
        ("a:\n  - b\n  {{- toYaml .x | nindent 2 }}\nd: e", "{a=[\"b\",?],d=\"e\"}"),
        ("a:\n  - b: c\n    d: e\n  {{- toYaml .x | nindent 2 }}\n", "{a=[{b=\"c\",d=\"e\"},?]}"),
        ("a: |\n  b\n  {{ .x }}\nc: d", "{a=?,c=\"d\"}"),
        ("a: <%= x %>\nb: {% x %}\nc: {{d}}", "{a=?,b=?,c=?}"),
    ] {
        assert_eq!(shown(text, Notation::Yaml), value, "{text}");
    }
    for (text, value) in [
        ("{\"a\": {{ include \"x\" . }}, \"b\": \"c\"}", "{a=?,b=\"c\"}"),
        ("{\"a\": \"{{ .x }}\", {{ template \"y\" . }}, \"b\": \"c\"}", "{a=?,b=\"c\",..}"),
        ("{{{ .all }}}", "?"),
        ("{\"a\": [1, {{ .x }}]}", "{a=[1,?]}"),
        ("{\"a\": \"${b}\", \"c\": \"$b\"}", "{a=?,c=\"$b\"}"),
    ] {
        assert_eq!(shown(text, Notation::Json), value, "{text}");
    }
    let toml = "[a]\nb = \"{{ env \"X\" }}\"\nc = 'd'\n{{ .more }}\n{{ .more }}\n[e]\nf = 1";
    assert_eq!(shown(toml, Notation::Toml), "{a={b=?,c=\"d\",..},e={f=1}}");
}

#[test]
fn a_condition_makes_opaque_what_it_decides_on_but_not_a_whole_document() {
    for (text, value) in [
        ("{{- if .x }}\na: b\n{{- end }}", "{a=\"b\"}"),
        ("a: b\n{{- if .x }}\nc: d\n{{- end }}\ne: f", "{a=\"b\",c=?,e=\"f\"}"),
        ("a:\n  {{- if .x }}\n  c: d\n  {{- end }}\ne: f", "{a={c=?},e=\"f\"}"),
        ("a:\n{{- if .x }}\n- b\n{{- end }}\n- c", "{a=[?,\"c\"]}"),
        ("{{ if .x }}\na: b{{ else }}\na: c\n{{ end }}\nd: e", "{a=?,d=\"e\"}"),
        ("{{ if .x }}\na: b\n{{ if .y }}\nc: d\n{{ end }}\n{{ end }}", "{a=\"b\",c=?}"),
        ("{{ if .x }}\na: b\n{{ end }}\n{{ if .y }}\nc: d\n{{ end }}", "{a=?,c=?}"),
        ("a: {{ if .x }}b{{ else }}c{{ end }}\nd: e", "{a=?,d=\"e\"}"),
        ("a: {{ if .x }}\"b\"{{ else }}\"c\"{{ end }}\nd: e", "{a=?,d=\"e\"}"),
        ("{{ $y := 1 }}\na: b\n{{ range .x }}\nc: d\n{{ end }}", "{a=\"b\",c=?}"),
        ("{% if x %}\na: b\n{% endif %}\nc: d", "{a=?,c=\"d\"}"),
        ("a: b\n{{ if .x }}\nc: d", "{a=\"b\",c=?}"),
    ] {
        assert_eq!(shown(text, Notation::Yaml), value, "{text}");
    }
    let json = "{\"a\": 1{{ if .x }}, \"b\": 2{{ end }}}";
    assert_eq!(shown(json, Notation::Json), "{a=1,b=?}");
}

#[test]
fn who_asks_for_a_key_meets_what_is_opaque() {
    let document = &yaml("a:\n  b: c\n  {{- toYaml .x | nindent 2 }}\nd: {{ .y }}").documents[0];
    assert_eq!(document.at(&["a", "b"]).and_then(Node::text), Some("c"));
    assert!(document.at(&["a", "c", "d"]).unwrap().opaque().is_some());
    assert!(document.at(&["d", "e"]).unwrap().opaque().is_some());
    assert!(document.get("d").unwrap().items()[0].opaque().is_some());
    assert!(document.get("e").is_none());
    assert!(document.at(&["a", "b", "c"]).is_none());
}

#[test]
fn a_key_that_comes_twice_is_not_known() {
    assert_eq!(shown("a: b\nc: d\na: e", Notation::Yaml), "{a=?,c=\"d\"}");
    assert_eq!(shown("{\"a\": 1, \"b\": 2, \"\\u0061\": 3}", Notation::Json), "{a=?,b=2}");
    assert!(read("a = 1\na = 2", Notation::Toml).is_err());
}

#[test]
fn aliases_and_merge_keys_are_followed() {
    let text = "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\nz: *x\nl: {<<: [*x, {c: 4}]}\n";
    assert_eq!(shown(text, Notation::Yaml), "{x={a=1,b=2},y={b=3,a=1},z={a=1,b=2},l={a=1,b=2,c=4}}");
    assert_eq!(shown("a: &x 1\nb: &x 2\nc: *x", Notation::Yaml), "{a=1,b=2,c=2}");
    assert_eq!(shown("a: *x\nb: c", Notation::Yaml), "{a=?,b=\"c\"}");
    assert_eq!(shown("a: &x [b, *x]", Notation::Yaml), "{a=[\"b\",?]}");
    assert_eq!(shown("a: {<<: {{ .x }}, b: c}", Notation::Yaml), "{b=\"c\",..}".replace("{b", "{a={b") + "}");
}

#[test]
fn documents_are_read_one_by_one_and_those_with_mistakes_are_listed() {
    let tree = yaml("a: 1\n---\nb: [1\n---\nc: 3\n...\n---\n# nothing\n");
    let shown: Vec<_> = tree.documents.iter().map(short).collect();
    assert_eq!(shown, ["{a=1}", "{c=3}", "null"]);
    assert_eq!(tree.unread.len(), 1);
    assert!(tree.unread[0].reason.starts_with("a document is left out: it is not YAML:"), "{tree:?}");
    for (text, notation, offset, reason) in [
        ("a: [1\n", Notation::Yaml, 3, "it is not YAML: "),
        ("{\"a\": 1 \"b\": 2}", Notation::Json, 8, "it is not JSON: a comma is missing"),
        ("{\"a\": 1} x", Notation::Json, 9, "it is not JSON: something follows the value"),
        ("{\"a\": nope}", Notation::Json, 6, "it is not JSON: a value is expected"),
        ("{\"a\": \"\\ud", Notation::Json, 9, "it is not JSON: `\\u` has no four digits"),
        ("a = \n", Notation::Toml, 4, "it is not TOML: "),
    ] {
        let error = read(text, notation).unwrap_err();
        assert_eq!((error.offset, error.reason.starts_with(reason)), (offset, true), "{text}: {error:?}");
    }
}

#[test]
fn json_has_escapes_of_its_own() {
    assert_eq!(shown(r#""\ud83e\udd8a\/\t\ud800x""#, Notation::Json), "\"🦊/\\t\u{fffd}x\"");
    assert_eq!(shown("\u{feff}{\"a\" : /* b */ -1.5e3 }", Notation::Json), "{a=-1.5e3}");
    assert!(read("{'a': 1}", Notation::Json).is_err());
}

#[test]
fn the_notation_is_told_by_the_name_and_then_by_the_text() {
    for (name, text, expected) in [
        ("a/b.JSON", "", Notation::Json),
        ("b.yml", "{", Notation::Yaml),
        ("traefik.toml", "", Notation::Toml),
        ("-", "\u{feff}\n {\"a\": 1}", Notation::Json),
        ("Pulumi", "a: b", Notation::Yaml),
    ] {
        assert_eq!(notation(name, text), expected, "{name}");
    }
}

#[test]
fn hostile_texts_are_bounded() {
    let laughs = (1..40).fold("l0: &l0 [x, x]\n".to_owned(), |text, number| {
        let before = number - 1;
        format!("{text}l{number}: &l{number} [*l{before}, *l{before}]\n")
    });
    let error = read(&laughs, Notation::Yaml).unwrap_err();
    assert_eq!(error.reason, format!("it has more than {MAX_NODES} values"));
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), "*a,".repeat(1000));
    assert!(read(&long, Notation::Yaml).is_err());
    let deep = (0..10).fold("l0: &l0 [x]\n".to_owned(), |text, number| {
        format!("{text}l{}: &l{} {}*l{number}{}\n", number + 1, number + 1, "[".repeat(20), "]".repeat(20))
    });
    let mut node = &yaml(&deep).documents[0].get("l10").cloned().unwrap();
    let mut depth = 0;
    while let [inner] = node.items() {
        if node.opaque().is_some() {
            break;
        }
        node = inner;
        depth += 1;
    }
    assert!((20..70).contains(&depth), "{depth}");
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "{\"a\":".repeat(100_000)]
    {
        assert!(read(&text, Notation::Yaml).is_err());
        assert!(read(&text, Notation::Json).is_err());
    }
    for text in
        ["{{".repeat(1 << 16), "{{}}\n".repeat(20_000), "{{if x}}\n".repeat(20_000), "<%{{{%".repeat(1 << 14)]
    {
        for notation in [Notation::Json, Notation::Toml, Notation::Yaml] {
            let _ = read(&text, notation);
        }
    }
    assert!(read(&"a: 1\n".repeat(MAX_NODES), Notation::Yaml).is_err());
    assert!(read("a\0b: \u{1}", Notation::Yaml).is_err());
}
