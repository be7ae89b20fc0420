//! Heads, types and bodies.

use corsac_middleware::guard::Head;
use corsac_middleware::limits::{HeadConfig, Limits, LimitsConfig, RouteConfig};
use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING};

use super::*;

const ITEM: &str = r##"{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["name"],
    "additionalProperties": false,
    "properties": {
        "name": {"type": "string", "minLength": 3, "maxLength": 20, "pattern": "^[a-z]+$"},
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "items": {"type": ["string", "null"]}, "uniqueItems": true, "maxItems": 3},
        "a/b~c": {"type": "integer", "minimum": 3},
        "mail": {"format": "email"},
        "child": {"$ref": "#"}
    }
}"##;

#[test]
fn each_head_bound_has_two_sides() {
    let config = LimitsConfig {
        head: HeadConfig {
            header_fields: 2,
            header_size: 20,
            field_size: 12,
            target_size: 10,
            query_parameters: 2,
        },
        ..LimitsConfig::default()
    };
    let limits = Limits::compile(&config, &|_| Err(io::ErrorKind::NotFound.into())).unwrap();
    let code = |path: &str, query: Option<&str>, fields: &[(&str, &str)]| {
        let headers = headers(fields);
        let method = Method::GET;
        let head = Head {
            method: &method,
            path,
            query,
            headers: &headers,
            host: None,
            is_secure: false,
            client: None,
        };
        let problem = limits.head().check(&head).err().map(|it| it.problem)?;
        Some((problem.status.as_u16(), problem.code))
    };
    let too_large = Some((431, "head-too-large"));
    assert_eq!(code("/", None, &[("a", "1"), ("a", "2")]), None);
    assert_eq!(code("/", None, &[("a", "1"), ("a", "2"), ("a", "3")]), too_large);
    assert_eq!(code("/", None, &[("a", "123456789"), ("b", "123456789")]), None);
    assert_eq!(code("/", None, &[("a", "123456789"), ("b", "1234567890")]), too_large);
    assert_eq!(code("/", None, &[("a", "12345678901")]), None);
    assert_eq!(code("/", None, &[("a", "123456789012")]), too_large);
    assert_eq!(code("/123456789", None, &[]), None);
    assert_eq!(code("/12345678", Some(""), &[]), None);
    assert_eq!(code("/123456789", Some(""), &[]), Some((414, "target-too-long")));
    assert_eq!(code("/", Some("a&b"), &[]), None);
    assert_eq!(code("/", Some("a&b&"), &[]), Some((400, "too-many-parameters")));
}

#[test]
fn only_one_well_formed_type_of_the_list_passes() {
    let config = LimitsConfig {
        routes: vec![RouteConfig {
            content_types: vec![
                "application/json".into(),
                "application/merge-patch+json".into(),
                "image/*".into(),
            ],
            ..RouteConfig::default()
        }],
        ..LimitsConfig::default()
    };
    let limits = Limits::compile(&config, &|_| Err(io::ErrorKind::NotFound.into())).unwrap();
    let route = limits.route("/").unwrap();
    let send = |fields: &[(&str, &str)]| check(route, &Request { line: "PUT /", fields, body: Some(b"x") });
    for kind in ["application/json", "Application/Merge-Patch+JSON; charset=UTF-8", "image/png"] {
        assert!(send(&[("content-type", kind)]).is_ok(), "{kind}");
    }
    for kind in
        ["text/plain", "application/jsonx", "application/json; charset=utf-16", "application/json, a/b", ""]
    {
        let refused = send(&[("content-type", kind)]).unwrap_err();
        assert_eq!(refused.problem.status, 415, "{kind}");
        let accept = &refused.problem.fields;
        assert_eq!(
            *accept,
            [(ACCEPT, "application/json, application/merge-patch+json, image/*".parse().unwrap())]
        );
    }
    assert_eq!(answer(send(&[])).0, 415);
    assert_eq!(answer(send(&[("content-type", "image/png"), ("content-type", "image/png")])).0, 415);
    assert!(check(route, &Request { line: "GET /", fields: &[], body: None }).is_ok());
    assert!(send(&[("content-length", "0")]).is_ok());
}

