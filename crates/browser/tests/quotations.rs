//! What the model quotes stands in the standards. Words between double quotes in its
//! comments, and the steps that a trace names, are quotations, and every one is in
//! `data/quotations.txt` with the section that has it.
//!
//! With the feature `standards` the list is held against the standards' sources, which
//! are not ours to commit: `CORSAC_FETCH_STANDARD` names `fetch.bs` of whatwg/fetch, and
//! `CORSAC_LOCAL_NETWORK_ACCESS` names `index.bs` of WICG/local-network-access, both at the
//! commits that the list names. With `CORSAC_UPDATE=1` it is written.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const LIST: &str = include_str!("data/quotations.txt");

/// Places (`fetch#cors-check`) and quotations.
fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap())
}

/// Every quotation of the model.
fn quoted() -> BTreeSet<String> {
    let mut quoted: BTreeSet<String> =
        corsac_browser::quotations().map(|(_, words)| words.to_owned()).collect();
    read_comments(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut quoted);
    quoted
}

fn read_comments(folder: &Path, quoted: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_comments(&path, quoted);
        } else {
            quoted.extend(in_comments(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// What stands between double quotes in a file's comments; examples of code are none.
fn in_comments(source: &str) -> Vec<String> {
    let (mut text, mut is_code) = (String::new(), false);
    for line in source.lines() {
        let line = line.trim_start();
        let Some(comment) = line.strip_prefix("//") else {
            text.push('\n');
            continue;
        };
        let comment = comment.trim_start_matches(['/', '!']).trim();
        is_code ^= comment.starts_with("```");
        if !is_code {
            text.push_str(comment);
            text.push(' ');
        }
    }
    let quoted = text.lines().flat_map(|block| block.split('"').skip(1).step_by(2));
    quoted.map(|words| words.trim_end_matches(['.', ',', ':']).to_owned()).collect()
}

#[test]
fn every_quotation_is_listed_with_its_section_and_nothing_else_is() {
    let listed: BTreeSet<String> = listed().map(|(_, words)| words.to_owned()).collect();
    assert_eq!(quoted(), listed, "write the list anew, as the first lines of this test say");
    assert!(listed.len() > 40, "{}", listed.len());
}

#[test]
fn comments_are_read_over_their_lines_and_examples_are_not() {
    let source = "/// \"One\n    /// thing.\" and \"two\"\nlet x = \"no\";\n//! ```\n//! f(\"no\")\n//! ```\n// \"three\"";
    assert_eq!(in_comments(source), ["One thing", "two", "three"]);
}

#[cfg(feature = "standards")]
mod standards {
    use super::*;

    /// A standard's source in words, section by section: anchors and texts.
    fn sections(source: &str) -> Vec<(String, String)> {
        let mut sections = vec![(String::new(), String::new())];
        for line in source.lines() {
            if let Some(anchor) = anchor(line) {
                sections.push((anchor, String::new()));
            }
            let (_, text) = sections.last_mut().unwrap();
            text.push_str(line);
            text.push('\n');
        }
        sections.into_iter().map(|(anchor, text)| (anchor, words(&text))).collect()
    }

    /// The anchor of a heading, in HTML or in Markdown.
    fn anchor(line: &str) -> Option<String> {
        if line.starts_with("<h") {
            let rest = line.split_once("id=")?.1.trim_start_matches('"');
            return Some(rest.split(['>', ' ', '"']).next()?.to_owned());
        }
        let rest = line.strip_prefix('#')?.split_once("{#")?.1;
        Some(rest.split('}').next()?.to_owned())
    }

    /// Without markup, quotation marks and repeated space.
    fn words(source: &str) -> String {
        let mut text = String::new();
        let mut rest = source;
        while let Some((before, after)) = rest.split_once('<') {
            text.push_str(before);
            let is_tag = after.starts_with(|char: char| char.is_ascii_alphabetic() || "/!".contains(char));
            rest = if is_tag { after.split_once('>').map_or("", |(_, after)| after) } else { after };
        }
        text.push_str(rest);
        let text =
            links(&text).replace("&lt;", "<").replace("&nbsp;", " ").replace("{{", "").replace("}}", "");
        let text = text.replace(['"', '`', '|'], "");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// `[=for/term|shown=]` as what is shown.
    fn links(text: &str) -> String {
        let mut parts = text.split("[=");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (link, rest) = part.split_once("=]").unwrap_or((part, ""));
            let term = link.rsplit_once('|').map_or(link, |(_, term)| term);
            shown.push_str(term.rsplit_once('/').map_or(term, |(_, term)| term));
            shown.push_str(rest);
        }
        shown
    }

    #[test]
    fn every_listed_quotation_stands_in_its_section() {
        let read = |variable: &str| {
            let path = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no file"));
            sections(&fs::read_to_string(path).unwrap())
        };
        let all = [
            ("fetch", read("CORSAC_FETCH_STANDARD")),
            ("local-network-access", read("CORSAC_LOCAL_NETWORK_ACCESS")),
        ];
        let stands = |quotation: &str| -> Vec<String> {
            let quotation = words(quotation);
            let sections = all.iter().flat_map(|(name, sections)| sections.iter().map(move |s| (name, s)));
            let found = sections.filter(|(_, (_, text))| text.contains(&quotation));
            found.map(|(name, (anchor, _))| format!("{name}#{anchor}")).collect()
        };
        if std::env::var_os("CORSAC_UPDATE").is_some() {
            return write(&stands);
        }
        for (place, quotation) in listed() {
            let found = stands(quotation);
            assert!(
                found.iter().any(|own| own == place),
                "`{quotation}` is not in {place}, but in {found:?}"
            );
        }
        assert!(stands("If origin is null, then return success").is_empty());
    }

    /// Keeps the sections of the old list where they are right, and takes that of the
    /// step's algorithm, or the first, for the others.
    fn write(stands: &dyn Fn(&str) -> Vec<String>) {
        let head: Vec<&str> = LIST.lines().filter(|line| line.starts_with('#')).collect();
        let mut text = head.join("\n") + "\n";
        for quotation in quoted() {
            let found = stands(&quotation);
            let mut steps = corsac_browser::quotations().filter(|(_, words)| *words == quotation);
            let algorithm = steps.next().map_or("", |(algorithm, _)| algorithm);
            let own = format!("fetch#{}", algorithm.to_lowercase().replace(' ', "-"));
            let old = listed().find(|(_, words)| *words == quotation).map(|(place, _)| place);
            let chosen = found.iter().find(|place| Some(place.as_str()) == old);
            let chosen =
                chosen.or_else(|| found.iter().find(|place| **place == own)).or_else(|| found.first());
            let place = chosen.unwrap_or_else(|| panic!("no standard says `{quotation}`"));
            text.extend([place, "\t", &quotation, "\n"]);
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/quotations.txt");
        fs::write(path, text).unwrap();
    }
}
