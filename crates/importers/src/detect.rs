//! Whose configuration a text is.

use crate::System;

/// Whose configuration a text is; `None` if it is nobody's that is known. `name` is its path.
pub fn detect(name: &str, text: &str) -> Option<System> {
    let name = name.replace('\\', "/");
    let file = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_site = has_sites(&name);
    if !is_site && is_nobodys(&file, text) {
        return None;
    }
    let is_code = !is_site && CODE.contains(&ending(&file));
    let likeness = |system: &System| (system.likeness)(&name, text);
    System::all()
        .iter()
        .filter(|system| !is_code || READS_CODE.contains(&system.id))
        .map(|system| (likeness(system), system))
        .filter(|(like, _)| *like > 0)
        .max_by_key(|(like, _)| *like)
        .map(|(_, system)| *system)
}

/// Whether a path has a folder of sites, which are named by their domains: `example.pl` is no code.
fn has_sites(path: &str) -> bool {
    let is_sites = |folder: &str| SITES.iter().any(|name| folder.eq_ignore_ascii_case(name));
    path.rsplit('/').skip(1).any(is_sites)
}

/// Whether a file is one that projects of all kinds have, or a script: it may write a
/// configuration, and is none.
fn is_nobodys(file: &str, text: &str) -> bool {
    let is_data =
        matches!(ending(file), "conf" | "json" | "toml" | "yaml" | "yml") || CODE.contains(&ending(file));
    !is_data && (text.starts_with("#!") || is_projects(file))
}

/// Whether a name is one of `PROJECT`, or one with a short ending: `version.example.com` is not.
fn is_projects(file: &str) -> bool {
    let (stem, ending) = file.split_once(['.', '-', '_']).unwrap_or((file, ""));
    PROJECT.contains(&stem) && ending.len() <= LONGEST_ENDING && !ending.contains('.')
}

