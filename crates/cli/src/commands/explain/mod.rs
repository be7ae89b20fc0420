//! `corsac explain`: why a browser blocks a request, and the smallest safe change.

mod batch;
mod live;
mod policy;
mod render;
mod request;

use corsac_analysis::explain::read_console_message;
use corsac_browser::{Engine, Verdict};

use crate::args::{EngineName, Explain, Format, Global};
use crate::exit::Exit;
use crate::output::Output;
use request::Asked;

/// What was found for one call: a verdict an engine, and the fix where it has a place.
pub(crate) struct Answer {
    pub(crate) verdicts: Vec<Verdict>,
    /// In place of the general fix.
    pub(crate) fix: Option<String>,
    /// What the reader should know beside it.
    pub(crate) notes: Vec<String>,
}

pub(crate) fn run(explain: &Explain, global: &Global, output: &Output) -> Exit {
    let engines = engines(explain.engine);
    if let Some(file) = &explain.exchanges {
        return batch::run(file, &engines, output);
    }
    if let Some(text) = &explain.error {
        return message(text, global.format, output);
    }
    let asked = match Asked::of(explain) {
        Ok(asked) => asked,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let answer = match &explain.policy {
        Some(file) => policy::ask(file, &asked, &engines, (global, output)),
        None => live::ask(&asked, &engines, explain.send),
    };
    match answer {
        Err(error) => output.fail(&error.reason, &error.hint),
        Ok(answer) => show(&asked, &answer, global.format, output),
    }
}

/// What a console message means; what is none of those known is not guessed at.
fn message(text: &str, format: Format, output: &Output) -> Exit {
    match read_console_message(text) {
        Some(message) => output.data(&render::message(&message, format, output), Exit::Clean),
        None => output.fail(
            "failed to read the message: it is none that browsers print about CORS",
            "paste the whole line of the console, quoted",
        ),
    }
}

fn show(asked: &Asked, answer: &Answer, format: Format, output: &Output) -> Exit {
    let is_blocked =
        answer.verdicts.iter().any(|verdict| verdict.failure.is_some() || verdict.invalid.is_some());
    let exit = if is_blocked { Exit::Findings } else { Exit::Clean };
    let text = match format {
        Format::Json => render::json(asked, answer),
        Format::Human | Format::Plain => render::human(asked, answer, output),
    };
    output.data(&text, exit)
}

fn engines(name: EngineName) -> Vec<Engine> {
    match name {
        EngineName::Standard => vec![Engine::Standard],
        EngineName::Chromium => vec![Engine::Chromium],
        EngineName::Firefox => vec![Engine::Firefox],
        EngineName::Webkit => vec![Engine::WebKit],
        EngineName::All => Engine::ALL.to_vec(),
    }
}
