//! `docs/browsers.md`: what engines do differently, from their profiles.

use std::fmt::Write as _;

use corsac_browser::{
    Deviation, Engine, Exchange, HeaderList, Page, PreflightCache, RequestInit, Response, SentKind, Topic,
    deviations,
};

use crate::page::{GENERATED, head, row};

const INTRODUCTION: &str = "\
# Where browsers differ

Corsac's model of the browser (`crates/browser`) follows the Fetch Standard step by step, and has each
engine's departures from it as named items. This page lists them all, with what each means for a
server. [failures.md](failures.md) has what their consoles say.

The model was held against real browsers: **Chromium 156**, **Firefox ESR 153.7** and **WebKitGTK 2.50**,
each in 556 designed exchanges, in outcome, error code, requests sent and readable headers. It agrees in
all of them. Safari shares WebKit's CORS code and not its network library, so redirects may differ there.

It covers what decides whether a page may read an answer: the `Request` constructor, forbidden and
safelisted headers, the preflight and its cache, the CORS check, redirects with the origins and headers
that they change, filtered responses, `Cross-Origin-Resource-Policy`, bad ports, mixed content, Local
Network Access.

It leaves out:

- cookies, service workers, the HTTP cache, HSTS, Content Security Policy, and referrer policies other
  than the default;
- where a host name leads and what the user has allowed, unless it is told: `corsac explain URL` looks the
  name up and takes `--local-network-allowed`; a recorded exchange says neither, so a host is local if its URL says
  so (`localhost`, `.local`, an IP address), and the permission for the local network is taken to be missing. Only
  pages from public addresses are restricted, as in the browsers;
- what browsers do when a connection breaks: Chromium and Firefox may send a request again;
- reasons of Firefox's own to forget a preflight, such as a new DNS answer.

**Bold** is what departs from the standard.
";

const TOPICS: [(Topic, &str); 6] = [
    (Topic::Preflight, "Whether there is a preflight, and what it asks"),
    (Topic::PreflightAnswer, "What the answer to a preflight must say"),
    (Topic::Redirect, "Redirects"),
    (Topic::Response, "What a script may read"),
    (Topic::Network, "Local networks and insecure URLs"),
    (Topic::Cache, "How long a preflight is remembered"),
];

pub(crate) fn page() -> String {
    let mut text = format!("{GENERATED}{INTRODUCTION}");
    let all = deviations();
    for (topic, title) in TOPICS {
        writeln!(text, "\n## {title}\n").unwrap();
        let own: Vec<_> = all.iter().filter(|deviation| deviation.topic == topic).collect();
        assert!(!own.is_empty());
        text.push_str(&table(&own));
        text.push('\n');
        for Deviation { name, rule, means, .. } in own {
            writeln!(text, "- <a id=\"{name}\"></a>`{name}` ({rule}): {means}").unwrap();
        }
        if topic == Topic::Cache {
            text.push_str(&ages());
        }
    }
    text
}

fn table(deviations: &[&Deviation]) -> String {
    let mut text = head(&["", "Standard", "Chromium", "Firefox", "WebKit"]);
    for Deviation { name, about, does: [standard, engines @ ..], .. } in deviations {
        let bold = |does: &String| if does == standard { does.clone() } else { format!("**{does}**") };
        let cells = engines.iter().map(bold);
        let first = [format!("{about}<br>[`{name}`](#{name})"), standard.clone()];
        text.push_str(&row(first.into_iter().chain(cells)));
    }
    text
}

/// Values of `Access-Control-Max-Age`.
const AGES: [Option<&str>; 9] = [
    None,
    Some("0"),
    Some("-1"),
    Some("60"),
    Some("3600"),
    Some("86400"),
    Some("31536000"),
    Some("60s"),
    Some("60, 60"),
];

/// Longer than anything is remembered, in seconds.
const LONG: u64 = 1 << 40;

fn ages() -> String {
    let mut text = "\nAs the model has it, in seconds; 0 is a preflight before every request:\n\n".to_owned();
    text.push_str(&head(&["`Access-Control-Max-Age`", "Standard", "Chromium", "Firefox", "WebKit"]));
    for age in AGES {
        let cells = Engine::ALL.map(|engine| kept(engine, age).to_string());
        let first = age.map_or_else(|| "none".to_owned(), |age| format!("`{age}`"));
        text.push_str(&row(std::iter::once(first).chain(cells)));
    }
    text.push_str("\nNo engine remembers a preflight that failed. Each keeps 100 answers in this model.\n");
    text
}

/// The first second in which a grant of second 0 is forgotten.
fn kept(engine: Engine, age: Option<&str>) -> u64 {
    let is_kept = |now| {
        let mut cache = PreflightCache::default();
        asks(engine, age, 0, &mut cache);
        !asks(engine, age, now, &mut cache)
    };
    let (mut low, mut high) = (0, LONG);
    while low < high {
        let middle = low.midpoint(high);
        if is_kept(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// Whether a `PUT` in second `now` has a preflight.
fn asks(engine: Engine, age: Option<&str>, now: u64, cache: &mut PreflightCache) -> bool {
    let page = Page::of("https://app.example.com");
    let init = RequestInit {
        url: "https://api.example.com/items".into(),
        method: "PUT".into(),
        ..RequestInit::default()
    };
    let mut fields = vec![("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT")];
    fields.extend(age.map(|age| ("Access-Control-Max-Age", age)));
    let mut exchange = Exchange::new(engine, &page, &init, cache, now);
    let asks = exchange.poll_output().unwrap().kind == SentKind::Preflight;
    exchange.handle_response(Some(Response { status: 204, headers: HeaderList::new(fields) }), cache);
    asks
}
