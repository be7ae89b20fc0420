//! Expressions made of the pieces that dialects disagree about.

use corsac_analysis::regex::Dialect;

/// `SplitMix64`.
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const LITERALS: &[&str] =
    &["a", "b", "c", "a", "b", "ab", "abc", "1", "-", ":", "/", "_", ",", "&", "é", "A", "K", "s"];

const ESCAPES: &[&str] = &[
    r"\d",
    r"\w",
    r"\s",
    r"\D",
    r"\W",
    r"\S",
    r"\.",
    r"\-",
    r"\/",
    r"\_",
    r"\x61",
    r"\x{62}",
    r"\x6",
    r"\x",
    r"\xZ",
    r"\u0061",
    r"\u{62}",
    r"\u00",
    r"\061",
    r"\141",
    r"\0",
    r"\01",
    r"\07",
    r"\0141",
    r"\08",
    r"\cA",
    r"\ca",
    r"\c;",
    r"\c",
    r"\e",
    r"\a",
    r"\f",
    r"\n",
    r"\h",
    r"\H",
    r"\v",
    r"\V",
    r"\R",
    r"\N",
    r"\X",
    r"\K",
    r"\G",
    r"\Qa.b\E",
    r"\Qb",
    r"\E",
    r"\p{L}",
    r"\pL",
    r"\P{Lu}",
    r"\p{Ll}",
    r"\p{^Nd}",
    r"\p{Nd}",
    r"\p{P}",
    r"\p{Alpha}",
    r"\p{punct}",
    r"\p{IsAlphabetic}",
    r"\p{Script=Latin}",
    r"\p{Latin}",
    r"\&",
    r"\,",
    r"\é",
    r"\i",
    r"\y",
    r"\m",
    r"\U00000061",
    r"\q",
    r"\C",
    r"\o{141}",
    r"\<",
    r"\>",
    r"\`",
    r"\'",
    r"\}",
    r"\]",
    r"\8",
    r"\18",
    r"\777",
    r"\400",
    "\\",
    r"\u{61 62}",
    r"\x{100}",
    r"\u212a",
    r"\u017f",
    "\u{212a}",
    "\u{17f}",
    "\u{131}",
    "\u{130}",
    "😀",
    r"\uD83D",
];

const PLACES: &[&str] = &["^", "$", r"\b", r"\B", r"\A", r"\z", r"\Z", "^", "$"];

const REFERENCES: &[&str] = &[
    r"\1",
    r"\1",
    r"\2",
    r"\3",
    r"\10",
    r"\11",
    r"\12",
    r"\g1",
    r"\g{-1}",
    r"\g{+1}",
    r"\g{1}",
    r"\k<n>",
    r"\k'n'",
    r"\k{n}",
    "(?P=n)",
    r"\g{n}",
    r"\g<1>",
    r"\k<1>",
    "(?1)",
    "(?R)",
    "(?P>n)",
    "(?&n)",
    "(?(1)a|b)",
    r"\k",
];

