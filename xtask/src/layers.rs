//! Arrows between crates go strictly downward, and pure crates say that they are.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::shell::{Done, Failure, program, say};

/// Used by tests of every layer; they know nothing of them.
const TEST_SUPPORT: [&str; 2] = ["corsac-oracle", "corsac-scenarios"];

pub(crate) fn run() -> Done {
    let output =
        program("cargo", &["metadata", "--no-deps", "--format-version", "1", "--offline"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| Failure::new(String::from_utf8_lossy(&output.stderr).into_owned()))?;
    let packages: Vec<&Value> = list(&metadata, "packages").collect();
    let layers: BTreeMap<&str, i64> = packages.iter().filter_map(|package| layer(package)).collect();
    let mistakes: Vec<String> = packages.iter().flat_map(|package| check(package, &layers)).collect();
    if !mistakes.is_empty() {
        return Err(Failure::new(mistakes.join("\n")));
    }
    say(&format!("layers: {} crates, every arrow goes down", layers.len()));
    Ok(())
}

fn layer(package: &Value) -> Option<(&str, i64)> {
    Some((package.get("name")?.as_str()?, package.pointer("/metadata/layer")?.as_i64()?))
}

fn check(package: &Value, layers: &BTreeMap<&str, i64>) -> Vec<String> {
    let name = text(package, "name");
    let in_crates = text(package, "manifest_path").contains("/crates/");
    let Some(own) = layers.get(name) else {
        let missing = format!("{name}: no package.metadata.layer");
        return if in_crates { vec![missing] } else { Vec::new() };
    };
    let named = list(package, "dependencies").map(|dependency| text(dependency, "name"));
    let ours = named.filter(|dependency| !TEST_SUPPORT.contains(dependency) && *dependency != name);
    let upward = ours.filter_map(|dependency| {
        let other = layers.get(dependency)?;
        let wrong = other >= own;
        wrong.then(|| {
            format!("{name} (layer {own}) uses {dependency} (layer {other}): arrows go strictly down")
        })
    });
    upward.chain(check_root(package, name)).collect()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// What the crate's root file has to say.
fn check_root(package: &Value, name: &str) -> Vec<String> {
    let roots = list(package, "targets").filter(|target| {
        let mut kinds = list(target, "kind").filter_map(Value::as_str);
        kinds.any(|kind| matches!(kind, "lib" | "bin" | "example"))
    });
    let pure = package.pointer("/metadata/pure").and_then(Value::as_bool).unwrap_or(false);
    let mut mistakes = Vec::new();
    for path in roots.map(|target| text(target, "src_path")) {
        let text = fs::read_to_string(path).unwrap_or_default();
        if !text.contains("#![forbid(unsafe_code)]") {
            mistakes.push(format!("{path}: no #![forbid(unsafe_code)]"));
        }
        if pure && !text.contains("#![deny(clippy::disallowed_methods, clippy::disallowed_types)]") {
            mistakes.push(format!("{name} is pure, and {path} does not deny what pure crates may not do"));
        }
    }
    mistakes
}
