//! Configurations that people copy, each with what it admits and the nearest it refuses.

use corsac_analysis::model::{Answer, Coverage, Credentials, Model, Preflight, Scope, Truth, Value};
use corsac_diagnostics::Source;
use corsac_importers::{Includes, System, Unreadable, detect, import};

use crate::program::{accepts, folder, whole};

fn try_read(text: &str, includes: &dyn Includes) -> Result<Model, Unreadable> {
    import(System::by_id("nginx").unwrap(), Source::new("nginx.conf", text), includes)
}

fn read(text: &str) -> Model {
    try_read(text, &()).unwrap()
}

fn only(model: &Model) -> &Scope {
    assert_eq!(model.scopes.len(), 1, "{:?}", names(model));
    &model.scopes[0]
}

fn names(model: &Model) -> Vec<&str> {
    model.scopes.iter().map(|scope| scope.name.as_str()).collect()
}

fn named<'a>(model: &'a Model, name: &str) -> &'a Scope {
    let found = model.scopes.iter().find(|scope| scope.name == name);
    found.unwrap_or_else(|| panic!("{name} in {:?}", names(model)))
}

fn reads(answer: &Answer, origin: &str) -> [Truth; 2] {
    [Credentials::Omitted, Credentials::Included].map(|credentials| answer.lets_read(origin, credentials))
}

const NEVER: [Truth; 2] = [Truth::False, Truth::False];
const WITHOUT: [Truth; 2] = [Truth::True, Truth::False];
const BOTH: [Truth; 2] = [Truth::True, Truth::True];

fn preflight(scope: &Scope) -> &Answer {
    match &scope.preflight {
        Preflight::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn text(field: Option<&corsac_analysis::model::Field>) -> Option<&str> {
    match &field?.value {
        Value::Text(text) => Some(text),
        other => panic!("{other:?}"),
    }
}

fn at<'a>(model: &'a Model, place: Option<&corsac_analysis::model::Place>) -> &'a str {
    let place = place.unwrap();
    model.files[place.file].text().get(place.span.clone()).unwrap()
}

/// The wide-open configuration that has been copied from enable-cors.org for a decade.
#[test]
fn wide_open_by_method_answers_get_and_preflights() {
    let model = read(
        "location / {
            if ($request_method = 'OPTIONS') {
                add_header 'Access-Control-Allow-Origin' '*';
                add_header 'Access-Control-Allow-Methods' 'GET, POST, OPTIONS';
                add_header 'Access-Control-Allow-Headers' 'DNT,User-Agent,Range';
                add_header 'Access-Control-Max-Age' 1728000;
                add_header 'Content-Type' 'text/plain; charset=utf-8';
                return 204;
            }
            if ($request_method = 'POST') {
                add_header 'Access-Control-Allow-Origin' '*' always;
                add_header 'Access-Control-Expose-Headers' 'Content-Length' always;
            }
            if ($request_method = 'GET') {
                add_header 'Access-Control-Allow-Origin' '*' always;
                add_header 'Access-Control-Expose-Headers' 'Content-Length,Content-Range' always;
            }
        }",
    );
    assert_eq!(names(&model), ["location /", "location /, HEAD PUT PATCH DELETE", "location /, POST"]);
    let scope = named(&model, "location /");
    assert_eq!(reads(&scope.actual, "https://a.test"), WITHOUT);
    assert_eq!(scope.actual.coverage, Coverage::All);
    assert_eq!(text(scope.actual.expose_headers.as_ref()), Some("Content-Length,Content-Range"));
    let preflight = preflight(scope);
    assert_eq!(reads(preflight, "https://a.test"), WITHOUT);
    assert_eq!(text(preflight.max_age.as_ref()), Some("1728000"));
    assert_eq!(text(preflight.allow_methods.as_ref()), Some("GET, POST, OPTIONS"));
    assert_eq!(
        at(&model, preflight.max_age.as_ref().unwrap().place.as_ref()),
        "add_header 'Access-Control-Max-Age' 1728000"
    );
    let others = named(&model, "location /, HEAD PUT PATCH DELETE");
    assert_eq!(reads(&others.actual, "https://a.test"), NEVER);
}

