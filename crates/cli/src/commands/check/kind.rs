//! Whose configuration a file is.

use std::collections::HashSet;
use std::iter;
use std::path::Path;

use corsac_importers::{System, detect};

/// Whose configuration a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A policy file of ours.
    Corsac,
    /// Of this system.
    Other(System),
}

impl Kind {
    /// All of them, ours first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        iter::once(Self::Corsac).chain(System::all().iter().copied().map(Self::Other))
    }

    /// Its name on the command line.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Corsac => "corsac",
            Self::Other(system) => system.id,
        }
    }

    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Corsac => "Corsac",
            Self::Other(system) => system.name,
        }
    }

    /// Whose a file that somebody named is. TOML that is nobody else's is taken for ours, and
    /// so is what comes on standard input: then its mistakes are told.
    pub(crate) fn of_named(path: &Path, text: &str) -> Option<Self> {
        if is_ours(path, text) {
            return Some(Self::Corsac);
        }
        let may_be_ours = path.as_os_str() == "-" || ending(path) == "toml";
        detect(&path.to_string_lossy(), text).map(Self::Other).or(may_be_ours.then_some(Self::Corsac))
    }

    /// Whose a file is that was found in a folder. Prose has much that looks like a configuration,
    /// and is none.
    pub(super) fn of_found(path: &Path, text: &str) -> Option<Self> {
        let ending = ending(path);
        if PROSE.contains(&&*ending) {
            return None;
        }
        if ending == "toml" && is_ours(path, text) {
            return Some(Self::Corsac);
        }
        detect(&path.to_string_lossy(), text).map(Self::Other)
    }
}

/// Endings of files for people, and of what programs leave behind.
const PROSE: [&str; 14] = [
    "adoc", "css", "diff", "htm", "html", "lock", "log", "markdown", "md", "patch", "rst", "sarif", "svg",
    "txt",
];

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn is_ours(path: &Path, text: &str) -> bool {
    path.file_name().is_some_and(|name| name == "corsac.toml") || has_our_tables(text)
}

/// Whether two of our tables have a header. One alone may be another program's: `[[routes]]` of
/// Wrangler, `[gateway]` of many.
fn has_our_tables(text: &str) -> bool {
    let headers = text.lines().filter_map(|line| {
        let name = line.trim_start().trim_start_matches('[').split([']', '.']).next()?.trim();
        let is_header = line.trim_start().starts_with('[');
        (is_header && matches!(name, "cors" | "gateway" | "routes" | "upstreams")).then_some(name)
    });
    headers.collect::<HashSet<_>>().len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_policies_are_known_by_two_tables_or_by_their_name() {
        let of = |name: &str, text: &str| Kind::of_found(Path::new(name), text);
        let ours = "[upstreams.api]\nurl = \"x\"\n\n [[routes]]\npath = \"/\"\n";
        assert_eq!(of("deploy/policy.toml", ours), Some(Kind::Corsac));
        assert_eq!(of("docs/policy.md", ours), None, "an example is no policy");
        assert_eq!(
            Kind::of_named(Path::new("docs/policy.md"), ours),
            Some(Kind::Corsac),
            "unless it is named"
        );
        assert_eq!(of("corsac.toml", ""), Some(Kind::Corsac));
        assert_eq!(of("wrangler.toml", "[[routes]]\npattern = \"a\"\n[[routes]]\n"), None);
        assert_eq!(of("a.toml", "cors = 1\nroutes = 2\n"), None);
        assert_eq!(Kind::of_named(Path::new("a.toml"), "x = 1"), Some(Kind::Corsac));
        assert_eq!(Kind::of_named(Path::new("notes.txt"), "x = 1"), None);
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let ids: HashSet<_> = Kind::all().map(Kind::id).collect();
        assert_eq!(ids.len(), Kind::all().count());
        assert!(ids.contains("corsac"));
    }
}
