//! Entries put together to calls: each request with its preflight, redirects in a chain.
//!
//! Chromium and Firefox write a request *before* its preflight, in the order in which they
//! began, and a preflight that failed leaves a request with status 0; other writers may have
//! it the other way round. Identical requests are told apart by time and order.

use std::collections::{HashMap, VecDeque, hash_map};

use super::entry::Entry;
use super::kind::{Kind, origin_of, page_origin};

/// Calls that may still get a preflight or a redirect; a page does not have more under way.
const MAX_OPEN: usize = 1_024;

/// Bytes that they keep.
const MAX_OPEN_BYTES: usize = 16 << 20;

/// A request and the redirects that browsers follow.
const MAX_HOPS: usize = 21;

/// Calls to the same URL that are looked at for one that fits.
const MAX_TRIED: usize = 64;

/// Milliseconds that clocks and roundings may be off.
const SLACK: i64 = 1_000;

/// Milliseconds that a preflight may take whose request has no duration, since it was never
/// sent.
const LONGEST_PREFLIGHT: i64 = 60_000;

/// What a call sent at one URL.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    pub(super) preflight: Option<Entry>,
    /// Missing where the HAR has the preflight alone.
    pub(super) actual: Option<Entry>,
}

/// What a script asked for once.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) hops: Vec<Sent>,
}

impl Sent {
    /// The request, or else the preflight.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.actual.as_ref().or(self.preflight.as_ref())
    }
}

impl Call {
    fn of(sent: Sent) -> Self {
        Self { hops: vec![sent] }
    }

    fn each_entry(&self) -> impl Iterator<Item = &Entry> {
        self.hops.iter().flat_map(|sent| sent.actual.iter().chain(&sent.preflight))
    }

    /// How many entries it is.
    pub(super) fn entries(&self) -> u64 {
        self.each_entry().map(|_| 1).sum()
    }

    fn size(&self) -> usize {
        self.each_entry().map(Entry::size).sum()
    }

    pub(super) fn page_ref(&self) -> &str {
        self.each_entry().next().map_or("", |entry| &entry.page_ref)
    }

    /// The page's origin as the first request tells it: Chromium leaves `Origin` out of a
    /// request that was never sent, and the preflight has it.
    pub(super) fn origin(&self) -> Option<String> {
        let first = self.hops.first()?;
        first.preflight.iter().chain(&first.actual).find_map(page_origin)
    }

    /// Whether only `log.pages` can tell which page asked.
    pub(super) fn needs_page(&self) -> bool {
        let is_cors =
            self.each_entry().next().is_some_and(|entry| !matches!(Kind::of(entry), Kind::Skipped(_)));
        is_cors && self.origin().is_none()
    }

    /// What may still come.
    fn awaits(&self) -> Vec<Key> {
        let Some(last) = self.hops.last() else { return Vec::new() };
        let mut keys = Vec::new();
        if let (None, Some(preflight)) = (&last.actual, &last.preflight) {
            let method = preflight.asked_method().unwrap_or_default();
            keys.push(Key::Request(method.to_owned(), preflight.url().to_owned()));
        }
        if let (Some(actual), None) = (&last.actual, &last.preflight) {
            keys.push(Key::Preflight(actual.request.method.clone(), actual.url().to_owned()));
        }
        let target = last.actual.as_ref().and_then(Entry::redirect_target);
        keys.extend(target.filter(|_| self.hops.len() < MAX_HOPS).map(Key::Redirected));
        keys
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A preflight for this method and URL.
    Preflight(String, String),
    /// A request to this URL, where a redirect leads.
    Redirected(String),
    /// A request with this method to this URL.
    Request(String, String),
}

/// The calls that may still grow.
#[derive(Debug, Default)]
pub(super) struct Calls {
    open: VecDeque<Option<Call>>,
    /// The number of the first of `open`.
    first: u64,
    bytes: usize,
    /// Calls by what they await, in order.
    awaiting: HashMap<Key, VecDeque<u64>>,
}

impl Calls {
    /// Takes an entry and gives the calls that are complete.
    pub(super) fn push(&mut self, entry: Entry) -> Vec<Call> {
        match Kind::of(&entry) {
            Kind::Skipped(_) => return vec![Call::of(Sent { preflight: None, actual: Some(entry) })],
            Kind::Preflight => self.push_preflight(entry),
            Kind::Cors if is_plainly_home(&entry) => {
                return vec![Call::of(Sent { preflight: None, actual: Some(entry) })];
            }
            Kind::Cors => self.push_actual(entry),
        }
        let mut closed = Vec::new();
        while self.open.len() > MAX_OPEN || self.bytes > MAX_OPEN_BYTES {
            closed.extend(self.pop());
        }
        closed
    }

