//! HAProxy: `haproxy.cfg`.
//!
//! The scopes are a frontend with each of the backends that it may use. Traps that are
//! modelled: `hdr(origin)` tries each part of an origin between commas, where `req.fhdr` and
//! captures have the whole; captures are cut; request samples in response rules never match;
//! a variable that is not set sends an empty line; `http-response` does not touch what HAProxy
//! answers itself.

mod acl;
mod expression;
mod run;
mod sections;
mod words;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use crate::conditional::{Notes, scopes};
use crate::{Includes, Unreadable};
use run::{Pair, Shared, run};
use sections::{Kind, Section, sections};
use words::Word;

/// Most pairs of a frontend and a backend.
const MAX_PAIRS: usize = 256;

/// Most lines that are run, each as often as a pair has it.
const MAX_LINES: usize = 200_000;

/// Text that is looked at to tell whose it is.
const SAMPLE: usize = 64 << 10;

/// How much a file looks like `haproxy.cfg`.
pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let by_name = if name.ends_with("haproxy.cfg") {
        50
    } else if name.rsplit('.').next() == Some("cfg") {
        5
    } else {
        0
    };
    let begins = |line: &str, words: &[&str]| {
        line.split_whitespace().next().is_some_and(|first| words.contains(&first)) && !line.contains('{')
    };
    let head = text.bytes().take(SAMPLE).count();
    let lines = || text.get(..head).unwrap_or_default().lines();
    let opens =
        lines().any(|l| begins(l, &["frontend", "backend", "listen"]) && l.split_whitespace().count() >= 2);
    let rules = lines().any(|l| {
        begins(
            l,
            &[
                "http-request",
                "http-response",
                "http-after-response",
                "bind",
                "acl",
                "default_backend",
                "use_backend",
            ],
        )
    });
    match opens && rules {
        true => by_name + 40,
        // `setup.cfg` is anybody's.
        false if by_name < 50 => 0,
        false => by_name,
    }
}

/// Reads `haproxy.cfg`.
pub(crate) fn read(source: Source, includes: &dyn Includes) -> Result<Model, Unreadable> {
    let sections = sections(words::lines(source.text()));
    if !sections.iter().any(|section| matches!(section.kind, Kind::Frontend | Kind::Listen | Kind::Backend)) {
        return Err(Unreadable {
            offset: 0,
            reason: "it has no frontend, no backend and no listen".to_owned(),
        });
    }
    let shared = Shared::new(source.name(), includes);
    let mut notes = Notes::default();
    notes.keep(source);
    let mut found = Vec::new();
    let mut lines = 0_usize;
    for pair in pairs(&sections, &mut notes) {
        lines += pair.front.len() + pair.back.map_or(0, <[_]>::len);
        if lines > MAX_LINES && !found.is_empty() {
            notes.unread(None, "the frontends and backends have too many lines together");
            break;
        }
        let outcome = run(&pair, &shared, &mut notes);
        found.extend(scopes(&outcome, &mut notes));
    }
    Ok(Model { scopes: found, files: notes.files, unread: notes.unread, ..Model::default() })
}

/// Each frontend with each backend that it may use. A backend that none uses stands alone: its
/// frontend may be in another file.
fn pairs<'a>(sections: &'a [Section], notes: &mut Notes) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    let mut used = Vec::new();
    let mut default: &[Vec<Word>] = &[];
    for section in sections {
        match section.kind {
            Kind::Defaults => default = &section.lines,
            Kind::Listen | Kind::Frontend => {
                let targets = targets(&section.lines, default);
                let mut alone = true;
                for target in targets {
                    let backend = sections
                        .iter()
                        .find(|s| matches!(s.kind, Kind::Backend | Kind::Listen) && s.name == target);
                    used.push(target);
                    if let Some(backend) = backend {
                        alone = false;
                        pairs.push(pair(section, Some(backend)));
                    }
                }
                if alone || section.kind == Kind::Listen {
                    pairs.push(pair(section, None));
                }
            }
            Kind::Backend | Kind::Other => {}
        }
    }
    for section in sections.iter().filter(|s| s.kind == Kind::Backend && !used.contains(&s.name)) {
        pairs.push(Pair { back: Some(&section.lines), front: &[], ..pair(section, None) });
    }
    if pairs.len() > MAX_PAIRS {
        notes.unread(None, format!("more than {MAX_PAIRS} pairs of a frontend and a backend"));
        pairs.truncate(MAX_PAIRS);
    }
    pairs
}

fn pair<'a>(front: &'a Section, back: Option<&'a Section>) -> Pair<'a> {
    let kind = match front.kind {
        Kind::Listen => "listen",
        Kind::Backend => "backend",
        _ => "frontend",
    };
    let back_name = back.map_or_else(String::new, |back| format!(", backend {}", back.name));
    Pair {
        name: format!("{kind} {}{back_name}", front.name),
        span: front.span.clone(),
        front: &front.lines,
        back: back.map(|back| back.lines.as_slice()),
    }
}

/// The backends that a frontend names, each once.
fn targets(lines: &[Vec<Word>], default: &[Vec<Word>]) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    let named = |keyword: &str, lines: &[Vec<Word>]| -> Vec<String> {
        let lines = lines.iter().filter(|words| words.first().is_some_and(|word| word.text == keyword));
        lines.filter_map(|words| words.get(1)).map(|word| word.text.clone()).collect()
    };
    let mut last = named("default_backend", lines);
    if last.is_empty() {
        last = named("default_backend", default);
    }
    for target in named("use_backend", lines).into_iter().chain(last) {
        if targets.len() < MAX_PAIRS && !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}
