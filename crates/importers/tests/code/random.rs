//! A seeded generator of configurations and origins.

/// `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    pub(crate) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

/// Hosts that configurations name.
pub(crate) const HOSTS: [&str; 6] =
    ["example.com", "app.example.com", "localhost", "127.0.0.1", "shop.example.co.uk", "Example.com"];

/// An origin as a configuration may write it.
pub(crate) fn written(random: &mut Random) -> String {
    let scheme = random.pick(&["https", "https", "https", "http", "HTTPS"]);
    let host = random.pick(&HOSTS);
    let port = random.pick(&["", "", "", ":3000", ":443"]);
    let tail = random.pick(&["", "", "", "", "", "", "/"]);
    match random.below(14) {
        0 => "null".to_owned(),
        1 => format!("https://*.{host}"),
        2 => host.to_owned(),
        _ => format!("{scheme}://{host}{port}{tail}"),
    }
}

/// A regular expression as a configuration may write it, in the syntax that all dialects share.
pub(crate) fn expression(random: &mut Random) -> String {
    let begin = random.pick(&["^https://", "^https?://", "https://", "^", ""]);
    let dot = random.pick(&["\\.", "."]);
    let sub =
        random.pick(&["", "", "(www\\.)?", ".*", "[a-z]+\\.", "([a-z0-9-]+\\.)*", "\\w+\\.", "(?:a|app)\\."]);
    let port = random.pick(&["", "", "(:\\d+)?", ":[0-9]{2,5}"]);
    let end = random.pick(&["$", "$", "", ".*"]);
    match random.below(10) {
        0 => ".*".to_owned(),
        1 => format!("{begin}(a{dot}example|example){dot}com{port}{end}"),
        2 => format!("{begin}{sub}localhost{port}{end}"),
        _ => format!("{begin}{sub}example{dot}com{port}{end}"),
    }
}

/// Origins around `texts`, in the spelling of browsers.
pub(crate) fn origins(random: &mut Random, texts: &[String]) -> Vec<String> {
    let mut all: Vec<String> =
        ["null", "https://evil.net", "http://localhost:3000", "https://example.com", "http://[::1]:8080"]
            .map(str::to_owned)
            .into();
    for text in texts {
        let plain = text.to_lowercase().replace(['\\', '^', '$', '(', ')', '?', '*', '+'], "");
        let plain = plain.trim_end_matches('/');
        let (scheme, host) = plain.split_once("://").unwrap_or(("https", plain));
        let scheme = if scheme.starts_with("http") { scheme } else { "https" };
        let scheme = if scheme.len() > 5 { "https" } else { scheme };
        let port_less = host.split(':').next().unwrap_or(host);
        let shapes = [
            format!("{scheme}://{host}"),
            format!("http://{host}"),
            format!("https://{port_less}"),
            format!("https://app.{port_less}"),
            format!("https://a.b.{port_less}"),
            format!("https://x{port_less}"),
            format!("https://{port_less}.evil.net"),
            format!("https://{port_less}x.me"),
            format!("https://{port_less}:8443"),
            format!("https://{}", port_less.replace('.', "x")),
            format!("https://a_b.{port_less}"),
            format!("https://a!b,c.{port_less}"),
        ];
        for _ in 0..4 {
            all.push(shapes[random.below(shapes.len())].clone());
        }
        all.push(shapes[0].clone());
    }
    all.retain(|origin| is_spelled(origin));
    all.sort();
    all.dedup();
    all
}

/// Whether a browser may write `origin`.
fn is_spelled(origin: &str) -> bool {
    let port = |host: &str| host.rsplit_once(':').is_none_or(|(_, port)| port != "443" && port != "80");
    origin == "null"
        || origin == "http://[::1]:8080"
        || origin.split_once("://").is_some_and(|(_, host)| {
            let known =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:!,".contains(&byte);
            !host.is_empty() && host.bytes().all(known) && port(host) && !host.starts_with(['.', ':'])
        })
}
