//! A policy as a table of a TOML document.

use std::time::Duration;

use corsac_diagnostics::{Diagnostic, TableReader};
use corsac_origin::PublicSuffixList;

use crate::config::{Dangerous, PolicyConfig};
use crate::error::{Field, PolicyErrors};
use crate::policy::Policy;

/// Longest `max_age` that is read at all; the policy's own rule says more.
const LONGEST_AGE: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Reads and compiles the policy in `table`, reporting every mistake and warning.
/// `None` if anything in the table prevents it from running.
pub fn read_policy(
    table: TableReader<'_>,
    suffixes: &PublicSuffixList,
    out: &mut Vec<Diagnostic>,
) -> Option<Policy> {
    let path = table.path().clone();
    let mut reading = Reading { table, unreadable: Vec::new(), out };
    let config = reading.config();
    let Reading { table, unreadable, out } = reading;
    table.finish(out);
    let compiled = Policy::compile_with(&config, suffixes);
    let mistakes = match &compiled {
        Ok(policy) => policy.warnings(),
        Err(PolicyErrors(mistakes)) => mistakes,
    };
    // A field that could not be read has its finding already.
    let readable = mistakes.iter().filter(|mistake| !unreadable.contains(&mistake.field));
    out.extend(readable.map(|mistake| mistake.to_diagnostic().under(&path)));
    compiled.ok().filter(|_| unreadable.is_empty())
}

struct Reading<'d, 'o> {
    table: TableReader<'d>,
    unreadable: Vec<Field>,
    out: &'o mut Vec<Diagnostic>,
}

impl Reading<'_, '_> {
    fn config(&mut self) -> PolicyConfig {
        PolicyConfig {
            origins: self.list("origins", Some(Field::Origins), Field::Origin),
            methods: self.list("methods", None, Field::Method),
            request_headers: self.list("request_headers", Some(Field::RequestHeaders), Field::RequestHeader),
            exposed_headers: self.list("exposed_headers", None, Field::ExposedHeader),
            credentials: self.flag("credentials"),
            max_age: self.table.duration("max_age", (Duration::ZERO, LONGEST_AGE), self.out),
            legacy_private_network: self.flag("legacy_private_network"),
            dangerous: self.dangerous(),
        }
    }

    fn flag(&mut self, key: &'static str) -> bool {
        self.table.boolean(key, self.out).unwrap_or_default()
    }

    /// A list of strings; an item that is none leaves an empty entry, so that the
    /// others keep their index.
    fn list(
        &mut self,
        key: &'static str,
        whole: Option<Field>,
        item: impl Fn(usize) -> Field,
    ) -> Vec<String> {
        let before = self.out.len();
        let Some(items) = self.table.strings(key, self.out) else {
            if self.out.len() > before {
                self.unreadable.extend(whole);
            }
            return Vec::new();
        };
        let bad = items.iter().enumerate().filter(|(_, text)| text.is_none()).map(|(index, _)| item(index));
        self.unreadable.extend(bad);
        items.into_iter().map(|text| text.unwrap_or_default().to_owned()).collect()
    }

    fn dangerous(&mut self) -> Vec<Dangerous> {
        let Some(mut table) = self.table.table("dangerous", self.out) else { return Vec::new() };
        let is_on = |danger: &Dangerous| table.boolean(danger.key(), self.out).unwrap_or_default();
        let dangers = Dangerous::ALL.into_iter().filter(is_on).collect();
        table.finish(self.out);
        dangers
    }
}
