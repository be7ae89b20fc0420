//! What a certificate claims.

use serde::{Deserialize, Serialize};

use super::CertificateError;
use crate::model::{Credentials, Matcher, Model};
use crate::regex::{Dialect, Flags, Mode, Regex};

/// Whose origins no stranger owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Claim {
    /// Those that an expression admits.
    Expression(OfExpression),
    /// Those that may read, in a scope of a configuration.
    Scope(OfScope),
}

/// An expression, how it is applied, and who is no stranger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfExpression {
    /// The expression.
    pub regex: String,
    /// [`Dialect::id`].
    pub dialect: String,
    /// [`Mode::id`].
    pub mode: String,
    /// Flags outside of the expression.
    pub flags: String,
    /// Names that are meant, each with all under it.
    pub intended: Vec<String>,
}

/// A scope of a configuration, and who is no stranger there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfScope {
    /// The configuration's file, as it was named.
    pub file: String,
    /// Whose it is.
    pub system: String,
    /// The scope's name, and its place among the scopes.
    pub scope: String,
    /// From 0.
    pub number: usize,
    /// Whether readers with credentials are all that is claimed to be no strangers. `false`
    /// claims it of all readers.
    pub with_credentials: bool,
    /// Names that are meant, each with all under it.
    pub intended: Vec<String>,
}

impl Claim {
    /// Names that are meant.
    pub fn intended(&self) -> &[String] {
        match self {
            Self::Expression(OfExpression { intended, .. }) | Self::Scope(OfScope { intended, .. }) => {
                intended
            }
        }
    }
}

impl OfExpression {
    pub(super) fn new(regex: &Regex, intended: &[String]) -> Self {
        Self {
            regex: regex.text().to_owned(),
            dialect: regex.dialect().id().to_owned(),
            mode: regex.mode().id().to_owned(),
            flags: regex.flags().0.clone(),
            intended: intended.to_vec(),
        }
    }

    /// What the expression admits, if it is one.
    pub(super) fn regex(&self) -> Result<Regex, CertificateError> {
        let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.id() == self.dialect);
        let mode = Mode::ALL.into_iter().find(|mode| mode.id() == self.mode);
        let (Some(dialect), Some(mode)) = (dialect, mode) else { return Err(CertificateError::Machines) };
        let regex = Regex::new(&self.regex, dialect, mode, Flags(self.flags.clone()));
        match regex.syntax() {
            Err(refusal) => Err(CertificateError::Unprovable(refusal.to_string())),
            Ok(_) => Ok(regex),
        }
    }
}

impl OfScope {
    /// Who may read in this scope, if `model` has it.
    pub(super) fn readers(&self, model: &Model) -> Result<Matcher, CertificateError> {
        let scope = model.scopes.get(self.number).filter(|scope| scope.name == self.scope);
        let scope = scope.ok_or(CertificateError::Machines)?;
        let credentials = if self.with_credentials { Credentials::Included } else { Credentials::Omitted };
        Ok(scope.actual.readers(credentials))
    }
}
