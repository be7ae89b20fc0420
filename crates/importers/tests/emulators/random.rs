//! Entries of configurations, and origins around them.

/// `SplitMix64`.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        let index = usize::try_from(self.below(u64::try_from(from.len()).unwrap())).unwrap();
        from[index]
    }

    /// An origin, as people write them.
    pub(super) fn origin(&mut self) -> String {
        let scheme = self.pick(&["https", "http"]);
        let host = self.pick(&[
            "example.com",
            "app.example.com",
            "example.co.uk",
            "a-b.example",
            "localhost",
            "127.0.0.1",
            "Example.org",
            "x_y.example.com",
            "www.example.com",
        ]);
        let port = self.pick(&["", "", "", ":8080", ":3000", ":443", ":80"]);
        if self.one_in(20) { "null".to_owned() } else { format!("{scheme}://{host}{port}") }
    }

    /// An origin with one `*` somewhere.
    pub(super) fn wildcard(&mut self) -> String {
        let origin = self.origin();
        match self.below(4) {
            0 => origin.replacen("://", "://*.", 1),
            1 => origin.replacen("://", "://*", 1),
            2 => format!("{origin}*"),
            _ => origin.replacen('e', "*", 1),
        }
    }
}

/// Origins near `entry`, in the spelling of browsers.
pub(super) fn around(entry: &str) -> Vec<String> {
    let lower = entry.to_ascii_lowercase();
    let host = lower.split("://").nth(1).unwrap_or("example.com").replace('*', "a");
    let bare = host.split(':').next().unwrap();
    let plain = lower.replace('*', "a");
    let mut origins = vec![
        plain.clone(),
        lower.replace('*', ""),
        lower.replace('*', "a.b"),
        plain.replacen("https://", "http://", 1),
        plain.replacen("http://", "https://", 1),
        plain.replacen("://", "://x", 1),
        plain.replacen("://", "://sub.", 1),
        format!("{plain}.evil.net"),
        format!("{plain}0"),
        format!("{plain}:8443"),
        format!("https://{bare}"),
        format!("https://evil{bare}"),
        format!("https://{}", bare.replace('.', "x")),
        format!("https://{bare}.evil.net"),
        format!("https://{bare},.evil.net"),
        format!("https://{bare}!.evil.net"),
        "https://evil.net".to_owned(),
        "null".to_owned(),
    ];
    origins.retain(|origin| origin == "null" || is_browsers(origin));
    origins.sort_unstable();
    origins.dedup();
    origins
}

/// Whether browsers write it so: one port at most, and not the default.
fn is_browsers(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let (host, port) = rest.split_once(':').unwrap_or((rest, "1"));
    let default = if scheme == "https" { "443" } else { "80" };
    let number = port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with('0');
    !host.is_empty() && !host.starts_with('.') && number && port != default
}
