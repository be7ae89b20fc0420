//! Requests held against the operations of a document.

use corsac_middleware::limits::Unknown;

use super::*;

const SHOP: &str = include_str!("petstore.json");

fn shop() -> Arc<RouteLimits> {
    Arc::clone(compile(&openapi_config(), SHOP).unwrap().route("/").unwrap())
}

fn get(line: &str) -> Request<'_> {
    Request { line, fields: &[], body: None }
}

#[test]
fn operations_are_found_by_path_and_method() {
    let route = shop();
    for line in ["GET /api/pets", "HEAD /api/pets", "GET /api/pets/7", "GET /api/pets/mine"] {
        assert_eq!(status(&route, &get(line)), 200, "{line}");
    }
    for line in
        ["GET /pets", "GET /apipets", "GET /api", "GET /api/pets/", "GET /api/pets/7/8", "GET /api/Pets"]
    {
        let (status, code, _) = answer(check(&route, &get(line)));
        assert_eq!((status, code.as_str()), (404, "operation-unknown"), "{line}");
    }
    let refused = check(&route, &get("DELETE /api/pets")).unwrap_err();
    assert_eq!((refused.problem.status.as_u16(), refused.problem.code), (405, "method-not-allowed"));
    assert_eq!(refused.problem.fields[0].1, "GET, HEAD, POST");
}

#[test]
fn unknown_operations_pass_only_where_that_is_asked_for() {
    let mut config = openapi_config();
    config.openapi[0].unknown = Unknown::Pass;
    config.routes[0].content_types = vec!["application/json".into()];
    let limits = compile(&config, SHOP).unwrap();
    let route = limits.route("/").unwrap();
    assert_eq!(status(route, &get("GET /other")), 200);
    assert_eq!(status(route, &get("DELETE /api/pets")), 200);
    assert_eq!(status(route, &get("GET /api/pets/x")), 400, "known operations are still checked");
    let send = |kind| Request { line: "POST /other", fields: kind, body: Some(b"{") };
    assert_eq!(status(route, &send(&[("content-type", "application/json")])), 200);
    assert_eq!(status(route, &send(&[("content-type", "text/plain")])), 415, "so are the route's types");
}

#[test]
fn parameters_are_held_against_their_schemas() {
    let route = shop();
    for line in [
        "GET /api/pets?limit=100",
        "GET /api/pets?limit=1&tag=a&tag=b%2Cc",
        "GET /api/pets?sort=name,age",
        "GET /api/pets?other=1&other=2",
        "GET /api/pets?exact=true",
        "GET /api/pets?%6Cimit=5",
    ] {
        assert_eq!(status(&route, &get(line)), 200, "{line}");
    }
    for (line, name) in [
        ("GET /api/pets?limit=101", "limit"),
        ("GET /api/pets?limit=0", "limit"),
        ("GET /api/pets?limit=hunter2", "limit"),
        ("GET /api/pets?limit=", "limit"),
        ("GET /api/pets?limit=1.5", "limit"),
        ("GET /api/pets?limit=1&limit=1", "limit"),
        ("GET /api/pets?%6Cimit=500", "limit"),
        ("GET /api/pets?tag=a&tag=hunter2hunter2", "tag"),
        ("GET /api/pets?sort=name,hunter2", "sort"),
        ("GET /api/pets?exact=yes", "exact"),
        ("GET /api/pets/x", "id"),
        ("GET /api/pets/-1", "id"),
    ] {
        let (status, code, answer) = answer(check(&route, &get(line)));
        assert_eq!((status, code.as_str()), (400, "parameter-invalid"), "{line}");
        assert_eq!(answer["parameters"][0], name, "{line} {answer}");
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
    }
    assert_eq!(status(&route, &get("GET /api/pets?a=%zz")), 400);
}

#[test]
fn header_parameters_may_be_required() {
    let route = shop();
    let send = |fields| {
        let request = Request { line: "DELETE /api/pets/7", fields, body: None };
        answer(check(&route, &request))
    };
    assert_eq!(send(&[("X-Reason", "sold")]).0, 200);
    assert_eq!(send(&[]).2["detail"], "required parameters are missing");
    assert_eq!(send(&[("x-reason", "hunter2")]).0, 400);
    assert_eq!(send(&[("x-reason", "sold"), ("x-reason", "sold")]).0, 400);
}

#[test]
fn bodies_are_held_against_the_operations_schema() {
    let route = shop();
    let json = ("content-type", "application/json");
    let send = |line, body: &'static str| {
        let request = Request { line, fields: &[json], body: Some(body.as_bytes()) };
        answer(check(&route, &request))
    };
    assert_eq!(send("POST /api/pets", r#"{"name": "Rex", "owner": {"name": "Ann"}}"#).0, 200);
    let (status, _, answer) = send("POST /api/pets", r#"{"name": "Rex", "owner": {}}"#);
    assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &"/owner/name".into()));
    assert_eq!(send("PUT /api/pets/7", r#"{"name": ""}"#).0, 422);
    assert_eq!(send("PUT /api/pets/7", "").0, 200, "a body that is not required may be empty");
    assert_eq!(send("POST /api/pets", "").0, 400);
    assert_eq!(send("GET /api/pets", "{}").1, "body-unexpected");
    let without = Request { line: "POST /api/pets", fields: &[], body: None };
    assert_eq!(super::status(&route, &without), 400);
}

#[test]
fn the_operation_says_which_types_it_takes() {
    let route = shop();
    let send = |kind| Request { line: "POST /api/pets", fields: kind, body: Some(b"{\"name\": 1}") };
    assert_eq!(status(&route, &send(&[("content-type", "application/json")])), 422);
    assert_eq!(status(&route, &send(&[("content-type", "application/vnd.pet+json")])), 422);
    assert_eq!(status(&route, &send(&[("content-type", "image/png")])), 200);
    let refused = check(&route, &send(&[("content-type", "text/plain")])).unwrap_err();
    assert_eq!(refused.problem.status, 415);
    assert_eq!(refused.problem.fields[0].1, "application/json, application/vnd.pet+json, image/*");
    assert_eq!(status(&route, &send(&[])), 415);
}
