use super::{check, only, preflight, read, text};

fn service(cors: &str) -> String {
    format!("{{\"version\": 3, \"endpoints\": [], \"extra_config\": {{\"security/cors\": {cors}}}}}")
}

#[test]
fn the_documented_sample() {
    let model = read(
        "krakend",
        "krakend.json",
        &service(
            r#"{"allow_origins": ["http://foobar.com"], "allow_methods": ["GET", "HEAD", "POST"],
            "expose_headers": ["Content-Length", "Content-Type"], "allow_headers": ["Accept-Language"],
            "max_age": "12h", "allow_credentials": false, "debug": false}"#,
        ),
    );
    check(
        only(&model),
        &[('o', "http://foobar.com"), ('-', "https://foobar.com"), ('-', "http://a.foobar.com")],
    );
    let answer = preflight(&model);
    assert_eq!(text(answer.max_age.as_ref()), "43200");
    assert_eq!(text(answer.allow_headers.as_ref()), "Accept-Language");
    assert_eq!(text(only(&model).vary.as_ref()), "Origin");
}

#[test]
fn a_star_is_any_run_once_and_alone_it_is_sent() {
    let of = |cors: &str| read("krakend", "krakend.json", &service(cors));
    for star in ["{}", r#"{"allow_origins": ["https://a.example", "*"]}"#] {
        check(only(&of(star)), &[('o', "https://b.example")]);
    }
    let with = of(r#"{"allow_origins": ["*"], "allow_credentials": true}"#);
    check(only(&with), &[('o', "https://b.example")]);
    let glob = of(r#"{"allow_origins": ["https://*EXAMPLE.org"], "allow_credentials": true}"#);
    check(
        only(&glob),
        &[
            ('+', "https://evilexample.org"),
            ('+', "https://example.org"),
            ('-', "https://example.org.evil.example"),
        ],
    );
    let twice = of(r#"{"allow_origins": ["https://*.a.*"]}"#);
    check(only(&twice), &[('-', "https://b.a.example"), ('o', "https://b.a.*")]);
}

#[test]
fn templates_and_the_name_of_old_releases() {
    let old = r#"{"extra_config": {"github_com/devopsfaith/krakend-cors": {"allow_origins": ["https://a.example"]}}}"#;
    check(only(&read("krakend", "x.json", old)), &[('o', "https://a.example"), ('-', "https://b.example")]);
    let model =
        read("krakend", "krakend.tmpl", &service(r#"{"allow_origins": {{ marshal .cors.origins }}}"#));
    check(only(&model), &[('?', "https://a.example")]);
    assert_eq!(model.unread.len(), 1, "{:?}", model.unread);
}
