//! Random cases in the notation of [`notation`](crate::notation), mostly such as pass or fail
//! late: what is right is said often, and what is nearly right more often than what is wrong.

use std::fmt::Write as _;

/// `SplitMix64`: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

const PAGES: [&str; 12] = [
    "window", "window", "window", "window", "window", "worker", "worker", "sandbox", "data", "blob",
    "srcdoc", "file",
];

const METHODS: [&str; 16] = [
    "GET", "GET", "GET", "GET", "get", "HEAD", "POST", "POST", "PUT", "PUT", "put", "DELETE", "PATCH",
    "patch", "OPTIONS", "QUERY",
];

const MODES: [&str; 5] = ["no-cors", "no-cors", "same-origin", "navigate", "corse"];

/// Each with its name as a server would list it.
const FIELDS: [(&str, &str); 34] = [
    ("X-A: 1", "x-a"),
    ("X-A: 1", "X-A"),
    ("x-a: 2", "x-a"),
    ("X-B: ", "x-b"),
    ("x_c: 1", "x_c"),
    ("Authorization: Bearer a", "authorization"),
    ("Authorization: Bearer a", "Authorization"),
    ("Content-Type: application/json", "content-type"),
    ("Content-Type: application/json", "Content-Type"),
    ("Content-Type: text/plain", "content-type"),
    ("Content-Type: Text/Plain; charset=utf-8", "content-type"),
    ("Content-Type: text/plain; charset=\"utf-8\"", "content-type"),
    ("Content-Type: ", "content-type"),
    ("Accept: application/json", "accept"),
    ("Accept: a\"b", "accept"),
    ("Accept: \\xe9", "accept"),
    ("Accept: \\x01", "accept"),
    ("Accept-Language: de, en;q=0.5", "accept-language"),
    ("Accept-Language: de_DE", "accept-language"),
    ("Content-Language: en", "content-language"),
    ("Content-Language: en_US", "content-language"),
    ("Range: bytes=0-1", "range"),
    ("Range: bytes=-1", "range"),
    ("Range: Bytes=0-1", "range"),
    ("Range: bytes=2-1", "range"),
    ("Range: bytes=0-", "range"),
    ("Cookie: a=b", "cookie"),
    ("Sec-A: 1", "sec-a"),
    ("X-HTTP-Method-Override: TRACE", "x-http-method-override"),
    ("X-HTTP-Method-Override: PUT", "x-http-method-override"),
    ("User-Agent: a", "user-agent"),
    ("Save-Data: on", "save-data"),
    ("If-None-Match: a", "if-none-match"),
    ("Cache-Control: no-cache", "cache-control"),
];

const BODIES: [&str; 8] =
    ["text", "bytes", "urlsearchparams", "text", "form", "blob:", "blob:text/plain", "blob:application/json"];

/// `Access-Control-Allow-Origin` that is nearly right, or wrong.
const ORIGINS: [&str; 19] = [
    "{origin}/",
    "{origin}, {origin}",
    "{origin}, *",
    "{origin} {B}",
    "{B}",
    "{A}",
    "null",
    "NULL",
    "Null",
    "*, *",
    "**",
    "",
    "\"*\"",
    "all",
    "http://page.localhost",
    "page.localhost",
    "https://*.localhost",
    "http://\\xe9",
    "http:///",
];

const TRUES: [&str; 8] = ["True", "TRUE", "false", "", "1", "true, true", "\"true\"", "yes"];

/// Lists of tokens, right or not, for methods as for names.
const LISTS: [&str; 20] = [
    "*",
    "*",
    "*",
    "PUT",
    "put",
    "PUT, DELETE, PATCH",
    "PUT,DELETE,,PATCH",
    "GET",
    "patch",
    "QUERY",
    "x-a",
    "X-A, x-b",
    "content-type",
    "authorization, content-type",
    "*, authorization",
    "",
    ",",
    "@",
    "a b",
    "x-a, ü@",
];

