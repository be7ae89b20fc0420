//! The Public Suffix List: under which names strangers can register their own.
//!
//! The lookup is ours because two known crates err on nested wildcards
//! (`*.run.app` beside `*.mtls.run.app`), and because a policy must also know
//! whether a name has public suffixes *below* it: `amazonaws.com` is no public
//! suffix, yet `https://*.amazonaws.com` contains many.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use foldhash::quality::FixedState;

/// The snapshot inside the crate, unchanged, with its licence header (MPL-2.0).
static EMBEDDED: &str = include_str!("../data/public_suffix_list.dat");

/// Largest list accepted, in bytes: 25 times the size of today's list.
pub const MAX_LIST_BYTES: usize = 8 << 20;

/// Fewest rules a list must have: a truncated or empty file would turn every
/// guard off. The list has had over 7,000 rules since 2015.
const MIN_RULES: usize = 1_000;

/// Which part of the list a suffix comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// No rule matches: the list's default rule `*` does.
    Default,
    /// Domains delegated by registries.
    Icann,
    /// Domains whose owners give sub-domains to strangers (`github.io`).
    Private,
}

/// A public suffix below a base: proof that a pattern over the base is too wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuffixBelow {
    /// The rule as the list has it, in punycode: `*.compute.amazonaws.com`.
    pub rule: String,
    /// A name a stranger could register: `attacker.a.compute.amazonaws.com`.
    pub example: String,
}

/// What the rules of a list say of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuffixRules<'l> {
    /// The name, in punycode.
    pub name: &'l str,
    /// The name is a suffix.
    pub suffix: Option<Section>,
    /// Each child of the name is a suffix (`*.name`).
    pub children: Option<Section>,
    /// The name is no suffix although its parent's children are (`!name`).
    pub exception: bool,
}

/// Why a text is not a public suffix list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicSuffixError {
    /// Larger than [`MAX_LIST_BYTES`].
    TooLarge,
    /// A line that is not a rule, by its number.
    Line(usize),
    /// Fewer rules than any real list has: truncated, or another file.
    TooFewRules(usize),
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The name itself is a suffix.
    suffix: Option<RuleSection>,
    /// Each child of the name is a suffix (`*.name`).
    children: Option<RuleSection>,
    /// The name is not a suffix although its parent's children are (`!name`).
    exception: bool,
    /// Line of the first rule strictly below the name, counted from 1.
    below: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleSection {
    Icann,
    Private,
}

impl From<RuleSection> for Section {
    fn from(section: RuleSection) -> Self {
        match section {
            RuleSection::Icann => Self::Icann,
            RuleSection::Private => Self::Private,
        }
    }
}

/// A public suffix list, ready for lookups in time bound by the name's length.
pub struct PublicSuffixList {
    nodes: HashMap<Box<str>, Node, FixedState>,
    /// Rules in file order, so that `Node::below` can name one.
    rules: Vec<Box<str>>,
    version: Box<str>,
}

impl fmt::Debug for PublicSuffixList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicSuffixList")
            .field("version", &self.version)
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

