//! `map`: a variable whose value follows from a text.
//!
//! Plain keys are compared without regard to case; with `hostnames`, masks too, by labels
//! between dots wherever they stand; then expressions in order. So `https://*.example.com`
//! is a plain key, and the mask `*.example.com` takes `https://www.example.com`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use corsac_analysis::model::{LetterCase, Place, Truth};
use corsac_diagnostics::excerpt;

use super::template::{Captures, Environment, Template, Variables};
use super::{Case, Cases, Condition, Guard, Pattern, Piece, Text, Unknown, always, trim};
use crate::nginx::syntax::{Directive, UNREAD_INCLUDE};

/// Most entries that are listed where it is not known which one is taken.
const MAX_GUESSES: usize = 64;

/// A map.
#[derive(Debug)]
pub(in crate::nginx) struct Map {
    source: Template,
    /// In the order in which nginx tries them.
    entries: Vec<Entry>,
    default: Option<Entry>,
    /// Masks are read, and a dot at the text's end is not looked at.
    hostnames: bool,
    /// Asked anew each time.
    pub(in crate::nginx) volatile: bool,
    /// What decides, for messages: `` `$host` decides ``.
    reason: Rc<str>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    value: Template,
    place: Place,
}

#[derive(Debug, PartialEq)]
enum Key {
    Default,
    /// In lower case.
    Exact(String),
    /// `*.example.com` as `.example.com`.
    Head(String),
    Pattern(Rc<Pattern>),
    /// `example.*` as `example.`.
    Tail(String),
    /// Entries of a file that was not read.
    Unknown,
}

/// What an entry says of a text.
enum Test {
    Depends(Guard),
    Fails,
    Holds,
}

impl Map {
    /// Reads `map source $name { … }`: the name and the map. Mistakes go into `unread`.
    pub(in crate::nginx) fn read(
        directive: &Directive,
        unread: &mut Vec<(Place, String)>,
    ) -> Option<(String, Self)> {
        let [source, name] = directive.arguments.as_slice() else {
            unread.push((directive.place.clone(), "nginx refuses a `map` without two parameters".to_owned()));
            return None;
        };
        let mut entries = Entries::default();
        let flag =
            |word| directive.inside().iter().any(|line| line.name == word && line.arguments.is_empty());
        entries.hostnames = flag("hostnames");
        for line in directive.inside() {
            entries.read(line, unread);
        }
        let map = Self {
            source: Template::new(&source.text),
            default: entries.default.take(),
            entries: entries.in_order(),
            hostnames: flag("hostnames"),
            volatile: flag("volatile"),
            reason: format!("a map of `{}` decides", excerpt(&source.text)).into(),
        };
        Some((name.text.trim_start_matches('$').to_ascii_lowercase(), map))
    }

    /// The value for a request.
    pub(in crate::nginx) fn look_up(
        &self,
        variables: &Variables,
        env: &Environment,
        depth: usize,
    ) -> Cases<Text> {
        let mut all = Vec::new();
        for source in variables.nested_text(&self.source, env, depth) {
            if !variables.spend(self.entries.len()) {
                return always(Text::opaque("the configuration is too large to be followed"));
            }
            for value in self.values(&source.then, variables, env, depth) {
                let guards = source.guards.iter().cloned().chain(value.guards).collect();
                all.push(Case { guards, then: value.then });
            }
        }
        all
    }

    fn values(&self, source: &Text, variables: &Variables, env: &Environment, depth: usize) -> Cases<Text> {
        let known = source.constant().is_some() || source.around_origin().is_some();
        if !known && self.entries.len() > MAX_GUESSES {
            return always(Text::of(Piece::Opaque(self.unknown(source))));
        }
        let mut all = Vec::new();
        let mut add = |guard: Option<Guard>, entry: &Entry| {
            let env = entry.environment(source, env);
            for value in variables.nested_text(&entry.value, &env, depth) {
                let guards = guard.iter().cloned().chain(value.guards).collect();
                all.push(Case { guards, then: value.then.written_at(&entry.place) });
            }
        };
        let mut taken = false;
        for entry in &self.entries {
            match self.test(entry, source, variables, env) {
                Test::Fails => {}
                Test::Depends(guard) => add(Some(guard), entry),
                Test::Holds => {
                    add(None, entry);
                    taken = true;
                    break;
                }
            }
        }
        match &self.default {
            Some(entry) if !taken => add(None, entry),
            None if !taken => all.push(Case { guards: Vec::new(), then: Text::default() }),
            _ => {}
        }
        if !known {
            trim(&mut all);
        }
        all
    }