/// The last of them Firefox reads otherwise for an `XMLHttpRequest` than for `fetch()`.
const EXPOSED: [&str; 9] =
    ["*", "x-a", "X-A, X-B", "x-a, , x-b", "x-a, @", "set-cookie", "", "a b, x-a", "*, @"];

const EXTRAS: [&str; 8] = [
    "X-A: 1",
    "X-B: 1",
    "Cache-Control: no-store",
    "Content-Language: en",
    "Content-Type: text/plain",
    "ETag: a",
    "Set-Cookie: a=b",
    "Vary: Origin",
];

/// `count` lines, the same for the same seed.
pub(crate) fn lines(seed: u64, count: usize) -> Vec<String> {
    let mut random = Random(seed);
    (0..count).map(|number| random.line(seed, number)).collect()
}

/// What a server has to know to be right.
struct Call {
    method: &'static str,
    names: Vec<&'static str>,
    includes: bool,
    is_xhr: bool,
}

impl Random {
    fn line(&mut self, seed: u64, number: usize) -> String {
        let page = self.pick(&PAGES);
        let mut line = format!("{seed}-{number} | {page} | ");
        let call = self.request(&mut line, page);
        let redirects = if self.once_in(3) { 1 + self.below(3) } else { 0 };
        for hop in 0..=redirects {
            line.push_str(" | ");
            self.hop(&mut line, &call, hop, hop < redirects);
        }
        line
    }

    fn request(&mut self, line: &mut String, page: &str) -> Call {
        let method = self.pick(&METHODS);
        let site = if self.once_in(6) { "A" } else { "B" };
        write!(line, "{method} {site}").unwrap();
        let includes = self.once_in(3);
        if includes {
            line.push_str(" ; include");
        } else if self.once_in(4) {
            line.push_str(" ; omit");
        }
        let is_xhr = self.once_in(8);
        if is_xhr {
            line.push_str(" ; xhr");
        } else {
            self.modes(line, page);
        }
        let has_body =
            !matches!(method, "GET" | "get" | "HEAD") && !self.once_in(3) || !is_xhr && self.once_in(40);
        if has_body {
            // The first three are those whose type Firefox does not lose and find in other ways
            // for an `XMLHttpRequest` than for `fetch()`.
            let bodies = if is_xhr { &BODIES[..3] } else { &BODIES };
            write!(line, " ; body={}", self.pick(bodies)).unwrap();
        }
        let mut names = Vec::new();
        for _ in 0..self.below(5).saturating_sub(1) {
            let (field, name) = self.pick(&FIELDS);
            write!(line, " ; {field}").unwrap();
            names.push(name);
        }
        if has_body && self.once_in(2) {
            names.push("content-type");
        }
        Call { method, names, includes, is_xhr }
    }

    fn modes(&mut self, line: &mut String, page: &str) {
        if self.once_in(12) {
            // From a `data:` frame `no-cors` may bring the `Origin` of storage access, which knows
            // the page around the frame.
            let modes = if page == "data" { &MODES[2..] } else { &MODES[..] };
            write!(line, " ; mode={}", self.pick(modes)).unwrap();
        }
        if self.once_in(10) {
            write!(line, " ; redirect={}", self.pick(&["error", "manual", "follow"])).unwrap();
        }
        if self.once_in(20) {
            write!(line, " ; cache={}", self.pick(&["no-store", "reload", "only-if-cached", "force-cache"]))
                .unwrap();
        }
    }

