//! A case in one line: `name | page | request | hop | hop`.
//!
//! - page: `window`, `worker`, `sandbox`, `data`, `file`, `blob`, `srcdoc`; `public` and
//!   `insecure` are windows from the Internet, not a secure context the latter.
//! - request: method and URL, then fields: ` PUT B ; include ; X-A: 1`. A word is a credentials
//!   mode, `xhr`, `xhr-upload`, or `key=value` (`mode`, `redirect`, `cache`, `credentials`,
//!   `body`, whose value may have a type: `body=blob:text/plain`).
//! - hop: `preflight's answer > answer`, or only the latter; ` x21` behind it repeats it.
//! - answer: status and fields: `204 ; O: * ; M: PUT`, or `dropped`. `O`, `C`, `M`, `H`, `E` are
//!   the `Access-Control-` fields, `to: C` is `Location` with the next hop's URL on C, and
//!   `to: u:p@C` that with a user name.
//!
//! `A` is the page's server, `B` and `C` are others; `{A}`, `{B}`, `{C}` are their origins,
//! `{origin}` the page's, `{id}` the case's name. `\xe9` is a byte.

use corsac_oracle::{Case, Initiator, Lab, Site};
use serde_json::{Value, json};

/// Reads a line as a case for `lab`, whose name begins with `prefix`.
pub(crate) fn read(line: &str, prefix: &str, lab: &Lab) -> Case {
    let mut parts = line.split('|').map(str::trim);
    let mut part = || parts.next().unwrap_or_else(|| panic!("`{line}` is too short"));
    let id = format!("{prefix}{}", part().replace(' ', "-"));
    let page = page(part(), lab);
    let origin = page["origin"].as_str().unwrap();
    let names = Names { lab, id: &id, origin };
    let (initiator, request) = request(part(), &names);
    let mut hops = Vec::new();
    for hop in parts {
        let repeated = hop.rsplit_once(" x").and_then(|(hop, times)| Some((hop, times.parse().ok()?)));
        let (hop, times) = repeated.unwrap_or((hop, 1));
        for _ in 0..times {
            hops.push(names.hop(hop, hops.len()));
        }
    }
    Case { exchange: json!({ "id": id, "page": page, "request": request, "hops": hops }), initiator }
}

fn page(word: &str, lab: &Lab) -> Value {
    let (kind, site) = match word {
        "insecure" => ("window", Site::PublicInsecure),
        "public" => ("window", Site::Public),
        kind => (kind, Site::Page),
    };
    let origin = match kind {
        "data" | "file" | "sandbox" => "null".to_owned(),
        _ => lab.origin(site),
    };
    let address_space = if site == Site::Page { "loopback" } else { "public" };
    let secure_context = site != Site::PublicInsecure;
    json!({ "origin": origin, "kind": kind, "secure_context": secure_context, "address_space": address_space })
}

fn request(text: &str, names: &Names<'_>) -> (Initiator, Value) {
    let mut words = text.split(" ; ");
    let (method, target) = words.next().unwrap().split_once(' ').unwrap();
    let url = match target.len() {
        1 => Lab::url(&names.site(target), names.id, 0),
        _ => names.filled(target),
    };
    let mut request = json!({ "url": url, "method": method, "headers": [] });
    let mut initiator = Initiator::Fetch;
    let mut fields: Vec<(String, String)> = Vec::new();
    for word in words.map(str::trim) {
        if let Some((name, value)) = word.split_once(':').filter(|_| !word.starts_with("body=")) {
            fields.push((name.to_owned(), names.filled(value.trim_start_matches(' '))));
            continue;
        }
        match word.split_once('=') {
            Some(("body", body)) => {
                let (kind, mime_type) =
                    body.split_once(':').map_or((body, None), |(kind, of)| (kind, Some(of)));
                request["body"] = json!({ "kind": kind, "type": mime_type });
            }
            Some((key, value)) => request[key] = value.into(),
            None if word == "xhr" => initiator = Initiator::Xhr,
            None if word == "xhr-upload" => initiator = Initiator::XhrUpload,
            None => request["credentials"] = word.into(),
        }
    }
    request["headers"] = json!(fields);
    (initiator, request)
}

struct Names<'n> {
    lab: &'n Lab,
    id: &'n str,
    origin: &'n str,
}

impl Names<'_> {
    fn site(&self, name: &str) -> String {
        self.lab.origin(match name {
            "A" => Site::Page,
            "B" => Site::Api,
            "C" => Site::Other,
            other => panic!("`{other}` is no site"),
        })
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.replace("{origin}", self.origin).replace("{id}", self.id);
        for site in ["A", "B", "C"] {
            text = text.replace(&format!("{{{site}}}"), &self.site(site));
        }
        let mut parts = text.split("\\x");
        let mut filled = parts.next().unwrap().to_owned();
        for part in parts {
            let (digits, rest) = part.split_at(2);
            filled.push(char::from(u8::from_str_radix(digits, 16).unwrap()));
            filled.push_str(rest);
        }
        filled
    }

    fn hop(&self, text: &str, number: usize) -> Value {
        let (preflight, actual) =
            text.split_once(" > ").map_or((None, text), |(first, second)| (Some(first), second));
        let preflight = preflight.map(|answer| self.answer(answer, number, false));
        json!({ "preflight": preflight, "actual": self.answer(actual, number, true) })
    }

    fn next(&self, site: &str, hop: usize) -> String {
        let (user, site) = site.rsplit_once('@').map_or(("", site), |(user, site)| (user, site));
        let url = Lab::url(&self.site(site), self.id, hop + 1);
        if user.is_empty() { url } else { url.replacen("://", &format!("://{user}@"), 1) }
    }

    /// An answer that a page may see has a body, and so a length.
    fn answer(&self, text: &str, hop: usize, has_body: bool) -> Value {
        let mut fields = text.split(" ; ").map(str::trim);
        let status = fields.next().unwrap();
        if status == "dropped" {
            return json!({ "network_error": true });
        }
        let mut headers = Vec::new();
        for field in fields {
            let (name, value) = field.split_once(':').unwrap_or_else(|| panic!("`{field}` is no field"));
            let value = value.trim_start_matches(' ');
            let value = match name {
                "to" => self.next(value, hop),
                _ => self.filled(value),
            };
            let name = match name {
                "C" => "Access-Control-Allow-Credentials",
                "E" => "Access-Control-Expose-Headers",
                "H" => "Access-Control-Allow-Headers",
                "M" => "Access-Control-Allow-Methods",
                "O" => "Access-Control-Allow-Origin",
                "to" => "Location",
                name => name,
            };
            headers.push(json!([name, value]));
        }
        let status: u16 = status.parse().unwrap_or_else(|_| panic!("`{status}` is no status"));
        if has_body && status != 204 && status != 304 {
            headers.push(json!(["Content-Length", "5"]));
        }
        json!({ "status": status, "headers": headers })
    }
}
