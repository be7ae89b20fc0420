//! The demo's pages in real headless Chromium: what the browser did is the judge.

use std::time::Duration;

use corsac_oracle::{Chromium, Page};
use serde_json::Value;

use crate::process::{Running, corsac};

/// A run of all calls takes about three seconds.
const RUN_TIME: Duration = Duration::from_secs(40);

/// Call, outcome on the application's page, status it reads there.
const CALLS: [(&str, &str, Option<u64>); 11] = [
    ("items", "read", Some(200)),
    ("save", "read", Some(200)),
    ("delete", "blocked", None),
    ("header", "blocked", None),
    ("unauthorized", "read", Some(401)),
    ("missing", "read", Some(404)),
    ("large", "read", Some(413)),
    ("down", "read", Some(502)),
    ("slow", "read", Some(504)),
    ("socket", "opened", None),
    ("sandbox", "blocked", None),
];

async fn results(page: &Page) -> Vec<Value> {
    page.wait_for("window.corsac?.done === true", RUN_TIME).await.unwrap();
    let results = page.evaluate("window.corsac.results").await.unwrap();
    results.as_array().unwrap().clone()
}

fn of<'r>(results: &'r [Value], id: &str) -> &'r Value {
    results.iter().find(|result| result["id"] == id).unwrap_or_else(|| panic!("{id} is missing"))
}

#[tokio::test]
#[ignore = "needs Chromium; `cargo xtask test` installs it and runs this"]
async fn the_allowed_page_reads_and_the_foreign_page_is_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Running::start(corsac(folder.path()).arg("demo"));
    let chromium = Chromium::launch().await.unwrap();
    check_app(&chromium, demo.ready["pages"]["app"].as_str().unwrap()).await;
    check_foreign(&chromium, demo.ready["pages"]["foreign"].as_str().unwrap()).await;
    chromium.close().await;
}

async fn check_app(chromium: &Chromium, url: &str) {
    let page = chromium.open(url).await.unwrap();
    let found = results(&page).await;
    for (id, outcome, status) in CALLS {
        let result = of(&found, id);
        assert_eq!(result["outcome"], outcome, "{result:#}");
        assert_eq!(result["status"].as_u64(), status, "{result:#}");
        assert_eq!(result["asExpected"], true, "{result:#}");
    }
    let saved = of(&found, "save")["body"].as_str().unwrap().to_owned();
    assert!(saved.contains("\"session\":true"), "the preflighted PUT carried the cookie: {saved}");
    let failures = page.failures().await;
    let blocked: Vec<_> = failures.iter().filter_map(|failure| failure.cors_error.as_deref()).collect();
    // DELETE and the unlisted header are refused by the preflight; the sandboxed frame's
    // origin is `null`.
    let by_preflight = blocked.iter().filter(|code| **code == "PreflightMissingAllowOriginHeader").count();
    let opaque = blocked.iter().filter(|code| **code == "MissingAllowOriginHeader").count();
    assert_eq!((by_preflight, opaque, blocked.len()), (2, 1, 3), "{failures:?}");
}

async fn check_foreign(chromium: &Chromium, url: &str) {
    let page = chromium.open(url).await.unwrap();
    let found = results(&page).await;
    for (id, _, _) in CALLS {
        let result = of(&found, id);
        let outcome = if id == "socket" { "refused" } else { "blocked" };
        assert_eq!((&result["outcome"], &result["body"]), (&outcome.into(), &Value::Null), "{result:#}");
        assert_eq!(result["asExpected"], true, "{result:#}");
    }
    let failures = page.failures().await;
    for (path, code) in [
        ("/items?", "MissingAllowOriginHeader"),
        ("/items/7?", "PreflightMissingAllowOriginHeader"),
        ("/private?", "MissingAllowOriginHeader"),
        ("/no/such/route?", "MissingAllowOriginHeader"),
        ("/upload?", "MissingAllowOriginHeader"),
        ("/down?", "MissingAllowOriginHeader"),
        ("/slow?", "MissingAllowOriginHeader"),
    ] {
        let found =
            failures.iter().find(|failure| failure.url.contains(path) && failure.cors_error.is_some());
        let found = found.unwrap_or_else(|| panic!("{path}: {failures:?}"));
        assert_eq!(found.cors_error.as_deref(), Some(code), "{found:?}");
    }
}
