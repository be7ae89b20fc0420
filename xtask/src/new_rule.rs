//! Starts a rule.

use std::fs;

use crate::shell::{Done, Failure, root, say};

pub(crate) fn run(id: &str) -> Done {
    let kebab = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    if id.is_empty() || !id.bytes().all(kebab) || id.starts_with('-') || id.ends_with('-') {
        return Err(Failure::new(format!("`{id}` is not kebab case")));
    }
    let path = root().join("scenarios/rules").join(format!("{id}.md"));
    if path.exists() {
        return Err(Failure::new(format!("{} exists already", path.display())));
    }
    fs::write(&path, page(id))?;
    say(&format!(
        "wrote scenarios/rules/{id}.md; now\n\
         1. write the page: what is wrong, how it is exploited, example, fix, references\n\
         2. add the rule to crates/cors/src/error/rules.rs (a policy's) or\n   \
            crates/gateway/src/config/rules.rs (the file's), and to PAGES in\n   \
            crates/cli/src/commands/rule.rs\n\
         3. report it: a variant in crates/cors/src/error/mod.rs with its words in finding.rs,\n   \
            found in compile.rs\n\
         4. cargo xtask generate && cargo xtask test"
    ));
    Ok(())
}

fn page(id: &str) -> String {
    let file = "```toml file\n[upstreams.api]\nurl = \"http://127.0.0.1:3000\"\n\n[cors.app]\n\
                origins = [\"https://app.example.com\"]\n\n[[routes]]\npath = \"/api/{*rest}\"\n\
                upstream = \"api\"\ncors = \"app\"\n```";
    format!(
        "# {id}\n\n\n\n## What is wrong\n\n\n\n## How it is exploited\n\n\n\n## Example\n\n{file}\n\n\
         ```text check\n```\n\n## Fix\n\n{file}\n\n```text check\n```\n\n## References\n\n"
    )
}
