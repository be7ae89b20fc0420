//! What is chosen at random, from a seed.

/// `SplitMix64`.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    /// One time in `times`.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }
}

/// Hosts that configurations name.
const HOSTS: [&str; 8] = [
    "app.example.com",
    "example.com",
    "example.org",
    "localhost",
    "a-b.test.dev",
    "10.1.2.3",
    "x.y.example.co.uk",
    "[::1]",
];

/// An origin as somebody may write it into a configuration.
pub(super) fn written(random: &mut Random) -> String {
    let scheme = random.of(&["https", "https", "http"]);
    let port = random.of(&["", "", "", ":8443", ":3000", ":80"]);
    let origin = format!("{scheme}://{}{port}", random.of(&HOSTS));
    match random.below(16) {
        0 => origin.to_uppercase(),
        1 => format!("{origin}/"),
        2 => "null".to_owned(),
        3 => "*".to_owned(),
        4 => origin.replace("app.", "*.").replace("://e", "://*e"),
        5 => origin.replace("://a", "://A"),
        _ => origin,
    }
}

/// Origins as browsers write them: those of [`HOSTS`] and what looks like them.
pub(super) fn asked(random: &mut Random, count: usize) -> Vec<String> {
    (0..count).map(|_| one_asked(random)).collect()
}

fn one_asked(random: &mut Random) -> String {
    let scheme = random.of(&["https", "https", "http"]);
    let host = random.of(&HOSTS).to_owned();
    let odd =
        random.of(&["_", "!", ",", "'", "(", ")", "~", "*", "$", "&", "+", ";", "=", "{", "}", "`", "\""]);
    let host = match random.below(14) {
        0 => format!("evil-{host}"),
        1 => format!("evil{host}"),
        2 => format!("{host}.evil.example"),
        3 => format!("sub.{host}"),
        4 => format!("a.b.{host}"),
        5 => host.replacen('.', "x", 1),
        6 => format!("a{odd}b.{host}"),
        7 => format!("{host}{odd}.evil.example"),
        8 => return "null".to_owned(),
        9 => format!("www.{host}"),
        _ => host,
    };
    // An address in brackets stands alone.
    let host = if host.contains('[') { "[::1]".to_owned() } else { host };
    let port = random.of(&["", "", "", ":8443", ":3000", ":30001", ":8080"]);
    format!("{scheme}://{host}{port}")
}
