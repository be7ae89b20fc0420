//! Matchers as entries of a policy.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use corsac_cors::Dangerous;
use corsac_origin::{OriginPattern, Section, right_spelling};

use super::members::{self, Members};
use super::{By, Remark, RemarkKind};
use crate::alphabet::ByteSet;
use crate::diff::{Change, Class, Direction, origins};
use crate::model::{Credentials, LetterCase, Matcher, Piece, Scope, Truth, origin};
use crate::question::{Prover, spelt_words};

/// Most hosts that expressions spell out which are looked into.
const MAX_HOSTS: usize = 32;

/// Most single origins of whom each is said why it is left out.
const MAX_TOLD: usize = 20;

/// Nobody's that is meant.
const STRANGER: &str = "evil-site.com";

/// Sub-domains that people have.
const LABELS: [&str; 8] = ["www", "app", "a-b", "a.b", "a1", "1", "a_b", "tenant-1"];

/// Who may read.
pub(super) struct Readers {
    pub(super) omitted: Matcher,
    pub(super) included: Matcher,
}

/// What a policy says of origins.
pub(super) struct Entries {
    pub(super) origins: Vec<String>,
    pub(super) development: Vec<String>,
    pub(super) credentials: bool,
    pub(super) dangerous: Vec<Dangerous>,
}

/// The entries for those who may read; none if nobody is left.
pub(super) fn of(readers: &Readers, scopes: &[&Scope], by: &By<'_, '_>) -> (Option<Entries>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let credentials = has_readers(&readers.included, by.prover);
    let matcher = if credentials { &readers.included } else { &readers.omitted };
    let is_public = by.prover.is_everything(&readers.omitted) == Some(true);
    if !credentials && is_public {
        return (Some(public(&readers.omitted, scopes, &mut remarks)), remarks);
    }
    let mut found = Finding { matcher, by, entries: Vec::new(), remarks };
    let rest = found.single_origins();
    found.expressions(&rest);
    let Finding { entries, mut remarks, .. } = found;
    let entries = without_repetition(entries);
    tell_rest(readers, &entries, credentials, by, &mut remarks);
    let entries = apart(entries, credentials, &mut remarks);
    if entries.is_none() && !remarks.iter().any(|remark| remark.kind.is_loss()) {
        remarks.push(Remark::new(RemarkKind::Assumed, "no other origin reads there, and none does here"));
    }
    (entries, remarks)
}

/// Whether anybody at all may read; a list is not asked for machines.
fn has_readers(matcher: &Matcher, prover: &Prover<'_>) -> bool {
    let is_listed = |one: &Matcher| matches!(one, Matcher::Exact(text, _) if text.contains("://"));
    match matcher {
        Matcher::AnyOf(any) if any.iter().any(is_listed) => true,
        other => prover.is_dead(other) == Some(false),
    }
}

fn public(matcher: &Matcher, scopes: &[&Scope], remarks: &mut Vec<Remark>) -> Entries {
    let says_credentials = scopes.iter().any(|scope| !scope.actual.allow_credentials.is_empty());
    if says_credentials && *matcher == Matcher::Any {
        remarks.push(Remark::new(
            RemarkKind::Assumed,
            "credentials are not: the source allows them, but not to an origin, so that browsers refuse the pair",
        ));
    }
    Entries {
        origins: vec!["*".to_owned()],
        development: Vec::new(),
        credentials: false,
        dangerous: Vec::new(),
    }
}

/// Entries as they are found.
struct Finding<'f, 'p, 'l> {
    matcher: &'f Matcher,
    by: &'f By<'p, 'l>,
    entries: Vec<String>,
    remarks: Vec<Remark>,
}

