//! A cURL command as "Copy as cURL" of Chromium, Firefox and Safari gives it, or as people
//! write it.

use corsac_browser::{Body, CredentialsMode};

use super::error::{PasteError, PasteMistake, short};
use super::headers::{Remark, may_be_browsers, sort};
use super::words::{Word, split};
use super::{PastedBody, PastedCall, check_size, isomorphic, origin_of};

/// The boundary that the model's `FormData` has too.
const BOUNDARY: &str = "----corsac";

/// Reads a cURL command.
///
/// # Errors
/// It is none, or asks for something that no page can ask for, or its values are not in it.
pub fn read_curl(text: &str) -> Result<PastedCall, PasteError> {
    check_size(text)?;
    let (words, rest) = split(text)?;
    let mut command = Command::default();
    let mut words = words.into_iter().peekable();
    // A copied prompt.
    words.next_if(|word| word.bytes == b"$");
    let Some(first) = words.next() else { return Err(PasteMistake::Empty.at(0)) };
    let name = first.text();
    if !matches!(name.rsplit(['/', '\\']).next(), Some("curl" | "curl.exe")) {
        return Err(PasteMistake::NotCurl(short(&name)).at(first.at));
    }
    while let Some(word) = words.next() {
        command.take(&word, &mut words)?;
    }
    if let Some(at) = rest {
        command.rest(text, at)?;
    }
    command.finish()
}

/// What the options have said so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of cURL")]
struct Command {
    url: Option<String>,
    method: Option<String>,
    fields: Vec<(String, String)>,
    cookies: Vec<String>,
    user: Option<Vec<u8>>,
    data: Vec<u8>,
    has_data: bool,
    is_json: bool,
    form: Vec<u8>,
    is_get: bool,
    is_head: bool,
    is_literal: bool,
    options: Vec<String>,
    remarks: Vec<Remark>,
    ends_options: bool,
}

/// What an option does to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Cookie,
    Data,
    DataRaw,
    DataUrlencode,
    Form,
    FormString,
    Get,
    Globoff,
    Head,
    Header,
    /// Nothing that a browser does; whether a value follows.
    Ignored(bool),
    Insecure,
    Json,
    Method,
    Range,
    Referrer,
    Token,
    /// Something that no page can ask for.
    Unsupported,
    Url,
    User,
    UserAgent,
}

impl Effect {
    fn takes_value(self) -> bool {
        !matches!(
            self,
            Self::Get
                | Self::Globoff
                | Self::Head
                | Self::Ignored(false)
                | Self::Insecure
                | Self::Unsupported
        )
    }

    fn of_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'A' => Self::UserAgent,
            'b' => Self::Cookie,
            'd' => Self::Data,
            'e' => Self::Referrer,
            'F' => Self::Form,
            'G' => Self::Get,
            'g' => Self::Globoff,
            'H' => Self::Header,
            'I' => Self::Head,
            'k' => Self::Insecure,
            'r' => Self::Range,
            'u' => Self::User,
            'X' => Self::Method,
            'K' | 'Q' | 'T' | ':' => Self::Unsupported,
            'c' | 'C' | 'D' | 'E' | 'm' | 'o' | 'P' | 't' | 'U' | 'w' | 'x' | 'y' | 'Y' | 'z' => {
                Self::Ignored(true)
            }
            '0' | '1' | '2' | '3' | '4' | '6' | '#' | 'a' | 'B' | 'f' | 'i' | 'j' | 'J' | 'l' | 'L' | 'n'
            | 'N' | 'O' | 'p' | 'q' | 'R' | 's' | 'S' | 'v' | 'Z' => Self::Ignored(false),
            _ => return None,
        })
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "cookie" => Self::Cookie,
            "data" | "data-ascii" | "data-binary" => Self::Data,
            "data-raw" => Self::DataRaw,
            "data-urlencode" => Self::DataUrlencode,
            "form" => Self::Form,
            "form-string" => Self::FormString,
            "get" => Self::Get,
            "globoff" => Self::Globoff,
            "head" => Self::Head,
            "header" => Self::Header,
            "insecure" => Self::Insecure,
            "json" => Self::Json,
            "oauth2-bearer" => Self::Token,
            "range" => Self::Range,
            "referer" => Self::Referrer,
            "request" => Self::Method,
            "url" => Self::Url,
            "user" => Self::User,
            "user-agent" => Self::UserAgent,
            "abstract-unix-socket"
            | "aws-sigv4"
            | "config"
            | "connect-to"
            | "next"
            | "quote"
            | "request-target"
            | "resolve"
            | "unix-socket"
            | "upload-file"
            | "variable"
            | "expand-url"
            | "expand-data"
            | "expand-header"
            | "url-query" => Self::Unsupported,
            _ if TAKE_VALUE.contains(&name) => Self::Ignored(true),
            _ if TAKE_NONE.contains(&name.strip_prefix("no-").unwrap_or(name)) => Self::Ignored(false),
            _ => return None,
        })
    }
}

