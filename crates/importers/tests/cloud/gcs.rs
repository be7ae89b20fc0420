//! Samples: Cloud Storage, "CORS configuration examples", "Set up and view CORS".

use super::{NOT_KNOWN, NOTHING, PUBLIC, may, model, names, unread};
use corsac_analysis::model::Truth;

const SAMPLE: &str = r#"[
    {
      "origin": ["https://example.appspot.com", "http://origin.example:80"],
      "method": ["GET", "HEAD"],
      "responseHeader": ["Content-Type"],
      "maxAgeSeconds": 3600
    },
    {
      "origin": ["*"],
      "method": ["GET"],
      "responseHeader": ["*"],
      "maxAgeSeconds": 3600
    }
]"#;

#[test]
fn entries_are_exact_or_everyone() {
    let model = model("gcs", "cors.json", SAMPLE);
    assert_eq!(names(&model), ["the bucket, GET", "the bucket, HEAD"]);
    assert_eq!(may(&model, "HEAD", "https://example.appspot.com"), PUBLIC);
    assert_eq!(may(&model, "HEAD", "http://example.appspot.com"), NOTHING);
    assert_eq!(may(&model, "HEAD", "https://evil.appspot.com"), NOTHING);
    assert_eq!(may(&model, "GET", "https://evil.appspot.com"), PUBLIC);
    assert_eq!(may(&model, "HEAD", "http://origin.example"), (Truth::Unknown, Truth::False));
    assert_eq!(unread(&model), []);
}

#[test]
fn a_wildcard_within_is_not_known_and_no_wider() {
    let text = r#"{"cors": [{"origin": ["https://*.example.com"], "method": ["GET"], "maxAgeSeconds": 1}]}"#;
    let model = model("gcs", "cors.json", text);
    assert_eq!(may(&model, "GET", "https://a.example.com"), (Truth::Unknown, Truth::False));
    assert_eq!(may(&model, "GET", "https://a.example.net"), NOTHING);
    assert_ne!(NOT_KNOWN, NOTHING);
}
