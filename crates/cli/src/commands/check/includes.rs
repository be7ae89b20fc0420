//! Included files, read from the disk: below the folder of the file that includes them or of
//! those named on the command line, never above.

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use corsac_diagnostics::Source;
use corsac_importers::{Includes, MAX_INCLUDES, MAX_TEXT};
use globset::{GlobBuilder, GlobMatcher};

use super::text;

/// Most names of one folder that a pattern is compared with.
const MAX_NAMES: usize = 10_000;

/// Most folders that one pattern is looked for in.
const MAX_FOLDERS: usize = 1_000;

/// Most bytes that the files included by one file have together.
const MAX_BYTES: usize = 4 * MAX_TEXT;

/// The files that one file includes.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// What a relative pattern may be relative to: the file's own folder, then those named.
    bases: Vec<PathBuf>,
    /// The same without links; nothing outside of them is read.
    inside: Vec<PathBuf>,
    read: RefCell<Vec<PathBuf>>,
    bytes: Cell<usize>,
}

impl Disk {
    /// For what `file` includes; standard input includes nothing.
    pub(crate) fn of(file: &Path, folders: &[PathBuf]) -> Self {
        let own = match file.parent() {
            _ if file.as_os_str() == "-" => None,
            Some(parent) if parent.as_os_str().is_empty() => Some(PathBuf::from(".")),
            parent => parent.map(Path::to_owned),
        };
        let bases: Vec<_> = own.into_iter().chain(folders.iter().cloned()).collect();
        let inside = bases.iter().filter_map(|base| base.canonicalize().ok()).collect();
        Self { bases, inside, ..Self::default() }
    }

    /// The files that were read, without links.
    pub(crate) fn into_read(self) -> Vec<PathBuf> {
        self.read.into_inner()
    }

    /// `path` without links, if it is inside.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        self.inside.iter().any(|folder| real.starts_with(folder)).then_some(real)
    }

    fn source(&self, path: &Path) -> Result<Source, String> {
        let Some(real) = self.inside(path) else {
            return Err(match path.symlink_metadata() {
                Ok(_) => "it is outside of the folders that are looked into".to_owned(),
                Err(error) => corsac_diagnostics::unreadable(error.kind()),
            });
        };
        let left = MAX_BYTES.saturating_sub(self.bytes.get()).min(MAX_TEXT);
        if left == 0 || self.read.borrow().len() >= MAX_INCLUDES {
            return Err("too much is included".to_owned());
        }
        let text = text::read(&real, left).map_err(|refused| refused.reason)?;
        self.bytes.set(self.bytes.get() + text.len());
        self.read.borrow_mut().push(real);
        let shown = path.strip_prefix(".").unwrap_or(path);
        Ok(Source::new(shown.display().to_string(), text))
    }

    /// The paths that `pattern` stands for under `base`, in order.
    fn expand(&self, base: &Path, pattern: &Path) -> Vec<PathBuf> {
        let mut found = vec![base.to_owned()];
        for component in pattern.components() {
            found = match component {
                Component::Normal(name) if is_pattern(name) => {
                    found.iter().flat_map(|folder| self.matching(folder, name)).collect()
                }
                Component::CurDir => continue,
                other => found.into_iter().map(|folder| folder.join(other)).collect(),
            };
            found.truncate(MAX_FOLDERS);
        }
        found
    }

    /// The names in a folder that match, in order of their bytes; as in a shell, a star stands
    /// for no dot in front.
    fn matching(&self, folder: &Path, pattern: &OsStr) -> Vec<PathBuf> {
        let (Some(real), Some(glob)) = (self.inside(folder), glob(&pattern.to_string_lossy())) else {
            return Vec::new();
        };
        let Ok(entries) = fs::read_dir(real) else { return Vec::new() };
        let begins_with_dot = pattern.to_string_lossy().starts_with('.');
        let names = entries.take(MAX_NAMES).filter_map(|entry| Some(entry.ok()?.file_name()));
        let is_hidden = |name: &OsStr| name.to_string_lossy().starts_with('.');
        let mut names: Vec<_> =
            names.filter(|name| (begins_with_dot || !is_hidden(name)) && glob.is_match(name)).collect();
        names.sort();
        names.iter().map(|name| folder.join(name)).collect()
    }
}