/// Options with a value that no browser is concerned with.
const TAKE_VALUE: [&str; 39] = [
    "cacert",
    "capath",
    "cert",
    "cert-type",
    "ciphers",
    "connect-timeout",
    "continue-at",
    "cookie-jar",
    "curves",
    "dns-servers",
    "doh-url",
    "dump-header",
    "interface",
    "ip-tos",
    "keepalive-time",
    "key",
    "key-type",
    "limit-rate",
    "local-port",
    "max-filesize",
    "max-redirs",
    "max-time",
    "netrc-file",
    "noproxy",
    "output",
    "output-dir",
    "pinnedpubkey",
    "proto",
    "proxy",
    "proxy-user",
    "retry",
    "retry-delay",
    "retry-max-time",
    "stderr",
    "time-cond",
    "tls-max",
    "tls13-ciphers",
    "trace-ascii",
    "write-out",
];

/// Options without one.
const TAKE_NONE: [&str; 46] = [
    "anyauth",
    "alpn",
    "append",
    "basic",
    "buffer",
    "clobber",
    "compressed",
    "create-dirs",
    "digest",
    "disable",
    "doh-insecure",
    "fail",
    "fail-early",
    "fail-with-body",
    "false-start",
    "http0.9",
    "http1.0",
    "http1.1",
    "http2",
    "http2-prior-knowledge",
    "http3",
    "http3-only",
    "include",
    "ipv4",
    "ipv6",
    "junk-session-cookies",
    "keepalive",
    "location",
    "location-trusted",
    "negotiate",
    "netrc",
    "ntlm",
    "parallel",
    "path-as-is",
    "post301",
    "post302",
    "post303",
    "progress-bar",
    "progress-meter",
    "remote-name",
    "remote-time",
    "sessionid",
    "show-error",
    "silent",
    "tcp-nodelay",
    "verbose",
];

type Words = std::iter::Peekable<std::vec::IntoIter<Word>>;

impl Command {
    fn take(&mut self, word: &Word, words: &mut Words) -> Result<(), PasteError> {
        let text = word.text();
        if self.ends_options || !text.starts_with('-') || text == "-" {
            return self.url(word);
        }
        match text.strip_prefix("--") {
            Some("") => {
                self.ends_options = true;
                Ok(())
            }
            Some(long) => self.long(long, word, words),
            None => self.cluster(&text, word, words),
        }
    }

    /// `--request PUT`, or `--request=PUT`.
    fn long(&mut self, long: &str, word: &Word, words: &mut Words) -> Result<(), PasteError> {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let option = format!("--{name}");
        let Some(effect) = Effect::named(name) else {
            return Err(PasteMistake::UnknownOption(short(&option)).at(word.at));
        };
        if !effect.takes_value() {
            return self.flag(effect, option, word.at);
        }
        let value = value.map(|value| Word { at: word.at, bytes: value.as_bytes().to_vec() });
        self.with_value(effect, option, value.or_else(|| words.next()), word.at)
    }

