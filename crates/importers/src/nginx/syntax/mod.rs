//! Text, words, directives.

mod directive;
mod lua;
mod token;

pub(super) use directive::{Directive, Reading, UNREAD_INCLUDE, read};