impl Includes for Disk {
    fn read(&self, from: &str, pattern: &str) -> Result<Vec<Source>, String> {
        if self.bases.is_empty() {
            return Err("what standard input includes is not read".to_owned());
        }
        let pattern = Path::new(pattern);
        let of_from = Path::new(from).parent().map(Path::to_owned);
        let bases: Vec<_> = if pattern.is_absolute() {
            vec![PathBuf::new()]
        } else {
            self.bases.iter().cloned().chain(of_from).collect()
        };
        let is_one = !pattern.components().any(|part| is_pattern(part.as_os_str()));
        let exists = |path: &PathBuf| path.symlink_metadata().is_ok();
        let found = bases.iter().map(|base| {
            let paths = self.expand(base, pattern).into_iter();
            paths.filter(exists).collect::<Vec<_>>()
        });
        let mut found = found.filter(|paths| !paths.is_empty());
        match (found.next(), is_one) {
            (Some(paths), _) => paths.iter().map(|path| self.source(path)).collect(),
            (None, true) => Err("no such file".to_owned()),
            (None, false) => self.nothing(pattern),
        }
    }
}

impl Disk {
    /// A pattern that stands for no file is no mistake; one that leads outside may well stand
    /// for files.
    fn nothing(&self, pattern: &Path) -> Result<Vec<Source>, String> {
        let fixed: PathBuf = pattern.components().take_while(|part| !is_pattern(part.as_os_str())).collect();
        let leads_out = fixed.is_absolute() && self.inside(&fixed).is_none()
            || fixed.components().any(|part| part == Component::ParentDir);
        if leads_out {
            return Err("it is outside of the folders that are looked into".to_owned());
        }
        Ok(Vec::new())
    }
}

fn is_pattern(name: &OsStr) -> bool {
    name.to_string_lossy().contains(['*', '?', '['])
}

/// A pattern as C libraries know it: braces mean themselves.
fn glob(pattern: &str) -> Option<GlobMatcher> {
    let plain = pattern.replace('{', "[{]").replace('}', "[}]");
    GlobBuilder::new(&plain).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(disk: &Disk, pattern: &str) -> Result<Vec<String>, String> {
        let sources = disk.read("site/nginx.conf", pattern)?;
        Ok(sources.iter().map(|source| source.text().to_owned()).collect())
    }

    #[test]
    fn files_below_are_read_in_order_and_none_beside_or_above() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("site");
        for (name, text) in [
            ("site/conf.d/b.conf", "b"),
            ("site/conf.d/a.conf", "a"),
            ("site/conf.d/.hidden.conf", "hidden"),
            ("site/conf.d/{x}.conf", "braces"),
            ("site/conf.d/readme", "readme"),
            ("site/deep/one/c.conf", "c"),
            ("outside.conf", "secret"),
        ] {
            let path = scratch.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        symlink("../../outside.conf", root.join("conf.d/z.conf")).unwrap();
        symlink("a.conf", root.join("conf.d/link")).unwrap();
        let disk = Disk::of(&root.join("nginx.conf"), &[]);
        let of = |pattern: &str| names(&disk, pattern);
        assert_eq!(of("conf.d/[a-b].conf"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(of("conf.d/{x}.conf"), Ok(vec!["braces".to_owned()]));
        assert_eq!(of("conf.d/{*.conf"), Ok(vec!["braces".to_owned()]));
        assert_eq!(of("*/*/c.conf"), Ok(vec!["c".to_owned()]));
        assert_eq!(of("conf.d/link"), Ok(vec!["a".to_owned()]), "a link that stays inside");
        assert_eq!(of("conf.d/none*.conf"), Ok(Vec::new()), "a pattern may stand for nothing");
        assert_eq!(of("conf.d/none.conf"), Err("no such file".to_owned()));
        assert_eq!(of("conf.d"), Err("it is a directory".to_owned()));
        let absolute = root.join("conf.d/a.conf");
        assert_eq!(of(absolute.to_str().unwrap()), Ok(vec!["a".to_owned()]));
        for outside in
            ["conf.d/z.conf", "conf.d/z*", "../outside.conf", "../*.conf", "/etc/hostname", "/etc/host*"]
        {
            let refused = of(outside).unwrap_err();
            assert!(refused.contains("outside"), "{outside}: {refused}");
        }
        let wider = Disk::of(&root.join("nginx.conf"), &[scratch.path().to_owned()]);
        assert_eq!(names(&wider, "../outside.conf"), Ok(vec!["secret".to_owned()]), "its folder was named");
        assert!(names(&Disk::of(Path::new("-"), &[]), "conf.d/a.conf").is_err());
    }

    #[test]
    fn a_circle_of_includes_ends() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("a.conf"), "include a.conf;").unwrap();
        let disk = Disk::of(&scratch.path().join("a.conf"), &[]);
        let times = (0..=MAX_INCLUDES).filter(|_| disk.read("a.conf", "a.conf").is_ok()).count();
        assert_eq!(times, MAX_INCLUDES);
        assert_eq!(disk.into_read().len(), MAX_INCLUDES);
    }
}