impl Finding<'_, '_, '_> {
    /// Takes the single origins, and returns the rest.
    fn single_origins(&mut self) -> Matcher {
        let (mut listed, mut rest) = (Vec::new(), Vec::new());
        split(self.matcher, &mut listed, &mut rest);
        let mut seen = HashSet::new();
        for text in listed.into_iter().filter(|text| seen.insert(text.clone())) {
            self.single(&text);
        }
        Matcher::AnyOf(rest)
    }

    fn single(&mut self, text: &str) {
        if text == "null" || text.is_empty() {
            return;
        }
        if OriginPattern::parse(text).is_ok() && !text.contains('*') {
            return self.add_single(text.to_owned());
        }
        // Several in one field, which browsers compare as one.
        let words = || text.split([',', ' ', '|', ';']).filter(|word| !word.is_empty());
        let spelt: Vec<String> = words().filter_map(spelt_right).collect();
        if spelt.len() == words().count() {
            let told = spelt.join("`, `");
            self.tell(RemarkKind::Mended, format!("`{text}` is sent by no browser; it is `{told}` here"));
            for origin in spelt {
                self.add_single(origin);
            }
        } else {
            self.tell(RemarkKind::LeftOut, format!("`{text}` is no origin, and admits none"));
        }
    }

    fn add_single(&mut self, origin: String) {
        if self.by.prover.tier_of(&origin, self.by.intended).is_some() {
            let reason = "it is listed, but none of the names that are told";
            let remark = Remark::new(RemarkKind::LeftOut, reason).showing(origin);
            return self.remarks.push(remark);
        }
        self.entries.push(origin);
    }

    fn tell(&mut self, kind: RemarkKind, text: String) {
        if self.remarks.len() < MAX_TOLD {
            self.remarks.push(Remark::new(kind, text));
        }
    }

    /// Takes what expressions admit of the names that are meant.
    fn expressions(&mut self, rest: &Matcher) {
        if matches!(rest, Matcher::AnyOf(any) if any.is_empty()) {
            return;
        }
        let words = spelt_words(rest);
        let hosts = self.hosts(&words);
        // What is searched for anywhere in an origin admits `http` too; it is meant where it is spelt.
        let schemes: &[&str] =
            if words.iter().any(|word| word == "http") { &["https", "http"] } else { &["https"] };
        for host in &hosts {
            let schemes = if is_local(host) { &["http", "https"] } else { schemes };
            for scheme in schemes {
                self.host(rest, &format!("{scheme}://"), host);
            }
        }
        // The longest first: `*.eu.example.com` is tighter than `*.example.com`.
        let mut bases: Vec<&String> =
            hosts.iter().filter(|host| host.parse::<Ipv4Addr>().is_err() && host.contains('.')).collect();
        bases.sort_by_key(|host| std::cmp::Reverse(host.split('.').count()));
        for base in bases {
            for scheme in schemes {
                self.base(rest, &format!("{scheme}://"), base);
            }
        }
    }

    /// The hosts that are meant: names that are told or guessed, what is spelt out under them, and
    /// this machine.
    fn hosts(&self, words: &[String]) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        let spelt = words.iter().filter(|word| {
            self.by.prover.is_meant(word, self.by.intended)
                || is_local(word)
                || word.parse::<Ipv4Addr>().is_ok()
                || (!self.by.is_told && self.is_internal(word))
        });
        let told = self
            .by
            .intended
            .names()
            .iter()
            .filter(|name| self.by.is_told || words.iter().any(|word| word.ends_with(name.as_str())));
        for host in told.chain(spelt) {
            if !hosts.contains(host) && hosts.len() < MAX_HOSTS {
                hosts.push(host.clone());
            }
        }
        hosts
    }

    /// A name under no suffix that anybody registers under: `api.corp.internal`.
    fn is_internal(&self, word: &str) -> bool {
        let suffix = self.by.prover.list().public_suffix(word);
        word.contains('.') && suffix.is_some_and(|(_, section)| section == Section::Default)
    }

    fn host(&mut self, rest: &Matcher, scheme: &str, host: &str) {
        let work = self.by.prover.work();
        let own = format!("{scheme}{host}");
        let is_admitted = rest.matches(&own) == Truth::True && OriginPattern::parse(&own).is_ok();
        if is_admitted {
            self.entries.push(own.clone());
        }
        if is_admitted && !means_ports(rest, &own) {
            return;
        }
        let any = format!("{own}:*");
        match members::of(rest, &any, &self.entries, work) {
            Members::Few(few) => self.entries.extend(few),
            Members::Many(_) => self.entries.push(any),
        }
    }

    fn base(&mut self, rest: &Matcher, scheme: &str, base: &str) {
        let work = self.by.prover.work();
        let below = format!("{scheme}*.{base}");
        if OriginPattern::parse(&below).is_err() {
            return;
        }
        let sample = match members::of(rest, &below, &self.entries, work) {
            Members::Many(sample) if is_accidental(rest, &sample, base) => return,
            Members::Few(few) => {
                self.entries.extend(few);
                None
            }
            Members::Many(sample) => {
                self.entries.push(below.clone());
                Some(sample)
            }
        };
        if sample.as_ref().is_some_and(|sample| !means_ports(rest, sample)) {
            return;
        }
        let Members::Many(other) = members::of(rest, &format!("{below}:*"), &self.entries, work) else {
            return;
        };
        let host = other.strip_prefix(scheme).and_then(|rest| rest.split(':').next()).unwrap_or_default();
        match members::of(rest, &format!("{scheme}{host}:*"), &self.entries, work) {
            Members::Few(few) => {
                let ports = few.iter().filter_map(|origin| origin.rsplit_once(':')).map(|(_, port)| port);
                let ports = ports.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
                self.entries.extend(ports.map(|port| format!("{below}:{port}")));
            }
            Members::Many(_) => self.entries.push(format!("{below}:*")),
        }
    }
}

