//! Names that a program does not have.

use corsac_diagnostics::excerpt;

/// How alike two names must be for "did you mean".
const CLOSE_ENOUGH: f64 = 0.8;

/// Longest name that is compared; no option has a longer one.
const MAX_NAME: usize = 64;

/// Why `name` has no effect, where these are `known`.
pub(crate) fn unknown(name: &str, known: &[&str]) -> String {
    let shown = excerpt(name);
    match closest(name, known) {
        Some(close) => format!("no option `{shown}`: did you mean `{close}`?"),
        None => format!("no option `{shown}`"),
    }
}

/// The one that is meant, whatever its letters' case.
fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > MAX_NAME {
        return None;
    }
    let name = name.to_lowercase();
    let scored = known.iter().map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), *known));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= CLOSE_ENOUGH).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_option_is_recognized_and_nonsense_is_not() {
        let known = ["origins", "resources", "supports_credentials"];
        for (name, close) in [
            ("origin", "origins"),
            ("resource", "resources"),
            ("support_credentials", "supports_credentials"),
        ] {
            assert_eq!(closest(name, &known), Some(close));
        }
        assert_eq!(closest("name", &known), None);
        assert_eq!(closest(&"origins".repeat(20), &known), None);
    }
}