    /// `-sXPUT`: flags, then one that takes the rest, or the next word.
    fn cluster(&mut self, text: &str, word: &Word, words: &mut Words) -> Result<(), PasteError> {
        for (place, letter) in text.char_indices().skip(1) {
            let option = format!("-{letter}");
            let Some(effect) = Effect::of_letter(letter) else {
                return Err(PasteMistake::UnknownOption(short(&option)).at(word.at));
            };
            if effect.takes_value() {
                let rest = word.bytes.get(place + 1..).filter(|rest| !rest.is_empty());
                let rest = rest.map(|rest| Word { at: word.at, bytes: rest.to_vec() });
                return self.with_value(effect, option, rest.or_else(|| words.next()), word.at);
            }
            self.flag(effect, option, word.at)?;
        }
        Ok(())
    }

    fn flag(&mut self, effect: Effect, option: String, at: usize) -> Result<(), PasteError> {
        match effect {
            Effect::Get => self.is_get = true,
            Effect::Globoff => self.is_literal = true,
            Effect::Head => self.is_head = true,
            Effect::Insecure => self.remarks.push(Remark::Insecure),
            Effect::Unsupported => return Err(PasteMistake::UnsupportedOption(option).at(at)),
            _ => self.options.push(option),
        }
        Ok(())
    }

    fn with_value(
        &mut self,
        effect: Effect,
        option: String,
        value: Option<Word>,
        at: usize,
    ) -> Result<(), PasteError> {
        let Some(value) = value else { return Err(PasteMistake::MissingValue(option).at(at)) };
        match effect {
            Effect::Cookie if !value.bytes.contains(&b'=') => return Err(file(&option, &value)),
            Effect::Cookie => self.cookies.push(isomorphic(&value.bytes)),
            Effect::Data | Effect::Json if value.bytes.starts_with(b"@") => {
                return Err(file(&option, &value));
            }
            Effect::Data | Effect::DataRaw => self.data(&value.bytes, b"&"),
            Effect::Json => {
                self.is_json = true;
                self.data(&value.bytes, b"");
            }
            Effect::DataUrlencode => {
                let encoded = urlencoded(&value).ok_or_else(|| file(&option, &value))?;
                self.data(&encoded, b"&");
            }
            Effect::Form | Effect::FormString => self.part(effect, &option, &value)?,
            Effect::Header => return self.header(&option, &value),
            Effect::Method => self.method = Some(value.text()),
            Effect::Range => self.field("range", &[b"bytes=", &*value.bytes].concat()),
            Effect::Referrer => self.field("referer", &value.bytes),
            Effect::Token => self.field("authorization", &[b"Bearer ", &*value.bytes].concat()),
            Effect::Url => return self.url(&value),
            Effect::User => self.user = Some(value.bytes),
            Effect::UserAgent => self.field("user-agent", &value.bytes),
            _ => self.options.push(option),
        }
        Ok(())
    }

    fn url(&mut self, word: &Word) -> Result<(), PasteError> {
        let url = word.text();
        match self.url.replace(url.clone()) {
            None => Ok(()),
            Some(_) => Err(PasteMistake::SeveralUrls(short(&url)).at(word.at)),
        }
    }

    fn field(&mut self, name: &str, value: &[u8]) {
        self.fields.push((name.to_owned(), isomorphic(value)));
    }

    /// `Name: value`; `Name;` is an empty one, `Name:` takes cURL's own away.
    fn header(&mut self, option: &str, word: &Word) -> Result<(), PasteError> {
        let text = isomorphic(&word.bytes);
        if text.starts_with('@') {
            return Err(file(option, word));
        }
        // The first character may be the colon of an HTTP/2 pseudo-header.
        let colon = text.char_indices().skip(1).find(|(_, char)| *char == ':').map(|(place, _)| place);
        if let Some((name, value)) = colon.and_then(|colon| text.split_at_checked(colon)) {
            let value = value.trim_start_matches(':').trim();
            if !value.is_empty() {
                self.fields.push((name.trim().to_owned(), value.to_owned()));
            }
            return Ok(());
        }
        match text.trim_end().strip_suffix(';') {
            Some(name) => {
                self.fields.push((name.to_owned(), String::new()));
                Ok(())
            }
            None => Err(PasteMistake::Header(short(&word.text())).at(word.at)),
        }
    }

