//! What Chromium, Firefox and Safari send: whole heads, over TLS and over plain http.

use corsac_middleware::csrf::Ambient;

use crate::Asked;

const FORM: &str = "application/x-www-form-urlencoded";

/// A form's navigation in Chromium 142.
fn chromium(site: &str, origin: &str, content_type: &str) -> Asked {
    Asked::post(&[
        ("cache-control", "max-age=0"),
        ("sec-ch-ua", "\"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\""),
        ("sec-ch-ua-mobile", "?0"),
        ("origin", origin),
        ("content-type", content_type),
        ("upgrade-insecure-requests", "1"),
        ("accept", "text/html,application/xhtml+xml"),
        ("sec-fetch-site", site),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-user", "?1"),
        ("sec-fetch-dest", "document"),
        ("cookie", "sid=abc"),
    ])
}

/// The same in Firefox 145.
fn firefox(site: &str, origin: &str, content_type: &str) -> Asked {
    Asked::post(&[
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("content-type", content_type),
        ("origin", origin),
        ("cookie", "sid=abc"),
        ("upgrade-insecure-requests", "1"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", site),
        ("sec-fetch-user", "?1"),
        ("priority", "u=0, i"),
    ])
}

/// The same in Safari 18, which has no `Sec-Fetch-User`.
fn safari(site: &str, origin: &str, content_type: &str) -> Asked {
    Asked::post(&[
        ("content-type", content_type),
        ("origin", origin),
        ("sec-fetch-site", site),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("cookie", "sid=abc"),
    ])
}

/// Over plain http no engine sends Fetch Metadata: "If r's url is not an potentially
/// trustworthy URL, return".
fn over_http(browser: fn(&str, &str, &str) -> Asked, origin: &str, content_type: &str) -> Asked {
    let mut asked = browser("cross-site", origin, content_type).plain();
    for name in ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-user"] {
        asked.headers.remove(name);
    }
    asked
}

const ENGINES: [fn(&str, &str, &str) -> Asked; 3] = [chromium, firefox, safari];

/// What a form can send without asking, and nothing at all.
const FORMS: [&str; 4] = [FORM, "multipart/form-data; boundary=x", "text/plain", ""];

#[test]
fn a_page_may_post_to_its_own_origin() {
    for engine in ENGINES {
        for form in FORMS {
            let own = engine("same-origin", "https://app.example.com", form);
            assert_eq!(own.reason(), "same-origin");
            let plain = over_http(engine, "http://app.example.com", form);
            assert_eq!(plain.reason(), "own-origin");
            let loopback = over_http(engine, "http://localhost:3000", form).to("localhost:3000");
            assert_eq!(loopback.reason(), "own-origin");
        }
        // Behind a proxy that changes `Host` only the browser knows.
        let behind = engine("same-origin", "https://app.example.com", FORM).to("10.0.0.7:8080").plain();
        assert_eq!(behind.reason(), "same-origin");
        // A page that hides where it is: `Referrer-Policy: no-referrer`.
        assert_eq!(engine("same-origin", "null", FORM).reason(), "same-origin");
    }
}

#[test]
fn a_hidden_form_of_a_foreign_page_is_refused() {
    for engine in ENGINES {
        for form in FORMS {
            for (site, origin, reason) in [
                ("cross-site", "https://attacker.example", "cross-site"),
                ("same-site", "https://blog.example.com", "cross-site"),
                // In a sandboxed frame, or after a redirect between origins.
                ("cross-site", "null", "null-origin"),
                // The same host without TLS is another site: it is schemeful.
                ("cross-site", "http://app.example.com", "cross-site"),
            ] {
                assert_eq!(engine(site, origin, form).reason(), reason, "{site} {origin} {form}");
            }
            for (origin, reason) in [
                ("http://attacker.example", "foreign-origin"),
                ("http://blog.example.com", "foreign-origin"),
                ("https://app.example.com", "foreign-origin"),
                ("null", "null-origin"),
            ] {
                assert_eq!(over_http(engine, origin, form).reason(), reason, "{origin} {form}");
            }
        }
    }
}

#[test]
fn a_page_that_the_policy_names_may_post() {
    for engine in ENGINES {
        for form in FORMS {
            for origin in ["https://trusted.example", "https://a.tenants.example"] {
                assert_eq!(engine("cross-site", origin, form).reason(), "allowed-origin");
                assert_eq!(over_http(engine, origin, form).reason(), "allowed-origin");
            }
            assert_eq!(engine("cross-site", "https://tenants.example", form).reason(), "cross-site");
        }
    }
}

/// A script's `fetch` with JSON is preflighted, and `no-cors` cannot send it; whoever finds
/// a way around (a beacon, an old plugin) is refused all the same.
#[test]
fn json_of_a_foreign_page_is_refused() {
    for mode in ["cors", "no-cors"] {
        let foreign = |origin| {
            Asked::post(&[
                ("content-type", "application/json"),
                ("origin", origin),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", "empty"),
                ("cookie", "sid=abc"),
            ])
        };
        assert_eq!(foreign("https://attacker.example").reason(), "cross-site");
        assert_eq!(foreign("https://trusted.example").reason(), "allowed-origin");
    }
}

#[test]
fn what_no_browser_adds_by_itself_needs_no_check() {
    let foreign = |fields: &[(&str, &str)]| {
        Asked::post(&[("origin", "https://attacker.example"), ("sec-fetch-site", "cross-site")]).with(fields)
    };
    let bearer = ("authorization", "Bearer abc");
    for fields in [&[][..], &[bearer], &[("authorization", "DPoP abc")], &[("x-api-key", "abc")]] {
        let carried = foreign(fields).where_ambient_is(Ambient::Carried);
        assert_eq!(carried.reason(), "not-needed-no-credentials", "{fields:?}");
    }
    for fields in [
        &[("cookie", "theme=dark")][..],
        &[bearer, ("cookie", "sid=abc")],
        &[("authorization", "Basic YTpi")],
        &[("authorization", "basic YTpi")],
        &[("authorization", "Digest username=a")],
        &[("authorization", "Negotiate YII")],
        &[("authorization", "NTLM TlR")],
        &[("authorization", "")],
        &[("authorization", "Bearerish abc")],
        &[bearer, ("authorization", "Basic YTpi")],
    ] {
        let carried = foreign(fields).where_ambient_is(Ambient::Carried);
        assert_eq!(carried.reason(), "cross-site", "{fields:?}");
    }
    // Where only a bearer token counts, cookies are somebody else's.
    let pure = foreign(&[bearer, ("cookie", "sid=abc")]).where_ambient_is(Ambient::None);
    assert_eq!(pure.reason(), "not-needed-bearer");
    // What does not show in the request, or signs in, is always checked.
    for ambient in [Ambient::ClientCertificate, Ambient::Cookies, Ambient::HttpAuthentication] {
        assert_eq!(foreign(&[bearer]).where_ambient_is(ambient).reason(), "cross-site", "{ambient:?}");
    }
}

#[test]
fn an_extension_writes_where_its_user_lets_it() {
    let extension = "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba";
    let asked = |site, origin| Asked::post(&[("sec-fetch-site", site), ("origin", origin)]).reason();
    assert_eq!(asked("none", extension), "user-initiated");
    assert_eq!(asked("cross-site", extension), "cross-site");
    assert_eq!(Asked::post(&[("origin", extension)]).reason(), "foreign-origin");
    let listed = "chrome-extension://abcdefghijklmnopabcdefghijklmnop";
    assert_eq!(asked("cross-site", listed), "allowed-origin");
}
