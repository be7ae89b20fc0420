//! Lines a file and files a folder. (Functions and arguments are clippy's business.)

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Done, Failure, root, say};

/// Lines of a source file without its tests.
const MAX_LINES: usize = 600;

/// Source files in one folder.
const MAX_FILES: usize = 12;

pub(crate) fn run() -> Done {
    let mut sources = Vec::new();
    for folder in ["clients", "crates", "xtask", "benches", "fuzz"] {
        find_sources(&root().join(folder), &mut sources)?;
    }
    let mut mistakes = Vec::new();
    let mut longest = 0;
    for path in &sources {
        let lines = lines_without_tests(&fs::read_to_string(path)?);
        longest = longest.max(lines);
        if lines > MAX_LINES {
            mistakes.push(format!("{}: {lines} lines, the budget is {MAX_LINES}", path.display()));
        }
    }
    mistakes.extend(crowded(&sources));
    if !mistakes.is_empty() {
        return Err(Failure::new(mistakes.join("\n")));
    }
    say(&format!("budgets: {} files, the longest has {longest} lines", sources.len()));
    Ok(())
}

fn find_sources(folder: &Path, sources: &mut Vec<PathBuf>) -> Done {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() && !path.ends_with("target") {
            find_sources(&path, sources)?;
        } else if matches!(kind, "rs" | "js" | "css" | "py") {
            sources.push(path);
        }
    }
    Ok(())
}

fn lines_without_tests(text: &str) -> usize {
    let tests = "#[cfg(test)]\nmod tests {";
    text.split(tests).next().unwrap_or_default().lines().count()
}

fn crowded(sources: &[PathBuf]) -> Vec<String> {
    let mut folders: Vec<&Path> = sources.iter().filter_map(|path| path.parent()).collect();
    folders.sort_unstable();
    let crowds = folders.chunk_by(|a, b| a == b).filter(|files| files.len() > MAX_FILES);
    let name = |files: &[&Path]| files.first().map(|path| path.display().to_string()).unwrap_or_default();
    crowds.map(|files| format!("{}: {} files, the budget is {MAX_FILES}", name(files), files.len())).collect()
}