/// The idiom with `map`, as the better answers have it.
#[test]
fn a_map_admits_what_its_expressions_match_anywhere() {
    let model = read(
        r#"http {
            map $http_origin $cors_origin {
                default "";
                "~^https://.*\.example\.com" $http_origin;
                "https://Partner.test" "https://partner.test";
            }
            server {
                server_name api.example.com;
                add_header Access-Control-Allow-Origin $cors_origin always;
                add_header Access-Control-Allow-Credentials true always;
                add_header Vary Origin always;
                location / { proxy_pass http://app; }
            }
        }"#,
    );
    let answer = &only(&model).actual;
    assert_eq!(only(&model).name, "server api.example.com, location /");
    assert_eq!(reads(answer, "https://app.example.com"), BOTH);
    assert_eq!(reads(answer, "https://e.example.com.evil.test"), BOTH);
    assert_eq!(reads(answer, "https://partner.test"), BOTH);
    assert_eq!(reads(answer, "https://example.com"), NEVER);
    assert_eq!(reads(answer, "http://app.example.com"), NEVER);
    assert_eq!(answer.coverage, Coverage::All);
    assert_eq!(text(answer.vary.as_ref()), Some("Origin"));
    assert!(answer.passes_upstream);
    assert!(matches!(only(&model).preflight, Preflight::Unknown));
    let places: Vec<_> =
        answer.allow_origin[0].cases.iter().map(|case| at(&model, case.place.as_ref())).collect();
    assert_eq!(places, [r#""https://Partner.test""#, r#""~^https://.*\.example\.com""#]);
}

/// `RustDesk`'s documentation.
#[test]
fn an_unanchored_if_admits_look_alikes() {
    let model = read(
        r#"server {
            server_name hbbs;
            location / {
                if ($http_origin ~* (https?://(www\.)?rustdesk\.com)) {
                    add_header Access-Control-Allow-Origin "$http_origin";
                }
            }
        }"#,
    );
    let answer = &only(&model).actual;
    assert_eq!(reads(answer, "https://rustdesk.com"), WITHOUT);
    assert_eq!(reads(answer, "https://rustdesk.com.me"), WITHOUT);
    assert_eq!(reads(answer, "https://rustdesk-com.me"), NEVER);
    assert_eq!(answer.coverage, Coverage::Successes);
    assert_eq!(
        at(&model, answer.allow_origin[0].cases[0].place.as_ref()),
        r"(https?://(www\.)?rustdesk\.com))"
    );
    assert!(matches!(only(&model).preflight, Preflight::Unanswered), "files are not served to OPTIONS");
}

/// What sites with fonts copy.
#[test]
fn fonts_are_open_to_all_and_nothing_else_is() {
    let model = read(
        r"server {
            server_name blog.test;
            location ~* \.(eot|ttf|woff|woff2)$ { add_header Access-Control-Allow-Origin *; }
        }",
    );
    assert_eq!(names(&model), ["server blog.test", r"server blog.test, location ~* \.(eot|ttf|woff|woff2)$"]);
    assert_eq!(reads(&model.scopes[1].actual, "null"), WITHOUT);
    assert_eq!(reads(&model.scopes[0].actual, "null"), NEVER);
}

/// Flags that `set` puts together, as in "if is evil" work-arounds.
#[test]
fn flags_are_followed_through_sets() {
    let model = read(
        r#"location /api {
            set $cors '';
            if ($http_origin ~ '^https?://(localhost|www\.example\.com)') { set $cors 'true'; }
            if ($request_method = 'OPTIONS') { set $cors "${cors}options"; }
            if ($cors = "true") {
                add_header 'Access-Control-Allow-Origin' "$http_origin";
                add_header 'Access-Control-Allow-Credentials' 'true';
            }
            if ($cors = "trueoptions") {
                add_header 'Access-Control-Allow-Origin' "$http_origin";
                add_header 'Access-Control-Allow-Methods' 'GET, PUT';
                return 204;
            }
            proxy_pass http://127.0.0.1:9000;
        }"#,
    );
    let scope = only(&model);
    assert_eq!(reads(&scope.actual, "https://www.example.com"), BOTH);
    assert_eq!(reads(&scope.actual, "http://localhost.evil.test"), BOTH);
    assert_eq!(reads(&scope.actual, "https://example.com"), NEVER);
    let answer = preflight(scope);
    assert_eq!(reads(answer, "https://www.example.com"), WITHOUT);
    assert_eq!(
        answer.lets_read("https://example.com", Credentials::Omitted),
        Truth::Unknown,
        "the upstream's"
    );
    assert_eq!(text(answer.allow_methods.as_ref()), Some("GET, PUT"));
}

