//! Configurations as people write them, and worse.

use std::fmt::{Display, Write as _};
use std::fs;
use std::path::PathBuf;

/// `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn line(to: &mut String, text: impl Display) {
    writeln!(to, "{text}").unwrap();
}

const ORIGINS: [&str; 8] = [
    "https://example.com",
    "https://app.example.com",
    "http://localhost:3000",
    "null",
    "https://Example.com",
    "https://example.com:8443",
    "http://example.com",
    "https://other.test",
];

const PATTERNS: [&str; 18] = [
    r"^https://.*\.example\.com$",
    r"https?://(www\.)?example\.com",
    r"^https://[a-z]+\.example\.com(:\d+)?$",
    r"example\.com$",
    r"^https?://(?:.+\.)?example\.com(?::\d+)?$",
    r"^(https://[^/]+\.example\.com)$",
    r"localhost(:[0-9]+)?$",
    "^null$",
    ".*",
    r"EXAMPLE\.COM",
    r"^https://[a-z]{1,5}\.example\.com$",
    r"(https://app\.example\.com)",
    r"^https://(?!evil)[a-z.]+$",
    r"^https?://example.com$",
    r"\.example\.com\b",
    r"^https://(?<o>[a-z]+)\.example\.com$",
    r"(?<o>https://.*example\.com)",
    r"^http://([a-z]+):(\d+)$",
];

/// One server and its maps.
pub(crate) struct Generated {
    /// For the level of `http`.
    pub(crate) maps: String,
    pub(crate) server: String,
    /// Names of locations and paths in them.
    pub(crate) sites: Vec<(String, String)>,
}

/// Where the configurations will live.
pub(crate) struct Setting {
    /// A port of a server that allows an origin of its own.
    pub(crate) upstream: u16,
    /// A folder with `htpasswd` in it, where files to be included are written.
    pub(crate) folder: PathBuf,
    /// Whether nginx has the module `headers-more`.
    pub(crate) edits: bool,
}

