//! Exchanges in real headless Chromium and Firefox, held against the model: the same outcome,
//! code and console text for the script, the same requests on the wire.
//!
//! `CORSAC_SEED` and `CORSAC_CASES` choose other random cases and more of them.

#![cfg(test)]

mod notation;
mod random;

use corsac_analysis::explain::RecordedExchange;
use corsac_browser::{Engine, Failure, Outcome, Sent, SentKind, Verdict};
use corsac_oracle::{Browser, Case, Chromium, Firefox, Initiator, Lab, Observed, Seen};

/// Random cases in the normal run.
const CASES: usize = 300;

/// Cases between two looks at what browsers did with them.
const ROUND: usize = 1_000;

const DESIGNED: &str = include_str!("designed.txt");

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap())
}

/// All lines of cases that `engine` can run.
fn lines(engine: Engine) -> Vec<(String, &'static str)> {
    let designed = DESIGNED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_for = |line: &&str| {
        engine == Engine::Chromium || !["| public |", "| insecure |"].iter().any(|page| line.contains(page))
    };
    let designed = designed.filter(is_for).map(|line| (line.to_owned(), ""));
    let (seed, cases) = (
        number("CORSAC_SEED").unwrap_or(1),
        number("CORSAC_CASES").map_or(CASES, |n| usize::try_from(n).unwrap()),
    );
    let random = random::lines(seed, cases).into_iter().map(|line| (line, "random-"));
    designed.chain(random).collect()
}

/// What `engine` should do.
fn expected(case: &Case, engine: Engine) -> Verdict {
    let mut exchange = RecordedExchange::read(case.exchange.to_string().as_bytes()).unwrap();
    exchange.request.initiator = match case.initiator {
        Initiator::Fetch => corsac_browser::Initiator::Fetch,
        Initiator::Xhr => corsac_browser::Initiator::XmlHttpRequest { has_upload_listener: false },
        Initiator::XhrUpload => corsac_browser::Initiator::XmlHttpRequest { has_upload_listener: true },
    };
    exchange.judge(engine)
}

fn seen(sent: &Sent) -> Seen {
    Seen {
        hop: sent.hop,
        is_preflight: sent.kind == SentKind::Preflight,
        method: sent.method.clone(),
        origin: sent.origin.clone(),
        access_control_request_method: sent.access_control_request_method.clone(),
        access_control_request_headers: sent.access_control_request_headers.clone(),
    }
}

/// In what the browser did otherwise.
fn differences(verdict: &Verdict, found: &Observed) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, model: String, browser: String| {
        if model != browser {
            differences.push(format!("{what}: the model says {model}, the browser {browser}"));
        }
    };
    compare("outcome", verdict.outcome.name().to_owned(), found.outcome.clone());
    if verdict.outcome == Outcome::Blocked && !is_another_chance(verdict, found) {
        compare("code", format!("{:?}", verdict.code), format!("{:?}", found.code.as_deref()));
        compare("console", format!("{:?}", verdict.console), format!("{:?}", found.console));
    }
    if verdict.outcome == Outcome::Ok {
        compare(
            "readable",
            format!("{:?}", verdict.readable_headers),
            format!("{:?}", found.readable_headers),
        );
    }
    let list = |requests: &[Seen]| {
        let lines: Vec<String> = requests.iter().map(|seen| format!("\n    {seen}")).collect();
        lines.concat()
    };
    let sent: Vec<Seen> = verdict.requests.iter().map(seen).collect();
    compare("requests", list(&sent), list(&found.requests));
    differences
}

/// What the model cannot know, and chance decides: whether `found` could be it as well.
fn is_another_chance(verdict: &Verdict, found: &Observed) -> bool {
    let (Some(code), Some(console)) = (&found.code, &found.console) else {
        // Chromium names the page's URL here, of which an exchange has the origin only.
        let is_page_named =
            found.console.as_ref().is_some_and(|text| text.starts_with("Unsafe attempt to load URL"));
        return is_page_named && verdict.failure == Some(Failure::SameOriginMode { redirected: true });
    };
    match (verdict.engine, &verdict.failure) {
        // Of several headers it names one, in the order of a hash table.
        (Engine::Chromium, Some(Failure::HeaderNotAllowed(name))) => {
            let asked =
                verdict.requests.iter().rev().find_map(|sent| sent.access_control_request_headers.as_deref());
            let model = verdict.console.as_deref().unwrap_or_default();
            let with =
                |other: &str| model.replacen(&format!("field {name} is"), &format!("field {other} is"), 1);
            verdict.code == Some(code)
                && asked.unwrap_or_default().split(',').any(|other| with(other) == *console)
        }
        // It tells this twice, of both URLs.
        (Engine::Firefox, Some(Failure::RedirectScheme(_))) => {
            code == "CORSRequestNotHttp" && verdict.code == Some("CORSDidNotSucceed2")
        }
        // How the connection broke decides between two texts.
        (Engine::Firefox, Some(Failure::Network { .. } | Failure::PreflightNetwork)) => {
            let begin = verdict.console.as_deref().and_then(|text| text.split_once("(Reason:"));
            begin.is_some_and(|(begin, _)| console.starts_with(begin))
                && matches!(&**code, "CORSDidNotSucceed2" | "CORSMultipleAllowOriginNotAllowed")
        }
        _ => false,
    }
}

async fn hold(engine: Engine, lab: &Lab, browser: Browser) {
    let lines = lines(engine);
    let (mut differing, mut read, mut blocked) = (Vec::new(), 0, 0);
    for round in lines.chunks(ROUND) {
        let cases: Vec<Case> = round.iter().map(|(line, prefix)| notation::read(line, prefix, lab)).collect();
        let observed = lab.run(&browser, &cases).await.unwrap();
        for ((case, observed), (line, _)) in cases.iter().zip(&observed).zip(round) {
            let verdict = expected(case, engine);
            read += usize::from(verdict.outcome == Outcome::Ok);
            blocked += usize::from(verdict.outcome == Outcome::Blocked);
            let differences = differences(&verdict, observed);
            if !differences.is_empty() {
                differing.push(format!("{line}\n{}\n{}", differences.join("\n"), case.exchange));
            }
        }
    }
    browser.close().await;
    let all = lines.len();
    assert!(
        differing.is_empty(),
        "{} of {all} differ in {engine:?}:\n\n{}",
        differing.len(),
        differing.join("\n\n")
    );
    assert!(
        read > all / 5 && blocked > all / 5,
        "{read} read, {blocked} blocked of {all}: neither may be rare"
    );
}

#[tokio::test]
#[ignore = "needs Chromium; `cargo xtask test` installs it and runs this"]
async fn chromium_does_what_the_model_says() {
    let lab = Lab::start().await.unwrap();
    let browser = Chromium::launch_with(&lab.chromium_flags()).await.unwrap();
    hold(Engine::Chromium, &lab, Browser::Chromium(browser)).await;
}

#[tokio::test]
#[ignore = "needs Firefox; `cargo xtask test` installs it and runs this"]
async fn firefox_does_what_the_model_says() {
    let lab = Lab::start().await.unwrap();
    let browser = Firefox::launch().await.unwrap();
    hold(Engine::Firefox, &lab, Browser::Firefox(browser)).await;
}
