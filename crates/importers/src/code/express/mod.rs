//! Express and what else takes the options of the npm package `cors`: `NestJS`, Socket.IO, Vite,
//! Fastify; and fields that handlers set by hand.

mod by_hand;
mod callback;
mod condition;
mod handed_on;
mod mounts;
mod options;
mod relatives;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use super::answers::{self, Reading};
use super::syntax::{Language, extension};
use crate::{Includes, Unreadable};

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    const SURE: [&str; 5] =
        ["enableCors(", "@fastify/cors", "from 'cors'", "from \"cors\"", "access-control-allow-origin"];
    const LIKELY: [&str; 3] = ["Access-Control-Allow-Origin", "cors(", "cors:"];
    if !matches!(extension(name), "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx") {
        return 0;
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&SURE) || has(&["require('cors')", "require(\"cors\")"]) {
        return 90;
    }
    if has(&LIKELY) { 70 } else { 0 }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let language = Language::of_script(source.name());
    answers::read(language, source, everything)
}

fn everything(reading: &mut Reading<'_, '_>) {
    mounts::scopes(reading);
    relatives::scopes(reading);
    handed_on::scopes(reading);
    let others = reading.scopes.len();
    by_hand::scopes(reading);
    if others > 0 && reading.scopes.len() > others {
        let at = reading.scopes.get(others).and_then(|scope| scope.place.clone());
        let span = at.map_or(0..0, |place| place.span);
        let reason = "a field that is set by hand: where a middleware sets it too, the later one counts";
        reading.unread(span, reason.to_owned());
    }
}
