//! A HAR, entry by entry.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, ErrorKind};
use std::rc::Rc;

use corsac_browser::Engine;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::bounded::Bounded;
use super::call::{HarCall, Judge};
use super::calls::{Call, Calls};
use super::entry::{Entry, Fields, Message};
use super::json::{Into, Node, scalar, value};
use super::summary::{HarError, HarSummary};
use super::time::milliseconds;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// Pages whose URL is remembered; a navigation adds one.
const MAX_PAGES: usize = 10_000;

/// Calls that wait for `log.pages`.
const MAX_LATE: usize = 1_024;

/// Reads a HAR and hands each call to `each` once it is complete; `false` from `each` stops.
/// What stands before a break is judged.
pub fn read_har(
    input: impl BufRead,
    engines: &[Engine],
    each: &mut dyn FnMut(HarCall) -> bool,
) -> HarSummary {
    let mut har = Har {
        pages: HashMap::new(),
        calls: Calls::default(),
        engines,
        summary: HarSummary::default(),
        is_in_entry: false,
        has_entries: false,
        is_stopped: false,
        late: Vec::new(),
        each,
    };
    let end = Rc::new(Cell::new(None));
    let reader = BufReader::with_capacity(CHUNK, Bounded::new(input, Rc::clone(&end)));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = Into(&mut Root(&mut har)).deserialize(&mut json);
    let rest = if read.is_ok() { json.end() } else { Ok(()) };
    har.finish();
    let error = match (read, rest) {
        (Err(error), _) => Some(har.error(error, end.get())),
        (_, Err(error)) => Some(HarError::Broken { entry: har.summary.entries, reason: error.to_string() }),
        _ => (!har.has_entries).then_some(HarError::NotHar),
    };
    HarSummary { error: error.filter(|_| !har.is_stopped), ..har.summary }
}

/// What is read so far.
#[expect(clippy::struct_excessive_bools, reason = "where the reader is")]
struct Har<'e> {
    /// URLs of pages by id.
    pages: HashMap<String, String>,
    calls: Calls,
    engines: &'e [Engine],
    summary: HarSummary,
    is_in_entry: bool,
    has_entries: bool,
    is_stopped: bool,
    /// Calls that wait for `log.pages`, which may stand behind the entries.
    late: Vec<Call>,
    each: &'e mut dyn FnMut(HarCall) -> bool,
}

impl Har<'_> {
    fn take(&mut self, entry: Entry) {
        for call in self.calls.push(entry) {
            let page = self.page_of(&call);
            let is_late = page.is_none() && call.needs_page() && self.pages.is_empty();
            if is_late && self.late.len() < MAX_LATE {
                self.late.push(call);
            } else {
                self.report(&call, page.as_deref());
            }
        }
    }

    fn page_of(&self, call: &Call) -> Option<String> {
        self.pages.get(call.page_ref()).cloned()
    }

    fn report(&mut self, call: &Call, page: Option<&str>) {
        if self.is_stopped {
            return;
        }
        let judge = Judge { engines: self.engines, exporter: self.summary.engine, page };
        let entries = call.entries();
        match judge.judge(call) {
            Err(skipped) => *self.summary.skipped.entry(skipped).or_default() += entries,
            Ok(judged) => {
                self.summary.judged += 1;
                self.summary.judged_entries += entries;
                self.summary.blocked += u64::from(judged.is_blocked());
                self.summary.unknown += u64::from(judged.is_unknown());
                self.is_stopped = !(self.each)(judged);
            }
        }
    }

    fn finish(&mut self) {
        let calls = std::mem::take(&mut self.late).into_iter().chain(self.calls.close_all());
        for call in calls.collect::<Vec<_>>() {
            let page = self.page_of(&call);
            self.report(&call, page.as_deref());
        }
    }

    /// A number or an escape that breaks off is bad syntax to the parser, so that its place
    /// counts too.
    fn error(&self, error: serde_json::Error, end: Option<(usize, usize)>) -> HarError {
        let entry = self.summary.entries;
        match error.io_error_kind() {
            Some(ErrorKind::InvalidData) => return HarError::Broken { entry, reason: error.to_string() },
            Some(_) => return HarError::Io(error.into()),
            None => {}
        }
        if error.is_eof() || end.is_some_and(|end| (error.line(), error.column()) >= end) {
            return HarError::Truncated { entry, between: !self.is_in_entry };
        }
        HarError::Broken { entry, reason: error.to_string() }
    }
}

struct Root<'a, 'e>(&'a mut Har<'e>);

impl Node for Root<'_, '_> {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "log" => value(&mut Log(self.0), map),
            _ => map.next_value::<IgnoredAny>().map(drop),
        }
    }
}

struct Log<'a, 'e>(&'a mut Har<'e>);

impl Node for Log<'_, '_> {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "creator" | "browser" => {
                let mut program = Program::default();
                value(&mut program, map)?;
                // A proxy or a test tool writes for a browser.
                if self.0.summary.creator.is_empty() || key == "browser" {
                    self.0.summary.engine = engine_named(&program.name).or(self.0.summary.engine);
                    let creator = format!("{} {}", program.name, program.version);
                    creator.trim().clone_into(&mut self.0.summary.creator);
                }
                Ok(())
            }
            "pages" => value(&mut Pages(&mut self.0.pages), map),
            "entries" => value(&mut Entries(self.0), map),
            _ => map.next_value::<IgnoredAny>().map(drop),
        }
    }
}