/// What follows the last dot of a file's name.
fn ending(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Folders of sites.
const SITES: [&str; 4] = ["conf.d", "sites-available", "sites-enabled", "vhosts.d"];

/// Longest ending of a project's file, in bytes: `Dockerfile.dev`, `LICENSE-MIT`.
const LONGEST_ENDING: usize = 5;

/// Files that projects have, whatever they run.
const PROJECT: [&str; 21] = [
    "authors",
    "changelog",
    "changes",
    "codeowners",
    "containerfile",
    "contributing",
    "copying",
    "dockerfile",
    "gemfile",
    "jenkinsfile",
    "justfile",
    "licence",
    "license",
    "makefile",
    "notice",
    "owners",
    "procfile",
    "rakefile",
    "readme",
    "vagrantfile",
    "version",
];

/// Endings of code.
const CODE: [&str; 34] = [
    "bash",
    "bat",
    "c",
    "cc",
    "cjs",
    "cmd",
    "cpp",
    "cs",
    "cts",
    "dockerfile",
    "fish",
    "go",
    "h",
    "java",
    "js",
    "jsx",
    "kt",
    "kts",
    "lua",
    "mjs",
    "mk",
    "mts",
    "php",
    "pl",
    "ps1",
    "psm1",
    "py",
    "pyw",
    "rb",
    "rs",
    "sh",
    "ts",
    "tsx",
    "zsh",
];

/// The systems that code configures.
pub(crate) const READS_CODE: [&str; 6] = ["django", "express", "fastapi", "flask-cors", "rust", "spring"];

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str, text: &str) -> Option<&'static str> {
        detect(name, text).map(|system| system.id)
    }

    #[test]
    fn a_caddyfile_has_texts_of_several_lines() {
        let policy = "a.com {\n\theader Content-Security-Policy \"default-src 'self';\n script-src *\"\n}\n";
        assert_eq!(id("Caddyfile", policy), Some("caddy"));
        assert_eq!(id("site.txt", policy), None);
    }

    #[test]
    fn an_ending_or_a_folder_alone_tells_nothing() {
        let redis = "bind 127.0.0.1\nport 6379\nsave 900 1\n";
        let rsync = "[data]\npath = /srv\nUse chroot = no\n";
        let apache = "Header set Access-Control-Allow-Origin *\n";
        let variable = "SetEnvIf Origin \"^https://a$\" AccessControlAllowOrigin=$0\n";
        assert_eq!(id("redis/redis.conf", redis), None);
        assert_eq!(id("apache2/rsyncd.conf", rsync), None);
        assert_eq!(id("apache2/cors.conf", apache), Some("apache"));
        assert_eq!(id("cors.conf", variable), Some("apache"));
        assert_eq!(id("httpd.conf", "Listen 80\n"), Some("apache"));
        assert_eq!(id("setup.cfg", "[metadata]\nname = x\n"), None);
        assert_eq!(id("nginx/entry.txt", "it has\nno directive\n"), None);
        assert_eq!(id("nginx/proxy_params", "proxy_set_header Host $host;\n"), Some("nginx"));
        assert_eq!(id("envoy/values.yaml", "replicas: 2\n"), None);
        assert_eq!(id("envoy/values.yaml", "cors: {}\n"), Some("envoy"));
        assert_eq!(id("deploy/envoy.yaml", "admin: {}\n"), Some("envoy"));
        let middleware = "http:\n  middlewares:\n    a:\n      headers:\n        stsSeconds: 1\n";
        assert_eq!(id("dynamic.yaml", middleware), Some("traefik"));
        assert_eq!(id("dynamic.yaml", "http:\n  headers:\n    stsSeconds: 1\n"), None);
        assert_eq!(id("traefik/NAMES", "cors\n"), None);
    }

    #[test]
    fn what_projects_and_scripts_have_is_nobodys() {
        let nginx = "server {\n listen 80;\n location / {\n  add_header X 1;\n }\n}\n";
        assert_eq!(id("nginx/site", nginx), Some("nginx"));
        for name in ["nginx/Dockerfile", "nginx/Dockerfile.dev", "nginx/app.dockerfile", "nginx/LICENSE-MIT"]
        {
            assert_eq!(id(name, nginx), None, "{name}");
        }
        for name in ["nginx/install.ps1", "generate-configs.sh", "nginx/site.go"] {
            assert_eq!(id(name, nginx), None, "{name}");
        }
        assert_eq!(id("nginx/render", &format!("#!/bin/sh\ncat <<EOF\n{nginx}EOF\n")), None);
        assert_eq!(id("version.conf", nginx), Some("nginx"));
        for name in ["traefik/LICENSE", "traefik/Makefile", "envoy/LICENSE", "CODEOWNERS", "envoy/OWNERS"] {
            assert_eq!(id(name, "cors: everybody\n"), None, "{name}");
        }
    }

    #[test]
    fn sites_are_named_by_their_domains() {
        let nginx = "server {\n listen 80;\n location / {\n  add_header X 1;\n }\n}\n";
        let apache = "<VirtualHost *:80>\nHeader set Access-Control-Allow-Origin *\n</VirtualHost>\n";
        let names =
            ["example.pl", "example.rs", "a.sh", "a.py", "a.cc", "version.example.com", "license-server"];
        for name in names.iter().chain(&["readme", "version.io"]) {
            assert_eq!(id(&format!("nginx/sites-enabled/{name}"), nginx), Some("nginx"), "{name}");
            assert_eq!(id(&format!("/etc/nginx/conf.d/{name}"), nginx), Some("nginx"), "{name}");
            assert_eq!(id(&format!("apache2\\Sites-Available\\{name}"), apache), Some("apache"), "{name}");
            assert_eq!(id(&format!("vhosts.d/{name}"), apache), Some("apache"), "{name}");
        }
        for name in ["version.example.com", "changes.example.com", "license-server"] {
            assert_eq!(id(&format!("nginx/{name}"), nginx), Some("nginx"), "{name}");
        }
        for name in ["example.pl", "a.sh", "version.io", "README.md", "sites-enabled.sh"] {
            assert_eq!(id(&format!("nginx/{name}"), nginx), None, "{name}");
        }
    }

    #[test]
    fn several_directives_of_nginx_may_stand_in_a_line() {
        let line = "server { location / { add_header Access-Control-Allow-Origin *; } }\n";
        assert_eq!(id("cors.conf", line), Some("nginx"));
        assert_eq!(id("cors.conf", &format!("# {line}")), None);
        assert_eq!(id("cors.conf", &line.replace([';', '{'], "")), None);
    }

    #[test]
    fn caddys_fields_are_not_apaches() {
        let snippet = "@preflight {\n\tmethod OPTIONS\n}\nhandle @preflight {\n\t\
                       header Access-Control-Allow-Origin https://a.test\n}\n";
        assert_eq!(id("cors.conf", snippet), Some("caddy"));
        let module = "import { a } from 'a'\nimport express from 'express'\nconst f = () => {\n}\n";
        assert_eq!(id("index.mjs", module), None);
        assert_eq!(id("index.mjs", &format!("{module}app.use(cors())\n")), Some("express"));
    }

    #[test]
    fn settings_of_spring_are_told_by_their_keys() {
        let endpoints = "management:\n  endpoints:\n    web:\n      cors:\n        max-age: 1\n";
        let routes = "spring:\n  cloud:\n    gateway:\n      routes:\n      - id: a\n        metadata:\n          \
                      cors: {}\n";
        assert_eq!(id("x.yaml", endpoints), Some("spring"));
        assert_eq!(id("x.yaml", routes), Some("spring"));
        assert_eq!(id("x.yaml", "spring:\n  graphql:\n    cors:\n      a: 1\n"), Some("spring"));
        assert_eq!(id("x.yaml", "spring:\n  graphql:\n    path: /\n  cors: {}\n"), None);
        assert_eq!(id("mvc.xml", "<beans><mvc:cors></mvc:cors></beans>"), Some("spring"));
        assert_eq!(id("mvc.xml", "<beans><mvc:annotation-driven/></beans>"), None);
    }

    #[test]
    fn fields_that_python_sets_by_hand_are_somebodys() {
        let sets = "r.headers['Access-Control-Allow-Origin'] = request.headers.get('Origin')\n";
        assert_eq!(id("a.py", &format!("from flask import Flask\n{sets}")), Some("flask-cors"));
        assert_eq!(id("a.py", &format!("from fastapi import FastAPI\n{sets}")), Some("fastapi"));
        assert_eq!(id("a.py", &format!("import flask, os\nCORS_ORIGINS = []\n{sets}")), Some("flask-cors"));
        assert_eq!(id("a.py", &format!("import flasks\n{sets}")), None);
        assert_eq!(id("a.py", "from flask import Flask\n"), None);
    }

    #[test]
    fn every_system_of_code_is_one() {
        for id in READS_CODE {
            assert!(System::by_id(id).is_some(), "{id}");
        }
    }
}
