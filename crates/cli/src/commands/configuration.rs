//! One configuration, of whatever system, as a model.

use std::path::Path;

use corsac_analysis::model::{
    Answer, Choice, Coverage, Emission, Model, Place, Preflight, Scope, Unread, of_policy,
};
use corsac_diagnostics::{MAX_DOCUMENT_BYTES, Severity, Source};
use corsac_gateway::{Config, Ownership, Route, read};
use corsac_importers::import;
use corsac_origin::PublicSuffixList;

use super::check::{Disk, Kind, text};
use crate::load::{LoadError, is_standard_input};

/// Reads the configuration in `path` as a system's that is told, or that it looks like.
///
/// # Errors
/// It cannot be read, or is no configuration that is known, or a policy that cannot run.
pub(crate) fn load(
    path: &Path,
    kind: Option<Kind>,
    (profile, suffixes): (Option<&str>, &PublicSuffixList),
) -> Result<Model, LoadError> {
    let name = path.display().to_string();
    let failed = |reason: String, hint: &str| LoadError {
        reason: format!("failed to read `{name}`: {reason}"),
        hint: hint.to_owned(),
    };
    let read = if is_standard_input(path) {
        text::read_standard_input(MAX_DOCUMENT_BYTES)
    } else {
        text::read(path, MAX_DOCUMENT_BYTES)
    };
    let text = read.map_err(|error| failed(error.reason, error.hint))?;
    let source = Source::new(name.clone(), text);
    match kind.or_else(|| Kind::of_named(path, source.text())) {
        None => Err(failed("it is no configuration that is known".to_owned(), "say whose it is with --kind")),
        Some(Kind::Corsac) => read_policy(source, profile, suffixes)
            .map_err(|_| failed("it has mistakes".to_owned(), &format!("`corsac check {name}` tells them"))),
        Some(Kind::Other(system)) => {
            let text = source.clone();
            let model = import(system, source, &Disk::of(path, &[]));
            model.map_err(|error| {
                let line = text.line(error.offset);
                failed(format!("as {}, line {line}: {error}", system.name), "--kind SYSTEM says whose it is")
            })
        }
    }
}

/// A policy file of ours: one scope for each route.
///
/// # Errors
/// Its first mistake.
pub(super) fn read_policy(
    source: Source,
    profile: Option<&str>,
    suffixes: &PublicSuffixList,
) -> Result<Model, String> {
    let reading = read(source.clone(), profile, suffixes);
    let mut mistakes = reading.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    if let Some(first) = mistakes.next() {
        return Err(first.message);
    }
    let config = reading.config.ok_or_else(|| "it has no policy".to_owned())?;
    let scopes = config.routes.iter().map(|route| scope(&config, route));
    Ok(Model {
        system: "Corsac",
        scopes: scopes.collect(),
        files: vec![source],
        unread: Vec::<Unread>::new(),
    })
}

fn scope(config: &Config, route: &Route) -> Scope {
    let name = format!("route {}", route.path);
    let policy = route.policy.and_then(|index| config.policies.get(index));
    match (route.ownership, policy) {
        (Ownership::Passthrough, _) => Scope { actual: passed_through(), name, ..Scope::default() },
        (_, Some((_, policy))) => of_policy(&name, policy),
        (_, None) => Scope {
            actual: Answer { coverage: Coverage::All, ..Answer::default() },
            preflight: Preflight::Unanswered,
            place: None::<Place>,
            name,
        },
    }
}

fn passed_through() -> Answer {
    let reason = "the upstream decides: the route has `mode = \"passthrough\"`";
    Answer {
        allow_origin: vec![Choice::always(Emission::Opaque(reason.to_owned()), None)],
        passes_upstream: true,
        ..Answer::default()
    }
}
