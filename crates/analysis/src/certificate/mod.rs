//! Proofs as files: what a verdict of "proved" rests on, for somebody else to check.

mod claim;
mod proofs;
mod verify;

use std::collections::{HashSet, VecDeque};

use corsac_origin::PublicSuffixList;
use serde::{Deserialize, Serialize};

use crate::automaton::{Table, Work, at};
use crate::grammar;
use crate::model::{Matcher, Model, Truth};
use crate::regex::Regex;
use crate::stranger::Intended;
pub use claim::{Claim, OfExpression, OfScope};
pub use proofs::{PROOFS_SCHEMA, Proofs, Unproved};
pub use verify::{Flaw, Part, Place, State};
use verify::{Hosts, Read};

/// The schema of certificates.
pub const PROOF_SCHEMA: &str = "corsac.proof/1";

/// Most places of one part: some 2 MB of JSON.
const MAX_PLACES: usize = 20_000;

/// A proof that no stranger can own an origin that is admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// [`PROOF_SCHEMA`].
    pub schema: String,
    /// What is proved.
    pub claim: Claim,
    /// The version line of the list of public suffixes.
    pub public_suffixes: String,
    /// One part for each scheme.
    pub parts: Vec<Part>,
}

/// Why there is no certificate, or why it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The claim is false, or too large to be written down, for this reason.
    Unprovable(String),
    /// It was made by software that writes another schema.
    Schema(String),
    /// It was made with another list of public suffixes: this one.
    List(String),
    /// It is no proof.
    Flaw(Flaw),
    /// What is meant is no list of names of somebody's own.
    Intended,
    /// The machines are not those of the expression, or of the scope.
    Machines,
}

impl Certificate {
    /// The proof that no stranger can own an origin that `regex` admits.
    ///
    /// # Errors
    /// One can, or the proof would be too large.
    pub fn of(regex: &Regex, intended: &Intended, list: &PublicSuffixList) -> Result<Self, CertificateError> {
        let claim = OfExpression::new(regex, intended.names());
        let matcher = Matcher::Regex(claim.regex()?);
        Self::made(Claim::Expression(claim), &matcher, (list, &Work::unbounded()))
    }

    fn made(
        claim: Claim,
        matcher: &Matcher,
        (list, work): (&PublicSuffixList, &Work),
    ) -> Result<Self, CertificateError> {
        refuse_null(matcher)?;
        let hosts = Hosts::new(list, claim.intended()).map_err(CertificateError::Flaw)?;
        let parts = machines(matcher, work)?.into_iter().map(|(scheme, table)| part(scheme, &table, &hosts));
        Ok(Self {
            schema: PROOF_SCHEMA.to_owned(),
            parts: parts.collect::<Result<_, _>>()?,
            claim,
            public_suffixes: list.version().to_owned(),
        })
    }

    /// How many places the proof has.
    pub fn places(&self) -> usize {
        self.parts.iter().map(|part| part.reached.len()).sum()
    }

    /// Sees that the proof holds with `list`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify(&self, list: &PublicSuffixList) -> Result<(), CertificateError> {
        if self.schema != PROOF_SCHEMA {
            return Err(CertificateError::Schema(self.schema.clone()));
        }
        if self.public_suffixes != list.version() {
            return Err(CertificateError::List(self.public_suffixes.clone()));
        }
        let intended = self.claim.intended();
        let names = intended.iter().map(String::as_str);
        if !Intended::of(names, list).is_ok_and(|meant| meant.names() == intended) {
            return Err(CertificateError::Intended);
        }
        let schemes: Vec<&str> = self.parts.iter().map(|part| part.scheme.as_str()).collect();
        if schemes != ["https", "http"] {
            return Err(CertificateError::Machines);
        }
        let hosts = Hosts::new(list, intended).map_err(CertificateError::Flaw)?;
        self.parts.iter().try_for_each(|part| part.verify(&hosts)).map_err(CertificateError::Flaw)
    }

    /// Sees that the machines are those that this version makes of the expression; of a scope,
    /// those that it makes of `model`, which is what the claim's file says now.
    ///
    /// # Errors
    /// They are others, or what they are made of is not to be had.
    pub fn retrace(&self, model: Option<&Model>) -> Result<(), CertificateError> {
        let (matcher, work) = match (&self.claim, model) {
            (Claim::Expression(claim), _) => (Matcher::Regex(claim.regex()?), Work::unbounded()),
            (Claim::Scope(claim), Some(model)) => (claim.readers(model)?, Work::of_a_file()),
            (Claim::Scope(_), None) => return Err(CertificateError::Machines),
        };
        refuse_null(&matcher)?;
        let own = machines(&matcher, &work)?;
        let is_same = own.iter().zip(&self.parts).all(|((scheme, table), part)| {
            *scheme == part.scheme && table.starts == part.starts && states(table) == part.states
        });
        if is_same { Ok(()) } else { Err(CertificateError::Machines) }
    }
}