    /// Why it is not known which entry is taken.
    fn unknown(&self, source: &Text) -> Unknown {
        Unknown { reason: self.reason.clone(), apart_from_origin: source.is_apart_from_origin() }
    }

    /// Whether `source` is the entry's.
    fn test(&self, entry: &Entry, source: &Text, variables: &Variables, env: &Environment) -> Test {
        let guard = |condition| Guard::new(condition, &entry.place);
        let opaque = || guard(Condition::Opaque(self.unknown(source)));
        let takes = |text: &str| {
            let shorter = text.strip_suffix('.').filter(|_| self.hostnames);
            entry.key.takes(shorter.unwrap_or(text), variables)
        };
        if let Some(text) = source.constant() {
            return takes(text).unwrap_or_else(|| Test::Depends(opaque()));
        }
        let Some((before, after)) = source.around_origin() else { return Test::Depends(opaque()) };
        if let Some(origin) = &env.origin
            && let Some(test) = takes(&format!("{before}{origin}{after}"))
        {
            return test;
        }
        let condition = match &entry.key {
            Key::Exact(key) => match inside(key, before, after) {
                Some(origin) => Condition::Exact(origin.to_owned(), LetterCase::Ignored),
                None => return Test::Fails,
            },
            _ if !before.is_empty() || !after.is_empty() => return Test::Depends(opaque()),
            Key::Head(text) => Condition::Suffix(text.clone()),
            Key::Tail(text) => Condition::Prefix(text.clone()),
            Key::Pattern(pattern) => Condition::Pattern(pattern.clone()),
            Key::Default | Key::Unknown => return Test::Depends(opaque()),
        };
        let plain = guard(condition);
        Test::Depends(if self.hostnames && after.is_empty() { with_dot(plain, &opaque()) } else { plain })
    }
}

/// The same for texts of which a dot at the end is not looked at.
fn with_dot(plain: Guard, opaque: &Guard) -> Guard {
    let place = plain.place.clone();
    let guard = |condition| Guard { condition: Rc::new(condition), place: place.clone() };
    let dotted = match &*plain.condition {
        Condition::Exact(text, case) => guard(Condition::Exact(format!("{text}."), *case)),
        Condition::Suffix(text) => guard(Condition::Suffix(format!("{text}."))),
        Condition::Pattern(_) => {
            let dot = guard(Condition::Suffix(".".to_owned()));
            let undotted = Guard::all_of(vec![plain, dot.clone().not()]);
            return Guard::any_of(vec![undotted, Guard::all_of(vec![dot, opaque.clone()])]);
        }
        _ => return plain,
    };
    Guard::any_of(vec![plain, dotted])
}

impl Entry {
    /// What the value's variables are: groups of the entry's expression among them.
    fn environment<'a>(&self, source: &Text, env: &'a Environment) -> Cow<'a, Environment> {
        let Key::Pattern(pattern) = &self.key else { return Cow::Borrowed(env) };
        let mut env = env.clone();
        let of_origin = source.0 == [Piece::Origin];
        env.captures = if of_origin { Captures::Of(pattern.clone()) } else { Captures::Unknown };
        for (name, number) in pattern.names().unwrap_or_default() {
            let group = Text::of(Piece::Group(pattern.clone(), number));
            let text = if of_origin { group } else { Text::opaque(&format!("`${name}` decides")) };
            env.groups.insert(name.clone());
            env.variables.insert(name, text);
        }
        Cow::Owned(env)
    }
}

