//! Texts for an expression: some made from it, some near those, some at random.

use corsac_analysis::alphabet::BYTES;
use corsac_analysis::regex::Node;

use super::expressions::Random;

/// Bytes of a text, at most.
const LONGEST: usize = 30;

/// Some texts; none is empty, as no origin is.
pub(crate) fn texts(random: &mut Random, node: &Node, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        let mut text = String::new();
        match random.below(4) {
            0 => noise(random, 8, &mut text),
            kind => {
                if kind > 1 {
                    noise(random, 2, &mut text);
                }
                member(random, node, &mut text);
                if kind > 1 {
                    noise(random, 2, &mut text);
                }
                if kind > 2 {
                    mutate(random, &mut text);
                }
            }
        }
        text.truncate(LONGEST);
        if !text.is_empty() {
            texts.push(text);
        }
    }
    texts
}

fn byte(random: &mut Random) -> char {
    let near = b"aaabbbccks1-.:/_,&";
    let bytes: &[u8] = if random.one_in(3) { BYTES } else { near };
    char::from(bytes[random.below(bytes.len())])
}

fn noise(random: &mut Random, most: usize, text: &mut String) {
    for _ in 0..random.below(most + 1) {
        text.push(byte(random));
    }
}

fn mutate(random: &mut Random, text: &mut String) {
    if text.is_empty() {
        return;
    }
    let at = random.below(text.len());
    match random.below(3) {
        0 => drop(text.remove(at)),
        1 => text.insert(at, byte(random)),
        _ => text.replace_range(at..=at, &byte(random).to_string()),
    }
}

/// What the expression might match, without look-around.
fn member(random: &mut Random, node: &Node, text: &mut String) {
    if text.len() > LONGEST {
        return;
    }
    match node {
        Node::Alternation(branches) => {
            let branch = &branches[random.below(branches.len())];
            member(random, branch, text);
        }
        Node::Atomic(node) | Node::Group { node, .. } => member(random, node, text),
        Node::Backreference { .. } => {
            let again: String = text.chars().rev().take(random.below(3)).collect();
            text.push_str(&again);
        }
        Node::Concat(nodes) => nodes.iter().for_each(|node| member(random, node, text)),
        Node::Assert(_) | Node::Empty | Node::Look { .. } => {}
        Node::Repeat { node, min, max, .. } => {
            let more = max.map_or(3, |max| max.saturating_sub(*min).min(3));
            let more = random.below(usize::try_from(more).unwrap() + 1);
            for _ in 0..usize::try_from(*min).unwrap().min(LONGEST) + more {
                member(random, node, text);
            }
        }
        Node::Set(set) => {
            let bytes: Vec<u8> = set.iter().collect();
            if !bytes.is_empty() {
                text.push(char::from(bytes[random.below(bytes.len())]));
            }
        }
    }
}
