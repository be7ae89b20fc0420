//! Functions that decide on an origin, in Express and Fastify.

use crate::peers::{Configuration, compare, count, drive, node};
use crate::random::{Random, expression, origins, written};

/// A condition on `origin`, and the lines that it needs before it.
fn condition(random: &mut Random, origin: &str, texts: &mut Vec<String>, depth: usize) -> String {
    let mut text = |random: &mut Random| {
        let text = written(random);
        texts.push(text.clone());
        text
    };
    match random.below(if depth < 2 { 19 } else { 14 }) {
        0 => format!("allowed.includes({origin})"),
        1 => format!("allowed.indexOf({origin}) !== -1"),
        2 => format!("allowed.indexOf({origin}) {}", random.pick(&["> -1", ">= 0", "!= -1"])),
        3 => format!("-1 {} allowed.indexOf({origin})", random.pick(&["<", "!==", "=="])),
        4 => format!("allowed.indexOf({origin}) {}", random.pick(&["=== -1", "< 0", "<= -1"])),
        5 => format!("~allowed.indexOf({origin})"),
        6 => format!("names.has({origin})"),
        7 => format!("{origin} {} '{}'", random.pick(&["===", "==", "!=="]), text(random)),
        8 => random
            .pick(&["true", "false", "!ORIGIN", "ORIGIN", "typeof ORIGIN === 'undefined'", "ORIGIN === null"])
            .replace("ORIGIN", origin),
        9 => {
            let name = text(random);
            let part = name.get(random.below(name.len())..).unwrap_or("e");
            format!("{origin}.{}('{part}')", random.pick(&["endsWith", "includes", "startsWith"]))
        }
        10 => format!("{origin}.startsWith('{}')", text(random)),
        11 => {
            let pattern = expression(random);
            texts.push(pattern.clone());
            let pattern = format!("/{}/{}", pattern.replace('/', "\\/"), random.pick(&["", "i"]));
            match random.below(2) {
                0 => format!("{pattern}.test({origin})"),
                // As a value it would be a list.
                _ => format!("!!{origin}.match({pattern})"),
            }
        }
        12 => format!("allowed.some(one => one === {origin})"),
        13 => format!(
            "allowed.some((one) => {origin}.{}(one))",
            random.pick(&["endsWith", "startsWith", "includes"])
        ),
        14 => format!("!({})", condition(random, origin, texts, depth + 1)),
        15 | 16 => {
            let operator = random.pick(&["&&", "||"]);
            let left = condition(random, origin, texts, depth + 1);
            format!("({left}) {operator} ({})", condition(random, origin, texts, depth + 1))
        }
        17 => format!("!{origin} || {}", condition(random, origin, texts, 2).replace("||", "&&")),
        _ => {
            let when = condition(random, origin, texts, depth + 1);
            let then = condition(random, origin, texts, depth + 1);
            format!("({when}) ? ({then}) : ({})", condition(random, origin, texts, depth + 1))
        }
    }
}

/// Statements that call back once on every way.
fn body(random: &mut Random, texts: &mut Vec<String>, depth: usize) -> String {
    let admits = random.pick(&["callback(null, true)", "callback(null, origin)"]);
    let refuses = random.pick(&[
        "callback(new Error('no'))",
        "callback(null, false)",
        "callback(null)",
        "callback(new Error(`not ${origin}`), false)",
    ]);
    let (first, second) = if random.one_in(3) { (refuses, admits) } else { (admits, refuses) };
    let when = condition(random, "origin", texts, 0);
    match random.below(if depth < 2 { 8 } else { 6 }) {
        0 => format!("if ({when}) {{ {first}; }} else {{ {second}; }}"),
        1 => format!("if ({when}) return {first}; {second};"),
        2 => format!("if ({when}) {{ const why = 'because'; return {first}; }} return {second};"),
        3 => format!("callback(null, {when});"),
        4 => format!("({when}) ? {first} : {second};"),
        // A name under a condition is not followed.
        5 if depth == 0 => format!("const fine = {when}; return callback(null, fine);"),
        5 => format!("return callback(null, {when});"),
        6 => format!("if ({when}) {{ return {first}; }} {}", body(random, texts, depth + 1)),
        _ => format!("if ({when}) {{ {} }} else {{ {} }}", body(random, texts, 2), body(random, texts, 3)),
    }
}

