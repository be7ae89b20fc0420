//! Origins that a stranger can own: a machine that reads an origin from right to left and
//! knows at each label under which public suffix it stands.
//!
//! A stranger can own a host when it lies at or under a name with one label more than a
//! public suffix that is on the list. (Names under unknown top-level domains are nobody's to
//! register.) What the operator means, and everything under it, is not a stranger's. Over
//! `https` a host needs a certificate: a label that is no letters, digits and inner hyphens
//! can only be the left-most one, under a wildcard certificate for a name the stranger owns
//! (CA/Browser Forum Baseline Requirements, 7.1.4.2.1 and 3.2.2.6).

mod intended;
mod shape;
mod suffix_trie;

use corsac_origin::Section;

pub use intended::{Intended, IntendedError};
pub(crate) use shape::Shape;
pub(crate) use suffix_trie::SuffixTrie;
use suffix_trie::{NodeId, Rules};

use crate::search::Side;

/// How easily a stranger gets an origin, the easiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Under `.com` and its like, a label of three letters or more, over `https`.
    Open,
    /// Under any suffix of a registry, over `https`.
    Icann,
    /// Under a suffix of a hosting service (`github.io`), over `https`.
    Private,
    /// With bytes in a host that browsers accept and registries do not, over `https`.
    Odd,
    /// Over `http` only.
    Http,
}

impl Tier {
    /// All of them, the easiest first.
    pub const ALL: [Self; 5] = [Self::Open, Self::Icann, Self::Private, Self::Odd, Self::Http];

    /// Its name in machine output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Icann => "icann",
            Self::Private => "private",
            Self::Odd => "odd",
            Self::Http => "http",
        }
    }
}

impl Tier {
    /// Who has such an origin, to read behind "it is admitted, and".
    pub fn words(self) -> &'static str {
        match self {
            Self::Open | Self::Icann => "anybody can register that name",
            Self::Private => "anybody can get that name from the hosting service",
            Self::Odd => "anybody can serve that name, which browsers take",
            Self::Http => "anybody can serve that name over http",
        }
    }
}

/// The machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stranger<'a> {
    pub(crate) suffixes: &'a SuffixTrie,
    pub(crate) intended: &'a Intended,
    /// Only origins that are had at least so easily.
    pub(crate) tier: Tier,
}

/// Where the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// At the end, among digits if there is any byte: a port's, or the end of a name.
    Tail { name: Option<Name>, has_digits: bool },
    /// Behind the port's colon, or behind the dot at a name's end.
    Begin { has_dot: bool },
    /// In a name.
    Name(Name),
    /// Before the name; how easily it is had over `https`, if it can be.
    Scheme { https: Option<Tier> },
    /// All is read.
    Done,
}

/// A name that is read up to a byte of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    /// Where in the list's trie; none if no rule is like the name.
    rule: Option<NodeId>,
    /// What the name is with this label if no rule names it.
    otherwise: Standing,
    /// Where in the intended names' trie; none if it is none of theirs.
    intended: Option<NodeId>,
    label: Label,
    odd: Odd,
}

/// What a name is by the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    /// Under no known suffix.
    Nothing,
    /// A public suffix.
    Suffix(Section, Openness),
    /// A suffix and one label.
    Registered(Section, Openness),
    /// Under a registered name.
    Owned(Section, Openness),
    /// An intended name, or under one: nobody else's, unless a suffix follows.
    Meant,
}

/// Whether anybody can register, for little, at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Openness {
    Open,
    Other,
}

/// The label that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Label {
    /// Bytes read, up to [`LONG`].
    length: u8,
    /// Letters, digits and hyphens, of which none is the last byte.
    is_plain: bool,
    /// Whether the byte read last is a hyphen: no plain label begins so.
    at_hyphen: bool,
}

/// More than any host has.
const MAX_HOST: u32 = 300;

/// Shorter names under the open suffixes are all taken.
const LONG: u8 = 3;

const NO_LABEL: Label = Label { length: 0, is_plain: true, at_hyphen: false };

/// What is odd about the labels to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Odd {
    No,
    /// The name ends in a dot.
    Dot,
    /// No certificate can name it.
    Uncertifiable,
}