    fn data(&mut self, bytes: &[u8], between: &[u8]) {
        if self.has_data {
            self.data.extend_from_slice(between);
        }
        self.has_data = true;
        self.data.extend_from_slice(bytes);
    }

    /// A part of a form.
    fn part(&mut self, effect: Effect, option: &str, word: &Word) -> Result<(), PasteError> {
        let text = word.text();
        let Some((name, value)) = text.split_once('=') else {
            return Err(PasteMistake::MissingValue(option.to_owned()).at(word.at));
        };
        if effect == Effect::Form && value.starts_with(['@', '<']) {
            return Err(file(option, word));
        }
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        self.form.extend_from_slice(format!("{head}{value}\r\n").as_bytes());
        Ok(())
    }

    fn rest(&mut self, text: &str, at: usize) -> Result<(), PasteError> {
        let rest = text.get(at..).unwrap_or_default();
        let next = rest.trim_start_matches([';', '&', '|', ' ', '\t', '\r', '\n']);
        match next.split([' ', '\t']).next() {
            Some("curl" | "curl.exe") => Err(PasteMistake::Several.at(text.len() - next.len())),
            _ if next.is_empty() => Ok(()),
            _ => {
                self.remarks.push(Remark::Rest(rest.trim().to_owned()));
                Ok(())
            }
        }
    }

    fn finish(mut self) -> Result<PastedCall, PasteError> {
        let Some(url) = self.url.take() else { return Err(PasteMistake::NoUrl.at(0)) };
        let mut url = if self.is_literal { url } else { unglobbed(&url) };
        // cURL takes a name without a scheme for HTTP.
        if !url.contains("://") {
            url = format!("http://{url}");
        }
        let body = self.body(&mut url);
        let own = |name: &str| self.fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        if self.is_json && !own("content-type") {
            self.fields.push(("content-type".into(), "application/json".into()));
        }
        let default = if self.is_head {
            "HEAD"
        } else if body.is_some() {
            "POST"
        } else {
            "GET"
        };
        let sorted = sort(self.fields, true);
        if sorted.is_preflight {
            return Err(PasteMistake::Preflight.at(0));
        }
        let mut remarks = sorted.remarks;
        let is_unclear = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case("authorization") && may_be_browsers(value)
        };
        if sorted.scripts.iter().any(is_unclear) {
            remarks.push(Remark::Authorization);
        }
        if !self.options.is_empty() {
            remarks.push(Remark::Options(self.options));
        }
        remarks.append(&mut self.remarks);
        let presented = presented(self.cookies.into_iter().chain(sorted.cookies), self.user.as_deref());
        Ok(PastedCall {
            url,
            method: Some(self.method.unwrap_or_else(|| default.to_owned())),
            headers: sorted.scripts,
            credentials: (!presented.is_empty()).then_some(CredentialsMode::Include),
            presented,
            body,
            page_origin: sorted.origin.or_else(|| origin_of(&sorted.referrer?)),
            remarks,
            ..PastedCall::default()
        })
    }

    fn body(&mut self, url: &mut String) -> Option<PastedBody> {
        let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
        if !self.form.is_empty() {
            self.form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
            return Some(PastedBody { kind: Body::Form, text: text(&self.form) });
        }
        if !self.has_data {
            return None;
        }
        if self.is_get || self.is_head {
            let between = if url.contains('?') { '&' } else { '?' };
            url.push(between);
            url.push_str(&String::from_utf8_lossy(&self.data));
            return None;
        }
        let is_form =
            !self.is_json && !self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = if is_form { Body::UrlSearchParams } else { Body::Text };
        Some(PastedBody { kind, text: text(&self.data) })
    }
}

