//! `check` on folders, on other software's configuration, and for machines.

mod bad_input;
mod baseline;
mod certificate;
mod expression;
mod folders;
mod formats;
mod samples;

use std::fs;
use std::path::Path;

use crate::process::{Finished, run};

/// A policy file with one mistake, an error at 4:12.
pub(crate) const POLICY: &str = "[upstreams.api]\nurl = \"http://127.0.0.1:1\"\n[cors.app]\n\
    origins = [\"https://app.example.com/\"]\n[[routes]]\npath = \"/a\"\nupstream = \"api\"\ncors = \"app\"\n";

/// A server of nginx, a part of which is code: a note at 6:7.
pub(crate) const NGINX: &str = "events {}\nhttp {\n  server {\n    listen 80;\n    location /code {\n      \
    js_content api.answer;\n    }\n    location / {\n      return 200;\n      \
    add_header Access-Control-Allow-Origin https://app.example.com always;\n    }\n  }\n}\n";

/// `check` with so much time a file that a busy machine has enough.
pub(crate) fn check(folder: &Path, arguments: &[&str]) -> Finished {
    run(folder, &[&["check", "--timeout", "60s"], arguments].concat())
}

/// Writes files into `folder`, with the folders around them.
pub(crate) fn save(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The names of the files that were read, in order, with their kinds.
pub(crate) fn read(json: &serde_json::Value) -> Vec<(String, String)> {
    let files = json["files"].as_array().unwrap().iter();
    files.map(|file| (file["file"].as_str().unwrap().into(), file["kind"].as_str().unwrap().into())).collect()
}