    fn hop(&mut self, line: &mut String, call: &Call, hop: usize, is_redirect: bool) {
        if !self.once_in(8) {
            self.preflight(line, call, hop);
            line.push_str(" > ");
        }
        if self.once_in(40) {
            line.push_str("dropped");
            return;
        }
        if is_redirect {
            let status = self.pick(&[301, 302, 303, 307, 307, 308]);
            write!(line, "{status}").unwrap();
            self.cors(line, call, hop);
            self.location(line);
        } else {
            let status = self.pick(&[200, 200, 200, 200, 201, 204, 206, 304, 400, 401, 403, 404, 500, 503]);
            write!(line, "{status}").unwrap();
            self.cors(line, call, hop);
        }
        if self.once_in(3) {
            let exposed = if call.is_xhr { &EXPOSED[..8] } else { &EXPOSED[..] };
            write!(line, " ; E: {}", self.pick(exposed)).unwrap();
        }
        for _ in 0..self.below(4) {
            write!(line, " ; {}", self.pick(&EXTRAS)).unwrap();
        }
        if self.once_in(20) {
            let policy = self.pick(&["same-origin", "same-site", "cross-origin"]);
            write!(line, " ; Cross-Origin-Resource-Policy: {policy}").unwrap();
        }
    }

    fn location(&mut self, line: &mut String) {
        if !self.once_in(25) {
            write!(line, " ; to: {}", self.pick(&["A", "B", "B", "C", "C"])).unwrap();
            return;
        }
        line.push_str(self.pick(&[
            "",
            " ; to: B ; to: C",
            " ; to: C ; to: C",
            " ; to: u:p@C",
            " ; to: u@A",
            " ; Location: ftp://other.localhost/case/{id}/1",
            " ; Location: about:blank",
            " ; Location: file:///case/{id}/1",
            " ; Location: blob:{C}/case/{id}/1",
            " ; Location: data:text/plain,/case/{id}/1",
            " ; Location: http://[/case/{id}/1",
            " ; Location: javascript:/case/{id}/1",
        ]));
    }

    fn preflight(&mut self, line: &mut String, call: &Call, hop: usize) {
        if self.once_in(40) {
            line.push_str("dropped");
            return;
        }
        let status =
            if self.once_in(10) { self.pick(&[199 + 100, 302, 304, 400, 401, 404, 405, 500]) } else { 204 };
        write!(line, "{status}").unwrap();
        self.cors(line, call, hop);
        if status == 302 && !self.once_in(3) {
            line.push_str(" ; to: B");
        }
        self.list(line, "M", &[call.method]);
        self.list(line, "H", &call.names);
    }

    fn list(&mut self, line: &mut String, field: &str, right: &[&str]) {
        match self.below(12) {
            0 => {}
            1 => write!(line, " ; {field}: {}", self.pick(&LISTS)).unwrap(),
            2 => write!(line, " ; {field}: {} ; {field}: {}", right.join(", "), self.pick(&LISTS)).unwrap(),
            3 => write!(line, " ; {field}: *").unwrap(),
            4 => write!(
                line,
                " ; {field}: {}",
                right.split_last().map_or(String::new(), |(_, most)| most.join(","))
            )
            .unwrap(),
            _ => write!(line, " ; {field}: {}", right.join(", ")).unwrap(),
        }
    }

    /// After a redirect the origin that counts may be `null`.
    fn cors(&mut self, line: &mut String, call: &Call, hop: usize) {
        let right = match (hop, call.includes) {
            (0, true) => "{origin}",
            (0, false) => self.pick(&["*", "{origin}"]),
            (_, true) => self.pick(&["{origin}", "null", "null"]),
            (_, false) => self.pick(&["*", "*", "null", "{origin}"]),
        };
        match self.below(16) {
            0 => {}
            1 => write!(line, " ; O: {}", self.pick(&ORIGINS)).unwrap(),
            2 if self.once_in(2) => write!(line, " ; O: {right} ; O: {right}").unwrap(),
            3 if self.once_in(2) => line.push_str(" ; O: *"),
            _ => write!(line, " ; O: {right}").unwrap(),
        }
        if call.includes && !self.once_in(8) || self.once_in(8) {
            let value = if self.once_in(10) { self.pick(&TRUES) } else { "true" };
            write!(line, " ; C: {value}").unwrap();
        }
    }
}