    /// Gives all calls.
    pub(super) fn close_all(&mut self) -> Vec<Call> {
        let mut closed = Vec::new();
        while !self.open.is_empty() {
            closed.extend(self.pop());
        }
        closed
    }

    fn push_preflight(&mut self, entry: Entry) {
        let key = Key::Preflight(entry.asked_method().unwrap_or_default().to_owned(), entry.url().to_owned());
        let fits = |call: &Call| {
            let actual = call.hops.last().and_then(|sent| sent.actual.as_ref());
            actual.is_some_and(|actual| belong_together(&entry, actual, call.hops.len() > 1))
        };
        let Some((number, mut call)) = self.take(&key, fits) else {
            return self.put(None, Call::of(Sent { preflight: Some(entry), actual: None }));
        };
        if let Some(last) = call.hops.last_mut() {
            last.preflight = Some(entry);
        }
        self.put(Some(number), call);
    }

    fn push_actual(&mut self, entry: Entry) {
        let key = Key::Request(entry.request.method.clone(), entry.url().to_owned());
        let is_redirected = self.awaiting.contains_key(&Key::Redirected(entry.url().to_owned()));
        let before = self.take(&key, |call| {
            let preflight = call.hops.last().and_then(|sent| sent.preflight.as_ref());
            preflight.is_some_and(|preflight| belong_together(preflight, &entry, is_redirected))
        });
        let redirected = self.take(&Key::Redirected(entry.url().to_owned()), |call| {
            let redirect = call.hops.last().and_then(|sent| sent.actual.as_ref());
            redirect.is_some_and(|redirect| follows(redirect, &entry))
        });
        let (slot, mut sent) = match before {
            // A call that is a preflight and nothing else: this is its request.
            Some((slot, call)) => (Some(slot), call.hops.into_iter().next().unwrap_or_default()),
            None => (None, Sent::default()),
        };
        sent.actual = Some(entry);
        match redirected {
            Some((first, mut call)) => {
                call.hops.push(sent);
                self.put(Some(first), call);
            }
            None => self.put(slot, Call::of(sent)),
        }
    }

    /// Takes out the first call that awaits `key` and fits.
    fn take(&mut self, key: &Key, fits: impl Fn(&Call) -> bool) -> Option<(u64, Call)> {
        let numbers = self.awaiting.get(key)?.iter().take(MAX_TRIED);
        let slot = |number: u64| usize::try_from(number - self.first).unwrap_or(usize::MAX);
        let number = *numbers
            .into_iter()
            .find(|&&number| self.open.get(slot(number)).and_then(Option::as_ref).is_some_and(&fits))?;
        let index = slot(number);
        let call = self.open.get_mut(index)?.take()?;
        self.forget(number, &call);
        Some((number, call))
    }

    /// Puts a call where it was taken from, or at the end.
    fn put(&mut self, number: Option<u64>, call: Call) {
        self.bytes += call.size();
        let number = number.unwrap_or(self.first + self.open.len() as u64);
        for key in call.awaits() {
            let numbers = self.awaiting.entry(key).or_default();
            let place = numbers.partition_point(|&own| own < number);
            numbers.insert(place, number);
        }
        match usize::try_from(number - self.first).ok().and_then(|index| self.open.get_mut(index)) {
            Some(slot) => *slot = Some(call),
            None => self.open.push_back(Some(call)),
        }
    }

    fn pop(&mut self) -> Option<Call> {
        let call = self.open.pop_front()?;
        let number = self.first;
        self.first += 1;
        let call = call?;
        self.forget(number, &call);
        Some(call)
    }

