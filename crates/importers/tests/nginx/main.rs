//! The reader of nginx's configuration against nginx.
#![cfg(test)]

mod generate;
mod givers;
mod program;
mod samples;
mod told;

use std::fmt::Write as _;

use corsac_analysis::model::{Answer, Coverage, Credentials, Field, Model, Preflight, Scope, Truth, Value};
use corsac_diagnostics::Source;
use corsac_importers::{Includes, System, import};

use generate::{Generated, Generator, Random, Setting, origins};
use program::{Nginx, Seen, folder, free_port, headers_more, whole};

/// Servers in one nginx.
const BATCH: usize = 50;

/// How often prediction and program were compared, and how often nothing was predicted.
#[derive(Default, Debug)]
struct Tally {
    servers: usize,
    compared: usize,
    unknown: usize,
    disagreements: Vec<String>,
}

#[test]
#[ignore = "starts nginx"]
fn predictions_are_what_nginx_answers() {
    let long = std::env::var_os("CORSAC_LONG").is_some();
    let seed = std::env::var("CORSAC_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut random = Random(seed);
    let mut tally = Tally::default();
    for batch in 0..if long { 20 } else { 2 } {
        compare_batch(&format!("batch{batch}"), &mut random, &mut tally);
    }
    let Tally { servers, compared, unknown, disagreements } = &tally;
    println!(
        "{servers} servers, {compared} comparisons, {unknown} unknown, {} disagreements",
        disagreements.len()
    );
    for disagreement in disagreements {
        println!("{}", disagreement.lines().next().unwrap_or_default());
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n=====\n"));
    assert!(unknown * 20 < *compared, "{unknown} of {compared} predictions are unknown");
}

fn compare_batch(name: &str, random: &mut Random, tally: &mut Tally) {
    let folder = folder(name, &["", "a", "a/b", "x", "y"]);
    std::fs::write(folder.join("htpasswd"), "u:{PLAIN}p\n").unwrap();
    let module = headers_more();
    let setting = Setting { upstream: free_port(), folder: folder.clone(), edits: module.is_some() };
    let port = free_port();
    let mut http = format!(
        "server {{ listen 127.0.0.1:{}; server_name up.test;\n\
         add_header Access-Control-Allow-Origin 'https://upstream.test' always; return 200 up; }}\n",
        setting.upstream
    );
    if random.chance(50) {
        http.push_str(
            "add_header Access-Control-Allow-Origin https://example.com;\nadd_header Vary Origin;\n",
        );
    }
    let mut all: Vec<Generated> = Vec::new();
    for number in 0..BATCH {
        let generated = Generator::new(random, number, &setting).server();
        let Generated { maps, server, .. } = &generated;
        writeln!(http, "{maps}server {{\nlisten 127.0.0.1:{port};\nserver_name c{number}.test;\n{server}}}")
            .unwrap();
        all.push(generated);
    }
    let text = whole(&folder, module.as_deref(), &http);
    let source = Source::new("nginx.conf", text.clone());
    let model = import(System::by_id("nginx").unwrap(), source, &Files).unwrap();
    let mut nginx = Nginx::start(&folder, &text, port);
    for (number, generated) in all.iter().enumerate() {
        tally.servers += 1;
        let host = format!("c{number}.test");
        let tried = origins(random);
        for (location, path) in &generated.sites {
            let before = tally.disagreements.len();
            for way in ["", "?x=1"] {
                let Some(scopes) = scopes_of(&model, &host, location, way) else { continue };
                Asked { nginx: &mut nginx, host: &host, path, way, scopes }.compare(&tried, tally);
            }
            for text in &mut tally.disagreements[before..] {
                let _ = write!(text, "\n{}\nserver {{\n{}}}\n", generated.maps, generated.server);
            }
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Included files, from the file system.
struct Files;

impl Includes for Files {
    fn read(&self, _: &str, pattern: &str) -> Result<Vec<Source>, String> {
        let text = std::fs::read_to_string(pattern).map_err(|error| error.to_string())?;
        Ok(vec![Source::new(pattern, text)])
    }
}

/// The scopes of a location: for most methods and for `POST`.
fn scopes_of<'a>(model: &'a Model, host: &str, location: &str, way: &str) -> Option<[&'a Scope; 2]> {
    let name = match location {
        "" => format!("server {host}"),
        location => format!("server {host}, location {location}"),
    };
    let tail = ", where $arg_x = 1";
    let find = |tail: &str| {
        let ours = |scope: &&&Scope| {
            let rest = scope.name.strip_prefix(&name).and_then(|rest| rest.strip_suffix(tail));
            rest.is_some_and(|rest| {
                rest.starts_with(", ") && rest.contains("POST") && !rest.contains("where")
            })
        };
        let usual = model.scopes.iter().find(|scope| scope.name == format!("{name}{tail}"));
        (usual, model.scopes.iter().collect::<Vec<_>>().iter().find(ours).copied())
    };
    let (usual, post) = find("");
    let (usual, post) = match way {
        "" => (usual, post),
        // What is not a scope of its own is answered as the rest is.
        _ => match find(tail) {
            (None, other) => (usual, other.or(post)),
            (found, other) => (found, other),
        },
    };
    usual.map(|usual| [usual, post.unwrap_or(usual)])
}

/// A location under test.
struct Asked<'a> {
    nginx: &'a mut Nginx,
    host: &'a str,
    path: &'a str,
    way: &'a str,
    scopes: [&'a Scope; 2],
}

impl Asked<'_> {
    fn compare(mut self, tried: &[String], tally: &mut Tally) {
        let [scope, post] = self.scopes;
        let mut lines_are_kept = true;
        let mut has_lines = false;
        for origin in tried {
            let seen = self.ask("GET", "ok", origin);
            self.judge(origin, &seen, &scope.actual, tally);
            let missing = self.ask("GET", "missing", origin);
            if seen.status == 200 && missing.status == 404 && self.path != "/x/" {
                for name in ["access-control-allow-origin", "access-control-allow-credentials"] {
                    has_lines |= !seen.lines(name).is_empty();
                    lines_are_kept &= seen.lines(name) == missing.lines(name);
                }
            }
            let posted = self.ask("POST", "ok", origin);
            if posted.status != 405 {
                self.judge(origin, &posted, &post.actual, tally);
            }
            let preflight = self.ask("OPTIONS", "ok", origin);
            self.judge_preflight(origin, &preflight, tally);
        }
        if has_lines && scope.actual.coverage == Coverage::All && !lines_are_kept {
            tally.disagreements.push(format!("{} {}: fields are lost on 404", self.host, self.path));
        }
    }

    fn ask(&mut self, method: &str, file: &str, origin: &str) -> Seen {
        let fields = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "x-a"),
        ];
        let actual = [("Origin", origin), ("Authorization", "Basic dTpw")];
        let fields = if method == "OPTIONS" { &fields[..] } else { &actual[..] };
        self.nginx.ask(method, self.host, &format!("{}{file}{}", self.path, self.way), fields)
    }

    fn judge(&self, origin: &str, seen: &Seen, answer: &Answer, tally: &mut Tally) {
        if answer.passes_upstream {
            return;
        }
        for (credentials, included) in [(Credentials::Omitted, false), (Credentials::Included, true)] {
            tally.compared += 1;
            let real = seen.lets_read(origin, included);
            match answer.lets_read(origin, credentials) {
                Truth::Unknown => tally.unknown += 1,
                predicted if predicted == Truth::from(real) => {}
                predicted => tally.disagreements.push(format!(
                    "{} {} {origin} {credentials:?}: predicted {predicted:?}, nginx: {real} {seen:?}",
                    self.host, self.path
                )),
            }
        }
        if seen.lets_read(origin, false) {
            self.judge_methods(origin, seen, answer.allow_methods.as_ref(), tally);
        }
        let vary = answer.vary.as_ref();
        if vary.is_some_and(|vary| vary.value == Value::Text("Origin".to_owned()))
            && seen.lines("vary").is_empty()
        {
            tally.disagreements.push(format!("{} {} {origin}: no Vary {seen:?}", self.host, self.path));
        }
    }

    fn judge_methods(&self, origin: &str, seen: &Seen, said: Option<&Field>, tally: &mut Tally) {
        let real = seen.lines("access-control-allow-methods").join(", ");
        let agrees = match said.map(|field| &field.value) {
            None => real.is_empty(),
            Some(Value::Text(text)) => *text == real || real.is_empty(),
            Some(_) => true,
        };
        if !agrees {
            tally.disagreements.push(format!("{} {} {origin}: {said:?} {seen:?}", self.host, self.path));
        }
    }

    fn judge_preflight(&self, origin: &str, seen: &Seen, tally: &mut Tally) {
        let passes = (200..300).contains(&seen.status);
        match &self.scopes[0].preflight {
            Preflight::Answered(answer) if passes => self.judge(origin, seen, answer, tally),
            Preflight::Answered(answer) => {
                tally.compared += 1;
                if answer.lets_read(origin, Credentials::Omitted) == Truth::True {
                    tally
                        .disagreements
                        .push(format!("{} {} {origin}: preflight {seen:?}", self.host, self.path));
                }
            }
            Preflight::Unknown => {}
            Preflight::Authenticated(_) | Preflight::Unanswered | Preflight::WithoutFields(_) => {
                tally.compared += 1;
                if passes && seen.lets_read(origin, false) {
                    tally
                        .disagreements
                        .push(format!("{} {} {origin}: preflight {seen:?}", self.host, self.path));
                }
            }
        }
    }
}
