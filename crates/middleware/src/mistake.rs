//! Mistakes of a guard's configuration, whatever the guard.

use std::fmt;

use corsac_diagnostics::FieldPath;

/// One mistake, or one warning, of the kind `K`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake<K> {
    /// Where, from the root of the guard's configuration: `limits[2].burst`,
    /// `jwt.sign_in.audiences[0]`.
    pub field: FieldPath,
    /// What.
    pub kind: K,
}

/// All mistakes of a configuration that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes<K>(pub Vec<Mistake<K>>);

impl<K: fmt::Display> fmt::Display for Mistake<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.kind)
    }
}

impl<K: fmt::Display> fmt::Display for Mistakes<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl<K: fmt::Debug + fmt::Display> std::error::Error for Mistakes<K> {}
