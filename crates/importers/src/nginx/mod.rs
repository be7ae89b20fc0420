//! nginx, and what is written as directives of it elsewhere.
//!
//! What is modelled is what nginx does, as `tests/nginx` finds by asking it: `map`s, the steps
//! of the rewrite module in their order, which `if` is in force at the end, `add_header` and
//! what it inherits, `always`, redirects inside. A scope is a server or a location; where
//! something else than origin and method decides (`if ($host = …)`), each way is a scope.
//!
//! Left out: what the file system holds, regular expressions on paths, the choice between
//! locations. Code (Lua, njs, Perl) is opaque.

mod answer;
mod fields;
mod givers;
mod inputs;
mod known;
mod location;
mod read;
mod scopes;
mod server;
mod steps;
mod syntax;
mod value;

#[cfg_attr(not(test), expect(unused_imports, reason = "for the reader of ingress-nginx"))]
pub(crate) use read::read_snippet;
pub(crate) use read::{likeness, read};

#[cfg(test)]
mod tests {
    use corsac_analysis::model::{Credentials, Preflight, Truth};
    use corsac_diagnostics::Source;

    use super::{read, read_snippet};

    #[test]
    fn a_snippet_stands_in_a_location_that_an_upstream_answers() {
        let text = "more_set_headers \"Access-Control-Allow-Origin: $http_origin\";
            if ($request_method = OPTIONS) { return 204; }";
        let model = read_snippet(Source::new("snippet", text), &()).unwrap();
        let scope = &model.scopes[0];
        assert_eq!(scope.actual.lets_read("https://a.test", Credentials::Omitted), Truth::True);
        assert!(scope.actual.passes_upstream, "the upstream's credentials are");
        let Preflight::Answered(answer) = &scope.preflight else { panic!("{:?}", scope.preflight) };
        assert_eq!(answer.lets_read("https://a.test", Credentials::Omitted), Truth::True);
        assert_eq!(answer.lets_read("https://a.test", Credentials::Included), Truth::False);

        let cleared = "more_clear_headers Access-Control-Allow-*;";
        let model = read_snippet(Source::new("snippet", cleared), &()).unwrap();
        assert!(!model.scopes[0].actual.passes_upstream);
        assert_eq!(model.scopes[0].actual.lets_read("https://a.test", Credentials::Omitted), Truth::False);
    }

    #[test]
    fn what_auth_request_asks_is_not_known_where_a_pattern_may_take_it() {
        let preflight = |location: &str| {
            let text = format!(
                "server {{ listen 80; {location}
                location /y {{ auth_request /auth; add_header Access-Control-Allow-Origin * always; root /srv; }} }}"
            );
            let model = read(Source::new("nginx.conf", text), &()).unwrap();
            let scope = model.scopes.into_iter().find(|scope| scope.name.ends_with("/y"));
            scope.unwrap().preflight
        };
        let upstream = "{ proxy_pass http://b; }";
        for known in
            [format!("location = /auth {upstream}"), format!("location /auth {upstream}"), String::new()]
        {
            assert!(matches!(preflight(&known), Preflight::Authenticated(_)), "{known}");
        }
        for unsure in ["~ ^/auth", "~* ^/a", "~ x"] {
            let location = format!("location {unsure} {{ return 204; }}");
            assert!(matches!(preflight(&location), Preflight::Unknown), "{location}");
        }
    }
}
