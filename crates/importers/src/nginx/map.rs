//! `map`: a variable whose value follows from a text.
//!
//! Plain keys are compared without regard to case; with `hostnames`, masks too, by labels
//! between dots wherever they stand; then expressions in order. So `https://*.example.com`
//! is a plain key, and the mask `*.example.com` takes `https://www.example.com`.

use std::collections::HashMap;
use std::rc::Rc;

use corsac_analysis::model::{LetterCase, Place, Truth};
use corsac_diagnostics::excerpt;

use super::directive::{Directive, UNREAD_INCLUDE};
use super::template::{Captures, Environment, Template, Variables};
use super::value::{Case, Cases, Condition, Guard, Pattern, Piece, Text, always, trim};

/// Most entries that are listed where it is not known which one is taken.
const MAX_GUESSES: usize = 64;

/// A map.
#[derive(Debug)]
pub(super) struct Map {
    source: Template,
    /// In the order in which nginx tries them.
    entries: Vec<Entry>,
    default: Option<Entry>,
    /// Asked anew each time.
    pub(super) volatile: bool,
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
    pub(super) fn read(directive: &Directive, unread: &mut Vec<(Place, String)>) -> Option<(String, Self)> {
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
            volatile: flag("volatile"),
            reason: format!("a map of `{}` decides", excerpt(&source.text)).into(),
        };
        Some((name.text.trim_start_matches('$').to_ascii_lowercase(), map))
    }

    /// The value for a request.
    pub(super) fn look_up(&self, variables: &Variables, env: &Environment, depth: usize) -> Cases<Text> {
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
            return always(Text::of(Piece::Opaque(self.reason.clone())));
        }
        let mut all = Vec::new();
        let mut add = |guard: Option<Guard>, entry: &Entry| {
            let env = entry.environment(source, env);
            for value in variables.nested_text(&entry.value, &env, depth) {
                let guards = guard.iter().cloned().chain(value.guards).collect();
                all.push(Case { guards, then: value.then });
            }
        };
        let mut taken = false;
        for entry in &self.entries {
            match entry.test(source, env, &self.reason) {
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
}

impl Entry {
    /// Whether `source` is this entry's.
    fn test(&self, source: &Text, env: &Environment, reason: &Rc<str>) -> Test {
        let depends = |condition| Test::Depends(Guard::new(condition, &self.place));
        let opaque = || depends(Condition::Opaque(reason.clone()));
        if let Some(text) = source.constant() {
            return self.key.takes(text).unwrap_or_else(opaque);
        }
        let Some((before, after)) = source.around_origin() else { return opaque() };
        if let Some(origin) = &env.origin
            && let Some(test) = self.key.takes(&format!("{before}{origin}{after}"))
        {
            return test;
        }
        let alone = before.is_empty() && after.is_empty();
        match &self.key {
            Key::Exact(key) => match inside(key, before, after) {
                Some(origin) => depends(Condition::Exact(origin.to_owned(), LetterCase::Ignored)),
                None => Test::Fails,
            },
            Key::Head(text) if alone => depends(Condition::Suffix(text.clone())),
            Key::Tail(text) if alone => depends(Condition::Prefix(text.clone())),
            Key::Pattern(pattern) if alone => depends(Condition::Pattern(pattern.clone())),
            _ => opaque(),
        }
    }

    /// What the value's variables are: groups of the entry's expression among them.
    fn environment(&self, source: &Text, env: &Environment) -> Environment {
        let mut env = env.clone();
        let Key::Pattern(pattern) = &self.key else { return env };
        let of_origin = source.0 == [Piece::Origin];
        env.captures = if of_origin { Captures::Of(pattern.clone()) } else { Captures::Unknown };
        for (name, number) in pattern.names().unwrap_or_default() {
            let group = Text::of(Piece::Group(pattern.clone(), number));
            let text = if of_origin { group } else { Text::opaque(&format!("`${name}` decides")) };
            env.variables.insert(name, text);
        }
        env
    }
}

impl Key {
    /// What it says of a constant text; `None` if that is not known.
    fn takes(&self, text: &str) -> Option<Test> {
        let lower = text.to_ascii_lowercase();
        let takes = match self {
            Self::Default => true,
            Self::Exact(key) => *key == lower,
            Self::Head(mask) => lower.len() > mask.len() && lower.ends_with(mask),
            Self::Tail(mask) => lower.starts_with(mask),
            Self::Pattern(pattern) => match pattern.matches(text) {
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
    seen: HashMap<String, ()>,
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
        if self.seen.insert(key.clone(), ()).is_some() {
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