/// `WebInspector` is Chromium's (`Log.ts`), `WebKit Web Inspector` Safari's (`HARBuilder.js`);
/// Firefox writes its product's name (`har-builder-utils.js`), Playwright the engine's.
fn engine_named(name: &str) -> Option<Engine> {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["webkit", "safari"]) {
        return Some(Engine::WebKit);
    }
    if has(&["firefox", "gecko"]) {
        return Some(Engine::Firefox);
    }
    has(&["webinspector", "chrom", "edge"]).then_some(Engine::Chromium)
}

#[derive(Default)]
struct Program {
    name: String,
    version: String,
}

impl Node for Program {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = scalar(map)?.text().unwrap_or_default(),
            "version" => self.version = scalar(map)?.text().unwrap_or_default(),
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}

struct Pages<'a>(&'a mut HashMap<String, String>);

impl Node for Pages<'_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let mut page = Page::default();
        if list.next_element_seed(Into(&mut page))?.is_none() {
            return Ok(false);
        }
        if self.0.len() < MAX_PAGES {
            self.0.insert(page.id, page.title);
        }
        Ok(true)
    }
}

/// The title is the URL: in Chromium (`Log.ts`), Safari (`HARBuilder.js`), and Firefox
/// (`har-builder.js`, "should contain the page URL").
#[derive(Default)]
struct Page {
    id: String,
    title: String,
}

impl Node for Page {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => self.id = scalar(map)?.text().unwrap_or_default(),
            "title" => self.title = scalar(map)?.text().unwrap_or_default(),
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}

struct Entries<'a, 'e>(&'a mut Har<'e>);

impl Node for Entries<'_, '_> {
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let har = &mut *self.0;
        har.has_entries = true;
        let mut counted = Counted { har, entry: Entry::default() };
        if list.next_element_seed(&mut counted)?.is_none() {
            return Ok(false);
        }
        let entry = counted.entry;
        har.is_in_entry = false;
        if har.is_stopped {
            return Err(serde::de::Error::custom("stopped"));
        }
        har.take(entry);
        Ok(true)
    }
}

/// Counts an entry where it begins.
struct Counted<'a, 'e> {
    har: &'a mut Har<'e>,
    entry: Entry,
}

impl<'de> DeserializeSeed<'de> for &mut Counted<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.har.summary.entries += 1;
        self.har.is_in_entry = true;
        self.entry.number = self.har.summary.entries;
        Into(&mut self.entry).deserialize(json)
    }
}

impl Node for Entry {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "startedDateTime" => {
                self.started = scalar(map)?.text().as_deref().and_then(milliseconds);
            }
            "time" => self.time = scalar(map)?.number().max(0),
            "pageref" => self.page_ref = scalar(map)?.text().unwrap_or_default(),
            "_resourceType" => {
                self.resource_type = scalar(map)?.text().unwrap_or_default().to_ascii_lowercase();
            }
            "_fetchType" => {
                self.via_worker |= scalar(map)?.text().as_deref() == Some("Service Worker");
            }
            "request" => value(&mut self.request, map)?,
            "response" => {
                value(&mut self.response, map)?;
                self.via_worker |= self.response.via_worker;
            }
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}

impl Node for Message {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "method" => self.method = scalar(map)?.text().unwrap_or_default(),
            "url" => self.url = scalar(map)?.text().unwrap_or_default(),
            "status" => self.status = u16::try_from(scalar(map)?.number()).unwrap_or_default(),
            "redirectURL" => self.location = scalar(map)?.text().unwrap_or_default(),
            "_error" | "_failureText" => {
                self.error = scalar(map)?.text().unwrap_or_default();
            }
            "_fetchedViaServiceWorker" => {
                self.via_worker = scalar(map)? == super::json::Scalar::Truth(true);
            }
            "headers" => {
                self.fields = Fields::default();
                value(&mut self.fields, map)?;
            }
            "cookies" => {
                let mut count = Count(0);
                value(&mut count, map)?;
                self.has_cookies = count.0 > 0;
            }
            "postData" => {
                let mut count = Count(0);
                value(&mut count, map)?;
                self.has_body = count.0 > 0;
            }
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}

/// How many parts there are.
struct Count(usize);

impl Node for Count {
    fn key<'de, A: MapAccess<'de>>(&mut self, _key: &str, map: &mut A) -> Result<(), A::Error> {
        self.0 += 1;
        map.next_value::<IgnoredAny>().map(drop)
    }

    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let more = list.next_element::<IgnoredAny>()?.is_some();
        self.0 += usize::from(more);
        Ok(more)
    }
}

impl Node for Fields {
    fn element<'de, A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error> {
        let mut field = Field::default();
        let more = list.next_element_seed(Into(&mut field))?.is_some();
        if let (Some(name), Some(value)) = (field.name, field.value) {
            self.push(name, value);
        }
        Ok(more)
    }
}

#[derive(Default)]
struct Field {
    name: Option<String>,
    value: Option<String>,
}

impl Node for Field {
    fn key<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "name" => self.name = scalar(map)?.text(),
            "value" => self.value = scalar(map)?.text(),
            _ => map.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}
