//! `FastAPI`, Django, Flask-CORS.

use crate::peers::{Configuration, compare, count, drive, python};
use crate::random::{Random, expression, origins, written};

fn quoted(random: &mut Random, text: &str) -> String {
    match random.below(3) {
        0 => format!("'{text}'"),
        1 => format!("\"{text}\""),
        _ => format!("r'{text}'"),
    }
}

fn list(random: &mut Random, entries: &[String]) -> String {
    let entries = entries.join(", ");
    match random.below(3) {
        0 if !entries.is_empty() => format!("({entries},)"),
        _ => format!("[{entries}]"),
    }
}

fn texts_of(random: &mut Random, most: usize, texts: &mut Vec<String>) -> Vec<String> {
    let number = random.below(most);
    let mut entries = Vec::new();
    for _ in 0..number {
        let text = written(random);
        texts.push(text.clone());
        entries.push(quoted(random, &text));
    }
    entries
}

fn regex(random: &mut Random, texts: &mut Vec<String>) -> String {
    let text = expression(random);
    texts.push(text.clone());
    match random.below(4) {
        0 => format!("re.compile(r'{text}', re.I | re.M)"),
        1 => format!("re.compile('{}')", text.replace('\\', "\\\\")),
        _ => format!("r'{text}'"),
    }
}

#[test]
#[ignore = "starts python"]
fn fastapi_answers_as_its_model() {
    let mut random = Random(8);
    let configurations: Vec<_> = (0..count(120))
        .map(|_| {
            let mut texts = Vec::new();
            let mut keys = Vec::new();
            let mut lines = Vec::new();
            if !random.one_in(6) {
                let mut entries = texts_of(&mut random, 4, &mut texts);
                if random.one_in(5) {
                    entries.push("\"*\"".to_owned());
                }
                let value = match random.below(8) {
                    0 => "'https://example.com'".to_owned(),
                    1 => "'*'".to_owned(),
                    2 => {
                        lines.push(format!("origins = {}", list(&mut random, &entries)));
                        "origins".to_owned()
                    }
                    3 => {
                        lines.push(format!("BASE = [{}]", entries.join(", ")));
                        "BASE + ['http://localhost:3000']".to_owned()
                    }
                    4 => format!("[*[{}], 'https://example' '.com']", entries.join(", ")),
                    _ => list(&mut random, &entries),
                };
                keys.push(format!("allow_origins={value}"));
            }
            if random.one_in(3) {
                keys.push(format!("allow_origin_regex={}", regex(&mut random, &mut texts)));
            }
            if random.one_in(2) {
                keys.push(format!("allow_credentials={}", random.pick(&["True", "True", "False"])));
            }
            if random.one_in(2) {
                keys.push(format!("allow_methods={}", random.pick(&["['*']", "['GET', 'PUT']", "('PUT',)"])));
            }
            if random.one_in(2) {
                keys.push(format!("allow_headers={}", random.pick(&["['*']", "['X-One']", "['X-One', 'Authorization']"])));
            }
            if random.one_in(4) {
                keys.push("expose_headers=['X-Total', 'ETag']".to_owned());
            }
            if random.one_in(4) {
                keys.push("max_age=3600".to_owned());
            }
            let keys = keys.join(", ");
            let lines = lines.join("\n");
            let head = "import re\nfrom fastapi import FastAPI\nfrom fastapi.middleware import Middleware\nfrom fastapi.middleware.cors import CORSMiddleware\n";
            let app = match random.below(4) {
                0 => format!("options = dict(a=1)\napp = FastAPI(middleware=[Middleware(CORSMiddleware, {keys})])"),
                1 => format!("app = CORSMiddleware(FastAPI(), {keys})"),
                _ => format!("app = FastAPI()\napp.add_middleware(\n    CORSMiddleware,\n    {keys}\n)"),
            };
            Configuration { origins: origins(&mut random, &texts), code: format!("{head}{lines}\n{app}\n") }
        })
        .collect();
    let answers = drive(python("asgi_app.py"), &configurations);
    compare("fastapi", "main.py", &configurations, &answers);
}