impl Side for Stranger<'_> {
    type State = State;

    fn start(&self) -> State {
        State::Tail { name: Some(beginning(Odd::No)), has_digits: false }
    }

    fn step(&self, state: State, byte: u8) -> Option<State> {
        match (state, byte) {
            (State::Tail { has_digits: true, .. }, b':') => Some(State::Begin { has_dot: false }),
            (State::Tail { has_digits: false, .. } | State::Begin { has_dot: false }, b'.') => {
                Some(State::Begin { has_dot: true })
            }
            (State::Tail { name, .. }, b'0'..=b'9') => {
                let name = name.and_then(|name| self.letter(name, byte));
                Some(State::Tail { name, has_digits: true })
            }
            (State::Tail { name, .. }, _) => self.in_name(name?, byte),
            (State::Begin { has_dot }, _) => {
                self.in_name(beginning(if has_dot { Odd::Dot } else { Odd::No }), byte)
            }
            (State::Name(name), _) => self.in_name(name, byte),
            (State::Scheme { https }, b's') => self.wants(https?).then_some(State::Done),
            (State::Scheme { .. }, b'p') => self.wants(Tier::Http).then_some(State::Done),
            (State::Scheme { .. }, b'/' | b':') | (State::Done, _) => Some(state),
            (State::Scheme { .. }, _) => None,
        }
    }

    fn accepts(&self, state: State) -> bool {
        state == State::Done
    }

    fn missing(&self, state: State) -> u32 {
        /// `http://`
        const SCHEME: u32 = 7;
        let name = match state {
            State::Tail { name: Some(name), has_digits: false } | State::Name(name) => name,
            State::Tail { .. } | State::Begin { .. } => return SCHEME + 4,
            State::Scheme { .. } | State::Done => return 0,
        };
        let to_suffix = name.rule.map_or(u32::MAX, |node| self.suffixes.missing(node));
        let own = match name.otherwise {
            Standing::Owned(..) | Standing::Registered(..) => u32::from(name.label.length == 0),
            // This label, a dot, and one label more.
            Standing::Suffix(..) => u32::from(name.label.length == 0) + 2,
            Standing::Meant | Standing::Nothing => u32::MAX,
        };
        SCHEME + own.min(to_suffix.saturating_add(2)).min(MAX_HOST)
    }
}

fn beginning(odd: Odd) -> Name {
    let rule = Some(SuffixTrie::ROOT);
    Name { rule, otherwise: Standing::Nothing, intended: Some(Intended::ROOT), label: NO_LABEL, odd }
}