fn lists(random: &mut Random, texts: &mut Vec<String>) -> String {
    let entries: Vec<_> = (0..random.below(4))
        .map(|_| {
            let text = written(random);
            texts.push(text.clone());
            format!("'{text}'")
        })
        .collect();
    let entries = entries.join(", ");
    format!("const allowed = [{entries}];\nconst names = new Set([{entries}]);")
}

fn function(random: &mut Random, texts: &mut Vec<String>) -> String {
    match random.below(4) {
        0 => format!("(origin, callback) => callback(null, {})", condition(random, "origin", texts, 0)),
        1 => format!("(origin, callback) => {{ {} }}", body(random, texts, 0)),
        _ => format!("function (origin, callback) {{ {} }}", body(random, texts, 0)),
    }
}

const EXPRESS: &str = "const express = require('express');\nconst cors = require('cors');\nconst app = express();\n\
                       app.set('env', 'test');";
const ROUTE: &str = "app.get('/api', (req, res) => res.send('x'));";

#[test]
#[ignore = "starts node"]
fn express_asks_functions_as_their_model() {
    let mut random = Random(17);
    let configurations: Vec<_> = (0..count(150))
        .map(|_| {
            let mut texts = Vec::new();
            let lists = lists(&mut random, &mut texts);
            let function = function(&mut random, &mut texts);
            let credentials = random.pick(&["true", "false"]);
            let options = match random.below(3) {
                0 => format!("const check = {function};\napp.use(cors({{ origin: check, credentials: {credentials} }}));"),
                _ => format!("app.use(cors({{ origin: {function}, credentials: {credentials} }}));"),
            };
            let code = format!("{EXPRESS}\n{lists}\n{options}\n{ROUTE}\n");
            Configuration { origins: origins(&mut random, &texts), code }
        })
        .collect();
    let answers = drive(node("express.cjs"), &configurations);
    compare("express", "app.js", &configurations, &answers);
}

#[test]
#[ignore = "starts node"]
fn express_sets_fields_under_guards_as_their_model() {
    let mut random = Random(18);
    let configurations: Vec<_> = (0..count(100))
        .map(|_| {
            let mut texts = Vec::new();
            let lists = lists(&mut random, &mut texts);
            let origin = random.pick(&["req.headers.origin", "req.get('Origin')", "origin"]);
            let when = condition(&mut random, origin, &mut texts, 0);
            let set = "res.setHeader('Access-Control-Allow-Origin', req.headers.origin); \
                       res.setHeader('Access-Control-Allow-Credentials', 'true');";
            let guard = match random.below(3) {
                0 => format!("if ({when}) {{ {set} }}"),
                1 => format!("if ({when}) {{ res.status(200) }} else {{ {set} }}"),
                _ => format!("if ({when}) {{ if (origin) {{ {set} }} }}"),
            };
            let code = format!(
                "{EXPRESS}\n{lists}\napp.get('/api', (req, res) => {{ const origin = req.headers.origin; {guard} \
                 res.send('x'); }});\n"
            );
            Configuration { origins: origins(&mut random, &texts), code }
        })
        .collect();
    let answers = drive(node("express.cjs"), &configurations);
    compare("express", "app.js", &configurations, &answers);
}

#[test]
#[ignore = "starts node"]
fn fastify_asks_functions_as_their_model() {
    let mut random = Random(19);
    let configurations: Vec<_> = (0..count(80))
        .map(|_| {
            let mut texts = Vec::new();
            let lists = lists(&mut random, &mut texts);
            let function = function(&mut random, &mut texts);
            let credentials = random.pick(&["true", "false"]);
            let code = format!(
                "const app = require('fastify')();\n{lists}\n\
                 app.register(require('@fastify/cors'), {{ origin: {function}, credentials: {credentials} }});\n\
                 app.get('/api', async () => 'x');\n"
            );
            Configuration { origins: origins(&mut random, &texts), code }
        })
        .collect();
    let answers = drive(node("express.cjs"), &configurations);
    compare("express", "app.js", &configurations, &answers);
}
