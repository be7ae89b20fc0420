//! `corsac diff`: who gains and who loses access between two configurations.

pub(super) mod human;
pub(super) mod json;
mod markdown;

use corsac_analysis::diff::Comparison;
use corsac_analysis::model::{Credentials, Matcher, Model};
use corsac_analysis::question::{Prover, intended_names};
use corsac_analysis::stranger::Intended;
use corsac_origin::PublicSuffixList;

use crate::args::{Diff, Format, Global};
use crate::commands::configuration;
use crate::commands::deadline::Deadline;
use crate::exit::Exit;
use crate::load::{self, LoadError};
use crate::output::Output;

/// Two configurations and what tells them apart.
pub(super) struct Compared {
    pub(super) old: Side,
    pub(super) new: Side,
    pub(super) comparison: Comparison,
    pub(super) intended: Intended,
    /// Whether the intended names were told, not guessed.
    pub(super) is_told: bool,
}

pub(super) struct Side {
    pub(super) file: String,
    pub(super) system: &'static str,
    /// How many parts of it are not understood.
    pub(super) unread: usize,
}

pub(crate) fn run(diff: &Diff, global: &Global, output: &Output) -> Exit {
    let asked = (diff.clone(), global.clone());
    let compared = match Deadline::new(diff.timeout).done(move || compare(&asked.0, &asked.1)) {
        Ok(compared) => compared,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let exit = if compared.comparison.is_empty() { Exit::Clean } else { Exit::Findings };
    let text = match global.format {
        _ if diff.markdown => markdown::shown(&compared),
        Format::Json => json::shown(&compared),
        Format::Plain => human::plain(&compared),
        Format::Human => human::shown(&compared, &|text, colour| output.data_paint(text, colour)),
        Format::Github | Format::Sarif => {
            return output
                .fail("`corsac diff` has no such format", "--markdown writes a comment on a change");
        }
    };
    output.data(&text, exit)
}

fn compare(diff: &Diff, global: &Global) -> Result<Compared, LoadError> {
    let list = load::suffix_list(global)?;
    let list = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    let by = (global.profile.as_deref(), list);
    let old = configuration::load(&diff.old, diff.kind, by)?;
    let new = configuration::load(&diff.new, diff.kind, by)?;
    let is_told = !diff.intend.is_empty();
    let names = if is_told { diff.intend.clone() } else { spelt(&[&old, &new], list) };
    let intended =
        Intended::of(names.iter().map(String::as_str), list).map_err(|(name, error)| LoadError {
            reason: format!("`{name}` cannot be meant: {error}"),
            hint: "name a domain of your own, as in --intend example.com".to_owned(),
        })?;
    let prover = Prover::new(list);
    let side = |model: &Model, path: &std::path::Path| Side {
        file: path.display().to_string(),
        system: model.system,
        unread: model.unread.len(),
    };
    Ok(Compared {
        comparison: Comparison::of(&old, &new, (&prover, &intended)),
        old: side(&old, &diff.old),
        new: side(&new, &diff.new),
        intended,
        is_told,
    })
}

/// The names that the configurations spell out.
fn spelt(models: &[&Model], list: &PublicSuffixList) -> Vec<String> {
    let answers = models.iter().flat_map(|model| &model.scopes).map(|scope| &scope.actual);
    let readers = answers.map(|answer| answer.readers(Credentials::Omitted)).collect();
    intended_names(&Matcher::AnyOf(readers), list)
}
