//! Express and Fastify.

use crate::peers::{Configuration, compare, count, drive, node};
use crate::random::{Random, expression, origins, written};

/// A text in quotes of JavaScript.
fn quoted(random: &mut Random, text: &str) -> String {
    match random.below(3) {
        0 => format!("'{text}'"),
        1 => format!("\"{text}\""),
        _ => format!("`{text}`"),
    }
}

/// A regular expression, as a literal or made by a constructor.
fn regex(random: &mut Random, texts: &mut Vec<String>) -> String {
    let text = expression(random);
    let flags = random.pick(&["", "", "i", "s", "u"]);
    texts.push(text.clone());
    if random.one_in(3) {
        let text = text.replace('\\', "\\\\");
        return format!(
            "new RegExp('{text}'{})",
            if flags.is_empty() { String::new() } else { format!(", '{flags}'") }
        );
    }
    // With the flag `u`, `/` is still written with a backslash.
    format!("/{}/{flags}", text.replace('/', "\\/"))
}

fn entry(random: &mut Random, texts: &mut Vec<String>) -> String {
    match random.below(12) {
        0 => "'*'".to_owned(),
        1 => random.pick(&["true", "false", "null", "0", "1", "''"]).to_owned(),
        2..=5 => regex(random, texts),
        _ => {
            let text = written(random);
            texts.push(text.clone());
            quoted(random, &text)
        }
    }
}

fn origin(random: &mut Random, texts: &mut Vec<String>, lines: &mut Vec<String>) -> String {
    let list = |random: &mut Random, texts: &mut Vec<String>| {
        let entries: Vec<_> = (0..random.below(4)).map(|_| entry(random, texts)).collect();
        format!("[{}]", entries.join(", "))
    };
    match random.below(12) {
        0 => random
            .pick(&["true", "false", "'*'", "''", "undefined", "null", "!0", "['*']", "{}", "1"])
            .to_owned(),
        1 | 2 => regex(random, texts),
        3 | 4 => {
            let text = written(random);
            texts.push(text.clone());
            quoted(random, &text)
        }
        5 => {
            let (first, second) = (list(random, texts), list(random, texts));
            lines.push(format!("const first = {first};"));
            format!("[...first, ...{second}]")
        }
        6 => {
            lines.push("const host = 'example.com';".to_owned());
            texts.push("https://example.com".to_owned());
            "[`https://${host}`, 'http://' + host]".to_owned()
        }
        7 => {
            let list = list(random, texts);
            lines.push(format!("const allowed = {list};"));
            "allowed".to_owned()
        }
        _ => list(random, texts),
    }
}

fn options(random: &mut Random, texts: &mut Vec<String>, lines: &mut Vec<String>) -> String {
    let mut keys = Vec::new();
    if !random.one_in(12) {
        keys.push(format!("origin: {}", origin(random, texts, lines)));
    }
    if random.one_in(2) {
        keys.push(format!("credentials: {}", random.pick(&["true", "true", "false", "'true'", "1"])));
    }
    if random.one_in(3) {
        keys.push(format!("methods: {}", random.pick(&["['GET', 'PUT']", "'GET,PUT,DELETE'", "\"PUT\""])));
    }
    if random.one_in(3) {
        keys.push(format!(
            "allowedHeaders: {}",
            random.pick(&["['X-One', 'Content-Type']", "'x-one,content-type'", "[]"])
        ));
    }
    if random.one_in(4) {
        keys.push("exposedHeaders: ['X-Total', 'ETag']".to_owned());
    }
    if random.one_in(4) {
        keys.push(format!("maxAge: {}", random.pick(&["600", "86_400", "0", "'60'"])));
    }
    format!("{{ {} }}", keys.join(", "))
}

fn configuration(random: &mut Random) -> Configuration {
    let mut texts = Vec::new();
    let mut lines = Vec::new();
    let options = options(random, &mut texts, &mut lines);
    let mut code =
        "const express = require('express');\nconst cors = require('cors');\nconst app = express();\n"
            .to_owned();
    code.push_str(&lines.join("\n"));
    let mount = match random.below(8) {
        0 => format!("const corsOptions = {options};\napp.use(cors(corsOptions));"),
        1 => format!("const middleware = cors({options});\napp.use('/api', middleware);"),
        2 => format!("app.get('/api', cors({options}), (req, res) => res.send('x'));"),
        3 => format!(
            "const o = {options};\napp.options('/api', cors(o));\napp.get('/api', cors(o), (req, res) => res.send('x'));"
        ),
        4 => "app.use(cors());".to_owned(),
        5 => {
            let inner = self::options(random, &mut texts, &mut Vec::new());
            if inner.contains("allowed") || inner.contains("host") || inner.contains("first") {
                format!("app.use(cors({options}));")
            } else {
                format!(
                    "app.use(cors({inner}));\napp.get('/api', cors({options}), (req, res) => res.send('x'));"
                )
            }
        }
        _ => format!("app.use(cors({options}));"),
    };
    code = format!("{code}\n{mount}\napp.get('/api', (req, res) => res.send('x'));\n");
    Configuration { origins: origins(random, &texts), code }
}

#[test]
#[ignore = "starts node"]
fn express_answers_as_its_model() {
    let mut random = Random(6);
    let mut configurations: Vec<_> = (0..count(120)).map(|_| configuration(&mut random)).collect();
    // Two mounts are two scopes; here one is compared, the route's.
    for configuration in &mut configurations {
        let both = configuration.code.matches("cors(").count()
            - usize::from(configuration.code.contains("app.options"));
        if both > 1 {
            configuration.code = only_route(&configuration.code);
        }
    }
    let answers = drive(node("express.cjs"), &configurations);
    compare("express", "app.js", &configurations, &answers);
}

fn only_route(code: &str) -> String {
    code.lines().filter(|line| !line.starts_with("app.use(")).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "starts node"]
fn fastify_answers_as_its_model() {
    let mut random = Random(66);
    let configurations: Vec<_> = (0..count(60))
        .map(|_| {
            let mut texts = Vec::new();
            let mut lines = Vec::new();
            let options = options(&mut random, &mut texts, &mut lines);
            let lines = lines.join("\n");
            let code = format!(
                "const app = require('fastify')();\n{lines}\napp.register(require('@fastify/cors'), {options});\n\
                 app.get('/api', async () => 'x');\n"
            );
            Configuration { origins: origins(&mut random, &texts), code }
        })
        .collect();
    let answers = drive(node("express.cjs"), &configurations);
    compare("express", "app.js", &configurations, &answers);
}