#[test]
fn the_last_if_that_holds_is_in_force_and_replaces_what_stood_outside() {
    let model = read(
        "location / {
            add_header Access-Control-Allow-Origin *;
            if ($http_origin) { add_header X-A 1; }
        }
        location /b { add_header Access-Control-Allow-Origin *; if ($http_origin) { set $a 1; } }",
    );
    assert_eq!(reads(&named(&model, "location /").actual, "https://a.test"), NEVER);
    assert_eq!(reads(&named(&model, "location /b").actual, "https://a.test"), WITHOUT);
}

#[test]
fn later_versions_merge_what_is_inherited() {
    let location = "location / { add_header X-A 1; }";
    let with = |inherit: &str| {
        let model =
            read(&format!("server {{ add_header Access-Control-Allow-Origin *; {inherit} {location} }}"));
        reads(&only(&model).actual, "https://a.test")
    };
    assert_eq!(with("add_header_inherit merge;"), WITHOUT);
    assert_eq!(with(""), NEVER);
    let off = "server { add_header Access-Control-Allow-Origin *; location / { add_header_inherit off; } }";
    assert_eq!(reads(&only(&read(off)).actual, "https://a.test"), NEVER);
}

#[test]
fn two_lines_are_none() {
    let model = read(
        "location / { add_header Access-Control-Allow-Origin *; add_header Access-Control-Allow-Origin $http_origin; }",
    );
    assert_eq!(reads(&only(&model).actual, "https://a.test"), NEVER);
    assert_eq!(only(&model).actual.allow_origin.len(), 2);
}

#[test]
fn preflights_meet_authentication_unless_they_are_answered_before() {
    let closed = read("location / { auth_basic x; add_header Access-Control-Allow-Origin *; }");
    let Preflight::Authenticated(place) = &only(&closed).preflight else { panic!() };
    assert_eq!(at(&closed, place.as_ref()), "auth_basic x");
    let open = read(
        "location / { auth_request /auth; add_header Access-Control-Allow-Origin *;
          if ($request_method = OPTIONS) { return 204; } }",
    );
    assert_eq!(reads(preflight(only(&open)), "https://a.test"), WITHOUT);
}

#[test]
fn conditions_on_other_things_are_scopes_of_their_own() {
    let model = read(
        "server { server_name a.test b.test;
          location / { if ($host = b.test) { add_header Access-Control-Allow-Origin *; } } }",
    );
    let usual = "server a.test b.test, location /";
    assert_eq!(names(&model), [usual, "server a.test b.test, location /, where $host = b.test"]);
    assert_eq!(reads(&model.scopes[0].actual, "https://x.test"), NEVER);
    assert_eq!(reads(&model.scopes[1].actual, "https://x.test"), WITHOUT);
}