impl Stranger<'_> {
    fn wants(&self, tier: Tier) -> bool {
        tier <= self.tier
    }

    /// Whether a name may still be had as easily as is wanted.
    fn hopes(&self, name: Name) -> bool {
        let is_odd = name.odd != Odd::No || !name.label.is_plain;
        match (self.tier, name.otherwise) {
            (Tier::Http, _) => true,
            (Tier::Odd, _) => name.odd != Odd::Uncertifiable,
            (Tier::Open, Standing::Suffix(..)) => false,
            (Tier::Open, Standing::Registered(_, openness) | Standing::Owned(_, openness)) => {
                !is_odd && openness == Openness::Open
            }
            (Tier::Icann, Standing::Registered(section, _) | Standing::Owned(section, _)) => {
                !is_odd && (section != Section::Private || name.rule.is_some())
            }
            _ => !is_odd,
        }
    }

    /// How easily a stranger has `origin`, if one can.
    pub(crate) fn tier_of(&self, origin: &str) -> Option<Tier> {
        let mut state = self.start();
        for byte in origin.bytes().rev() {
            state = self.step(state, byte)?;
            if let State::Scheme { https } = state {
                return if origin.starts_with("https:") { https } else { Some(Tier::Http) };
            }
        }
        None
    }

    fn in_name(&self, name: Name, byte: u8) -> Option<State> {
        match byte {
            b'.' => self.end_label(name).filter(|name| self.hopes(*name)).map(State::Name),
            b'/' => self.end_name(name),
            b':' | b'[' | b']' => None,
            _ => self.letter(name, byte).filter(|name| self.hopes(*name)).map(State::Name),
        }
    }

    fn letter(&self, name: Name, byte: u8) -> Option<Name> {
        let is_last = name.label.length == 0;
        let is_plain = byte.is_ascii_alphanumeric() || (byte == b'-' && !is_last);
        let label = Label {
            length: (name.label.length + 1).min(LONG),
            is_plain: name.label.is_plain && is_plain,
            at_hyphen: byte == b'-',
        };
        let rule = name.rule.and_then(|node| self.suffixes.child(node, byte));
        if rule.is_none() && matches!(name.otherwise, Standing::Nothing | Standing::Meant) {
            return None;
        }
        let intended = name.intended.and_then(|node| self.intended.child(node, byte));
        Some(Name { rule, intended, label, ..name })
    }

    /// What the name is with the label that ends here, and whether the label is plain;
    /// `None` where no such name can be.
    fn standing(&self, name: Name) -> Option<(Standing, bool)> {
        if name.label.length == 0 {
            return None;
        }
        let rules = self.rules(name);
        let standing = match (rules.exception, rules.suffix, name.otherwise) {
            (true, ..) => Standing::Registered(Section::Icann, Openness::Other),
            (false, Some(section), _) => {
                Standing::Suffix(section, if rules.is_open { Openness::Open } else { Openness::Other })
            }
            (false, None, Standing::Registered(section, Openness::Open)) if name.label.length < LONG => {
                Standing::Registered(section, Openness::Other)
            }
            (false, None, otherwise) => otherwise,
        };
        let is_meant = name.intended.is_some_and(|node| self.intended.is_name(node));
        let standing =
            if is_meant && !matches!(standing, Standing::Suffix(..)) { Standing::Meant } else { standing };
        let is_plain = name.label.is_plain && !name.label.at_hyphen;
        // Registries and hosting services give out letters, digits and inner hyphens.
        (is_plain || matches!(standing, Standing::Owned(..) | Standing::Meant))
            .then_some((standing, is_plain))
    }

    fn rules(&self, name: Name) -> Rules {
        name.rule.map(|node| self.suffixes.rules(node)).unwrap_or_default()
    }

    fn end_label(&self, name: Name) -> Option<Name> {
        let (standing, is_plain) = self.standing(name)?;
        let otherwise = match (self.rules(name).children, standing) {
            (Some(section), _) => Standing::Suffix(section, Openness::Other),
            (None, Standing::Suffix(section, openness)) => Standing::Registered(section, openness),
            (None, Standing::Registered(section, openness) | Standing::Owned(section, openness)) => {
                Standing::Owned(section, openness)
            }
            (None, Standing::Nothing) => Standing::Nothing,
            (None, Standing::Meant) => Standing::Meant,
        };
        let rule = name.rule.and_then(|node| self.suffixes.child(node, b'.'));
        if rule.is_none() && matches!(otherwise, Standing::Nothing | Standing::Meant) {
            return None;
        }
        let intended = name.intended.and_then(|node| self.intended.child(node, b'.'));
        let odd = if is_plain { name.odd } else { Odd::Uncertifiable };
        Some(Name { rule, otherwise, intended, label: NO_LABEL, odd })
    }

    fn end_name(&self, name: Name) -> Option<State> {
        let (standing, is_plain) = self.standing(name)?;
        let (section, openness) = match standing {
            Standing::Meant | Standing::Nothing | Standing::Suffix(..) => return None,
            Standing::Registered(section, openness) | Standing::Owned(section, openness) => {
                (section, openness)
            }
        };
        let https = match (name.odd, is_plain, section, openness) {
            (Odd::Uncertifiable, ..) => None,
            (Odd::Dot, ..) | (_, false, ..) => Some(Tier::Odd),
            (Odd::No, true, Section::Private, _) => Some(Tier::Private),
            (Odd::No, true, _, Openness::Open) => Some(Tier::Open),
            (Odd::No, true, _, Openness::Other) => Some(Tier::Icann),
        };
        Some(State::Scheme { https })
    }
}
