//! Which engine reads an expression, and how a program applies it.

/// Engines, by the name of their syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// .NET's `Regex`.
    Dotnet,
    /// `java.util.regex`.
    Java,
    /// ECMAScript's `RegExp`, without the flags `u` and `v` unless [`Flags`] has them.
    Js,
    /// PCRE and PCRE2: nginx, Apache, PHP, Kong, APISIX, HAProxy.
    Pcre,
    /// Extended regular expressions of POSIX as glibc reads them.
    Posix,
    /// Python's `re`.
    Python,
    /// RE2 and Go's `regexp`: Envoy, Istio, Traefik, Caddy; Rust's `regex` is close to it.
    Re2,
    /// Onigmo, Ruby's `Regexp`.
    Ruby,
}

impl Dialect {
    /// All of them, by name.
    pub const ALL: [Self; 8] =
        [Self::Dotnet, Self::Java, Self::Js, Self::Pcre, Self::Posix, Self::Python, Self::Re2, Self::Ruby];

    /// Its name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Dotnet => "dotnet",
            Self::Java => "java",
            Self::Js => "js",
            Self::Pcre => "pcre",
            Self::Posix => "posix",
            Self::Python => "python",
            Self::Re2 => "re2",
            Self::Ruby => "ruby",
        }
    }
}

/// How much of the text has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The whole of it (`fullmatch`, `matches()`, Envoy's `safe_regex`).
    Full,
    /// A part from its beginning (`re.match`).
    Prefix,
    /// Any part (`test`, `search`, `~`).
    Search,
}

impl Mode {
    /// All of them, by name.
    pub const ALL: [Self; 3] = [Self::Full, Self::Prefix, Self::Search];

    /// Its name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Prefix => "prefix",
            Self::Search => "search",
        }
    }
}

/// Flags that stand outside of the expression, as letters of the dialect: `i`, `x`, `s`,
/// `m`, and what else it has. Those that make no difference to origins are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub String);

impl Flags {
    /// Whether `letter` is among them.
    pub fn has(&self, letter: char) -> bool {
        self.0.contains(letter)
    }
}
