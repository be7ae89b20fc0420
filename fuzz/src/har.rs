//! Any bytes as a HAR file.

use corsac_analysis::explain::{HarCall, HarSummary, read_har};
use corsac_browser::Engine;
use serde_json::Value;

/// Deeper than this `serde_json` does not read into a `Value`.
const COMPARED_DEPTH: usize = 100;

/// Every entry is judged or counted, whatever is around it, and what is whole is read to its end.
pub fn har(bytes: &[u8]) {
    let (calls, summary) = read(bytes);
    let skipped: u64 = summary.skipped.values().sum();
    let whole = summary.judged_entries + skipped;
    assert!(
        whole == summary.entries || whole + 1 == summary.entries && summary.error.is_some(),
        "{summary:?}"
    );
    assert_eq!(calls.len() as u64, summary.judged);
    for call in &calls {
        assert_eq!(call.is_unknown(), call.verdicts.is_empty(), "{call:?}");
        assert!(!call.exchange.request.url.contains(char::is_control), "{call:?}");
    }
    compare(bytes, &summary);
    // Up to a break there are as many entries, or fewer.
    let (_, half) = read(bytes.get(..bytes.len() / 2).unwrap_or_default());
    assert!(half.entries <= summary.entries, "{half:?}");
}

fn read(bytes: &[u8]) -> (Vec<HarCall>, HarSummary) {
    let mut calls = Vec::new();
    let summary = read_har(bytes, &[Engine::Chromium, Engine::Firefox], &mut |call| {
        calls.push(call);
        true
    });
    (calls, summary)
}

/// With the whole of it in memory. A key that is there twice counts twice here, and once there.
fn compare(bytes: &[u8], summary: &HarSummary) {
    let opened = bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    if opened < COMPARED_DEPTH {
        let entries = value.pointer("/log/entries").and_then(Value::as_array).map_or(0, Vec::len);
        assert!(summary.entries >= entries as u64, "{summary:?}");
    }
    let is_har = value
        .pointer("/log/entries")
        .is_some_and(|entries| entries.as_array().is_some_and(|list| !list.is_empty()));
    assert!(!is_har || summary.error.is_none(), "{summary:?}");
}
