//! What people paste: cURL commands, calls of `fetch()`, console messages, lines of exchanges.

use corsac_analysis::explain::{
    RecordedExchange, judge_line, read_console_message, read_curl, read_fetch, repair,
};
use corsac_browser::Engine;

/// A mistake stands within the text; what is read can be judged and mended.
pub fn pasted(bytes: &[u8]) {
    let mut out = Vec::new();
    let judged = judge_line(bytes, &Engine::ALL, &mut out);
    assert_eq!(judged.is_ok(), !out.is_empty());
    if let Ok(exchange) = RecordedExchange::read(bytes) {
        mended(&exchange);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for read in [read_curl(text), read_fetch(text)] {
        if let Err(error) = read {
            assert!(text.is_char_boundary(error.at), "{error}");
        }
    }
    let message = read_console_message(text);
    let url = message.and_then(|message| message.url).unwrap_or_default();
    assert!(!url.contains(char::is_whitespace), "{url}");
}

/// No change allows everybody, or nobody in particular.
fn mended(exchange: &RecordedExchange) {
    for change in repair(exchange, &Engine::ALL).changes {
        for (name, value) in &change.fields {
            let is_origin = *name == "Access-Control-Allow-Origin";
            assert!(!is_origin || !matches!(&**value, "*" | "null"), "{change}");
        }
    }
}