const OPENERS: &[&str] = &[
    "(", "(", "(", "(", "(?:", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?|", "(?i:", "(?-i:", "(?x:",
    "(?<n>", "(?P<n>", "(?'n'", "(?<m1>", "(?<_>", "(?<1>", "(?i-x:", "(?^:", "(?^i:", "(?s-:", "(?U:",
    "(?n:", "(?~", "(?:", "(?a:", "(?u:", "(?im:", "(?<n-m>", "(?", "(?P", "(*", "(?C)", "( ?:",
];

const FLAGS: &[&str] = &[
    "(?i)", "(?i)", "(?-i)", "(?x)", "(?s)", "(?m)", "(?#c)", "(?#c", "(?U)", "(?)", "(?i-i)", "(?n)",
    "(?xx)", "(?J)",
];

const QUANTIFIERS: &[&str] = &[
    "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{0,1}", "{2,}", "{,2}", "{,}", "{2",
    "{a}", "{}", "{2}?", "{2}+", "{1,2}?", "{1,2}+", "{2,1}", "{0}", "{0,}", "{2,3}", "**", "*??", "{2}{2}",
    "{", "{,", "{1,", "{ 1}", "{1, 2}", " *", " +", "*#\n+", "+ ?",
];

const CLASS_PARTS: &[&str] = &[
    "a",
    "b",
    "c",
    "a",
    "b",
    "-",
    "-",
    "]",
    "[",
    "^",
    "&&",
    "||",
    "--",
    "~~",
    r"\d",
    r"\w",
    r"\W",
    r"\s",
    r"\]",
    r"\-",
    r"\\",
    r"\b",
    r"\B",
    "a-c",
    "0-9",
    "A-C",
    "c-a",
    "[:alpha:]",
    "[:^alpha:]",
    "[:punct:]",
    "[:upper:]",
    "[:foo:]",
    "[:word:]",
    "[b]",
    "[^b]",
    "[b-c]",
    "-[b]",
    r"\x61",
    r"\061",
    r"\1",
    r"\8",
    r"\h",
    r"\v",
    r"\p{L}",
    r"\P{Lu}",
    r"\pN",
    r"\Qa\E",
    r"\E",
    ".",
    "*",
    "(",
    ")",
    "{",
    "}",
    "&",
    "#",
    " ",
    "[.-.]",
    "[=a=]",
    "[.a.]",
    "é",
    "[:",
    r"\c_",
    r"\ca",
    r"\c",
    "\u{212a}",
    "\u{17f}",
    r"\N",
    r"\R",
    r"\X",
    r"\n",
    "_",
    "/",
    ",",
    "+--",
    "!-/",
    "_-z",
    "X-b",
    "&&[b]",
    "[[b]c]",
    r"\k",
    r"\-z",
    ":",
    "|",
    "!",
    "\u{130}-\u{180}",
    "^a",
    "&&b",
    "-&&",
    r"\u0061",
    r"\u{61}",
    "$",
    "=",
];

/// An expression. Most are sound in some dialect.
pub(crate) fn expression(random: &mut Random, dialect: Dialect) -> String {
    let mut text = String::new();
    if random.one_in(12) {
        for _ in 0..=random.below(7) {
            let pool = [
                LITERALS,
                ESCAPES,
                PLACES,
                REFERENCES,
                OPENERS,
                FLAGS,
                QUANTIFIERS,
                CLASS_PARTS,
                &[")", "|", "["],
            ];
            let pieces = pool[random.below(pool.len())];
            text.push_str(random.pick(pieces));
        }
        return text;
    }
    if random.one_in(10) {
        text.push_str(random.pick(FLAGS));
    }
    alternation(random, dialect, 3, &mut text);
    text
}

fn alternation(random: &mut Random, dialect: Dialect, depth: usize, text: &mut String) {
    branch(random, dialect, depth, text);
    while random.one_in(3) {
        text.push('|');
        if !random.one_in(8) {
            branch(random, dialect, depth, text);
        }
    }
}

fn branch(random: &mut Random, dialect: Dialect, depth: usize, text: &mut String) {
    for _ in 0..=random.below(3) {
        match random.below(20) {
            0..=5 => text.push_str(random.pick(LITERALS)),
            6 => text.push('.'),
            7 => text.push_str(random.pick(ESCAPES)),
            8 => text.push_str(random.pick(&[r"\w", r"\d", r"\.", r"\-", "[ab]", "[^a]", "[a-c]"])),
            9 => text.push_str(random.pick(PLACES)),
            10 if random.one_in(2) => text.push_str(random.pick(REFERENCES)),
            10 | 11 => text.push_str(r"\1"),
            12 if random.one_in(4) => text.push_str(random.pick(FLAGS)),
            12..=14 => class(random, text),
            _ if depth > 0 => {
                text.push_str(opener(random, dialect));
                alternation(random, dialect, depth - 1, text);
                text.push(')');
            }
            _ => text.push('a'),
        }
        if random.one_in(3) {
            text.push_str(quantifier(random));
        }
    }
}

fn quantifier(random: &mut Random) -> &'static str {
    if random.one_in(3) { random.pick(QUANTIFIERS) } else { random.pick(&QUANTIFIERS[..6]) }
}

fn opener(random: &mut Random, dialect: Dialect) -> &'static str {
    match random.below(4) {
        0 => random.pick(OPENERS),
        1 if !matches!(dialect, Dialect::Posix | Dialect::Re2) => {
            random.pick(&["(?=", "(?!", "(?<=", "(?<!", "(?:", "(?>"])
        }
        _ => "(",
    }
}

fn class(random: &mut Random, text: &mut String) {
    text.push('[');
    if random.one_in(4) {
        text.push('^');
    }
    for _ in 0..=random.below(4) {
        let part = if random.one_in(2) { random.pick(&CLASS_PARTS[..7]) } else { random.pick(CLASS_PARTS) };
        text.push_str(part);
    }
    text.push(']');
}

/// Flags outside.
pub(crate) fn flags(random: &mut Random, dialect: Dialect) -> &'static str {
    let known: &[&str] = match dialect {
        Dialect::Dotnet => &["i", "x", "n", "s"],
        Dialect::Java => &["i", "x", "iu", "U", "iU", "s"],
        Dialect::Js => &["i", "u", "iu", "v", "s", "m", "iv"],
        Dialect::Pcre | Dialect::Ruby => &["i", "x"],
        Dialect::Posix => &["i"],
        Dialect::Python => &["i", "x", "a", "ia", "s"],
        Dialect::Re2 => &["i", "s", "U"],
    };
    if random.one_in(3) { random.pick(known) } else { "" }
}
