//! What a message repeats of what somebody wrote: enough to know it again. The source
//! beside the finding shows where the rest is.

use std::borrow::Cow;
use std::io::ErrorKind;

/// Characters of one text; a slip can make a string of the rest of a file.
const MAX_CHARACTERS: usize = 80;

/// Names of one list; a generated file can define thousands.
const MAX_NAMES: usize = 10;

/// The beginning of `text`, ended by `…` if something is left out.
///
/// ```
/// use corsac_diagnostics::excerpt;
/// assert_eq!(excerpt("https://app.example.com"), "https://app.example.com");
/// assert_eq!(excerpt(&"x".repeat(81)), format!("{}…", "x".repeat(80)));
/// ```
pub fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_CHARACTERS).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => Cow::Owned(format!("{beginning}…")),
        None => Cow::Borrowed(text),
    }
}

/// Names in backticks: `` `a`, `b` ``, and how many more there are.
///
/// ```
/// use corsac_diagnostics::listed;
/// assert_eq!(listed(["a", "b"].into_iter()), "`a`, `b`");
/// assert_eq!(listed(["a"; 12].into_iter()), format!("{}2 more", "`a`, ".repeat(10)));
/// ```
pub fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names = names;
    let mut shown: Vec<_> =
        names.by_ref().take(MAX_NAMES).map(|name| format!("`{}`", excerpt(name))).collect();
    match names.count() {
        0 => {}
        more => shown.push(format!("{more} more")),
    }
    shown.join(", ")
}

/// Why a file cannot be read, without the system's number for it.
///
/// ```
/// use std::io::ErrorKind;
/// use corsac_diagnostics::unreadable;
///
/// assert_eq!(unreadable(ErrorKind::NotFound), "no such file");
/// assert_eq!(unreadable(ErrorKind::TimedOut), "timed out");
/// ```
pub fn unreadable(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::FileTooLarge => "it is too large".to_owned(),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        other => other.to_string(),
    }
}