    fn forget(&mut self, number: u64, call: &Call) {
        self.bytes -= call.size();
        for key in call.awaits() {
            if let hash_map::Entry::Occupied(mut numbers) = self.awaiting.entry(key) {
                numbers.get_mut().retain(|&own| own != number);
                if numbers.get().is_empty() {
                    numbers.remove();
                }
            }
        }
    }
}

/// Of the page's own origin, and answered there.
fn is_plainly_home(entry: &Entry) -> bool {
    let url = origin_of(entry.url());
    url.is_some() && url == page_origin(entry) && entry.redirect_target().is_none()
}

/// Whether `preflight` asked for `actual`, which is of its URL and method.
fn belong_together(preflight: &Entry, actual: &Entry, is_redirected: bool) -> bool {
    if !are_of_one_page(preflight, actual, is_redirected) || !do_errors_agree(preflight, actual) {
        return false;
    }
    let mut names = preflight.asked_names().into_iter();
    // A sanitized export has no `Authorization`, and a request that was not sent has in
    // Chromium only a part of its fields.
    let is_sent = |name: &str| name == "authorization" || actual.request.fields.get(name).is_some();
    if !actual.has_no_response() && !names.all(|name| is_sent(&name)) {
        return false;
    }
    let (Some(asked), Some(began)) = (preflight.started, actual.started) else { return true };
    if asked < began {
        return began - asked <= preflight.time.saturating_add(SLACK);
    }
    let takes = if actual.has_no_response() { actual.time.max(LONGEST_PREFLIGHT) } else { actual.time };
    asked - began <= takes.saturating_add(SLACK)
}

/// What was not sent has no `Origin` in Chromium, only a `Referer`. After a redirect one of the
/// two may be `null`: some engines ask for the page's origin all the same.
fn are_of_one_page(preflight: &Entry, actual: &Entry, is_redirected: bool) -> bool {
    let (Some(asked), Some(sent)) = (page_origin(preflight), page_origin(actual)) else { return true };
    let has_origin = actual.request.fields.get("origin").is_some();
    asked == sent || is_redirected && (asked == "null" || sent == "null") || asked == "null" && !has_origin
}

/// A preflight that is refused ends the request with `net::ERR_FAILED`, and one without an answer
/// with its own error. Other errors are those of a request that followed, or of a preflight that
/// is not this one.
fn do_errors_agree(preflight: &Entry, actual: &Entry) -> bool {
    let (asked, error) = (&*preflight.response.error, &*actual.response.error);
    if !actual.has_no_response() || !error.starts_with("net::") || error == "net::ERR_FAILED" {
        return true;
    }
    match preflight.response.status {
        0 => asked.is_empty() || asked == error,
        status => (200..300).contains(&status),
    }
}

/// Whether `entry` may be where `redirect` led.
fn follows(redirect: &Entry, entry: &Entry) -> bool {
    let keeps_method = redirect.request.method == entry.request.method || entry.request.method == "GET";
    let is_later = match (redirect.started, entry.started) {
        (Some(before), Some(after)) => {
            before <= after && after - before <= redirect.time.saturating_add(SLACK)
        }
        _ => true,
    };
    keeps_method && is_later
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::har::entry::Fields;

    const URL: &str = "https://api.example.com/a";

    fn entry(method: &str, started: i64, fields: &[(&str, &str)]) -> Entry {
        let mut entry = Entry { started: Some(started), time: 50, ..Entry::default() };
        entry.request.method = method.into();
        entry.request.url = URL.into();
        entry.response.status = 200;
        for (name, value) in
            [("sec-fetch-mode", "cors"), ("origin", "https://app.example.com")].iter().chain(fields)
        {
            entry.request.fields.push((*name).into(), (*value).into());
        }
        entry
    }

    fn preflight(started: i64, names: &str) -> Entry {
        let fields = [("access-control-request-method", "PUT"), ("access-control-request-headers", names)];
        entry("OPTIONS", started, &fields)
    }

    /// When each request of each call began: preflight, request.
    fn calls(entries: Vec<Entry>) -> Vec<Vec<(i64, i64)>> {
        let mut calls = Calls::default();
        let mut closed: Vec<_> = entries.into_iter().flat_map(|entry| calls.push(entry)).collect();
        closed.extend(calls.close_all());
        assert!(calls.awaiting.is_empty() && calls.bytes == 0, "{calls:?}");
        let started = |entry: &Option<Entry>| entry.as_ref().and_then(|entry| entry.started).unwrap_or(-1);
        let times = |call: Call| {
            call.hops.iter().map(|sent| (started(&sent.preflight), started(&sent.actual))).collect()
        };
        closed.into_iter().map(times).collect()
    }

    #[test]
    fn preflights_find_their_requests_before_and_after_them() {
        let put = |started| entry("PUT", started, &[("x-a", "1")]);
        assert_eq!(calls(vec![put(0), preflight(1, "x-a")]), [[(1, 0)]]);
        assert_eq!(calls(vec![preflight(0, "x-a"), put(1)]), [[(0, 1)]]);
        let interleaved = vec![put(0), put(1), preflight(2, "x-a"), preflight(3, "x-a")];
        assert_eq!(calls(interleaved), [[(2, 0)], [(3, 1)]]);
        let in_turn = vec![preflight(0, "x-a"), put(1), preflight(2, "x-a"), put(3)];
        assert_eq!(calls(in_turn), [[(0, 1)], [(2, 3)]]);
    }

    #[test]
    fn what_does_not_belong_together_stays_apart() {
        let put = |started| entry("PUT", started, &[("x-a", "1")]);
        assert_eq!(calls(vec![put(0), preflight(1, "x-b")]), [[(-1, 0)], [(1, -1)]]);
        assert_eq!(calls(vec![put(0), preflight(5_000, "x-a")]), [[(-1, 0)], [(5_000, -1)]]);
        assert_eq!(calls(vec![entry("DELETE", 0, &[]), preflight(1, "")]), [[(-1, 0)], [(1, -1)]]);
        // Refused, a request lasts as long as the preflight, and Firefox says that it took no time.
        let mut refused = put(0);
        refused.response.status = 0;
        assert_eq!(calls(vec![refused, preflight(5_000, "x-b")]), [[(5_000, 0)]]);
        assert_eq!(calls(vec![put(0), put(1), preflight(2, "x-a")]), [vec![(2, 0)], vec![(-1, 1)]]);
    }

    #[test]
    fn a_preflight_belongs_to_a_request_of_the_same_page() {
        let put = || entry("PUT", 0, &[]);
        let from = |mut entry: Entry, name: &str, value: &str| {
            let mut fields = Fields::default();
            let others = entry.request.fields.iter().filter(|(own, _)| *own != "origin");
            others.for_each(|(name, value)| fields.push(name.into(), value.into()));
            fields.push(name.into(), value.into());
            entry.request.fields = fields;
            entry
        };
        let (app, other) = ("https://app.example.com", "https://other.example.com");
        let asked = |origin: &str| from(preflight(1, ""), "origin", origin);
        for (actual, origin, is_one) in [
            (put(), app, true),
            (put(), other, false),
            (put(), "null", false),
            (from(put(), "origin", "null"), "null", true),
            (from(put(), "origin", "null"), app, false),
            (from(put(), "referer", "https://app.example.com/a"), app, true),
            (from(put(), "referer", "https://app.example.com/a"), other, false),
            (from(put(), "referer", "https://app.example.com/a"), "null", true),
            (from(put(), "accept", "*/*"), other, true),
        ] {
            let message = format!("{actual:?} {origin}");
            assert_eq!(belong_together(&asked(origin), &actual, false), is_one, "{message}");
            let is_null = origin == "null" || page_origin(&actual).as_deref() == Some("null");
            assert_eq!(belong_together(&asked(origin), &actual, true), is_one || is_null, "{message}");
        }
        let apart = calls(vec![put(), asked(other), asked(app)]);
        assert_eq!(apart, [[(1, 0)], [(1, -1)]]);
        let apart = calls(vec![asked(other), put()]);
        assert_eq!(apart, [[(1, -1)], [(-1, 0)]]);
    }

    #[test]
    fn errors_tell_to_which_of_equal_requests_a_preflight_belongs() {
        let put = |started, error: &str| {
            let mut put = entry("PUT", started, &[]);
            put.response.status = 0;
            put.response.error = error.into();
            put
        };
        let answered = |status, error: &str| {
            let mut preflight = preflight(600, "");
            (preflight.response.status, preflight.response.error) = (status, error.into());
            preflight
        };
        let puts = || vec![put(0, "net::ERR_NAME_NOT_RESOLVED"), put(500, "net::ERR_FAILED")];
        for (preflight, expected) in [
            (answered(403, ""), [vec![(-1, 0)], vec![(600, 500)]]),
            // It passed, and the connection was lost after it.
            (answered(204, ""), [vec![(600, 0)], vec![(-1, 500)]]),
            (answered(0, "net::ERR_NAME_NOT_RESOLVED"), [vec![(600, 0)], vec![(-1, 500)]]),
            (answered(0, "net::ERR_TIMED_OUT"), [vec![(-1, 0)], vec![(600, 500)]]),
        ] {
            let mut entries = puts();
            entries.push(preflight);
            assert_eq!(calls(entries), expected);
        }
    }

    #[test]
    fn redirects_are_followed_to_where_they_lead() {
        let mut redirect = entry("GET", 0, &[]);
        redirect.response.status = 302;
        redirect.response.location = "/b#c".into();
        let mut target = entry("GET", 40, &[]);
        target.request.url = "https://api.example.com/b".into();
        assert_eq!(calls(vec![redirect.clone(), target.clone()]), [[(-1, 0), (-1, 40)]]);
        let mut late = target.clone();
        late.started = Some(9_000);
        assert_eq!(calls(vec![redirect.clone(), late]).len(), 2);
        // In a circle there is an end.
        redirect.response.location = "/a".into();
        let circle =
            calls((0..50).map(|started| Entry { started: Some(started), ..redirect.clone() }).collect());
        assert_eq!(circle.iter().map(Vec::len).collect::<Vec<_>>(), [21, 21, 8]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut calls = Calls::default();
        let mut closed = 0;
        for started in 0..5_000 {
            closed += calls.push(preflight(started, &"x".repeat(100_000))).len();
            assert!(calls.open.len() <= MAX_OPEN && calls.bytes <= MAX_OPEN_BYTES);
        }
        assert!(closed > 4_800, "{closed}");
        assert_eq!(closed + calls.close_all().len(), 5_000);
    }
}