/// Whether `sample` is admitted for what stands before `base`, which might be anything: a prefix
/// without an end admits `https://app.example.com.example.com` too.
fn is_accidental(matcher: &Matcher, sample: &str, base: &str) -> bool {
    let Some(before) = sample.strip_suffix(base) else { return false };
    matcher.matches(&format!("{before}{STRANGER}")) == Truth::True
        && matcher.matches(&format!("https://{STRANGER}")) != Truth::True
}

/// Whether ports are admitted behind `origin`, but not just anything.
fn means_ports(matcher: &Matcher, origin: &str) -> bool {
    let behind = |text: &str| matcher.matches(&format!("{origin}{text}")) == Truth::True;
    !behind(&format!(".{STRANGER}")) && !behind(STRANGER) && !behind(&format!("-{STRANGER}"))
}

fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1")
}

/// An origin as it was meant, if one was.
fn spelt_right(word: &str) -> Option<String> {
    let right = if OriginPattern::parse(word).is_ok() { word.to_owned() } else { right_spelling(word)? };
    (!right.contains('*') && OriginPattern::parse(&right).is_ok()).then_some(right)
}

/// A matcher as single origins and the rest.
fn split(matcher: &Matcher, listed: &mut Vec<String>, rest: &mut Vec<Matcher>) {
    match matcher {
        Matcher::AnyOf(any) => any.iter().for_each(|one| split(one, listed, rest)),
        Matcher::Exact(text, LetterCase::Matters) => listed.push(text.clone()),
        Matcher::Exact(text, LetterCase::Ignored) => listed.push(text.to_ascii_lowercase()),
        other => rest.push(other.clone()),
    }
}

/// Each entry once, and none that another one covers.
fn without_repetition(entries: Vec<String>) -> Vec<String> {
    let wide: Vec<(String, Matcher)> = entries
        .iter()
        .filter(|entry| entry.contains('*'))
        .map(|entry| (entry.clone(), origin(entry)))
        .collect();
    let mut seen = HashSet::new();
    let is_covered = |entry: &String| {
        // A pattern is below another if its sub-domains or its ports are.
        let member = entry.replace("://*.", "://any.").replace(":*", ":1");
        wide.iter().any(|(other, matcher)| other != entry && matcher.matches(&member) == Truth::True)
    };
    entries.into_iter().filter(|entry| seen.insert(entry.clone()) && !is_covered(entry)).collect()
}

/// Tells what was admitted and is no more, or the other way round.
fn tell_rest(
    readers: &Readers,
    entries: &[String],
    credentials: bool,
    by: &By<'_, '_>,
    remarks: &mut Vec<Remark>,
) {
    let new = Matcher::AnyOf(entries.iter().map(|entry| origin(entry)).collect());
    let mut told: Vec<(Direction, Class)> = Vec::new();
    let known: Vec<String> = remarks.iter().filter_map(|remark| remark.witness.clone()).collect();
    let modes = [(Credentials::Included, &readers.included), (Credentials::Omitted, &readers.omitted)];
    for (mode, old) in modes.into_iter().filter(|(mode, _)| credentials || *mode == Credentials::Omitted) {
        if by.prover.is_everything(old) == Some(true) {
            let with = if mode == Credentials::Included {
                "with the user's credentials"
            } else {
                "without credentials"
            };
            let text = format!("every website could read {with}");
            remarks.push(Remark::new(RemarkKind::LeftOut, text).showing(format!("https://{STRANGER}")));
            // The other mode says the same.
            break;
        }
        for change in origins::changes((old, &new), mode, (by.prover, by.intended)) {
            match change {
                Change::Origins { direction, class, witness, .. } => {
                    // What was mended is told already.
                    let is_known = known.contains(&witness) || entries.contains(&witness);
                    if !told.contains(&(direction, class)) && !is_known {
                        told.push((direction, class));
                        remarks.push(match (direction, class) {
                            (Direction::Gained, _) => wider((old, &new), entries, witness),
                            (Direction::Lost, Class::Other) => lost((old, &new), witness, by.prover),
                            _ => left_out(class, witness),
                        });
                    }
                }
                Change::Undecided { reason } => {
                    let remark = Remark::new(RemarkKind::Unknown, reason);
                    if !remarks.contains(&remark) {
                        remarks.push(remark);
                    }
                }
                Change::Listed { .. } | Change::Value { .. } => {}
            }
        }
    }
}