/// Sees that `null` is not admitted, which every website can send: its machines would not show it.
fn refuse_null(matcher: &Matcher) -> Result<(), CertificateError> {
    let reason = match matcher.matches("null") {
        Truth::False => return Ok(()),
        Truth::True => "`null` is admitted, which any website can send from a sandboxed frame",
        Truth::Unknown => "it is not known whether `null` is admitted, which any website can send",
    };
    Err(CertificateError::Unprovable(reason.to_owned()))
}

/// What is admitted of each scheme.
fn machines(matcher: &Matcher, work: &Work) -> Result<Vec<(&'static str, Table)>, CertificateError> {
    let schemes = [("https", grammar::secure_domains()), ("http", grammar::plain_domains())];
    let machines = schemes.into_iter().map(|(scheme, within)| {
        let table = Table::at_least(matcher, within, work);
        table.map(|table| (scheme, table)).map_err(|error| CertificateError::Unprovable(error.to_string()))
    });
    machines.collect()
}

fn states(table: &Table) -> Vec<State> {
    let states = table.edges.iter().zip(&table.accepting).map(|(edges, accepts)| State {
        accepts: *accepts,
        edges: edges.iter().map(|(set, to)| (set.iter().map(char::from).collect(), *to)).collect(),
    });
    states.collect()
}

fn part(scheme: &str, table: &Table, hosts: &Hosts<'_>) -> Result<Part, CertificateError> {
    let mut reached: Vec<(u32, Place)> = Vec::new();
    let mut seen = HashSet::new();
    let mut open: VecDeque<_> = table.starts.iter().map(|start| (*start, Place::Begin)).collect();
    while let Some((state, place)) = open.pop_front() {
        if !seen.insert((state, place.clone())) {
            continue;
        }
        if seen.len() > MAX_PLACES {
            return Err(CertificateError::Unprovable(format!("it has more than {MAX_PLACES} places")));
        }
        for (set, to) in at(&table.edges, state).into_iter().flatten() {
            for byte in set.iter() {
                match hosts.read(&place, char::from(byte), scheme) {
                    Read::Harmless => {}
                    Read::On(next) => open.push_back((*to, next)),
                    Read::Strangers(host) => return Err(CertificateError::Flaw(Flaw::Strangers(host))),
                }
            }
        }
        reached.push((state, place));
    }
    Ok(Part { scheme: scheme.to_owned(), starts: table.starts.clone(), states: states(table), reached })
}

impl std::fmt::Display for CertificateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unprovable(reason) => write!(f, "there is no certificate: {reason}"),
            Self::Schema(schema) => write!(f, "its schema is `{schema}`, not `{PROOF_SCHEMA}`"),
            Self::List(version) => write!(f, "it was made with the public suffixes of {version}"),
            Self::Flaw(flaw) => write!(f, "it is no proof: {flaw}"),
            Self::Intended => f.write_str("what is meant is no list of names of somebody's own"),
            Self::Machines => {
                f.write_str("its machines are not those of the expression or configuration that it names")
            }
        }
    }
}

impl std::error::Error for CertificateError {}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchState(state) => write!(f, "the machine has no state {state}"),
            Self::Left(state, place, byte) => {
                write!(f, "reading `{byte}` from state {state} at {place:?} leaves what is named")
            }
            Self::Strangers(host) => write!(f, "`{host}` is read, which a stranger can own"),
            Self::ListOfDigits => f.write_str("a listed name ends in a digit"),
        }
    }
}

impl std::error::Error for Flaw {}