impl PublicSuffixList {
    /// The snapshot that came with this crate; [`Self::version`] has its date.
    pub fn embedded() -> &'static Self {
        static LIST: LazyLock<PublicSuffixList> = LazyLock::new(|| {
            // A test parses the embedded text; if it ever failed, an empty list makes
            // every name a suffix but the registrable ones of the default rule.
            PublicSuffixList::parse(EMBEDDED).unwrap_or_else(|_| PublicSuffixList::empty())
        });
        &LIST
    }

    /// Reads the format of <https://publicsuffix.org/list/>: one rule a line up to
    /// the first white space, `//` comments, section markers.
    ///
    /// # Errors
    /// A text that is too large, has too few rules, or has a line that is no rule.
    pub fn parse(text: &str) -> Result<Self, PublicSuffixError> {
        if text.len() > MAX_LIST_BYTES {
            return Err(PublicSuffixError::TooLarge);
        }
        let mut list = Self::empty();
        let mut section = RuleSection::Icann;
        for (index, line) in text.lines().enumerate() {
            if let Some(comment) = line.trim_start().strip_prefix("//") {
                section = section_after(comment, section);
                if let Some(version) = comment.trim().strip_prefix("VERSION:") {
                    list.version = version.trim().into();
                }
            } else if let Some(rule) = line.split_whitespace().next() {
                list.insert(rule, section).ok_or(PublicSuffixError::Line(index + 1))?;
            }
        }
        match list.rules.len() {
            count if count < MIN_RULES => Err(PublicSuffixError::TooFewRules(count)),
            _ => Ok(list),
        }
    }

    fn empty() -> Self {
        Self { nodes: HashMap::default(), rules: Vec::new(), version: "unknown".into() }
    }

    fn insert(&mut self, rule: &str, section: RuleSection) -> Option<()> {
        let (exception, rule) = match rule.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (wildcard, name) = match rule.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let name = punycode(name)?;
        let node = self.nodes.entry(name.as_str().into()).or_default();
        match (exception, wildcard) {
            (true, _) => node.exception = true,
            (false, true) => node.children = Some(section),
            (false, false) => node.suffix = Some(section),
        }
        let text = if wildcard { format!("*.{name}") } else { name };
        let number = u32::try_from(self.rules.len()).ok()?;
        if !exception {
            self.mark_ancestors(&text, number);
        }
        self.rules.push(text.into_boxed_str());
        Some(())
    }

    fn mark_ancestors(&mut self, rule: &str, number: u32) {
        for parent in parents(rule) {
            let node = self.nodes.entry(parent.into()).or_default();
            node.below.get_or_insert(number);
        }
    }

    /// The list's own version line, such as `2026-10-22_08-36-41_UTC`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every name that a rule is about, with what its rules say, in no order.
    pub fn names(&self) -> impl Iterator<Item = SuffixRules<'_>> {
        self.nodes.iter().map(|(name, node)| SuffixRules {
            name,
            suffix: node.suffix.map(Section::from),
            children: node.children.map(Section::from),
            exception: node.exception,
        })
    }

    /// The public suffix of `name` and where its rule stands; `None` for an empty
    /// name. `name` is in lower case and punycode; one trailing dot is kept.
    ///
    /// The rule with the most labels wins, an exception before all (the list's
    /// "Algorithm").
    pub fn public_suffix<'n>(&self, name: &'n str) -> Option<(&'n str, Section)> {
        let absolute = name.strip_suffix('.').unwrap_or(name);
        let dot = name.len() - absolute.len();
        let last = absolute.rsplit('.').next().filter(|label| !label.is_empty())?;
        let mut found = (last, Section::Default);
        for candidate in candidates(absolute) {
            let parent = candidate.split_once('.').map(|(_, parent)| parent);
            let node = self.nodes.get(candidate).copied().unwrap_or_default();
            if node.exception {
                found = (parent.unwrap_or(candidate), Section::Icann);
                break;
            }
            let by_parent = parent.and_then(|parent| self.nodes.get(parent)).and_then(|node| node.children);
            if let Some(section) = node.suffix.or(by_parent) {
                found = (candidate, section.into());
            }
        }
        let start = name.len() - dot - found.0.len();
        name.get(start..).map(|suffix| (suffix, found.1))
    }

    /// The registrable domain of `name`: its public suffix and one label more.
    /// `None` when `name` is a public suffix itself.
    pub fn registrable_domain<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (suffix, _) = self.public_suffix(name)?;
        let before = name.strip_suffix(suffix)?.strip_suffix('.')?;
        let label = before.rsplit('.').next().filter(|label| !label.is_empty())?;
        name.get(before.len() - label.len()..)
    }

    /// Whether `name` is a public suffix.
    pub fn is_public_suffix(&self, name: &str) -> bool {
        self.public_suffix(name).is_some_and(|(suffix, _)| suffix == name)
    }

    /// A public suffix strictly below `base`, if there is one.
    pub fn suffix_below(&self, base: &str) -> Option<SuffixBelow> {
        let base = base.strip_suffix('.').unwrap_or(base);
        let node = self.nodes.get(base)?;
        let rule = usize::try_from(node.below?).ok().and_then(|index| self.rules.get(index))?;
        let example = match rule.strip_prefix("*.") {
            Some(parent) => format!("attacker.a.{parent}"),
            None => format!("attacker.{rule}"),
        };
        Some(SuffixBelow { rule: rule.to_string(), example })
    }
}

fn section_after(comment: &str, section: RuleSection) -> RuleSection {
    if comment.contains("===BEGIN ICANN DOMAINS===") {
        RuleSection::Icann
    } else if comment.contains("===BEGIN PRIVATE DOMAINS===") {
        RuleSection::Private
    } else {
        section
    }
}

/// A rule's name as hosts are written; `None` if it cannot be one.
fn punycode(name: &str) -> Option<String> {
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    let written =
        if name.bytes().all(plain) { name.to_owned() } else { url::Host::parse(name).ok()?.to_string() };
    let labels_full = written.split('.').all(|label| !label.is_empty());
    (labels_full && written.bytes().all(plain)).then_some(written)
}

/// `a.b.c` → `c`, `b.c`, `a.b.c`.
fn candidates(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices('.').filter_map(move |(dot, _)| name.get(dot + 1..)).chain(std::iter::once(name))
}

/// `a.b.c` → `b.c`, `c`.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').filter_map(move |(dot, _)| name.get(dot + 1..))
}

impl fmt::Display for PublicSuffixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "a public suffix list has at most {MAX_LIST_BYTES} bytes"),
            Self::Line(number) => write!(f, "line {number} is not a rule of a public suffix list"),
            Self::TooFewRules(count) => {
                write!(f, "a public suffix list has at least {MIN_RULES} rules, this text has {count}")
            }
        }
    }
}

impl std::error::Error for PublicSuffixError {}
