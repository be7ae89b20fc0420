//! An expression and an origin, judged by trying and by machines.

use std::sync::LazyLock;

use corsac_analysis::model::{Matcher, Truth};
use corsac_analysis::question::{Prover, Verdict, Witness};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_analysis::stranger::Intended;
use corsac_origin::PublicSuffixList;

static PROVER: LazyLock<Prover<'static>> = LazyLock::new(|| Prover::new(PublicSuffixList::embedded()));

/// Two bytes that choose a dialect and a mode, a line with the expression, and one with an
/// origin. The matcher that tries and the machines agree on the origin; and where it is proved
/// that no stranger is admitted, a stranger's origin is not.
pub fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (Some(dialect), Some(mode)) = (choice(bytes, 0, &Dialect::ALL), choice(bytes, 1, &Mode::ALL)) else {
        return;
    };
    let Some((expression, origin)) = text.get(2..).and_then(|rest| rest.split_once('\n')) else { return };
    let regex = Regex::new(expression, dialect, mode, Flags::default());
    let found = regex.accepts(origin);
    if regex.syntax().is_err() {
        assert_eq!(found, None, "a refused expression accepts nothing");
        return;
    }
    let matcher = Matcher::Regex(regex);
    let none = Intended::default();
    // As for a file: many an expression asks for more states than there is time for.
    let prover = PROVER.for_a_file();
    let verdict = prover.strangers(&matcher, &none);
    if matches!(verdict, Verdict::Proved { .. }) && prover.tier_of(origin, &none).is_some() && is_sent(origin)
    {
        assert_ne!(found, Some(true), "{verdict:?}: `{expression}` takes `{origin}`");
    }
    if let Verdict::Attack(attack) = &verdict {
        assert_eq!(matcher.matches(&attack.witness), Truth::True, "{attack:?}");
    }
    if is_sent(origin) {
        // Whether the one origin is among those of the expression.
        let beyond = prover.difference(&matcher, &Matcher::exact(origin)).gained;
        match (beyond, found) {
            (Witness::None, Some(is_taken)) => assert!(is_taken, "`{expression}` does not take `{origin}`"),
            (Witness::Found(_), Some(is_taken)) => assert!(!is_taken, "`{expression}` takes `{origin}`"),
            _ => {}
        }
    }
}

fn choice<T: Copy>(bytes: &[u8], at: usize, all: &[T]) -> Option<T> {
    let byte = bytes.get(at).filter(|byte| byte.is_ascii())?;
    all.get(usize::from(*byte) % all.len()).copied()
}

/// Whether a browser sends `origin`.
fn is_sent(origin: &str) -> bool {
    url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == origin)
}