fn file(option: &str, word: &Word) -> PasteError {
    PasteMistake::File(short(&format!("{option} {}", word.text()))).at(word.at)
}

fn presented(cookies: impl Iterator<Item = String>, user: Option<&[u8]>) -> Vec<(String, String)> {
    let cookies: Vec<_> = cookies.collect();
    let mut presented = Vec::new();
    if !cookies.is_empty() {
        presented.push(("cookie".to_owned(), cookies.join("; ")));
    }
    if let Some(user) = user {
        presented.push(("authorization".to_owned(), format!("Basic {}", base64(user))));
    }
    presented
}

/// Without the backslashes that keep cURL from reading brackets as patterns.
fn unglobbed(url: &str) -> String {
    let mut plain = String::with_capacity(url.len());
    let mut chars = url.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some('[' | ']' | '{' | '}') if char == '\\' => {}
            _ => plain.push(char),
        }
    }
    plain
}

/// `content`, `=content` or `name=content`, as cURL encodes it; `None` for a file.
fn urlencoded(word: &Word) -> Option<Vec<u8>> {
    let sign = word.bytes.iter().position(|byte| matches!(byte, b'=' | b'@'));
    let (name, content) = match sign.and_then(|sign| word.bytes.split_at_checked(sign)) {
        Some((_, content)) if content.starts_with(b"@") => return None,
        Some((name, content)) => (name, content.get(1..).unwrap_or_default()),
        None => (&[][..], &*word.bytes),
    };
    let mut encoded = name.to_vec();
    if !name.is_empty() {
        encoded.push(b'=');
    }
    for &byte in content {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte),
            _ => encoded.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    Some(encoded)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let index = group >> (18 - 6 * place) & 0x3f;
            let letter = ALPHABET.get(usize::try_from(index).unwrap_or(0)).copied().unwrap_or(b'=');
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://api.example.com/items/7";

    fn call(text: &str) -> PastedCall {
        read_curl(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn mistake(text: &str) -> PasteMistake {
        read_curl(text).unwrap_err().mistake
    }

    fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const CHROMIUM: &str = r#"curl 'https://api.example.com/items/7' \
  -X 'PUT' \
  -H 'accept: */*' \
  -H 'accept-language: de-DE,de;q=0.9' \
  -H 'cache-control: no-cache' \
  -H 'content-type: application/json' \
  -b 'session=a1; theme=dark' \
  -H 'origin: https://app.example.com' \
  -H 'pragma: no-cache' \
  -H 'priority: u=1, i' \
  -H 'referer: https://app.example.com/' \
  -H 'sec-ch-ua: "Chromium";v="154", "Not A(Brand";v="99"' \
  -H 'sec-ch-ua-mobile: ?0' \
  -H 'sec-fetch-mode: cors' \
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \
  -H 'x-trace: 1' \
  --data-raw $'{"name":"it\'s \u0021"}' \
  --insecure"#;

    #[test]
    fn chromium_s_paste_is_what_the_script_asked() {
        let call = call(CHROMIUM);
        assert_eq!((&*call.url, call.method.as_deref()), (URL, Some("PUT")));
        assert_eq!(call.headers, fields(&[("content-type", "application/json"), ("x-trace", "1")]));
        assert_eq!(call.presented, fields(&[("cookie", "session=a1; theme=dark")]));
        assert_eq!(call.credentials, Some(CredentialsMode::Include));
        assert_eq!(call.page_origin.as_deref(), Some("https://app.example.com"));
        let text = Some("{\"name\":\"it's !\"}".to_owned());
        assert_eq!(call.body, Some(PastedBody { kind: Body::Text, text }));
        let [Remark::BrowserFields(names), Remark::Caching, Remark::Insecure] = &call.remarks[..] else {
            panic!("{:?}", call.remarks)
        };
        assert!(names.iter().any(|name| name == "user-agent"), "{names:?}");
    }

    #[test]
    fn cmd_s_paste_says_the_same() {
        let posix = "curl 'https://api.example.com/a?b=1&c=%20' -H 'x-a: \"b\" 100%' -H 'origin: https://a.example' \
                     --data-raw '{\"a\":\"b|c\"}'";
        let cmd = "curl ^\"https://api.example.com/a?b=1^&c=^%^20^\" ^\r\n  -H ^\"x-a: ^\\^\"b^\\^\" 100^%^\" ^\r\n  \
                   -H ^\"origin: https://a.example^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"b^|c^\\^\"^}^\"";
        assert_eq!(call(cmd), call(posix));
        assert_eq!(call(&cmd.replacen("curl", "curl.exe", 1)), call(posix));
    }

    #[test]
    fn firefox_s_and_safari_s_pastes_are_read() {
        let firefox = call(
            "curl 'https://api.example.com/a[0]' \\\n  --globoff \\\n  --compressed \\\n  -X POST \\\n  \
             -H 'User-Agent: Mozilla/5.0' \\\n  -H 'Accept: application/json' \\\n  -H 'Content-Type: text/plain' \\\n  \
             -H 'Origin: null' \\\n  -H 'Cookie: a=1' \\\n  --data-raw $'caf\\xe9\\041'",
        );
        assert_eq!(
            (&*firefox.url, firefox.method.as_deref()),
            ("https://api.example.com/a[0]", Some("POST"))
        );
        assert_eq!(
            firefox.headers,
            fields(&[("Accept", "application/json"), ("Content-Type", "text/plain")])
        );
        assert_eq!(firefox.page_origin.as_deref(), Some("null"));
        assert_eq!(firefox.presented, fields(&[("cookie", "a=1")]));
        let safari = call(
            "curl 'https://api.example.com/a\\[0\\]' \\\n-X 'DELETE' \\\n-H 'Accept: */*' \\\n\
             -H 'Referer: https://app.example.com:8443/page?a=b' \\\n-H 'Authorization: Basic YTpi'",
        );
        assert_eq!(
            (&*safari.url, safari.method.as_deref()),
            ("https://api.example.com/a[0]", Some("DELETE"))
        );
        assert_eq!(safari.page_origin.as_deref(), Some("https://app.example.com:8443"));
        assert_eq!(safari.headers, fields(&[("Authorization", "Basic YTpi")]));
        assert!(safari.remarks.contains(&Remark::Authorization));
        assert_eq!(safari.credentials, None);
        assert_eq!(call("curl -I 'https://a.example/'").method.as_deref(), Some("HEAD"));
    }

    #[test]
    fn options_are_read_in_each_spelling() {
        for text in [
            "curl -sSXPUT -H'X-A: b' https://a.example/",
            "curl --request=PUT --header 'X-A: b' --url=https://a.example/ -L --no-progress-meter",
            "$ /usr/bin/curl -o file -X PUT -- https://a.example/ -H",
            "curl https://a.example/ -H \"X-A: b\" -X PUT | jq .",
        ] {
            let read = read_curl(text);
            if text.contains("--url") || text.contains("jq") || text.contains("-sS") {
                let call = read.unwrap();
                assert_eq!((&*call.url, call.method.as_deref()), ("https://a.example/", Some("PUT")));
                assert_eq!(call.headers, fields(&[("X-A", "b")]));
            } else {
                // After `--` all are URLs.
                assert_eq!(read.unwrap_err().mistake, PasteMistake::SeveralUrls("-H".into()));
            }
        }
        let remarks = call("curl -sk a.example | jq .").remarks;
        assert_eq!(remarks[0], Remark::Options(vec!["-s".into()]));
        assert_eq!(remarks[1..], [Remark::Insecure, Remark::Rest("| jq .".into())]);
        assert_eq!(call("curl a.example").url, "http://a.example");
    }

    #[test]
    fn data_becomes_a_body_or_a_query() {
        let body = |text: &str| {
            let call = call(text);
            let body = call.body.unwrap();
            (call.method.unwrap(), body.kind, body.text.unwrap())
        };
        let form = Body::UrlSearchParams;
        assert_eq!(body("curl u -d a=1 -d b=2"), ("POST".into(), form.clone(), "a=1&b=2".into()));
        assert_eq!(
            body("curl u --data-urlencode 'a=ä b' -X PUT"),
            ("PUT".into(), form, "a=%C3%A4%20b".into())
        );
        assert_eq!(body("curl u --data-raw '@a' -H 'content-type: text/plain'").1, Body::Text);
        let json = call("curl u --json '{}'");
        assert_eq!(json.headers, fields(&[("content-type", "application/json")]));
        assert_eq!(json.body.unwrap().kind, Body::Text);
        let (method, kind, text) = body("curl u -F a=1 --form-string b=@c");
        assert_eq!((&*method, kind), ("POST", Body::Form));
        assert!(text.starts_with("------corsac\r\n") && text.contains("\"b\"\r\n\r\n@c\r\n"), "{text}");
        let query = call("curl 'u?a=1' -G -d b=2");
        assert_eq!((&*query.url, query.body), ("http://u?a=1&b=2", None));
    }

    #[test]
    fn http_authentication_is_presented_and_a_token_is_the_script_s() {
        let basic = call("curl -u user:pass u");
        assert_eq!(basic.presented, fields(&[("authorization", "Basic dXNlcjpwYXNz")]));
        assert_eq!((basic.headers.len(), basic.credentials), (0, Some(CredentialsMode::Include)));
        let bearer = call("curl u -H 'Authorization: Bearer a'");
        assert_eq!((bearer.headers.len(), bearer.presented.len(), bearer.credentials), (1, 0, None));
        assert!(bearer.remarks.is_empty());
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn header_values_are_bytes_and_may_be_empty() {
        let call = call("curl u -H 'X-A;' -H 'X-B:' -H 'X-C: ä' -H 'a: b: c'");
        assert_eq!(call.headers, fields(&[("X-A", ""), ("X-C", "Ã¤"), ("a", "b: c")]));
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        use PasteMistake::*;
        let text = str::to_owned;
        for (paste, expected) in [
            ("  ", Empty),
            ("curl", NoUrl),
            ("curl -s", NoUrl),
            ("wget u", NotCurl(text("wget"))),
            ("curlx u", NotCurl(text("curlx"))),
            ("curl u -d @file", File(text("-d @file"))),
            ("curl u --data-urlencode a@file", File(text("--data-urlencode a@file"))),
            ("curl u -F a=@file", File(text("-F a=@file"))),
            ("curl u -b jar.txt", File(text("-b jar.txt"))),
            ("curl u -H @file", File(text("-H @file"))),
            ("curl u -T file", UnsupportedOption(text("-T"))),
            ("curl -K file", UnsupportedOption(text("-K"))),
            ("curl u --next v", UnsupportedOption(text("--next"))),
            ("curl u --frobnicate v", UnknownOption(text("--frobnicate"))),
            ("curl u -sM", UnknownOption(text("-M"))),
            ("curl u -H", MissingValue(text("-H"))),
            ("curl u -H 'a b'", Header(text("a b"))),
            ("curl u v", SeveralUrls(text("v"))),
            ("curl u ;\ncurl v", Several),
            ("curl ^\"u^\" &\r\ncurl ^\"v^\"", Several),
            ("curl u -X OPTIONS -H 'Access-Control-Request-Method: PUT'", Preflight),
            ("curl u -H \"Authorization: Bearer $TOKEN\"", Variable(text("$TOKEN"))),
        ] {
            assert_eq!(mistake(paste), expected, "{paste}");
        }
        assert_eq!(mistake(&format!("curl u -d '{}'", "a".repeat(1 << 20))), TooLarge);
        assert_eq!(call(&format!("curl u -d '{}'", "a".repeat(1 << 19))).url, "http://u");
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_a_hint() {
        let error = read_curl("curl 'https://a.example/' -X 'PUT").unwrap_err();
        assert_eq!(error.to_string(), "a single quote is not closed (byte 29)");
        assert!(error.hint().contains("--curl -"));
    }
}
