//! Another system's configuration as a policy of ours: the tightest that admits what the
//! source meant, and what could not be carried over.
//!
//! What a source *meant* is what it spells out: single origins, and names in expressions
//! ([`crate::question::intended_names`], unless they are told). What it admits beyond those
//! (strangers, `null`, every website with credentials) is told and left out. A policy that is
//! suggested compiles, and admits nobody else's origin.
//!
//! - `origins`: matchers as entries; `members`: the few origins that a machine accepts;
//! - `fields`: methods, names of fields, ages;
//! - `parts`: scopes as parts of one service, with a path where their name tells one;
//! - `write`: the policy file.

mod fields;
mod members;
mod origins;
mod parts;
mod path;
mod remark;
mod write;

use corsac_cors::{Policy, PolicyConfig};

use crate::diff::{Compared, Comparison};
use crate::model::{Answer, Credentials, Matcher, Model, Preflight, Scope, of_policy};
use crate::question::{Prover, intended_names};
use crate::stranger::Intended;
use parts::Part;

pub use remark::{Remark, RemarkKind};

/// Most parts that nobody understood that are told one by one.
const MAX_UNREAD: usize = 10;

/// A policy file for what a model means.
#[derive(Clone, Debug, Default)]
pub struct Suggestion {
    /// The policies, each once.
    pub policies: Vec<Suggested>,
    /// Which requests have which policy; at least one.
    pub routes: Vec<Routed>,
    /// What is said of no policy alone.
    pub remarks: Vec<Remark>,
    /// Whom the policies are for.
    pub intended: Vec<String>,
    /// Whether that is a guess from what the source spells out.
    pub is_guessed: bool,
}

/// A policy and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    /// Its name in the file.
    pub name: String,
    /// What it says; it compiles.
    pub config: PolicyConfig,
    /// Origins of the machine at hand, for a profile of its own.
    pub development: Vec<String>,
    /// Scopes of the source that it stands for.
    pub scopes: Vec<String>,
    /// What was not carried over from them, or not as it was.
    pub remarks: Vec<Remark>,
}

/// A route of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// In our syntax.
    pub path: String,
    /// The name of its policy; without one no other origin reads.
    pub policy: Option<String>,
}

impl Suggestion {
    /// The tightest policies for `model`, for the names that were `told` or those it spells out.
    pub fn of(model: &Model, told: Option<&Intended>, prover: &Prover<'_>) -> Self {
        let prover = &prover.for_a_file();
        let guessed = told.is_none().then(|| guess(model, prover));
        let intended = told.or(guessed.as_ref());
        let nobody = Intended::default();
        let intended = intended.unwrap_or(&nobody);
        let mut suggestion = Self {
            intended: intended.names().to_vec(),
            is_guessed: told.is_none(),
            remarks: unread(model),
            ..Self::default()
        };
        let by = By { prover, intended, is_told: told.is_some() };
        for part in parts::of(&model.scopes) {
            suggestion.add(&part, &by);
        }
        if suggestion.routes.is_empty() {
            suggestion.routes.push(Routed { path: path::EVERYTHING.to_owned(), policy: None });
        }
        suggestion
    }

    /// Whether all that the source lets browsers do is carried over, and nothing else.
    pub fn is_whole(&self) -> bool {
        let own = self.policies.iter().flat_map(|policy| &policy.remarks);
        !own.chain(&self.remarks).any(|remark| remark.kind.is_loss())
    }

    /// All remarks, those of no policy first.
    pub fn all_remarks(&self) -> impl Iterator<Item = (Option<&str>, &Remark)> {
        let general = self.remarks.iter().map(|remark| (None, remark));
        general.chain(
            self.policies
                .iter()
                .flat_map(|policy| policy.remarks.iter().map(|remark| (Some(policy.name.as_str()), remark))),
        )
    }

