//! What is said of a policy that was carried over.

/// Something that was not carried over, or not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What kind of thing.
    pub kind: RemarkKind,
    /// What, and why.
    pub text: String,
    /// Of which scope; of several or of all if none is named.
    pub scope: Option<String>,
    /// An origin that shows it.
    pub witness: Option<String>,
}

/// Kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemarkKind {
    /// Something was taken for granted; nothing is lost.
    Assumed,
    /// It was in force, and is not in the policy.
    LeftOut,
    /// It was without effect as it was written, and has now the one it was meant to have.
    Mended,
    /// It is not known what the source does.
    Unknown,
    /// The policy admits more than the source did.
    Wider,
}

impl RemarkKind {
    /// Its name in machine output.
    pub fn id(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::LeftOut => "left-out",
            Self::Mended => "mended",
            Self::Unknown => "unknown",
            Self::Wider => "wider",
        }
    }

    /// Its name before a text.
    pub fn words(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::LeftOut => "left out",
            Self::Mended => "mended",
            Self::Unknown => "not known",
            Self::Wider => "wider",
        }
    }

    /// Whether browsers are answered in another way than by the source, or may be.
    pub fn is_loss(self) -> bool {
        self != Self::Assumed
    }
}

impl Remark {
    pub(super) fn new(kind: RemarkKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), scope: None, witness: None }
    }

    pub(super) fn showing(self, witness: impl Into<String>) -> Self {
        Self { witness: Some(witness.into()), ..self }
    }

    /// Of which scope.
    pub(super) fn of(self, scope: &str) -> Self {
        Self { scope: Some(scope.to_owned()), ..self }
    }
}
