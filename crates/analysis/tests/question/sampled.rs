//! Proofs against members of what was proved, drawn at random: each is read by a URL parser,
//! tried by the matcher and looked up in the list, none of which the proof rests on.

use corsac_analysis::certificate::{Certificate, Part};
use corsac_analysis::regex::Regex;
use corsac_analysis::stranger::Intended;
use corsac_origin::{PublicSuffixList, Section};

use super::collected::{self, Collected};

/// Longer ways make for acceptance.
const LONG: usize = 40;

/// Ways for each member that is wanted, where a machine accepts more than the matcher.
const MOST_TRIES: usize = 4;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most as u64).unwrap()
    }
}

/// How many bytes are missing at least, from each state.
fn distances(part: &Part) -> Vec<usize> {
    let mut distances: Vec<usize> =
        part.states.iter().map(|state| if state.accepts { 0 } else { usize::MAX }).collect();
    loop {
        let mut has_changed = false;
        for (number, state) in part.states.iter().enumerate() {
            let next = state.edges.iter().map(|(_, to)| distances[*to as usize]).min();
            let through = next.unwrap_or(usize::MAX).saturating_add(1);
            if through < distances[number] {
                distances[number] = through;
                has_changed = true;
            }
        }
        if !has_changed {
            return distances;
        }
    }
}

/// A text that the machine accepts, which reads from right to left.
fn member(part: &Part, distances: &[usize], random: &mut Random) -> String {
    let mut state = part.starts[random.below(part.starts.len())] as usize;
    let mut read = Vec::new();
    loop {
        let here = &part.states[state];
        let is_long = read.len() > LONG;
        if here.accepts && (is_long || here.edges.is_empty() || random.below(2) == 0) {
            return read.into_iter().rev().collect();
        }
        let is_nearer = |to: &u32| distances[*to as usize] < distances[state];
        let edges: Vec<_> = here.edges.iter().filter(|(_, to)| !is_long || is_nearer(to)).collect();
        let Some((bytes, to)) = (!edges.is_empty()).then(|| edges[random.below(edges.len())]) else {
            return read.into_iter().rev().collect();
        };
        let bytes: Vec<char> = bytes.chars().collect();
        read.push(bytes[random.below(bytes.len())]);
        state = *to as usize;
    }
}

/// Whether `origin` is somebody's who is not meant.
fn is_strangers(origin: &str, intended: &[String], list: &PublicSuffixList) -> bool {
    let Ok(url) = url::Url::parse(origin) else { return false };
    if url.origin().ascii_serialization() != origin {
        return false;
    }
    let Some(host) = url.domain() else { return false };
    let is_meant = intended.iter().any(|name| host == name || host.ends_with(&format!(".{name}")));
    let is_listed = list.public_suffix(host).is_some_and(|(_, section)| section != Section::Default);
    is_listed && list.registrable_domain(host).is_some() && !is_meant
}

/// How many members were seen of what `regex` admits.
fn refuted(collected: &Collected, wanted: usize, list: &PublicSuffixList) -> usize {
    let intended = Intended::of(collected.intended.iter().map(String::as_str), list).unwrap();
    let regex: &Regex = &collected.regex;
    let certificate = Certificate::of(regex, &intended, list).unwrap();
    let mut random = Random(7);
    let mut seen = 0;
    let parts: Vec<_> = certificate.parts.iter().filter(|part| !part.starts.is_empty()).collect();
    for part in &parts {
        let distances = distances(part);
        let mut own = 0;
        for _ in 0..MOST_TRIES * wanted / parts.len() {
            if own >= wanted.div_ceil(parts.len()) {
                break;
            }
            let origin = member(part, &distances, &mut random);
            if regex.accepts(&origin) == Some(true) {
                own += 1;
                let is_refuted = is_strangers(&origin, &collected.intended, list);
                assert!(!is_refuted, "{}: `{origin}` is a stranger's", collected.id);
            }
        }
        seen += own;
    }
    seen
}

/// 100,000 members of each collected proof with `CORSAC_LONG`.
#[test]
fn no_member_of_a_proof_is_a_strangers() {
    let list = PublicSuffixList::embedded();
    let is_long = std::env::var_os("CORSAC_LONG").is_some();
    let wanted = if is_long { 100_000 } else { 500 };
    let mut sampled = 0;
    for collected in collected::all().into_iter().filter(|collected| collected.expected == "proved") {
        let seen = refuted(&collected, wanted, list);
        sampled += usize::from(seen >= wanted);
    }
    // Addresses and names of no suffix are nobody's, and dead ones have no members.
    assert!(sampled >= 14, "{sampled} proofs had members enough");
}

#[test]
fn a_strangers_origin_would_be_noticed() {
    let list = PublicSuffixList::embedded();
    let meant = ["example.com".to_owned()];
    for origin in ["https://evil-example.com", "http://example.com.evil.me:80000", "https://a.github.io"] {
        let is_origin = !origin.contains("80000");
        assert_eq!(is_strangers(origin, &meant, list), is_origin, "{origin}");
    }
    for origin in ["https://example.com", "http://a.example.com:81", "https://10.0.0.1", "http://localhost"] {
        assert!(!is_strangers(origin, &meant, list), "{origin}");
    }
}
