//! `CorsConfiguration` itself, from Debian: spring-web 4.3.30, which has `allowedOrigins` only.
//!
//! It is older than what the model describes. What changed since is stated here: no slash is
//! dropped at an entry's end, and `*` with credentials sends every origin back. Patterns came
//! with 5.3, which no registry in reach has as a jar: the expression is put together from
//! reading that class, and only `java.util.regex` is the real one.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use corsac_analysis::model::{Credentials, Truth};

use super::read;

/// Where Debian puts libspring-web-java, libspring-core-java and libcommons-logging-java;
/// `CORSAC_SPRING_JARS` names another class path.
const JARS: &str =
    "/usr/share/java/spring3-web.jar:/usr/share/java/spring3-core.jar:/usr/share/java/commons-logging.jar";

/// What the program answers to each line.
fn ask(lines: &str) -> Vec<String> {
    let java = std::env::var_os("CORSAC_JAVA").unwrap_or_else(|| "java".into());
    let jars = std::env::var("CORSAC_SPRING_JARS").unwrap_or_else(|_| JARS.to_owned());
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spring/program/Ask.java");
    let mut child = Command::new(java)
        .args(["-cp", &jars, source])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Java is installed");
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) >> 1).unwrap() % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn origin(&mut self) -> String {
        let scheme = self.pick(&["https://", "http://", "HTTPS://"]);
        let host = self.pick(&[
            "example.com",
            "Example.COM",
            "a.example.com",
            "localhost",
            "x_y.example",
            "\u{212a}.example",
        ]);
        let port = self.pick(&["", "", ":8080", ":3000"]);
        if self.below(20) == 0 { "null".to_owned() } else { format!("{scheme}{host}{port}") }
    }

    fn pattern(&mut self) -> String {
        let host = self.pick(&[
            "https://*.example.com",
            "https://*example.com",
            "https://example.*",
            "*://localhost",
            "https://10.1.*",
            "*",
            "https://a.*.b*",
            "https://a\\E.*b",
            "https://a\\b.example",
            "https://a\\E.example",
            "https://A.example",
            "**",
            "https://example.com.",
        ]);
        let ports = self.pick(&["", "", ":[*]", ":[8080,8081]", ":[8080]", ":8080", ":[]", ":[8080,]", ":*"]);
        format!("{host}{ports}")
    }
}

/// Origins near an entry, as browsers write them.
fn around(entry: &str) -> Vec<String> {
    let lower = entry.to_lowercase().replace('\u{212a}', "k");
    let plain = lower.split(":[").next().unwrap().replace("\\e", "").replace('\\', "").replace('*', "a");
    let mut origins = vec![
        plain.clone(),
        plain.replacen("https", "http", 1),
        plain.replacen("://", "://x", 1),
        plain.replacen("://", "://x.", 1),
        format!("{plain}.evil.net"),
        format!("{plain}:8080"),
        format!("{plain}:8081"),
        format!("{plain}:80801"),
        format!("{plain}!.evil.net"),
        plain.replace('.', "x"),
        "https://b.a.b".to_owned(),
        "https://evil.net".to_owned(),
        "null".to_owned(),
    ];
    origins.retain(|origin| origin == "null" || origin.matches(':').count() < 3 && origin.is_ascii());
    origins
}

fn configurations() -> u64 {
    if std::env::var_os("CORSAC_LONG").is_some() { 2_000 } else { 300 }
}

#[test]
#[ignore = "starts Java"]
fn allowed_origins_are_those_of_the_class() {
    let mut lines = String::new();
    let mut expected = Vec::new();
    for seed in 0..configurations() {
        let mut random = Random(seed);
        let mut entries: Vec<String> = (0..=random.below(3)).map(|_| random.origin()).collect();
        if random.below(8) == 0 {
            entries.push("*".to_owned());
        }
        let credentials = random.below(2) == 0;
        let origins = entries.join(",");
        let text = format!(
            "spring.graphql.cors.allowed-origins={origins}\nspring.graphql.cors.allow-credentials={credentials}\n"
        );
        let model = read("application.properties", &text);
        for origin in entries.iter().flat_map(|entry| around(entry)) {
            writeln!(lines, "{origins}\t{credentials}\t{origin}").unwrap();
            let answer = &model.scopes[0].actual;
            let omitted = answer.lets_read(&origin, Credentials::Omitted);
            expected.push((
                omitted,
                answer.lets_read(&origin, Credentials::Included),
                credentials,
                origin,
                origins.clone(),
            ));
        }
    }
    let answers = ask(&lines);
    assert_eq!(answers.len(), expected.len());
    let mut admitted = 0;
    for (sent, (omitted, included, credentials, origin, origins)) in answers.iter().zip(&expected) {
        let reads = sent == origin || sent == "*";
        if *credentials && origins.split(',').any(|entry| entry == "*") {
            assert!(
                sent == origin && (*omitted, *included) == (Truth::Unknown, Truth::Unknown),
                "{origins} {origin}"
            );
            continue;
        }
        assert_eq!(*omitted, Truth::from(reads), "{origins}: {origin}: {sent}");
        assert_eq!(*included, Truth::from(sent == origin && *credentials), "{origins}: {origin}: {sent}");
        admitted += u64::from(reads);
    }
    println!("Spring 4.3.30: {} comparisons, {admitted} admitted", answers.len());
    assert!(admitted > 100);
}

/// What the class makes of a pattern, by reading: its text quoted but for `*`, which is `.*`, and
/// for ports in brackets at its end.
fn expression(pattern: &str) -> String {
    let (host, ports) = match pattern.strip_suffix(']').and_then(|rest| rest.rsplit_once(":[")) {
        Some((host, "*")) => (host, r"(:\d+)?".to_owned()),
        Some((host, list))
            if list.split(',').all(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())) =>
        {
            (host, format!(":({})", list.split(',').collect::<Vec<_>>().join("|")))
        }
        _ => (pattern, String::new()),
    };
    let quoted: Vec<String> = host.split('*').map(|part| format!(r"\Q{part}\E")).collect();
    quoted.join(".*") + &ports
}

#[test]
#[ignore = "starts Java"]
fn patterns_are_those_of_the_regular_expression() {
    let mut lines = String::new();
    let mut expected = Vec::new();
    for seed in 0..configurations() {
        let mut random = Random(seed);
        let pattern = random.pattern();
        let text =
            format!("@CrossOrigin(originPatterns = \"{}\") class A {{}}", pattern.replace('\\', "\\\\"));
        let model = read("A.java", &text);
        let near = random.origin();
        for origin in around(&pattern).into_iter().chain(around(&near)) {
            writeln!(lines, "= {}\t{origin}", expression(&pattern)).unwrap();
            expected.push((
                model.scopes[0].actual.lets_read(&origin, Credentials::Omitted),
                origin,
                pattern.clone(),
            ));
        }
    }
    let answers = ask(&lines);
    assert_eq!(answers.len(), expected.len());
    let (mut admitted, mut not_known) = (0, 0);
    for (answer, (predicted, origin, pattern)) in answers.iter().zip(&expected) {
        match predicted {
            // Spring does not start.
            _ if answer == "mistake" => assert_eq!(*predicted, Truth::Unknown, "{pattern}"),
            Truth::Unknown => not_known += 1,
            known => assert_eq!(*known, Truth::from(answer == "true"), "{pattern}: {origin}"),
        }
        admitted += u64::from(answer == "true");
    }
    println!("java.util.regex: {} comparisons, {admitted} admitted, {not_known} not known", answers.len());
    assert!(admitted > 100 && not_known * 10 < answers.len());
}