#[test]
#[ignore = "starts python"]
fn django_answers_as_its_model() {
    let mut random = Random(9);
    let configurations: Vec<_> = (0..count(120))
        .map(|_| {
            let mut texts = Vec::new();
            let mut lines = vec!["import re".to_owned()];
            let old = random.one_in(4);
            if random.one_in(4) {
                let name = if old { "CORS_ORIGIN_ALLOW_ALL" } else { "CORS_ALLOW_ALL_ORIGINS" };
                lines.push("DEBUG = True".to_owned());
                lines.push(format!("{name} = {}", random.pick(&["True", "False", "DEBUG", "1"])));
            }
            if !random.one_in(4) {
                let name = if old { "CORS_ORIGIN_WHITELIST" } else { "CORS_ALLOWED_ORIGINS" };
                let entries = texts_of(&mut random, 4, &mut texts);
                let value = match random.below(6) {
                    0 => format!("['https://example.com/path'] + [{}]", entries.join(", ")),
                    1 => "'https://example.com'".to_owned(),
                    _ => list(&mut random, &entries),
                };
                lines.push(format!("{name} = {value}"));
            }
            if random.one_in(2) {
                let name = if old { "CORS_ORIGIN_REGEX_WHITELIST" } else { "CORS_ALLOWED_ORIGIN_REGEXES" };
                let entries: Vec<_> = (0..random.below(3)).map(|_| regex(&mut random, &mut texts)).collect();
                lines.push(format!("{name} = {}", list(&mut random, &entries)));
            }
            if random.one_in(2) {
                lines.push(format!("CORS_ALLOW_CREDENTIALS = {}", random.pick(&["True", "False"])));
            }
            if random.one_in(3) {
                lines.push(format!("CORS_ALLOW_METHODS = {}", random.pick(&["['GET', 'PUT']", "('PUT',)"])));
            }
            if random.one_in(3) {
                let value = random.pick(&["['x-one']", "(*default_headers, 'x-one')"]);
                lines.insert(0, "from corsheaders.defaults import default_headers".to_owned());
                lines.push(format!("CORS_ALLOW_HEADERS = {value}"));
            }
            if random.one_in(3) {
                lines.push("CORS_EXPOSE_HEADERS = ['X-Total', 'ETag']".to_owned());
            }
            if random.one_in(3) {
                lines.push(format!("CORS_PREFLIGHT_MAX_AGE = {}", random.pick(&["60", "0", "3_600"])));
            }
            Configuration { origins: origins(&mut random, &texts), code: lines.join("\n") + "\n" }
        })
        .collect();
    let answers = drive(python("django_cors.py"), &configurations);
    compare("django", "settings.py", &configurations, &answers);
}

/// Options of Flask-CORS as pairs of key and value.
fn flask_options(random: &mut Random, texts: &mut Vec<String>) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    if !random.one_in(6) {
        let mut entries = texts_of(random, 4, texts);
        for _ in 0..random.below(3) {
            entries.push(regex(random, texts));
        }
        if random.one_in(6) {
            entries.push("'*'".to_owned());
        }
        let value = match random.below(5) {
            0 if !entries.is_empty() => entries[0].clone(),
            1 => "'*'".to_owned(),
            _ => list(random, &entries),
        };
        keys.push(("origins", value));
    }
    if random.one_in(2) {
        keys.push(("supports_credentials", random.pick(&["True", "True", "False"]).to_owned()));
    }
    if random.one_in(5) {
        keys.push(("send_wildcard", "True".to_owned()));
    }
    if random.one_in(3) {
        keys.push(("methods", random.pick(&["['GET', 'PUT']", "'PUT'", "['put']"]).to_owned()));
    }
    if random.one_in(5) {
        keys.push(("allow_headers", random.pick(&["'*'", "['x-one', 'content-type']"]).to_owned()));
    }
    if random.one_in(4) {
        keys.push(("expose_headers", "['ETag', 'X-Total']".to_owned()));
    }
    if random.one_in(4) {
        keys.push(("max_age", "600".to_owned()));
    }
    if random.one_in(5) {
        keys.push(("vary_header", random.pick(&["True", "False"]).to_owned()));
    }
    keys
}

#[test]
#[ignore = "starts python"]
fn flask_cors_answers_as_its_model() {
    let mut random = Random(10);
    let configurations: Vec<_> = (0..count(120))
        .map(|_| {
            let mut texts = Vec::new();
            let options = flask_options(&mut random, &mut texts);
            let named: Vec<_> = options.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let keyed: Vec<_> = options.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            let (named, keyed) = (named.join(", "), keyed.join(", "));
            let mut view = "@app.route('/api', methods=['GET', 'PUT'])\ndef api():\n    return 'x'\n".to_owned();
            let made = match random.below(7) {
                0 => format!("CORS(app, resources={{r\"/api*\": {{{keyed}}}}})"),
                1 => format!("CORS(app, resources=r'/api', {named})"),
                2 => format!("cors = CORS()\ncors.init_app(app, {named})"),
                3 => {
                    view = view.replace("\ndef", &format!("\n@cross_origin({named})\ndef"));
                    String::new()
                }
                4 => format!("options = {{{keyed}}}\nCORS(app, **options)"),
                5 => options
                    .iter()
                    .map(|(key, value)| format!("app.config['CORS_{}'] = {value}\n", key.to_uppercase()))
                    .chain(["CORS(app)".to_owned()])
                    .collect(),
                _ => format!("CORS(app, {named})"),
            };
            let head = "import re\nfrom flask import Flask\nfrom flask_cors import CORS, cross_origin\napp = Flask(__name__)\n";
            Configuration { origins: origins(&mut random, &texts), code: format!("{head}{made}\n{view}") }
        })
        .collect();
    let answers = drive(python("flask_app.py"), &configurations);
    compare("flask-cors", "app.py", &configurations, &answers);
}