impl Key {
    /// What it says of a constant text; `None` if that is not known.
    fn takes(&self, text: &str, variables: &Variables) -> Option<Test> {
        let lower = text.to_ascii_lowercase();
        let takes = match self {
            Self::Default => true,
            Self::Exact(key) => *key == lower,
            Self::Head(mask) => lower.len() > mask.len() && lower.ends_with(mask),
            Self::Tail(mask) => lower.starts_with(mask),
            // nginx tries none on an empty text.
            Self::Pattern(_) if text.is_empty() => false,
            Self::Pattern(pattern) => match variables.matches(pattern, text) {
                Truth::True => true,
                Truth::False => false,
                Truth::Unknown => return None,
            },
            Self::Unknown => return None,
        };
        Some(if takes { Test::Holds } else { Test::Fails })
    }
}

/// What stands between `before` and `after` in a key, if there is something.
fn inside<'a>(key: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(before.to_ascii_lowercase().as_str())?;
    rest.strip_suffix(after.to_ascii_lowercase().as_str()).filter(|origin| !origin.is_empty())
}

/// Entries on their way into a map.
#[derive(Default)]
struct Entries {
    hostnames: bool,
    exact: Vec<Entry>,
    heads: Vec<Entry>,
    tails: Vec<Entry>,
    patterns: Vec<Entry>,
    default: Option<Entry>,
    unknown: Option<Entry>,
    seen: HashSet<String>,
}

impl Entries {
    fn read(&mut self, line: &Directive, unread: &mut Vec<(Place, String)>) {
        let Some(value) = line.argument(0) else {
            if !matches!(line.name.as_str(), "hostnames" | "volatile") {
                unread.push((
                    line.place.clone(),
                    format!("nginx refuses `{}` without a value", excerpt(&line.name)),
                ));
            }
            return;
        };
        let entry =
            |key, value: &str| Entry { key, value: Template::new(value), place: line.name_place.clone() };
        if line.name == UNREAD_INCLUDE {
            // A value that is not known either.
            self.unknown = Some(entry(Key::Unknown, "$"));
            return;
        }
        if line.name == "default" {
            self.default = Some(entry(Key::Default, value));
            return;
        }
        if let Some(pattern) = line.name.strip_prefix('~') {
            let bare = pattern.strip_prefix('*');
            let pattern = Pattern::new(bare.unwrap_or(pattern), bare.is_some());
            self.patterns.push(entry(Key::Pattern(pattern), value));
            return;
        }
        let key = line.name.strip_prefix('\\').unwrap_or(&line.name).to_ascii_lowercase();
        if !self.seen.insert(key.clone()) {
            let reason = format!("nginx refuses `{}` a second time", excerpt(&key));
            unread.push((line.place.clone(), reason));
            return;
        }
        self.add_text(&key, |key| entry(key, value));
    }

    /// A plain key or a mask.
    fn add_text(&mut self, key: &str, mut entry: impl FnMut(Key) -> Entry) {
        if !self.hostnames {
            self.exact.push(entry(Key::Exact(key.to_owned())));
        } else if let Some(rest) = key.strip_prefix("*.") {
            self.heads.push(entry(Key::Head(format!(".{rest}"))));
        } else if let Some(rest) = key.strip_prefix('.') {
            self.exact.push(entry(Key::Exact(rest.to_owned())));
            self.heads.push(entry(Key::Head(key.to_owned())));
        } else if let Some(rest) = key.strip_suffix(".*") {
            self.tails.push(entry(Key::Tail(format!("{rest}."))));
        } else {
            self.exact.push(entry(Key::Exact(key.to_owned())));
        }
    }

    /// In the order in which nginx tries them: of masks, the longest first.
    fn in_order(mut self) -> Vec<Entry> {
        let length = |entry: &Entry| match &entry.key {
            Key::Head(text) | Key::Tail(text) => std::cmp::Reverse(text.len()),
            _ => std::cmp::Reverse(0),
        };
        self.heads.sort_by_key(length);
        self.tails.sort_by_key(length);
        let groups = [self.exact, self.heads, self.tails, self.patterns];
        self.unknown.into_iter().chain(groups.into_iter().flatten()).collect()
    }
}