#[test]
fn a_route_without_limits_streams_anything() {
    let config = LimitsConfig { routes: vec![RouteConfig::default()], ..LimitsConfig::default() };
    let limits = Limits::compile(&config, &|_| Err(io::ErrorKind::NotFound.into())).unwrap();
    let request = Request { line: "POST /", fields: &[("content-encoding", "gzip")], body: Some(b"{") };
    assert!(check(limits.route("/").unwrap(), &request).is_ok());
    assert!(limits.route("/other").is_none());
}

#[test]
fn a_schema_answers_with_pointers_and_words_of_ours() {
    let route = with_schema(ITEM);
    assert_eq!(
        status(&route, &post(br#"{"name": "abc", "a/b~c": 3, "tags": ["x", null], "mail": "a@b.example"}"#)),
        200
    );
    for (body, pointer, detail) in [
        ("{}", "/name", "is required"),
        (r#"{"child": {}, "name": "abc"}"#, "/child/name", "is required"),
        (r#"{"name": "ab"}"#, "/name", "is shorter than 3"),
        (r#"{"name": 1}"#, "/name", "is not a string"),
        (r#"{"name": "ABC"}"#, "/name", "does not match the required pattern"),
        (r#"{"name": "abc", "kind": "c"}"#, "/kind", "is not one of the allowed values"),
        (r#"{"name": "abc", "a/b~c": 2}"#, "/a~1b~0c", "is less than 3"),
        (r#"{"name": "abc", "x/y~z": 2}"#, "/x~1y~0z", "is not an allowed member"),
        (r#"{"name": "abc", "tags": ["a", 1]}"#, "/tags/1", "is not null or a string"),
        (r#"{"name": "abc", "tags": ["a", "a"]}"#, "/tags", "has an item twice"),
        (r#"{"name": "abc", "mail": "a"}"#, "/mail", "is not a well-formed email"),
        ("[]", "", "is not an object"),
    ] {
        let (status, code, answer) = answer(check(&route, &post(body.as_bytes())));
        assert_eq!((status, code.as_str()), (422, "body-invalid"), "{body}");
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{body} {answer}");
        assert_eq!(answer["errors"][0]["detail"], detail, "{body} {answer}");
    }
}

#[test]
fn a_body_that_two_parsers_read_differently_is_malformed() {
    let route = with_schema("true");
    for body in [r#"{"a": 1, "b": {"c": 2}}"#, "1e308", r#""\ud83d\ude00""#, "-0", "[[]]"] {
        assert_eq!(status(&route, &post(body.as_bytes())), 200, "{body}");
    }
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"1 1",
        b"1e309",
        br#""\ud83d""#,
        b"\"\xff\"",
        br#"{"a":1,"a":1}"#,
        br#"{"a":1,"\u0061":1}"#,
        b"'a'",
        b"[1,]",
    ];
    for body in bodies {
        let (status, code, _) = answer(check(&route, &post(body)));
        assert_eq!((status, code.as_str()), (400, "body-malformed"), "{}", body.escape_ascii());
    }
}

#[test]
fn a_body_that_must_be_read_has_no_coding_and_a_size() {
    let config = {
        let mut config = schema_config();
        config.routes[0].body_size = 10;
        config
    };
    let limits = compile(&config, "true").unwrap();
    let route = limits.route("/").unwrap();
    let json = ("content-type", "application/json");
    let send =
        |field, body| check(route, &Request { line: "POST /", fields: &[json, field], body: Some(body) });
    assert!(send(("content-encoding", "identity"), b"1").is_ok());
    let refused = send(("content-encoding", "gzip"), b"1").unwrap_err();
    assert_eq!(refused.problem.status, 415);
    assert_eq!(refused.problem.fields, [(ACCEPT_ENCODING, "identity".parse().unwrap())]);
    assert!(send(("x", "y"), b"1234567890").is_ok());
    assert_eq!(answer(send(("x", "y"), b"12345678901")).1, "body-too-large");
    assert_eq!(answer(send(("content-length", "11"), b"1")).1, "body-too-large");
    assert!(send(("content-length", "10"), b"1234567890").is_ok());
}

#[test]
fn a_missing_body_is_a_body_that_is_not_valid() {
    let route = with_schema("true");
    let without = |line| status(&route, &Request { line, fields: &[], body: None });
    assert_eq!([without("GET /"), without("DELETE /"), without("HEAD /")], [200; 3]);
    assert_eq!([without("POST /"), without("PUT /"), without("PATCH /"), without("PURGE /")], [400; 4]);
}
