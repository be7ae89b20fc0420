//! Whom is a configuration meant for? A guess from what it spells out; it is shown as one.

use std::collections::HashSet;

use corsac_origin::{PublicSuffixList, Section};

use crate::alphabet::ByteSet;
use crate::model::{Matcher, Piece};
use crate::regex::Node;

/// Most spellings of an expression that are read.
const MAX_SPELLINGS: usize = 64;

/// Longest spelling that is followed, in bytes.
const MAX_SPELLING: usize = 2_000;

/// Stands in a spelling for what is not spelt out.
const GAP: u8 = 0;

/// The registrable names that `matcher` spells out, in order: `example.com` of
/// `^https://(www\.)?example\.com$`.
pub fn intended_names(matcher: &Matcher, list: &PublicSuffixList) -> Vec<String> {
    let mut names = Vec::new();
    for host in spelt_words(matcher) {
        let is_listed = list.public_suffix(&host).is_some_and(|(_, section)| section != Section::Default);
        match list.registrable_domain(&host) {
            // Under some names strangers register theirs: `amazonaws.com` is nobody's guess.
            Some(name)
                if is_listed
                    && list.suffix_below(name).is_none()
                    && url::Host::parse(name).is_ok()
                    && !names.iter().any(|known| known == name) =>
            {
                names.push(name.to_owned());
            }
            _ => {}
        }
    }
    names
}

/// The words of letters, digits, dots and hyphens that `matcher` spells out, schemes and
/// hosts, in order and each once.
pub(crate) fn spelt_words(matcher: &Matcher) -> Vec<String> {
    let mut words = Vec::new();
    let mut seen = HashSet::new();
    collect(matcher, &mut |spelling| {
        for part in
            spelling.split(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'.' | b'_'))
        {
            let text = String::from_utf8_lossy(part).to_ascii_lowercase();
            let word = text.trim_matches(['.', '-']);
            if !word.is_empty() && seen.insert(word.to_owned()) {
                words.push(word.to_owned());
            }
        }
    });
    words
}

fn collect(matcher: &Matcher, read: &mut dyn FnMut(&[u8])) {
    match matcher {
        Matcher::AllOf(all) | Matcher::AnyOf(all) => all.iter().for_each(|one| collect(one, read)),
        Matcher::Any | Matcher::Not(_) | Matcher::Opaque(_) => {}
        Matcher::Contains(text, _)
        | Matcher::Exact(text, _)
        | Matcher::Prefix(text, _)
        | Matcher::Suffix(text, _) => {
            read(text.as_bytes());
        }
        Matcher::Glob(pieces) => {
            let spelling = pieces.iter().flat_map(|piece| match piece {
                Piece::Literal(text, _) => text.as_bytes().to_vec(),
                Piece::Run(..) => vec![GAP],
            });
            read(&spelling.collect::<Vec<_>>());
        }
        Matcher::Regex(regex) | Matcher::Whole(regex, _) => {
            if let Ok(node) = regex.syntax() {
                for spelling in spellings(node) {
                    read(&spelling);
                }
            }
        }
    }
}

/// The texts that an expression spells out, with gaps.
fn spellings(node: &Node) -> Vec<Vec<u8>> {
    match node {
        Node::Alternation(any) => any.iter().flat_map(spellings).take(MAX_SPELLINGS).collect(),
        Node::Assert(_) | Node::Empty | Node::Look { .. } => vec![Vec::new()],
        Node::Atomic(inner) | Node::Group { node: inner, .. } => spellings(inner),
        Node::Concat(all) => {
            all.iter().fold(vec![Vec::new()], |before, one| joined(&before, &spellings(one)))
        }
        Node::Repeat { node, min: 0, max: Some(1), .. } => {
            let mut both = spellings(node);
            both.push(Vec::new());
            both
        }
        Node::Repeat { node, min: 1, max: Some(1), .. } => spellings(node),
        // An unescaped dot is meant as one.
        Node::Set(set) if *set == ByteSet::ALL => vec![vec![b'.']],
        Node::Set(set) if set.len() == 1 => vec![set.iter().collect()],
        Node::Backreference { .. } | Node::Repeat { .. } | Node::Set(_) => vec![vec![GAP]],
    }
}

fn joined(before: &[Vec<u8>], after: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let pairs = before.iter().flat_map(|first| after.iter().map(move |second| (first, second)));
    let joined = pairs.map(|(first, second)| {
        let both = first.iter().chain(second);
        both.copied().take(MAX_SPELLING).collect()
    });
    joined.take(MAX_SPELLINGS).collect()
}
