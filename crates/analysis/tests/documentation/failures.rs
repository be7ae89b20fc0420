//! `docs/failures.md`: from each failure to each browser's words, and to the fix.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use corsac_analysis::explain::{fix, read_console_message};
use corsac_browser::{Engine, Failure, Mode, Outcome, RequestInit, Verdict};

use crate::cases::{Case, ORIGIN, URL, asking, cases};
use crate::page::{GENERATED, head, row};

const INTRODUCTION: &str = "\
# Why the browser blocked it

Every way in which a browser refuses a cross-origin request: what each console prints, word for word, and
what to change. Chromium is also Chrome, Edge, Opera and Brave; WebKit is Safari.

Look up the message under [What the console says](#consoles), or let Corsac do it:

```text
corsac explain --error '<the message>'
corsac explain <url> --from <the page's origin> -X <method> -H '<header>: <value>'
```

The second asks the server as the browser would, and says which step fails.

In the texts below `<url>` is what was asked, `<origin>` the page's origin, `<value>` what the server sent.
After a redirect `<url>` is where it led, and Chromium adds ` (redirected from '<first url>')`. For
`XMLHttpRequest` it says so instead of `fetch`. In WebKit's console every message is followed by
`Fetch API cannot load <url> due to access control checks.` Fixes are those for the page
`https://app.example.com`; write your page's origin.

A code is a browser's own name for a failure: Chromium's `CorsError` (in DevTools under \"Issues\"), the category of
Firefox's message. WebKit has none; those are ours. \"No code\" means that it is blocked under no name that has
to do with CORS, \"allowed\" that this browser goes on. The failure's name is Corsac's rule, which is `code` for
`standard` in the [exchange format](exchange-format.md). All of this is what the model says that
[agrees with real browsers](browsers.md).
";

/// An anchor, a title, and rules, each with its title.
type Group = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const GROUPS: [Group; 5] = [
    (
        "response",
        "The response",
        &[
            ("allow-origin-missing", "The response has no `Access-Control-Allow-Origin`"),
            ("allow-origin-mismatch", "`Access-Control-Allow-Origin` is not the page's origin"),
            ("allow-origin-wildcard", "`Access-Control-Allow-Origin: *` with credentials"),
            ("allow-origin-multiple", "`Access-Control-Allow-Origin` has several values"),
            ("allow-origin-invalid", "`Access-Control-Allow-Origin` is not an origin"),
            ("allow-credentials-not-true", "`Access-Control-Allow-Credentials` is not `true`"),
            ("cross-origin-resource-policy", "`Cross-Origin-Resource-Policy` forbids it"),
        ],
    ),
    (
        "preflight",
        "The preflight (`OPTIONS`)",
        &[
            (
                "preflight-allow-origin-missing",
                "The answer to the preflight has no `Access-Control-Allow-Origin`",
            ),
            ("preflight-status", "The answer to the preflight is not 200 to 299"),
            ("preflight-redirect", "The preflight is redirected"),
            ("method-not-allowed", "The method is not in `Access-Control-Allow-Methods`"),
            ("header-not-allowed", "A request header is not in `Access-Control-Allow-Headers`"),
            ("allow-methods-syntax", "`Access-Control-Allow-Methods` is not a list of methods"),
            ("allow-headers-syntax", "`Access-Control-Allow-Headers` is not a list of header names"),
            ("preflight-allow-origin-mismatch", "The answer to the preflight names another origin"),
            ("preflight-allow-origin-wildcard", "The answer to the preflight is `*`, with credentials"),
            ("preflight-allow-origin-multiple", "The answer to the preflight names several origins"),
            ("preflight-allow-origin-invalid", "The answer to the preflight names no origin"),
            (
                "preflight-allow-credentials-not-true",
                "The answer to the preflight does not allow credentials",
            ),
            ("preflight-network-error", "The preflight gets no response"),
        ],
    ),
    (
        "redirects",
        "Redirects",
        &[
            ("redirect-credentials", "A redirect leads to a URL with a user name or password"),
            ("redirect-scheme", "A redirect leads to a URL that is not `http:` or `https:`"),
            ("redirect-location", "`Location` is not one URL"),
            ("redirect-mode", "A redirect, with redirect mode `error`"),
            ("redirect-stream", "A redirect, and the body is a stream"),
            ("too-many-redirects", "More than 20 redirects"),
        ],
    ),
    (
        "network",
        "The network",
        &[
            ("network-error", "There is no response"),
            ("mixed-content", "A page from `https:` asks `http:`"),
            ("local-network-permission", "The local network, without permission"),
            ("local-network-insecure", "The local network, from a page that is not secure"),
            ("local-network-other-space", "`targetAddressSpace` is wrong"),
            ("bad-port", "A port that browsers do not connect to"),
        ],
    ),
    (
        "call",
        "The call of `fetch()`",
        &[
            ("same-origin-mode", "Mode `same-origin`, and another origin"),
            ("no-cors-redirect-mode", "Mode `no-cors`, and a redirect mode other than `follow`"),
            ("scheme-not-http", "A URL that is not `http:` or `https:`"),
            ("stream-body", "A stream as body"),
        ],
    ),
];

const ELSEWHERE: &str = "
<a id=\"elsewhere\"></a>
## Codes that the model does not produce

- Chromium's `InvalidResponse`, `PreflightMissingAllowExternal` and `PreflightInvalidAllowExternal`, Firefox's
  `CORSDisabled` (switched off by a setting) and `CORSOriginHeaderNotAdded`, WebKit's `Preflight response was
  blocked`: no page of the recorded ones got them.
- Warnings, not errors: Chromium's `AuthorizationCoveredByWildcard` and Firefox's
  `CORSAllowHeaderFromPreflightDeprecation` say that `Authorization` should be
  [listed by its name](browsers.md).
- `Access-Control-Allow-Private-Network` and its messages are gone from all three. See
  [the local network](#local-network-permission).

Where Chromium has no code, its console or network panel has one of these, as measured:

| Chromium | see |
|---|---|
| `net::ERR_UNSAFE_REDIRECT` | [redirect-scheme](#redirect-scheme) |
| `net::ERR_INVALID_REDIRECT`, `net::ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION` | [redirect-location](#redirect-location) |
| `net::ERR_TOO_MANY_REDIRECTS` | [too-many-redirects](#too-many-redirects) |
| `net::ERR_UNSAFE_PORT` | [bad-port](#bad-port) |
| `net::ERR_FAILED` alone, after a redirect | [redirect-mode](#redirect-mode) |
| `blocked: mixed-content` | [mixed-content](#mixed-content) |
| `blocked: corp-not-same-origin`, `blocked: corp-not-same-site` | [cross-origin-resource-policy](#cross-origin-resource-policy) |
| `blocked: origin` | [redirect-credentials](#redirect-credentials), [same-origin-mode](#same-origin-mode) |
| any other `net::ERR_` | [network-error](#network-error) |
";

pub(crate) fn page() -> String {
    let cases = cases();
    let own = |rule: &str| cases.iter().filter(|case| case.rule == rule).map(Entry::new).collect::<Vec<_>>();
    let mut text = format!("{GENERATED}{INTRODUCTION}\n<a id=\"overview\"></a>\n## Overview\n");
    for (_, title, rules) in GROUPS {
        write!(text, "\n**{title}**\n\n{}", head(&["failure", "Chromium", "Firefox", "WebKit"])).unwrap();
        for (rule, _) in rules {
            text.push_str(&overview(rule, &own(rule)));
        }
    }
    text.push_str(&consoles(&cases));
    for (anchor, title, rules) in GROUPS {
        writeln!(text, "\n<a id=\"{anchor}\"></a>\n## {title}").unwrap();
        for (rule, title) in rules {
            text.push_str(&section(rule, title, &own(rule)));
        }
    }
    text.push_str(&thrown());
    text + ELSEWHERE
}

const BROWSERS: [Engine; 3] = [Engine::Chromium, Engine::Firefox, Engine::WebKit];

fn title(engine: Engine) -> &'static str {
    match engine {
        Engine::Standard => "The standard",
        Engine::Chromium => "Chromium",
        Engine::Firefox => "Firefox",
        Engine::WebKit => "WebKit",
    }
}

/// A case, judged.
struct Entry<'c> {
    case: &'c Case,
    standard: Verdict,
    browsers: [Verdict; 3],
}

impl<'c> Entry<'c> {
    fn new(case: &'c Case) -> Self {
        let judge = |engine| case.exchange.judge(engine);
        Self { case, standard: judge(Engine::Standard), browsers: BROWSERS.map(judge) }
    }

    /// What each browser calls it.
    fn codes(&self) -> [String; 3] {
        self.browsers.each_ref().map(|verdict| self.code(verdict))
    }

    fn code(&self, verdict: &Verdict) -> String {
        let rule = verdict.failure.as_ref().map(Failure::rule);
        match (rule, verdict.code) {
            (None, _) => "allowed".to_owned(),
            (Some(rule), None) if rule == self.case.rule => "no code".to_owned(),
            (Some(rule), Some(code)) if rule == self.case.rule => format!("`{code}`"),
            (Some(other), Some(code)) => format!("`{code}` ([{other}](#{other}))"),
            (Some(other), None) => format!("[{other}](#{other})"),
        }
    }

    /// What a browser's console prints, with placeholders.
    fn console(&self, verdict: &Verdict) -> Option<String> {
        let mut text = verdict.console.clone()?;
        text = text.replace(&format!(" (redirected from '{}')", self.case.exchange.request.url), "");
        for (words, placeholder) in &self.case.placeholders {
            text = text.replace(words, placeholder);
        }
        for (words, placeholder) in
            [(URL, "<url>"), ("https://app.example.com/items", "<url>"), (ORIGIN, "<origin>")]
        {
            text = text.replace(words, placeholder);
        }
        Some(with_status(&text))
    }

    /// The verdict to explain: the standard's, or of a browser that blocks.
    fn explained(&self) -> &Verdict {
        let is_own =
            |verdict: &&Verdict| verdict.failure.as_ref().is_some_and(|own| own.rule() == self.case.rule);
        std::iter::once(&self.standard).chain(&self.browsers).find(is_own).unwrap()
    }

    fn fix(&self) -> String {
        let change = fix(&self.case.exchange, self.explained()).unwrap();
        let text = change.to_string();
        let mut chars = text.chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
    }
}

/// The number of a status is a placeholder too.
fn with_status(text: &str) -> String {
    let Some((before, after)) = text.split_once("Status code: ") else { return text.to_owned() };
    let rest = after.trim_start_matches(|char: char| char.is_ascii_digit());
    if rest.len() == after.len() { text.to_owned() } else { format!("{before}Status code: <status>{rest}") }
}

/// Without repetitions, in order.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut found, item| {
        if !found.contains(&item) {
            found.push(item);
        }
        found
    })
}

fn overview(rule: &str, entries: &[Entry<'_>]) -> String {
    let cells = [0, 1, 2].map(|browser| {
        let codes = distinct(entries.iter().map(|entry| entry.codes()[browser].clone()));
        codes.join("<br>")
    });
    row(std::iter::once(format!("[`{rule}`](#{rule})")).chain(cells))
}

/// What distinguishes a text from others: its frame left out.
fn reason(engine: Engine, text: &str) -> &str {
    match engine {
        Engine::Chromium => text.split_once("CORS policy: ").map_or(text, |(_, reason)| reason),
        Engine::Firefox => text
            .split_once("(Reason: ")
            .map_or(text, |(_, reason)| reason.split_once(").").map_or(reason, |(reason, _)| reason)),
        Engine::Standard | Engine::WebKit => text.lines().next().unwrap_or_default(),
    }
}

fn consoles(cases: &[Case]) -> String {
    let mut text = "\n<a id=\"consoles\"></a>\n## What the console says\n".to_owned();
    for (index, engine) in BROWSERS.into_iter().enumerate() {
        let mut rules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for entry in cases.iter().map(Entry::new) {
            let Some(console) = entry.console(&entry.browsers[index]) else { continue };
            let own = rules.entry(reason(engine, &console).to_owned()).or_default();
            if !own.contains(&entry.case.rule) {
                own.push(entry.case.rule);
            }
        }
        write!(text, "\n**{}**\n\n{}", title(engine), head(&["the message has", "see"])).unwrap();
        for (words, rules) in rules {
            let links: Vec<_> = rules.iter().map(|rule| format!("[{rule}](#{rule})")).collect();
            text.push_str(&row([code_span(&words), links.join(", ")]));
        }
    }
    text
}

/// Text between backticks, which may have some itself.
fn code_span(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn section(rule: &str, title: &str, entries: &[Entry<'_>]) -> String {
    let mut text = format!("\n<a id=\"{rule}\"></a>\n### {title}\n\n`{rule}`");
    let first = entries.first().unwrap();
    text.push_str(&standard(first));
    text.push_str(&head(&["when", "Chromium", "Firefox", "WebKit"]));
    for codes in distinct(entries.iter().map(Entry::codes)) {
        let whens =
            distinct(entries.iter().filter(|entry| entry.codes() == codes).map(|entry| entry.case.when));
        text.push_str(&row(std::iter::once(whens.join("<br>")).chain(codes)));
    }
    text.push('\n');
    let looks = distinct(entries.iter().filter_map(look));
    if let [look] = looks.as_slice() {
        text.push_str(&format!("**Look:** {look}.\n\n").replace("?.", "?"));
    }
    let fixes = distinct(entries.iter().map(Entry::fix));
    match fixes.as_slice() {
        [fix] => writeln!(text, "**Fix:** {fix}.").unwrap(),
        _ => {
            text.push_str("**Fix:**\n\n");
            for fix in fixes {
                writeln!(text, "- {fix}.").unwrap();
            }
        }
    }
    text.push('\n');
    for index in 0..BROWSERS.len() {
        text.push_str(&browser(index, entries));
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// What the standard says, or that it does not.
fn standard(entry: &Entry<'_>) -> String {
    let Some(step) = entry.standard.steps.iter().rev().find(|step| !step.passed) else {
        return "; the standard does not block it.\n\n".to_owned();
    };
    let (name, address) = match step.algorithm {
        "Local Network Access check" => {
            ("Local Network Access", "https://wicg.github.io/local-network-access/")
        }
        _ => ("Fetch", "https://fetch.spec.whatwg.org/"),
    };
    let anchor = match name {
        "Fetch" => format!("#{}", step.algorithm.to_lowercase().replace(' ', "-")),
        _ => String::new(),
    };
    format!(": {name}, [{}]({address}{anchor}), “{}”.\n\n", step.algorithm, step.says.replace('"', "'"))
}

/// Texts of one browser.
fn browser(index: usize, entries: &[Entry<'_>]) -> String {
    let said = entries.iter().filter_map(|entry| entry.console(&entry.browsers[index]));
    let texts = distinct(said);
    let mut text = format!("**{}**", title(BROWSERS[index]));
    if texts.is_empty() {
        let is_blocked = entries.iter().any(|entry| entry.browsers[index].outcome == Outcome::Blocked);
        let says =
            if is_blocked { "prints nothing about CORS; the script gets a `TypeError`" } else { "allows it" };
        return format!("{text} {says}.\n\n");
    }
    text.push_str(" prints\n\n```text\n");
    text.push_str(&texts.join("\n\n"));
    text.push_str("\n```\n\n");
    text
}

/// What to look at, as `corsac explain --error` says it of Chromium's text.
fn look(entry: &Entry<'_>) -> Option<&'static str> {
    let [chromium, ..] = &entry.browsers;
    read_console_message(chromium.console.as_deref()?).map(|message| message.look)
}

/// Calls that throw before anything is sent.
fn thrown() -> String {
    let mut text = "\n<a id=\"invalid\"></a>\n### The call itself is wrong\n\nNothing is sent, no console has a message \
                    about CORS; in every browser `fetch()` throws a `TypeError`. The outcome is `invalid`.\n\n"
        .to_owned();
    text.push_str(&head(&["the call", "fix"]));
    let mut seen = BTreeSet::new();
    for (what, request) in invalid_calls() {
        let exchange = corsac_analysis::explain::RecordedExchange {
            id: String::new(),
            page: corsac_browser::Page::of(ORIGIN),
            request,
            hops: Vec::new(),
        };
        for engine in Engine::ALL {
            let verdict = exchange.judge(engine);
            let invalid = verdict.invalid.as_ref().unwrap();
            seen.insert(format!("{:?}", std::mem::discriminant(invalid)));
            if engine == Engine::Standard {
                let fix = fix(&exchange, &verdict).unwrap();
                text.push_str(&row([what.to_owned(), fix.to_string()]));
            }
        }
    }
    assert_eq!(seen.len(), 11, "one call for each variant of `Invalid`");
    text
}

fn invalid_calls() -> Vec<(&'static str, RequestInit)> {
    let header =
        |name: &str, value: &str| RequestInit { headers: vec![(name.into(), value.into())], ..asking("GET") };
    let at = |url: &str| RequestInit { url: url.into(), ..asking("GET") };
    let mode = |mode, method| RequestInit { mode, ..asking(method) };
    let cached = RequestInit { cache: corsac_browser::CacheMode::OnlyIfCached, ..asking("GET") };
    let body = RequestInit { body: Some(corsac_browser::Body::Text), ..asking("GET") };
    vec![
        ("a method that scripts may not use", asking("TRACE")),
        ("a method that is no token", asking("GET IT")),
        ("a header name that is no token", header("x trace", "1")),
        ("a header value with a line break, NUL, or a character beyond U+00FF", header("x-trace", "1\n2")),
        ("a body with `GET` or `HEAD`", body),
        ("mode `no-cors` with another method than `GET`, `HEAD`, `POST`", mode(Mode::NoCors, "PUT")),
        ("mode `navigate`", mode(Mode::Navigate, "GET")),
        (
            "a mode, credentials mode, redirect mode or cache mode that does not exist",
            mode(Mode::Unknown, "GET"),
        ),
        ("cache mode `only-if-cached` without mode `same-origin`", cached),
        ("a URL with a user name or password", at("https://user:secret@api.example.com/")),
        ("a URL that is none", at("https://")),
    ]
}
