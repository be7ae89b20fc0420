//! Entries that do not do what they seem to: never sent, dead, redundant, shadowed, of wrong form.

pub(crate) mod allow_origin_invalid;
pub(crate) mod credentials_not_true;
pub(crate) mod dead_entry;
pub(crate) mod origin_never_sent;
pub(crate) mod redundant_entry;
pub(crate) mod shadowed_entry;

mod covered;
