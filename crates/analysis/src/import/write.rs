//! A suggestion as a policy file.

use std::fmt::Write as _;
use std::time::Duration;

use corsac_cors::PolicyConfig;

use super::{Remark, Suggested, Suggestion};

/// Where comments are broken.
const WIDTH: usize = 100;

/// Where lists are broken.
const LIST_WIDTH: usize = 96;

/// Most scopes named above a policy.
const MAX_SCOPES: usize = 8;

/// Where the service is, for sources do not tell.
const UPSTREAM: &str = "http://127.0.0.1:3000";

impl Suggestion {
    /// The policy file, with what could not be carried over as comments; `title` says from what.
    pub fn to_toml(&self, title: &str) -> String {
        let mut text = String::new();
        comment(&mut text, title, "");
        if self.is_guessed && !self.intended.is_empty() {
            let names = self.intended.join(", ");
            comment(
                &mut text,
                &format!("Meant for {names}: a guess from what it spells out; --intend NAME says it."),
                "",
            );
        }
        if !self.is_whole() {
            comment(&mut text, "Not all of it could be carried over: see the comments.", "");
        }
        remarks(&mut text, &self.remarks);
        text.push_str("\n[upstreams.api]\n# Where is the service behind?\n");
        let _ = writeln!(text, "url = {}", quoted(UPSTREAM));
        for policy in &self.policies {
            policy.write(&mut text);
        }
        for route in &self.routes {
            let _ = write!(text, "\n[[routes]]\npath     = {}\nupstream = \"api\"\n", quoted(&route.path));
            match &route.policy {
                Some(name) => {
                    let _ = writeln!(text, "cors     = {}", quoted(name));
                }
                None => text.push_str("# No policy: no other origin may read.\n"),
            }
        }
        for policy in self.policies.iter().filter(|policy| !policy.development.is_empty()) {
            let _ = writeln!(
                text,
                "\n# With `--profile development`.\n[profiles.development.cors.{}]",
                policy.name
            );
            list(&mut text, "origins", &policy.development);
        }
        text
    }
}

impl Suggested {
    fn write(&self, text: &mut String) {
        text.push('\n');
        for scope in self.scopes.iter().take(MAX_SCOPES) {
            comment(text, scope, "");
        }
        if let Some(more) = self.scopes.len().checked_sub(MAX_SCOPES).filter(|more| *more > 0) {
            comment(text, &format!("and {more} more"), "");
        }
        remarks(text, &self.remarks);
        let _ = writeln!(text, "[cors.{}]", self.name);
        let PolicyConfig { origins, methods, request_headers, exposed_headers, .. } = &self.config;
        list(text, "origins", origins);
        for (key, names) in
            [("methods", methods), ("request_headers", request_headers), ("exposed_headers", exposed_headers)]
        {
            if !names.is_empty() {
                list(text, key, names);
            }
        }
        if self.config.credentials {
            key(text, "credentials", "true");
        }
        if let Some(age) = self.config.max_age {
            key(text, "max_age", &quoted(&duration(age)));
        }
        if !self.config.dangerous.is_empty() {
            let _ = writeln!(text, "\n[cors.{}.dangerous]", self.name);
            for danger in &self.config.dangerous {
                let _ = writeln!(text, "{} = true # {}", danger.key(), danger.danger());
            }
        }
    }
}

fn remarks(text: &mut String, remarks: &[Remark]) {
    for remark in remarks {
        let scope = remark.scope.as_ref().map_or_else(String::new, |scope| format!("{scope}: "));
        let witness = remark.witness.as_ref().map_or_else(String::new, |witness| format!("`{witness}`: "));
        comment(text, &format!("- {}: {scope}{witness}{}", remark.kind.words(), remark.text), "  ");
    }
}

/// A comment of as many lines as it needs; those behind the first are indented.
fn comment(text: &mut String, said: &str, indent: &str) {
    let said: String = said.chars().map(harmless).collect();
    let mut line = String::from("#");
    for word in said.split(' ').filter(|word| !word.is_empty()) {
        let is_full = line.chars().count() + 1 + word.chars().count() > WIDTH;
        if is_full && line.trim_start_matches(['#', ' ']).chars().next().is_some() {
            let _ = writeln!(text, "{line}");
            line = format!("#{indent}");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}

/// Text of a configuration obeys nobody, and ends no comment.
fn harmless(char: char) -> char {
    let turns = matches!(char, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if char.is_control() || turns { ' ' } else { char }
}

fn key(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key:15} = {value}");
}

fn list(text: &mut String, name: &str, values: &[String]) {
    let quoted: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    let line = quoted.join(", ");
    if line.chars().count() + 20 <= LIST_WIDTH {
        return key(text, name, &format!("[{line}]"));
    }
    key(text, name, &format!("[\n  {},\n]", quoted.join(",\n  ")));
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            char if char.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(char));
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

fn duration(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
