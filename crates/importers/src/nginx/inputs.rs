//! Variables that a part of a configuration expects from whoever includes it.
//!
//! nginx takes one that nothing has set yet for empty. A part that asks whether `$enabled` is
//! `on`, and itself sets it to nothing but `off`, asks for what was set before; a flag that the
//! part both sets and asks for is its own.

use std::collections::BTreeMap;

use corsac_analysis::model::{Place, Truth};
use corsac_diagnostics::excerpt;

use super::steps::{Test, test};
use super::syntax::Directive;
use super::value::{Template, names};

/// Most values and questions of one variable that are compared, each with each.
const MAX_USES: usize = 64;

/// What is said of a variable.
#[derive(Default)]
struct Uses {
    /// The constants that it is set to where some condition holds.
    set: Vec<String>,
    /// Whether it is set to more than constants, or always.
    is_own: bool,
    asked: Vec<(Test, Place)>,
}

/// Where the first variable that is set outside of these directives is asked for, and a sentence
/// on all of them.
pub(super) fn inputs(directives: &[Directive]) -> Option<(Place, String)> {
    let mut uses = BTreeMap::new();
    learn(directives, false, &mut uses);
    let found = uses.iter().filter_map(|(name, uses)| Some((uses.input()?, name)));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(place, _)| (place.file, place.span.start));
    let more = found.len().checked_sub(1)?;
    let (place, name) = found.first()?;
    let name = excerpt(name);
    let sentence = match more {
        0 => format!("the includer sets `${name}`"),
        more => format!("the includer sets `${name}` and {more} more variables"),
    };
    Some(((*place).clone(), sentence))
}

fn learn(directives: &[Directive], is_conditional: bool, all: &mut BTreeMap<String, Uses>) {
    for directive in directives {
        match directive.name.as_str() {
            "set" => {
                let name = directive.argument(0).unwrap_or_default().trim_start_matches('$');
                let uses = all.entry(name.to_ascii_lowercase()).or_default();
                let value = Template::new(directive.argument(1).unwrap_or_default());
                match value.constant().filter(|_| is_conditional) {
                    Some(text) => uses.set.push(text.to_owned()),
                    None => uses.is_own = true,
                }
            }
            "if" => {
                let test = test(directive);
                if let Some(name) = asked(&test) {
                    all.entry(name).or_default().asked.push((test, directive.place.clone()));
                }
            }
            _ => {}
        }
        learn(directive.inside(), is_conditional || directive.name == "if", all);
    }
}

/// The variable that a condition is about.
fn asked(test: &Test) -> Option<String> {
    match test {
        Test::Equals { left, .. } | Test::Matches { left, .. } => names(left).next().map(str::to_owned),
        Test::Opaque | Test::True { .. } => None,
    }
}

impl Uses {
    /// Where it is asked for something that it is never set to here.
    fn input(&self) -> Option<&Place> {
        if self.is_own || self.set.is_empty() || self.set.len() + self.asked.len() > MAX_USES {
            return None;
        }
        let values = || self.set.iter().map(String::as_str).chain([""]);
        let is_input = |test: &Test| match test {
            Test::Equals { right, .. } => {
                right.constant().is_some_and(|asked| values().all(|value| value != asked))
            }
            Test::Matches { pattern, .. } => {
                pattern.is_tame() && values().all(|value| pattern.matches(value) == Truth::False)
            }
            Test::Opaque | Test::True { .. } => false,
        };
        self.asked.iter().find(|(test, _)| is_input(test)).map(|(_, place)| place)
    }
}