pub(crate) struct Generator<'a> {
    random: &'a mut Random,
    number: usize,
    setting: &'a Setting,
    maps: Vec<String>,
    names: usize,
    /// Named locations.
    named: String,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(random: &'a mut Random, number: usize, setting: &'a Setting) -> Self {
        Self { random, number, setting, maps: Vec::new(), names: 0, named: String::new() }
    }

    pub(crate) fn server(mut self) -> Generated {
        let mut maps = String::new();
        for _ in 0..self.random.below(4) {
            let map = self.map();
            maps.push_str(&map);
        }
        let mut body = String::new();
        if self.random.chance(30) {
            body.push_str(&self.headers());
        }
        if self.random.chance(25) {
            body.push_str(&self.steps(false, 0));
        }
        let mut sites = Vec::new();
        if self.random.chance(60) {
            body.push_str(&self.location("/", "/", &mut sites, 0));
        } else {
            sites.push((String::new(), "/".to_owned()));
        }
        if self.random.chance(70) {
            body.push_str(&self.location("/a/", "/a/", &mut sites, 1));
        }
        if self.random.chance(30) {
            body.push_str(&self.location("= /x/ok", "/x/", &mut sites, 0));
        }
        if self.random.chance(30) {
            body.push_str(&self.location("~ ^/y/", "/y/", &mut sites, 0));
        }
        body.push_str(&self.named);
        Generated { maps, server: body, sites }
    }

    fn location(&mut self, name: &str, path: &str, sites: &mut Vec<(String, String)>, nest: usize) -> String {
        sites.push((name.to_owned(), path.to_owned()));
        let mut body = String::new();
        if self.random.chance(60) {
            let headers = self.headers();
            body.push_str(&self.included(headers));
        }
        if self.random.chance(75) {
            body.push_str(&self.steps(true, 0));
        }
        if self.random.chance(20) {
            body.push_str(&self.setting());
        }
        if nest > 0 && self.random.chance(50) {
            let inner = format!("{path}b/");
            body.push_str(&self.location(&inner, &inner, sites, nest - 1));
        }
        format!("location {name} {{\n{body}}}\n")
    }

    /// The same text, or a file that holds it.
    fn included(&mut self, text: String) -> String {
        if self.random.chance(80) {
            return text;
        }
        self.names += 1;
        let file = self.setting.folder.join(format!("part{}_{}.conf", self.number, self.names));
        fs::write(&file, text).unwrap();
        format!("include {};\n", file.display())
    }

    /// Something else that changes who answers.
    fn setting(&mut self) -> String {
        let mut body = String::new();
        let setting = self.setting;
        match self.random.below(8) {
            0..=2 => {
                line(&mut body, format_args!("proxy_pass http://127.0.0.1:{};", setting.upstream));
                if self.random.chance(60) {
                    line(&mut body, "proxy_hide_header Access-Control-Allow-Origin;");
                    line(&mut body, "proxy_hide_header Access-Control-Allow-Credentials;");
                }
            }
            3 => line(&mut body, "limit_except GET POST { deny all; }"),
            4 => {
                let file = setting.folder.join("htpasswd");
                line(&mut body, format_args!("auth_basic x;\nauth_basic_user_file {};", file.display()));
            }
            5 => line(&mut body, "deny all;"),
            6 => line(&mut body, "error_page 404 /x/ok;"),
            _ => {
                self.names += 1;
                let name = format!("@n{}", self.names);
                let status = self.random.pick(&["=", "=204", ""]);
                line(&mut body, format_args!("error_page 418 {status} {name};"));
                line(&mut body, "if ($request_method = OPTIONS) { return 418; }");
                let inside = format!("{}{}", self.headers(), self.steps(true, 0));
                line(&mut self.named, format_args!("location {name} {{\n{inside}}}"));
            }
        }
        body
    }

    /// Some `add_header`s.
    fn headers(&mut self) -> String {
        let mut all = String::new();
        for _ in 0..=self.random.below(3) {
            let (name, value) = match self.random.below(10) {
                0..=4 => ("Access-Control-Allow-Origin", self.value()),
                5..=6 => {
                    let truth = if self.random.chance(80) { "true".to_owned() } else { self.value() };
                    ("Access-Control-Allow-Credentials", truth)
                }
                7 => ("Access-Control-Allow-Methods", "'GET, POST'".to_owned()),
                8 => ("Vary", "Origin".to_owned()),
                _ => ("X-Other", "1".to_owned()),
            };
            if self.setting.edits && self.random.chance(10) {
                let edit = match self.random.below(4) {
                    0 => format!("more_clear_headers {name};"),
                    _ => format!("more_set_headers \"{name}: {}\";", value.trim_matches(['"', '\''])),
                };
                line(&mut all, edit);
                continue;
            }
            let always = if self.random.chance(40) { " always" } else { "" };
            line(&mut all, format_args!("add_header {name} {value}{always};"));
        }
        all
    }

    /// What a field may be given.
    fn value(&mut self) -> String {
        match self.random.below(12) {
            0..=2 => "$http_origin".to_owned(),
            3 => "'*'".to_owned(),
            4 => "\"\"".to_owned(),
            5 => "\"${http_origin}\"".to_owned(),
            6 => format!("\"{}\"", self.random.pick(&ORIGINS)),
            7 => "$cors".to_owned(),
            8 => "\"https://$http_origin\"".to_owned(),
            _ => self.map_name().unwrap_or_else(|| "$cors".to_owned()),
        }
    }

    fn map_name(&mut self) -> Option<String> {
        (!self.maps.is_empty()).then(|| self.random.pick(&self.maps).clone())
    }

    fn pattern(&mut self) -> (String, &'static str) {
        let pattern = (*self.random.pick(&PATTERNS)).to_owned();
        (pattern, if self.random.chance(50) { "~" } else { "~*" })
    }

    /// Steps of the rewrite module, which may use `$cors`.
    fn steps(&mut self, in_location: bool, depth: usize) -> String {
        let mut all = String::new();
        if depth == 0 {
            let start =
                if self.random.chance(70) { "''".to_owned() } else { self.value().replace("$cors", "1") };
            line(&mut all, format_args!("set $cors {start};"));
        }
        for _ in 0..=self.random.below(4) {
            match self.random.below(14) {
                // nginx refuses an `if` in an `if`.
                0..=7 if depth == 0 => all.push_str(&self.conditional(in_location)),
                8..=9 => line(&mut all, format_args!("set $cors {};", self.set_value())),
                10 if depth > 0 => all.push_str("break;\n"),
                11 if depth > 0 => {
                    let status = self.random.pick(&[204, 200, 403, 202, 500]);
                    line(&mut all, format_args!("return {status};"));
                }
                _ => {}
            }
        }
        all
    }

    fn set_value(&mut self) -> String {
        match self.random.below(6) {
            0 => "$http_origin".to_owned(),
            1 => "\"${cors}o\"".to_owned(),
            2 => "1".to_owned(),
            3 => "\"\"".to_owned(),
            4 => self.map_name().unwrap_or_else(|| "true".to_owned()),
            _ => "true".to_owned(),
        }
    }

    fn conditional(&mut self, in_location: bool) -> String {
        let condition = match self.random.below(11) {
            10 if in_location => "$arg_x = 1".to_owned(),
            0..=1 => {
                let equal = if self.random.chance(70) { "=" } else { "!=" };
                format!("$http_origin {equal} '{}'", self.random.pick(&ORIGINS))
            }
            2..=4 => {
                let (pattern, operator) = self.pattern();
                let not = if self.random.chance(25) { "!" } else { "" };
                format!("$http_origin {not}{operator} \"{pattern}\"")
            }
            5..=6 => {
                let method =
                    self.random.pick(&["= 'OPTIONS'", "= GET", "!= OPTIONS", "~ ^(GET|POST)$", "~* options"]);
                format!("$request_method {method}")
            }
            7 => self.map_name().unwrap_or_else(|| "$cors".to_owned()),
            8 => "$cors".to_owned(),
            _ => format!("$cors {}", self.random.pick(&["= true", "= o", "!= ''", "= 1o", "~ o$"])),
        };
        let mut body = String::new();
        if in_location && self.random.chance(50) {
            body.push_str(&self.headers());
        }
        match self.random.below(6) {
            0..=1 => line(&mut body, format_args!("set $cors {};", self.set_value())),
            2 => {
                let answer = self.random.pick(&[
                    "return 204;",
                    "return 403;",
                    "return 200 'x';",
                    "break;",
                    "return 418;",
                ]);
                body.push_str(answer);
                body.push('\n');
            }
            3 => body.push_str(&self.steps(in_location, 1)),
            _ => {}
        }
        format!("if ({condition}) {{\n{body}}}\n")
    }

    fn map(&mut self) -> String {
        self.names += 1;
        let name = format!("$m{}_{}", self.number, self.names);
        let source = match self.random.below(8) {
            0..=4 => "$http_origin".to_owned(),
            5 => "\"$request_method$http_origin\"".to_owned(),
            6 => "$request_method".to_owned(),
            _ => self.map_name().unwrap_or_else(|| "$http_origin".to_owned()),
        };
        let mut lines = String::new();
        let mut keys = Vec::new();
        if self.random.chance(25) {
            lines.push_str("hostnames;\n");
            let mask = self.random.pick(&["*.example.com", "https://example.*", ".example.com", "*.com"]);
            line(&mut lines, format_args!("{mask} {};", self.map_value("")));
        }
        for _ in 0..=self.random.below(4) {
            if self.random.chance(50) {
                let key = match self.random.below(4) {
                    0 if source.contains("method") => "OPTIONShttps://example.com".to_owned(),
                    1 if source.contains("method") => "GET".to_owned(),
                    _ => (*self.random.pick(&ORIGINS)).to_owned(),
                };
                if keys.contains(&key.to_ascii_lowercase()) {
                    continue;
                }
                keys.push(key.to_ascii_lowercase());
                line(&mut lines, format_args!("\"{key}\" {};", self.map_value(&key)));
            } else {
                let (pattern, operator) = self.pattern();
                let groups = if pattern.contains("(?<o>") { "$o" } else { "$1" };
                let value = if self.random.chance(30) && (pattern.contains("(h") || groups == "$o") {
                    groups.to_owned()
                } else {
                    self.map_value("")
                };
                line(&mut lines, format_args!("\"{operator}{pattern}\" {value};"));
            }
        }
        if self.random.chance(70) {
            line(&mut lines, format_args!("default {};", self.map_value("")));
        }
        self.maps.push(name.clone());
        format!("map {source} {name} {{\n{lines}}}\n")
    }

    fn map_value(&mut self, key: &str) -> String {
        match self.random.below(9) {
            0..=3 => "$http_origin".to_owned(),
            4 => "\"\"".to_owned(),
            5 if !key.is_empty() => format!("\"{key}\""),
            6 => "'*'".to_owned(),
            7 => "true".to_owned(),
            8 => self.map_name().unwrap_or_else(|| "1".to_owned()),
            _ => "0".to_owned(),
        }
    }
}

/// Origins around those that configurations name, as browsers spell them.
pub(crate) fn origins(random: &mut Random) -> Vec<String> {
    let mut all: Vec<String> = ORIGINS.iter().map(|origin| origin.to_ascii_lowercase()).collect();
    let near = [
        "https://evil.test",
        "https://example.com.evil.test",
        "https://evilexample.com",
        "https://www.example.com",
        "https://a.b.example.com",
        "http://app.example.com:8080",
        "https://examplexcom",
        "https://appxexample.com",
        "https://a_b.example.com",
        "https://a,b.example.com",
        "https://example.com.",
        "https://xn--e1a.example.com",
        "http://localhost",
        "http://localhost:30000",
        "https://evil.example.com",
        "https://a!.example.com",
        "https://example.org",
        "https://example.",
        "http://10.0.0.1",
        "http://[::1]:3000",
        "https://1.example.com",
        "https://www.example.com:443x",
        "https://example.com:84430",
        "https://abcdefgh.example.com",
    ];
    for _ in 0..6 {
        all.push((*random.pick(&near)).to_owned());
    }
    all.retain(|origin| !origin.ends_with('x'));
    all.sort();
    all.dedup();
    all
}
