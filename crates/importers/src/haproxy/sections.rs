//! Sections of `haproxy.cfg`: who listens, and whom it asks.

use std::collections::BTreeMap;
use std::ops::Range;

use super::words::Word;

/// A section with rules.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) span: Range<usize>,
    pub(super) lines: Vec<Vec<Word>>,
}

/// What a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Backend,
    Defaults,
    Frontend,
    Listen,
    /// It answers nobody.
    Other,
}

/// The first words of sections.
const KEYWORDS: [(&str, Kind); 14] = [
    ("backend", Kind::Backend),
    ("cache", Kind::Other),
    ("defaults", Kind::Defaults),
    ("fcgi-app", Kind::Other),
    ("frontend", Kind::Frontend),
    ("global", Kind::Other),
    ("http-errors", Kind::Other),
    ("listen", Kind::Listen),
    ("mailers", Kind::Other),
    ("peers", Kind::Other),
    ("program", Kind::Other),
    ("resolvers", Kind::Other),
    ("ring", Kind::Other),
    ("userlist", Kind::Other),
];

/// The sections in order. The rules of the defaults that a section names with `from` stand
/// before its own.
pub(super) fn sections(lines: Vec<Vec<Word>>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut defaults: BTreeMap<String, Vec<Vec<Word>>> = BTreeMap::new();
    for words in lines {
        let Some(first) = words.first() else { continue };
        let keyword = KEYWORDS.iter().find(|(keyword, _)| *keyword == first.text);
        let Some(&(_, kind)) = keyword.filter(|(_, kind)| !is_directive(*kind, first, &sections)) else {
            if let Some(section) = sections.last_mut() {
                if section.kind == Kind::Defaults && first.text.starts_with("http-") {
                    defaults.entry(section.name.clone()).or_default().push(words.clone());
                }
                section.lines.push(words);
            }
            continue;
        };
        let name = words.get(1).map_or_else(String::new, |word| word.text.clone());
        let from = words.iter().skip_while(|word| word.text != "from").nth(1).map(|word| word.text.clone());
        let inherited = from.and_then(|from| defaults.get(&from)).filter(|_| kind != Kind::Other);
        let lines = inherited.cloned().unwrap_or_default();
        sections.push(Section { kind, name, span: first.span.clone(), lines });
    }
    sections
}

/// `cache` and others are directives too, inside of what they belong to; those are indented by
/// habit only, so that a section of its own is told by what stands around it.
fn is_directive(kind: Kind, first: &Word, before: &[Section]) -> bool {
    kind == Kind::Other
        && first.text == "cache"
        && before.last().is_some_and(|s| s.kind == Kind::Other && s.name.is_empty())
}