/// What only the policy admits, by a name that people have.
fn wider((old, new): (&Matcher, &Matcher), entries: &[String], witness: String) -> Remark {
    let bases = entries.iter().filter_map(|entry| entry.split_once("*."));
    let mut names = bases.flat_map(|(scheme, base)| {
        let base = base.strip_suffix(":*").unwrap_or(base);
        LABELS.map(|label| format!("{scheme}{label}.{base}"))
    });
    let is_wider = |name: &String| old.matches(name) == Truth::False && new.matches(name) == Truth::True;
    let shown = names.find(is_wider).unwrap_or(witness);
    let text =
        "the source does not admit it; a policy has one wildcard, for sub-domains of any depth and name";
    Remark::new(RemarkKind::Wider, text).showing(shown)
}

/// What is no stranger's and only the source admits: rather a usual origin than an odd one.
fn lost((old, new): (&Matcher, &Matcher), witness: String, prover: &Prover<'_>) -> Remark {
    let host = Piece::Run(ByteSet::word().or(ByteSet::of_all(*b"-.")), 1, None);
    let shape = Matcher::Glob(vec![Piece::literal("https://"), host]);
    let beyond = vec![old.clone(), Matcher::Not(Box::new(new.clone())), shape];
    match prover.example(&Matcher::AllOf(beyond)) {
        Some(usual) => {
            let text = "it is admitted, but nothing that is spelt out says that it is meant";
            Remark::new(RemarkKind::LeftOut, text).showing(usual)
        }
        None => {
            let text = "so odd an origin is admitted, and no policy can name it";
            Remark::new(RemarkKind::Assumed, text).showing(witness)
        }
    }
}

fn left_out(class: Class, witness: String) -> Remark {
    let text = match class {
        Class::Http => "it is admitted over http".to_owned(),
        Class::Null => "any page can have it, from a sandboxed frame".to_owned(),
        Class::Other => "it is admitted, but not spelt out".to_owned(),
        Class::Stranger(tier) => format!("it is admitted, and a stranger's: {}", tier.words()),
    };
    Remark::new(RemarkKind::LeftOut, text).showing(witness)
}

/// Entries of the web and of this machine apart, without such as credentials forbid.
fn apart(entries: Vec<String>, credentials: bool, remarks: &mut Vec<Remark>) -> Option<Entries> {
    let is_loopback = |entry: &String| OriginPattern::parse(entry).is_ok_and(|entry| entry.is_loopback());
    let (development, web): (Vec<String>, Vec<String>) = entries.into_iter().partition(is_loopback);
    let (plain, secure): (Vec<String>, Vec<String>) =
        web.into_iter().partition(|entry| credentials && entry.starts_with("http://"));
    let mut entries = Entries { origins: secure, development, credentials, dangerous: Vec::new() };
    if entries.origins.is_empty() && !plain.is_empty() {
        let text = "plain http with credentials is kept, for nothing else is left: whoever is on the way reads along";
        remarks.push(Remark::new(RemarkKind::Assumed, text));
        entries.origins = plain;
        entries.dangerous = vec![Dangerous::InsecureOrigins];
    } else {
        let told = plain.into_iter().take(MAX_TOLD);
        remarks.extend(told.map(|origin| {
            let text = "plain http with credentials: whoever is on the way would read along";
            Remark::new(RemarkKind::LeftOut, text).showing(origin)
        }));
    }
    if entries.origins.is_empty() && !entries.development.is_empty() {
        let text = "only origins of this machine are admitted; name your page's origin before you serve it";
        remarks.push(Remark::new(RemarkKind::Assumed, text));
        entries.origins = std::mem::take(&mut entries.development);
    }
    (!entries.origins.is_empty()).then_some(entries)
}