#[test]
fn code_and_unread_files_are_opaque_and_listed() {
    let model = read(
        "location /a { add_header Access-Control-Allow-Origin https://a.test;
           header_filter_by_lua_block { ngx.header['Vary'] = '}' } }
         location /b { include snippets/cors.conf; add_header Access-Control-Allow-Origin https://a.test; }
         location /c { include mime.types; some_module on; }",
    );
    for name in ["location /a", "location /b"] {
        assert_eq!(reads(&named(&model, name).actual, "https://evil.test"), [Truth::Unknown; 2], "{name}");
    }
    assert_eq!(reads(&named(&model, "location /c").actual, "https://evil.test"), NEVER);
    let unread: Vec<_> = model.unread.iter().map(|unread| unread.reason.as_str()).collect();
    assert_eq!(
        unread,
        [
            "`snippets/cors.conf` is not read: included files are not read",
            "`header_filter_by_lua_block` runs code",
            "`some_module` is not known",
        ]
    );
}

#[test]
fn a_value_that_is_not_known_is_never_safe() {
    let model = read("location / { add_header Access-Control-Allow-Origin $allowed_by_module; }");
    assert_eq!(reads(&only(&model).actual, "https://evil.test"), [Truth::Unknown, Truth::False]);
    let model = read(
        "map $host $o { a.test https://a.test; } server { location / { add_header Access-Control-Allow-Origin $o; } }",
    );
    assert_eq!(reads(&only(&model).actual, "https://a.test"), [Truth::Unknown, Truth::False]);
    assert_eq!(reads(&only(&model).actual, "https://evil.test"), NEVER);
}

/// A file for each name; `loop` includes itself.
struct Book;

impl Includes for Book {
    fn read(&self, _: &str, pattern: &str) -> Result<Vec<Source>, String> {
        let text = match pattern {
            "cors.conf" | "wide3" => "add_header Access-Control-Allow-Origin *;",
            "loop" => "include loop;",
            "wide" => {
                "include wide2; include wide2; include wide2; include wide2; include wide2; include wide2;"
            }
            "wide2" => {
                "include wide3; include wide3; include wide3; include wide3; include wide3; include wide3;"
            }
            "broken" => "location / {",
            _ => return Err("there is no such file".to_owned()),
        };
        Ok(vec![Source::new(pattern, text)])
    }
}

#[test]
fn included_files_count_as_if_they_stood_there() {
    let model = try_read("server { location / { include cors.conf; } }", &Book).unwrap();
    assert_eq!(reads(&only(&model).actual, "https://a.test"), WITHOUT);
    let place = only(&model).actual.allow_origin[0].cases[0].place.clone().unwrap();
    assert_eq!(model.files[place.file].name(), "cors.conf");
    for (name, reason) in [
        ("loop", "`loop` is not read: the file includes itself"),
        ("broken", "`broken` is not read: this block has no `}`"),
        ("none", "`none` is not read: there is no such file"),
    ] {
        let model = try_read(&format!("server {{ location / {{ include {name}; }} }}"), &Book).unwrap();
        assert_eq!(reads(&only(&model).actual, "https://a.test"), [Truth::Unknown; 2], "{name}");
        assert_eq!(model.unread[0].reason, reason);
    }
    let model = try_read("server { location / { include wide; } }", &Book).unwrap();
    assert_eq!(only(&model).actual.allow_origin.len(), 36);
}

/// Texts, where reading ends, and why.
const REFUSED: [(&str, usize, &str); 7] = [
    ("server { location / { }", 0, "this block has no `}`"),
    ("server { } }", 11, "`}` ends no block"),
    ("server { listen 80 }", 19, "a directive before `}` has no `;`"),
    ("add_header X 1", 0, "this directive has no `;`"),
    ("; server { }", 0, "`;` ends no directive"),
    ("{ }", 0, "`{` belongs to no directive"),
    ("set $a 'b;", 7, "this quotation has no end"),
];

#[test]
fn what_nginx_refuses_has_a_place() {
    for (text, offset, reason) in REFUSED {
        let refused = try_read(text, &()).unwrap_err();
        assert_eq!((refused.offset, refused.reason.as_str()), (offset, reason), "{text}");
    }
}

