//! What is wrong with the parameters of a route's path: the matcher says whether, and
//! here it is said in our words.

use corsac_diagnostics::excerpt;
use matchit::{InsertError, Router};

/// What is wrong, and what to write.
pub(super) struct Mistake {
    pub(super) reason: String,
    pub(super) help: String,
}

impl Mistake {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into() }
    }
}

/// The mistake of a path that no router takes.
pub(super) fn mistake(path: &str) -> Option<Mistake> {
    Some(match Router::new().insert(path, ()).err()? {
        InsertError::InvalidCatchAll => behind_everything(path),
        InsertError::InvalidParamSegment => two_in_a_segment(path),
        _ => malformed(path),
    })
}

/// Whether some requests would match both paths, neither before the other.
pub(super) fn conflicts(one: &str, other: &str) -> bool {
    let mut router = Router::new();
    router.insert(other, ()).is_ok() && router.insert(one, ()).is_err()
}

/// `/{*rest}/more`
fn behind_everything(path: &str) -> Mistake {
    let end = path.find("{*").and_then(|start| Some(start + path.get(start..)?.find('}')? + 1));
    let whole = end.and_then(|end| path.get(..end)).unwrap_or("/{*rest}");
    Mistake::new(
        "a parameter with `*` is everything below, so nothing follows it",
        format!("end the path there: \"{}\"; without `*` it is one segment", excerpt(whole)),
    )
}

/// `/a/{b}{c}`
fn two_in_a_segment(path: &str) -> Mistake {
    let apart = path.replace("}{", "}/{");
    let help = match Router::new().insert(apart.as_str(), ()) {
        Ok(()) => format!("write a slash between them: \"{}\"", excerpt(&apart)),
        Err(_) => {
            "write a slash between them, or one for the whole segment, as in \"/users/{id}\"".to_owned()
        }
    };
    Mistake::new("a segment has one parameter at most", help)
}

/// Braces that are no parameter.
fn malformed(path: &str) -> Mistake {
    let mut name: Option<String> = None;
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        let doubled = matches!(letter, '{' | '}') && letters.next_if_eq(&letter).is_some();
        match (letter, &mut name) {
            ('{', None) if !doubled => name = Some(String::new()),
            ('}', None) if !doubled => {
                let help =
                    "write `{` before the name, as in `{id}`; a brace that means itself is doubled: `}}`";
                return Mistake::new("a `}` closes nothing", help);
            }
            ('}', Some(_)) if !doubled => {
                if let Some(mistake) = name.take().and_then(|name| misnamed(&name)) {
                    return mistake;
                }
            }
            (_, Some(name)) => name.push(letter),
            _ => {}
        }
    }
    let help = "write `}` behind the name, as in `{id}`; a brace that means itself is doubled: `{{`";
    Mistake::new("a `{` is not closed", help)
}

fn misnamed(name: &str) -> Option<Mistake> {
    let bare = name.strip_prefix('*').unwrap_or(name);
    if bare.is_empty() {
        return Some(Mistake::new(
            "a parameter has no name",
            "name it: `{id}`, or `{*rest}` for everything below",
        ));
    }
    bare.contains(['/', '*', '{']).then(|| {
        let help = "write it like `{id}` (one segment) or `{*rest}` (everything below)";
        Mistake::new("the name of a parameter has no `/`, `*` or `{`", help)
    })
}
