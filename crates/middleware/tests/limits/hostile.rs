//! Bodies made to cost, to leak, or to break.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// A tree whose every level is asked about twice, without a name that tells the forms apart.
const DOUBLING: &str = r##"{"anyOf": [
    {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["x"]},
    {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["y"]},
    {"type": "integer"}
]}"##;

fn nested(depth: usize, leaf: &str) -> String {
    format!("{}{leaf}{}", "{\"y\":0,\"a\":".repeat(depth), "}".repeat(depth))
}

#[test]
fn a_schema_that_doubles_at_every_level_is_stopped_before_it_is_asked() {
    let route = with_schema(DOUBLING);
    assert_eq!(status(&route, &post(nested(8, "1").as_bytes())), 200);
    assert_eq!(status(&route, &post(nested(8, "\"\"").as_bytes())), 422);
    let refused = check(&route, &post(nested(60, "\"\"").as_bytes())).unwrap_err();
    assert_eq!((refused.problem.status.as_u16(), refused.reason), (422, "body-too-complex"));
}

#[test]
fn many_errors_are_told_in_part() {
    let route = with_schema(r#"{"items": {"type": "integer"}}"#);
    let body = format!("[{}1]", "\"\",".repeat(1_000));
    let (status, _, answer) = answer(check(&route, &post(body.as_bytes())));
    assert_eq!((status, answer["errors"].as_array().unwrap().len()), (422, 16));
    // More than is looked for.
    let body = format!("[{}1]", "\"\",".repeat(65_000));
    let refused = check(&route, &post(body.as_bytes())).unwrap_err();
    assert_eq!(refused.problem.errors.len(), 1);
    assert_eq!(refused.problem.errors[0].detail, "is not valid; it is too large to say where");
}

#[test]
fn pointers_of_long_names_stay_short() {
    let route = with_schema(r#"{"additionalProperties": {"type": "integer"}}"#);
    let body = format!(r#"{{"{}": ""}}"#, "n".repeat(1_000));
    let refused = check(&route, &post(body.as_bytes())).unwrap_err();
    assert_eq!(refused.problem.errors[0].pointer, "");
    assert_eq!(refused.problem.errors[0].detail, "has a value that is not an integer");
}

#[test]
fn no_value_is_ever_repeated() {
    const MARKER: &str = "hunter2";
    let schemas = [
        r#"{"type": "integer"}"#,
        r#"{"enum": ["a"]}"#,
        r#"{"const": 1}"#,
        r#"{"pattern": "^x$"}"#,
        r#"{"format": "email"}"#,
        r#"{"maxLength": 1}"#,
        r#"{"anyOf": [{"type": "null"}, {"type": "array"}]}"#,
        r#"{"not": {"type": "string"}}"#,
        "false",
        r#"{"oneOf": [true, true]}"#,
        r#"{"minLength": 100}"#,
    ];
    for schema in schemas {
        for whole in
            [r#"{"properties": {"a": SCHEMA}}"#, r#"{"properties": {"a": {"propertyNames": SCHEMA}}}"#]
        {
            let route = with_schema(&whole.replace("SCHEMA", schema));
            let body = if whole.contains("propertyNames") {
                r#"{"a": {"hunter2": 1}}"#
            } else {
                r#"{"a": "hunter2"}"#
            };
            let refused = check(&route, &post(body.as_bytes())).unwrap_err();
            let texts = [refused.problem.body(), format!("{refused:?}"), format!("{route:?}")];
            assert!(texts.iter().all(|text| !text.contains(MARKER)), "{schema} {refused:?}");
        }
    }
}

#[test]
fn every_beginning_of_a_body_is_refused() {
    let route = with_schema(r#"{"type": "object"}"#);
    let body = "{\"a\": [1, -2.5e3, \"\u{e9}\\u00e9\", true, null], \"b\": {\"c\": {}}}".as_bytes();
    assert_eq!(status(&route, &post(body)), 200);
    for end in 0..body.len() {
        assert_eq!(status(&route, &post(&body[..end])), 400, "{end}");
    }
}

#[test]
fn depth_and_count_have_two_sides() {
    let mut config = schema_config();
    config.routes[0].max_depth = 256;
    config.routes[0].max_values = 1_000;
    let limits = compile(&config, r##"{"items": {"$ref": "#"}}"##).unwrap();
    let route = limits.route("/").unwrap();
    let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(status(route, &post(deep(256).as_bytes())), 200);
    assert_eq!(status(route, &post(deep(257).as_bytes())), 400);
    assert_eq!(status(route, &post(deep(500_000).as_bytes())), 400);
    let wide = |count: usize| format!("[{}1]", "1,".repeat(count - 2));
    assert_eq!(status(route, &post(wide(1_000).as_bytes())), 200);
    assert_eq!(status(route, &post(wide(1_001).as_bytes())), 400);
}

#[test]
fn unique_items_of_a_large_array_are_judged() {
    let route = with_schema(r#"{"uniqueItems": true}"#);
    let mut body = String::from("[");
    for number in 0..60_000 {
        let _ = write!(body, "[{number}],");
    }
    assert_eq!(
        status(&route, &post(format!("{body}[-1]]").as_bytes())),
        400,
        "two values an item are too many"
    );
    let numbers: Vec<String> = (0..60_000).map(|number| number.to_string()).collect();
    let list = numbers.join(",");
    assert_eq!(status(&route, &post(format!("[{list}]").as_bytes())), 200);
    assert_eq!(status(&route, &post(format!("[{list},0]").as_bytes())), 422);
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = status(&with_schema(DOUBLING), &post(&body));
    }

    #[test]
    fn no_json_panics(text in "[\\[\\]{}\",:0-9eE+\\-.truefalsn\\\\ud ]{0,60}") {
        let _ = status(&with_schema(DOUBLING), &post(text.as_bytes()));
    }

    #[test]
    fn no_content_type_panics(value in "[ -~]{0,40}") {
        let route = with_schema("true");
        let request = Request { line: "POST /", fields: &[("content-type", &value)], body: Some(b"1") };
        prop_assert!(matches!(status(&route, &request), 200 | 415));
    }
}