#[test]
#[ignore = "starts nginx"]
fn nginx_refuses_it_too() {
    let folder = folder("refused", &[""]);
    accepts(&folder, &whole(&folder, None, "server { listen 127.0.0.1:1; }")).unwrap();
    for (text, ..) in REFUSED {
        let complaint = accepts(&folder, &whole(&folder, None, text)).unwrap_err();
        assert!(complaint.contains("[emerg]"), "{text}: {complaint}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn repeated(times: usize, text: impl Fn(usize) -> String) -> String {
    (0..times).map(text).collect::<Vec<_>>().concat()
}

#[test]
fn deep_and_long_texts_are_refused() {
    let deep = "location / { ".repeat(10_000);
    assert!(try_read(&deep, &()).unwrap_err().reason.contains("blocks stand in each other"));
    let words = "a ".repeat(1 << 21);
    assert!(try_read(&words, &()).unwrap_err().reason.contains("words"));
}

#[test]
fn ways_that_never_join_become_opaque() {
    let ifs = repeated(200, |n| format!("if ($http_origin ~ a{n}) {{ set $c \"${{c}}{n}\"; }}\n"));
    let model = read(&format!("location / {{ {ifs} add_header Access-Control-Allow-Origin $c; }}"));
    assert_eq!(only(&model).actual.lets_read("https://e.test", Credentials::Omitted), Truth::Unknown);
}

#[test]
fn maps_of_maps_end() {
    let chain = repeated(100, |n| format!("map $m{} $m{n} {{ a b; default $m{}; }}\n", n + 1, n + 1));
    let circle = "map $m100 $m100 { default $m100; }";
    let model = read(&format!(
        "{chain}{circle} server {{ location / {{ add_header Access-Control-Allow-Origin $m0; }} }}"
    ));
    assert_eq!(reads(&only(&model).actual, "https://e.test")[0], Truth::Unknown);
}

#[test]
fn a_model_has_room_for_so_much_and_the_rest_is_opaque() {
    let entries = repeated(5000, |n| format!("https://{n}.test $http_origin;\n"));
    let locations = repeated(300, |n| format!("location /{n} {{ }}\n"));
    let model = read(&format!(
        "map $http_origin $o {{ {entries} }} server {{ add_header Access-Control-Allow-Origin $o; {locations} }}"
    ));
    assert_eq!(reads(&model.scopes[0].actual, "https://77.test"), WITHOUT);
    assert_eq!(reads(&model.scopes[0].actual, "https://77x.test"), NEVER);
    assert_eq!(reads(&model.scopes[300].actual, "https://77x.test")[0], Truth::Unknown);
}

#[test]
fn nginx_is_recognized() {
    let id = |name: &str, text: &str| detect(name, text).map(|system| system.id);
    assert_eq!(id("nginx.conf", ""), Some("nginx"));
    assert_eq!(
        id("site", "server {\n  listen 80;\n  location / {\n    add_header X 1;\n  }\n}\n"),
        Some("nginx")
    );
    assert_ne!(id("httpd.conf", "<VirtualHost *:80>\nHeader set X 1\n</VirtualHost>\n"), Some("nginx"));
    assert_eq!(id("notes.txt", "the server { of } our location / is far\n"), None);
}

/// The parenthesis after a quotation is a word of its own, and not the expression's.
#[test]
fn a_quoted_expression_keeps_its_last_parenthesis() {
    let model = |condition: &str| {
        read(&format!(
            "http {{ server {{ location / {{ if ({condition}) {{ set $sid $1; }} return 204; }} }} }}"
        ))
    };
    assert_eq!(model(r#"$http_cookie ~* "sid=([^;]+)(?:;|$)""#).unread, []);
    assert_eq!(model(r"$http_cookie ~* sid=(\w+)").unread, []);
    assert_eq!(model(r"$http_cookie ~* sid=(\w+").unread.len(), 1);
}