    /// What the policies change for browsers, each against the scopes that it stands for.
    pub fn difference(&self, model: &Model, (prover, intended): (&Prover<'_>, &Intended)) -> Comparison {
        let prover = &prover.for_a_file();
        let mut kept: Vec<&str> = Vec::new();
        let mut scopes = Vec::new();
        for policy in &self.policies {
            let Ok(compiled) = Policy::compile_with(&policy.config, prover.list()) else { continue };
            let new = of_policy(&format!("[cors.{}]", policy.name), &compiled);
            let olds = model.scopes.iter().filter(|scope| policy.scopes.contains(&scope.name));
            let olds: Vec<&Scope> = olds.collect();
            kept.extend(policy.scopes.iter().map(String::as_str));
            scopes.push(Compared::of(&olds, &[&new], (prover, intended)));
        }
        let others = model.scopes.iter().filter(|scope| !kept.contains(&scope.name.as_str()));
        let others: Vec<&Scope> = others.collect();
        if !others.is_empty() {
            scopes.push(Compared::of(&others, &[], (prover, intended)));
        }
        Comparison { scopes }
    }

    fn add(&mut self, part: &Part<'_>, by: &By<'_, '_>) {
        let drafted = draft(part, by);
        let name = match drafted.config {
            None => {
                self.remarks.extend(drafted.remarks.into_iter().map(|remark| remark.of(&part.name)));
                None
            }
            Some(config) => Some(self.named(part, config, (drafted.development, drafted.remarks))),
        };
        let path = part.path.clone().unwrap_or_else(|| path::EVERYTHING.to_owned());
        match self.routes.iter_mut().find(|route| path::collide(&route.path, &path)) {
            None => self.routes.push(Routed { path, policy: name }),
            Some(route) if route.path == path && route.policy == name => {}
            // Nobody has a policy there yet.
            Some(route) if route.path == path && route.policy.is_none() => route.policy = name,
            Some(route) => {
                let Some(name) = name else { return };
                self.remarks.push(
                    Remark::new(
                        RemarkKind::LeftOut,
                        format!(
                            "no route uses [cors.{name}], for `{}` is taken; a second gateway can serve it",
                            route.path
                        ),
                    )
                    .of(&part.name),
                );
            }
        }
    }

    /// The name of the policy that says this, a new one if there is none.
    fn named(
        &mut self,
        part: &Part<'_>,
        config: PolicyConfig,
        (development, remarks): (Vec<String>, Vec<Remark>),
    ) -> String {
        let same = |known: &&mut Suggested| known.config == config && known.development == development;
        if let Some(known) = self.policies.iter_mut().find(same) {
            known.scopes.extend(part.scope_names());
            let new = remarks.into_iter().filter(|remark| !known.remarks.contains(remark));
            let new: Vec<Remark> = new.collect();
            known.remarks.extend(new);
            return known.name.clone();
        }
        let taken = |name: &str| self.policies.iter().any(|policy| policy.name == name);
        let first = part.slug();
        let numbered = (2..).map(|number: u32| format!("{first}-{number}"));
        let mut names = std::iter::once(first.clone()).chain(numbered);
        let name = names.find(|name| !taken(name)).unwrap_or(first);
        let scopes = part.scope_names();
        self.policies.push(Suggested { name: name.clone(), config, development, scopes, remarks });
        name
    }
}

/// By what a suggestion is made.
struct By<'p, 'l> {
    prover: &'p Prover<'l>,
    intended: &'p Intended,
    is_told: bool,
}

/// A policy, if there is anything to carry over, and what is said of it.
#[derive(Default)]
struct Draft {
    config: Option<PolicyConfig>,
    development: Vec<String>,
    remarks: Vec<Remark>,
}

fn draft(part: &Part<'_>, by: &By<'_, '_>) -> Draft {
    let readers = origins::Readers {
        omitted: readers(&part.scopes, Credentials::Omitted),
        included: readers(&part.scopes, Credentials::Included),
    };
    let (entries, mut remarks) = origins::of(&readers, &part.scopes, by);
    let Some(entries) = entries else { return Draft { remarks, ..Draft::default() } };
    let preflights: Vec<&Preflight> = part.scopes.iter().map(|scope| &scope.preflight).collect();
    let actual: Vec<&Answer> = part.scopes.iter().map(|scope| &scope.actual).collect();
    let fields = fields::of(&preflights, &actual, entries.credentials, &mut remarks);
    let config = PolicyConfig {
        origins: entries.origins,
        credentials: entries.credentials,
        dangerous: entries.dangerous,
        ..fields
    };
    let (config, development) = fields::compiled(config, entries.development, by.prover.list(), &mut remarks);
    Draft { config, development, remarks }
}

fn readers(scopes: &[&Scope], credentials: Credentials) -> Matcher {
    let mut any = Vec::new();
    for scope in scopes {
        match scope.actual.readers(credentials) {
            Matcher::AnyOf(inner) => any.extend(inner),
            other => any.push(other),
        }
    }
    any.dedup();
    if any.contains(&Matcher::Any) { Matcher::Any } else { Matcher::AnyOf(any) }
}

/// The names that the model spells out.
fn guess(model: &Model, prover: &Prover<'_>) -> Intended {
    let modes = [Credentials::Omitted, Credentials::Included];
    let all = model.scopes.iter().flat_map(|scope| modes.map(|mode| scope.actual.readers(mode)));
    let all = Matcher::AnyOf(all.collect());
    let names = intended_names(&all, prover.list());
    Intended::of(names.iter().map(String::as_str), prover.list()).unwrap_or_default()
}

fn unread(model: &Model) -> Vec<Remark> {
    let told = model.unread.iter().take(MAX_UNREAD).map(|unread| {
        let line = unread.place.as_ref().and_then(|place| {
            let file = model.files.get(place.file)?;
            Some(format!("{}:{}: ", file.name(), file.line(place.span.start)))
        });
        Remark::new(RemarkKind::Unknown, format!("{}{}", line.unwrap_or_default(), unread.reason))
    });
    let mut remarks: Vec<Remark> = told.collect();
    if let Some(more) = model.unread.len().checked_sub(MAX_UNREAD).filter(|more| *more > 0) {
        remarks.push(Remark::new(RemarkKind::Unknown, format!("{more} more parts are not understood")));
    }
    remarks
}
