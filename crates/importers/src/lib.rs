//! Other software's CORS configuration, read as a [`Model`].
//!
//! One module a system, one folder where a grammar needs one. A reader describes what the
//! *program* does, traps included, as its tests against the real program show; it judges
//! nothing. What it does not understand goes into [`Model::unread`], and where that could decide
//! who may read, into the model as opaque: never out of it.
//!
//! Readers are pure: included files come through [`Includes`]. Work is bound by the text's
//! length and by [`MAX_TEXT`], [`MAX_INCLUDES`] and [`MAX_DEPTH`].
#![forbid(unsafe_code)]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod apache;
mod caddy;
mod cloud;
mod code;
mod conditional;
mod detect;
mod gateways;
mod haproxy;
mod nginx;
mod spelling;
mod spring;
mod system;
pub mod tree;

use std::fmt;

use corsac_analysis::model::{Model, Place, Unread};
use corsac_diagnostics::Source;

pub use detect::detect;
pub use system::System;

/// Longest text that is read, in bytes.
pub const MAX_TEXT: usize = 16 << 20;

/// Most files that one configuration includes.
pub const MAX_INCLUDES: usize = 256;

/// Deepest nesting of blocks, lists or expressions that is followed.
pub const MAX_DEPTH: usize = 64;

/// Where included files come from.
pub trait Includes {
    /// The texts that `pattern`, as the file named `from` writes it, stands for; in the order
    /// in which the program reads them.
    ///
    /// # Errors
    /// Why there is none, as a fragment.
    fn read(&self, from: &str, pattern: &str) -> Result<Vec<Source>, String>;
}

/// No included files: each is reported as unread.
impl Includes for () {
    fn read(&self, _: &str, _: &str) -> Result<Vec<Source>, String> {
        Err("included files are not read".to_owned())
    }
}

/// Why a text has no model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The byte at which reading ended.
    pub offset: usize,
    /// Why, as a fragment.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unreadable {}

/// Reads `source` as `system` does.
///
/// # Errors
/// The text is no configuration of that system at all, or larger than [`MAX_TEXT`].
pub fn import(system: System, source: Source, includes: &dyn Includes) -> Result<Model, Unreadable> {
    if source.text().len() > MAX_TEXT {
        return Err(Unreadable {
            offset: MAX_TEXT,
            reason: format!("it is larger than {} MiB", MAX_TEXT >> 20),
        });
    }
    let mut model = (system.read)(source, includes)?;
    // Code speaks of it in tests and in calls of other services, too.
    let is_data = !detect::READS_CODE.contains(&system.id);
    if is_data && model.scopes.is_empty() && model.unread.is_empty() {
        model.unread.extend(model.files.first().and_then(passed_over));
    }
    Ok(Model { system: system.name, ..model })
}

/// What is said of a text of which nothing was understood, if it speaks of CORS.
fn passed_over(source: &Source) -> Option<Unread> {
    let text = source.text().to_ascii_lowercase();
    let field = text.find("access-control-allow-");
    let at = field.or_else(|| text.find("cors").filter(|_| text.contains("origin")))?;
    let length = if field.is_some() { "access-control-allow".len() } else { "cors".len() };
    let place = Some(Place { file: 0, span: at..at + length });
    Some(Unread { place, reason: "it speaks of CORS, in a way that is not read".to_owned() })
}
