//! Mistakes of a configuration, and its tables.

use corsac_diagnostics::{Document, FieldPath, Source, TableReader};
use corsac_middleware::limits::{self, Unknown};

use super::*;

#[track_caller]
fn has(mistakes: &[String], expected: &str) {
    assert!(mistakes.iter().any(|mistake| mistake.contains(expected)), "{expected}: {mistakes:#?}");
}

#[test]
fn a_schema_that_is_not_understood_does_not_run() {
    for (schema, expected) in [
        (r#"{"type": "strnig"}"#, "at `/type`"),
        (r#"{"properties": {"a": {"minLength": "x"}}}"#, "at `/properties/a/minLength`"),
        (r#"{"$ref": "https://example.com/a.json"}"#, "a `$ref` leaves the file"),
        (r#"{"$ref": "other.json"}"#, "a `$ref` leaves the file"),
        (r##"{"$ref": "#/$defs/none"}"##, "a `$ref` leads nowhere"),
        (r##"{"$ref": "#"}"##, "defined by itself"),
        (
            r##"{"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"not": {"$ref": "#"}}}}"##,
            "defined by itself",
        ),
        (r#"{"$schema": "https://json-schema.org/draft/2030-01/schema"}"#, "`$schema` is not"),
        (r#"{"$schema": "http://json-schema.org/draft-04/schema#"}"#, "`$schema` is not"),
        (r#"{"pattern": "(?=a)b"}"#, "look-around"),
        (r#"{"pattern": "((a{1,500}){1,500}){1,500}"}"#, "a pattern is too large"),
        (r#"{"required": ["a"], "nullable": true}"#, "this keyword is not understood here, at `/nullable`"),
        (r##"{"$dynamicRef": "#a"}"##, "not understood"),
        (
            r#"{"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [false]}"#,
            "not understood",
        ),
        (r#"{"items": [true]}"#, "a schema is an object"),
        (r#"{"properties": {"a": 1}}"#, "a schema is an object"),
        (r#"{"a": 1, "a": 2}"#, "names a member twice"),
        ("{", "it is not JSON"),
        ("", "it is empty"),
    ] {
        has(&mistakes(&schema_config(), schema), expected);
    }
    for schema in [
        "true",
        r#"{"$id": "https://example.com/item", "title": "x", "x-mine": 1, "pattern": "^[a-z]{1,50}$"}"#,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"$ref": "#/definitions/a"}], "definitions": {"a": false}}"##,
    ] {
        assert!(compile(&schema_config(), schema).is_ok(), "{schema}");
    }
}

#[test]
fn a_document_that_is_not_understood_does_not_run() {
    let with = |paths: &str| format!(r#"{{"openapi": "3.1.0", "paths": {paths}}}"#);
    for (document, expected) in [
        (r#"{"openapi": "3.0.3", "paths": {}}"#.into(), "older than OpenAPI 3.1"),
        (r#"{"swagger": "2.0"}"#.into(), "older than OpenAPI 3.1"),
        (r#"{"openapi": "4.0.0"}"#.into(), "does not say that it is OpenAPI 3.1"),
        (with(r#"{"a": {}}"#), "a path begins with `/`"),
        (with(r#"{"/a.{b}": {}}"#), "a parameter is a whole segment"),
        (with(r#"{"/{a}": {"get": {}}}"#), "the path's parameter `a` is not described"),
        (with(r#"{"/{a}/x": {}, "/y/{b}": {}}"#), "a request can have this path and"),
        (with(r#"{"/a": {"trace": {}}}"#), "this member of a path item is not understood"),
        (
            with(
                r#"{"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": {"nullable": true}}}}}}}"#,
            ),
            "not understood",
        ),
        (with(r#"{"/a": {"post": {"requestBody": {}}}}"#), "no `content`"),
        (with(r#"{"/a": {"get": {"parameters": [{"name": "a", "in": "body"}]}}}"#), "`in` is not"),
        (with(r##"{"/a": {"get": {"parameters": [{"$ref": "#/x"}]}}}"##), "a `$ref` leads nowhere"),
    ] {
        has(&mistakes(&openapi_config(), &document), expected);
    }
}

#[test]
fn what_is_not_checked_is_named() {
    let limits = compile(&openapi_config(), include_str!("petstore.json")).unwrap();
    let warnings: Vec<String> = limits.warnings().iter().map(ToString::to_string).collect();
    has(&warnings, "at `/paths/~1pets/get/parameters/4` in the file");
    has(&warnings, "cookies are not checked");
    has(&warnings, "the format `int32` is not checked");
    assert_eq!(limits.files(), [std::path::PathBuf::from("shop.json")]);
}

#[test]
fn every_mistake_is_told_at_once() {
    let mut config = schema_config();
    config.schemas.push(config.schemas[0].clone());
    config.head.header_fields = 0;
    config.routes[0].max_depth = 257;
    config.routes[0].content_types = vec!["text/plain".into(), "JSON".into(), "*/x".into()];
    config.routes.push(RouteConfig { body_schema: Some("none".into()), ..RouteConfig::default() });
    config.routes.push(RouteConfig {
        route: "/b".into(),
        body_schema: Some("item".into()),
        openapi: Some("shop".into()),
        ..RouteConfig::default()
    });
    let read = |_: &Path| -> io::Result<Vec<u8>> { Err(io::ErrorKind::NotFound.into()) };
    let errors = Limits::compile(&config, &read).unwrap_err();
    let mistakes: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
    for expected in [
        "schemas.item.file: the file cannot be read: no such file",
        "schemas.item: `item` stands here twice",
        "head.header_fields: 0 is not from 1 to 10000",
        "routes[0].max_depth: 257 is not from 1 to 256",
        "routes[0].content_types[0]: `text/plain` is not JSON",
        "routes[0].content_types[1]: `JSON` is not a media type",
        "routes[0].content_types[2]: `*/x` is not a media type",
        "routes[1].body_schema: nothing is named `none`",
        "routes[1].path: `/` stands here twice",
        "routes[2].openapi: a body has one schema",
    ] {
        has(&mistakes, expected);
    }
    assert!(errors.0.iter().all(|mistake| !mistake.kind.help().is_empty()));
}

fn read(text: &str) -> (LimitsConfig, Vec<String>) {
    let (document, mut out) = Document::parse(Source::new("corsac.toml", text));
    let mut root = TableReader::new(&document.root, FieldPath::root(), &mut out);
    let mut config = LimitsConfig {
        schemas: limits::read_schemas(&mut root, &mut out),
        openapi: limits::read_openapi(&mut root, &mut out),
        ..LimitsConfig::default()
    };
    for mut table in root.tables("routes", &mut out) {
        let route = table.required_string("path", &mut out).unwrap_or_default().to_owned();
        config.routes.push(RouteConfig { route, ..limits::read_route(&mut table, &mut out) });
        table.finish(&mut out);
    }
    root.finish(&mut out);
    (config, out.into_iter().map(|finding| finding.message).collect())
}

#[test]
fn tables_become_a_configuration() {
    let (config, findings) = read(
        "[schemas.item]\nfile = \"item.json\"\n[openapi.shop]\nfile = \"shop.json\"\nbase = \"/api\"\nunknown = \"pass\"\n\
         [[routes]]\npath = \"/a\"\ncontent_types = [\"application/json\"]\nbody_schema = \"item\"\nmax_depth = 8\nmax_values = 9\n\
         [[routes]]\npath = \"/b\"\nopenapi = \"shop\"\n",
    );
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(config.schemas, schema_config().schemas);
    assert_eq!((config.openapi[0].base.as_str(), config.openapi[0].unknown), ("/api", Unknown::Pass));
    assert_eq!(config.routes[0].content_types, ["application/json"]);
    assert_eq!((config.routes[0].max_depth, config.routes[0].max_values), (8, 9));
    assert_eq!(config.routes[1].openapi.as_deref(), Some("shop"));
}

#[test]
fn tables_with_mistakes_say_where() {
    let (_, findings) = read(
        "[schemas.item]\nfil = \"item.json\"\n[openapi.shop]\nfile = 1\nunknown = \"maybe\"\n\
         [[routes]]\npath = \"/a\"\ncontent_types = []\nmax_depth = 257\n",
    );
    for expected in [
        "`schemas.item` has no `file`",
        "unknown key `schemas.item.fil`",
        "`openapi.shop.file` takes a string",
        "`maybe` is no value for `openapi.shop.unknown`",
        "`[]` is no value for `routes[0].content_types`",
        "`257` is no value for `routes[0].max_depth`",
    ] {
        has(&findings, expected);
    }
    let errors = compile(&schema_config(), "{").unwrap_err().to_diagnostics();
    assert_eq!(errors[0].message, "`schemas.item.file`: the file cannot be used: it is not JSON");
    assert!(errors[0].help.is_some() && errors[0].primary.is_some());
}
