//! The real programs: a driver in their language runs each configuration and says what it
//! answered; the model read of the same text has to say the same.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use corsac_analysis::model::{Answer, Credentials, Field, Preflight, Truth, Value};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};
use serde::{Deserialize, Serialize};

/// How many configurations a test compares: a sample, or enough to believe in.
pub(crate) fn count(sample: usize) -> usize {
    if std::env::var_os("CORSAC_LONG").is_some() { 600 } else { sample }
}

/// A text of code and the origins to ask it for.
#[derive(Serialize, Clone)]
pub(crate) struct Configuration {
    pub(crate) code: String,
    pub(crate) origins: Vec<String>,
}

/// What a program answered to one origin.
#[derive(Deserialize, Debug, Clone, Default)]
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

/// What a program answered to a configuration.
#[derive(Deserialize, Debug, Clone)]
pub(crate) struct Answers {
    /// Why it did not start.
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// By origin: the actual response and the answer to a preflight.
    #[serde(default)]
    pub(crate) exchanges: Vec<(Exchange, Exchange)>,
}

impl Exchange {
    fn lines(&self, name: &str) -> Vec<&str> {
        let lines = self.headers.iter().filter(|(line, _)| line.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a browser lets a page of `origin` read it.
    pub(crate) fn lets_read(&self, origin: &str, credentials: Credentials) -> bool {
        let with = credentials == Credentials::Included;
        let allowed = match self.lines("access-control-allow-origin").as_slice() {
            ["*"] => !with,
            [one] => *one == origin,
            _ => false,
        };
        allowed && (!with || self.lines("access-control-allow-credentials") == ["true"])
    }
}

/// Compares every configuration; returns how many comparisons there were.
pub(crate) fn compare(
    system: &str,
    file: &str,
    configurations: &[Configuration],
    answers: &[Answers],
) -> usize {
    assert_eq!(configurations.len(), answers.len());
    let mut comparisons = 0;
    let mut wrong = Vec::new();
    let mut started = 0;
    for (configuration, answers) in configurations.iter().zip(answers) {
        let source = Source::new(file, configuration.code.as_str());
        let model = import(System::by_id(system).unwrap(), source, &()).unwrap();
        if let Some(error) = &answers.error {
            if !model.scopes.is_empty() {
                wrong.push(format!("does not start ({error}):\n{}", configuration.code));
            }
            continue;
        }
        started += 1;
        let [scope] = model.scopes.as_slice() else {
            wrong.push(format!("{} scopes: {:?}\n{}", model.scopes.len(), model.unread, configuration.code));
            continue;
        };
        for (origin, (actual, preflight)) in configuration.origins.iter().zip(&answers.exchanges) {
            let mut differs = differences(&scope.actual, actual, origin, "actual");
            comparisons += 2;
            match &scope.preflight {
                Preflight::Answered(answer) if (200..300).contains(&preflight.status) => {
                    differs.extend(differences(answer, preflight, origin, "preflight"));
                    comparisons += 2;
                }
                // A refused preflight has another status: its origin, method or a header is not allowed.
                Preflight::Answered(answer)
                    if lacks(answer.allow_methods.as_ref(), "put")
                        || lacks(answer.allow_headers.as_ref(), "x-one") => {}
                Preflight::Answered(answer) => {
                    let reads = answer.lets_read(origin, Credentials::Omitted);
                    if reads != Truth::False {
                        differs.push(format!("preflight {}: {reads:?}", preflight.status));
                    }
                }
                _ => {
                    let reads = preflight.lets_read(origin, Credentials::Omitted);
                    if reads && (200..300).contains(&preflight.status) {
                        differs.push("a preflight is answered".to_owned());
                    }
                }
            }
            if !differs.is_empty() {
                wrong.push(format!(
                    "{origin}: {differs:?}\n{actual:?}\n{preflight:?}\n{}",
                    configuration.code
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} disagree; the first:\n{}",
        wrong.len(),
        wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n---\n")
    );
    assert!(started * 2 > configurations.len(), "most configurations do not start");
    eprintln!("{system}: {} configurations, {comparisons} comparisons", configurations.len());
    comparisons
}

/// Whether a list of methods or fields is known to lack `name`.
fn lacks(field: Option<&Field>, name: &str) -> bool {
    match field.map(|field| &field.value) {
        None => true,
        Some(Value::Text(text)) => text != "*" && !tokens(&text.to_lowercase()).contains(&name.to_owned()),
        Some(_) => false,
    }
}

/// How a model differs from an exchange.
fn differences(answer: &Answer, exchange: &Exchange, origin: &str, which: &str) -> Vec<String> {
    let mut differs = Vec::new();
    for credentials in [Credentials::Omitted, Credentials::Included] {
        let said = answer.lets_read(origin, credentials);
        let real = Truth::from(exchange.lets_read(origin, credentials));
        if said != real {
            differs.push(format!("{which}, {credentials:?}: model {said:?}, program {real:?}"));
        }
    }
    if !exchange.lets_read(origin, Credentials::Omitted) {
        return differs;
    }
    let fields: BTreeMap<&str, &Option<Field>> = [
        ("access-control-allow-methods", &answer.allow_methods),
        ("access-control-allow-headers", &answer.allow_headers),
        ("access-control-max-age", &answer.max_age),
        ("access-control-expose-headers", &answer.expose_headers),
        ("vary", &answer.vary),
    ]
    .into();
    for (name, field) in fields {
        if which == "actual"
            && matches!(
                name,
                "access-control-allow-methods" | "access-control-allow-headers" | "access-control-max-age"
            )
        {
            continue;
        }
        let real = tokens(&exchange.lines(name).join(","));
        let said = match field.as_ref().map(|field| &field.value) {
            None => Vec::new(),
            Some(Value::Text(text)) => tokens(text),
            Some(Value::Reflected) if name == "access-control-allow-methods" => vec!["PUT".to_owned()],
            Some(Value::Reflected) => tokens("x-one, content-type"),
            Some(Value::Opaque(_)) => continue,
        };
        // What else a framework puts into `Vary` is not ours.
        let same = if name == "vary" { said.iter().all(|token| real.contains(token)) } else { said == real };
        if !same {
            differs.push(format!("{which}, {name}: model {said:?}, program {real:?}"));
        }
    }
    differs
}

/// The values of a list, without order.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<_> =
        text.split(',').map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()).collect();
    for token in &mut tokens {
        if token.eq_ignore_ascii_case("origin") || token.starts_with("Access-Control") {
            *token = token.to_ascii_lowercase();
        }
    }
    tokens.sort();
    tokens
}

/// Gives a driver its configurations and reads what it says.
pub(crate) fn drive(mut command: Command, configurations: &[Configuration]) -> Vec<Answers> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input = serde_json::to_vec(configurations).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the driver ended with {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A driver of these tests.
pub(crate) fn driver(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/code/drivers").join(name)
}

/// One installation at a time.
static INSTALLING: Mutex<()> = Mutex::new(());

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn program(variable: &str, names: &[&str]) -> String {
    let given = std::env::var(variable).ok();
    let starts = |name: &&&str| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    given
        .or_else(|| names.iter().find(starts).map(|name| (*name).to_owned()))
        .unwrap_or_else(|| panic!("none of {names:?} starts"))
}

/// Node with these packages installed.
pub(crate) fn node(driver_name: &str) -> Command {
    const PACKAGES: [&str; 4] = ["express@5.3.0", "cors@2.8.6", "fastify@5.12.8", "@fastify/cors@11.4.3"];
    let lock = INSTALLING.lock();
    let folder = folder("code-node");
    let done = folder.join(PACKAGES.join(" ").replace('/', "_"));
    if !done.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("package.json"), "{}").unwrap();
        let npm = program("CORSAC_NPM", &["npm"]);
        let arguments = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
        succeed(Command::new(npm).current_dir(&folder).args(arguments).args(PACKAGES));
        std::fs::write(done, "").unwrap();
    }
    drop(lock);
    let mut command = Command::new(program("CORSAC_NODE", &["node", "nodejs"]));
    command.arg(driver(driver_name)).arg(&folder);
    command
}

/// Python with these packages installed.
pub(crate) fn python(driver_name: &str) -> Command {
    const PACKAGES: [&str; 5] = [
        "fastapi==0.165.0",
        "starlette==1.10.0",
        "Django==5.2.19",
        "django-cors-headers==4.9.0",
        "Flask-Cors==6.0.5",
    ];
    let lock = INSTALLING.lock();
    let folder = folder("code-python");
    let done = folder.join(PACKAGES.join(" "));
    let interpreter = folder.join("bin/python");
    if !done.exists() {
        let python = program("CORSAC_PYTHON", &["python3", "python"]);
        succeed(Command::new(python).args(["-m", "venv"]).arg(&folder));
        let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        succeed(Command::new(&interpreter).args(arguments).args(PACKAGES));
        std::fs::write(done, "").unwrap();
    }
    drop(lock);
    let mut command = Command::new(interpreter);
    command.arg(driver(driver_name));
    command
}
