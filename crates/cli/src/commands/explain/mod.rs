//! `corsac explain`: why a browser blocks a request, and the smallest safe change.

mod batch;
mod fixes;
mod har;
mod live;
mod names;
mod policy;
mod render;
mod request;
mod shell;
mod unanswered;

use corsac_analysis::explain::{
    MAX_PASTE_BYTES, RecordedExchange, Repair, Server, read_console_message, repair,
};
use corsac_browser::{Engine, Outcome, Verdict};

use crate::args::{EngineName, Explain, Format, Global};
use crate::exit::Exit;
use crate::load;
use crate::output::Output;
use policy::PolicyEdit;
use request::Asked;

/// What was found for one call: a verdict an engine, and what would let it through.
pub(crate) struct Answer {
    pub(crate) verdicts: Vec<Verdict>,
    /// What was asked and answered.
    pub(crate) exchange: RecordedExchange,
    /// What the responses should say.
    pub(crate) repair: Repair,
    /// What the policy file should say, in the place of `repair`.
    pub(crate) edit: Option<PolicyEdit>,
    /// What the policy decided, and where: the server's half.
    pub(crate) policy: Option<String>,
    /// The software whose words the fix is said in.
    pub(crate) server: Option<Server>,
    /// What the reader should know beside it.
    pub(crate) notes: Vec<String>,
}

impl Answer {
    pub(crate) fn new(exchange: RecordedExchange, verdicts: Vec<Verdict>, notes: Vec<String>) -> Self {
        let engines: Vec<_> = verdicts.iter().map(|verdict| verdict.engine).collect();
        let repair = repair(&exchange, &engines);
        let server = Server::of(&exchange);
        Self { verdicts, exchange, repair, edit: None, policy: None, server, notes }
    }

    /// Whether any engine lets no script read.
    pub(crate) fn is_blocked(&self) -> bool {
        let is_blocked = |verdict: &Verdict| matches!(verdict.outcome, Outcome::Blocked | Outcome::Invalid);
        self.verdicts.iter().any(is_blocked)
    }
}

pub(crate) fn run(explain: &Explain, global: &Global, output: &Output) -> Exit {
    let engines = engines(explain.engine);
    if let Some(file) = &explain.exchanges {
        return batch::run(file, &engines, output);
    }
    if let Some(file) = &explain.har {
        return har::run(file, &engines, global.format, output);
    }
    if let Some(text) = &explain.error {
        let pasted = if text == "-" { load::pasted(MAX_PASTE_BYTES) } else { Ok(text.clone()) };
        return match pasted {
            Ok(text) => message(&text, global.format, output),
            Err(error) => output.fail(&error.reason, &error.hint),
        };
    }
    let asked = match Asked::of(explain) {
        Ok(asked) => asked,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let answer = match &explain.policy {
        Some(file) => policy::ask(file, &asked, &engines, (global, output)),
        None => live::ask(&asked, &engines, explain.send, explain.timeout),
    };
    match answer {
        Err(error) => output.fail(&error.reason, &error.hint),
        Ok(mut answer) => {
            answer.server = explain.server.or(answer.server);
            if explain.fix {
                return write_fix(&asked, &answer, global.format, output);
            }
            show(&asked, &answer, global.format, output)
        }
    }
}

/// Writes the edit if it admits the asked call and nothing else.
fn write_fix(asked: &Asked, answer: &Answer, format: Format, output: &Output) -> Exit {
    let shown = show(asked, answer, format, output);
    if shown != Exit::Findings {
        return shown;
    }
    let Some(edit) = &answer.edit else {
        return output
            .fail("failed to fix: no edit of the policy lets the call through", "see the fix above");
    };
    match edit.write() {
        Ok(file) => {
            output.talk(&format!("wrote {}", file.display()));
            Exit::Clean
        }
        Err(error) => output.fail(&error.reason, &error.hint),
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
    let exit = if answer.is_blocked() { Exit::Findings } else { Exit::Clean };
    let text = match format {
        Format::Json => render::json(asked, answer),
        Format::Github | Format::Human | Format::Sarif => render::human(asked, answer, output),
        Format::Plain => render::plain(asked, answer),
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
