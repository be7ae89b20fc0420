//! The only place that prints: data to standard output, talk to standard error.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use corsac_diagnostics::Report;
use corsac_diagnostics::render::{self, Run, Style};

use crate::args::{Color, Format, Global};
use crate::exit::Exit;

/// Where a run writes.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    color: Color,
    quiet: bool,
    verbose: bool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        Self { color: global.color, quiet: global.quiet, verbose: global.verbose }
    }

    /// Writes to standard output. A reader that went away has what it wanted, so a
    /// closed pipe is success; anything else is a failure.
    pub(crate) fn data(&self, text: &str, exit: Exit) -> Exit {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => exit,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Clean,
            Err(error) => self.fail(&format!("failed to write the result: {error}"), "is the disk full?"),
        }
    }

    /// Writes a part of the data and empties it; an exit if there is no point in more.
    pub(crate) fn chunk(&self, part: &mut Vec<u8>) -> Option<Exit> {
        let written = io::stdout().lock().write_all(part);
        part.clear();
        match written {
            Ok(()) => None,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Some(Exit::Clean),
            Err(error) => {
                Some(self.fail(&format!("failed to write the result: {error}"), "is the disk full?"))
            }
        }
    }

    /// `text` in a colour, where standard output shows colours.
    pub(crate) fn data_paint(&self, text: &str, escape: &str) -> String {
        match self.style(io::stdout().is_terminal()) {
            Style::Coloured => format!("{escape}{text}\u{1b}[0m"),
            Style::Plain => text.to_owned(),
        }
    }

    /// Says something to people, unless they asked for silence.
    pub(crate) fn talk(&self, text: &str) {
        if !self.quiet {
            write_stderr(text);
        }
    }

    /// Says what only the curious want to know.
    pub(crate) fn detail(&self, text: &str) {
        if self.verbose {
            write_stderr(text);
        }
    }

    /// Whether the curious ask.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Warns, also when quiet.
    pub(crate) fn warn(&self, text: &str) {
        write_stderr(&format!("{} {text}", self.paint("warning:", "\u{1b}[1;33m")));
    }

    /// Says why it could not be done, with one hint.
    pub(crate) fn fail(&self, reason: &str, hint: &str) -> Exit {
        let reason = reason.split('\n').map(printable).collect::<Vec<_>>().join("\n");
        write_stderr(&format!("{} {reason}", self.paint("error:", "\u{1b}[1;31m")));
        if !hint.is_empty() {
            write_stderr(&format!("{} {hint}", self.paint("hint:", "\u{1b}[1;36m")));
        }
        Exit::Failed
    }

    /// The findings of a run, on standard output.
    pub(crate) fn run(&self, run: &Run<'_>, format: Format, exit: Exit) -> Exit {
        let text = match format {
            Format::Github => render::github(run),
            Format::Human => render::human(run.reports, self.style(io::stdout().is_terminal())),
            Format::Json => render::json(run),
            Format::Plain => render::plain(run.reports),
            Format::Sarif => render::sarif(run),
        };
        self.data(&text, exit)
    }

    /// Findings as talk, where the run's data is something else.
    pub(crate) fn talk_reports(&self, reports: &[Report]) {
        let text = render::human(reports, self.style(io::stderr().is_terminal()));
        if !text.is_empty() {
            write_stderr(text.trim_end());
        }
    }

    fn style(&self, terminal: bool) -> Style {
        let wanted = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        if wanted { Style::Coloured } else { Style::Plain }
    }

    /// `text` in a colour, where standard error shows colours.
    pub(crate) fn paint(&self, text: impl Display, escape: &str) -> String {
        match self.style(io::stderr().is_terminal()) {
            Style::Coloured => format!("{escape}{text}\u{1b}[0m"),
            Style::Plain => text.to_string(),
        }
    }
}

/// `text` with what would move a terminal's cursor, colour it or turn its letters around shown
/// rather than obeyed: servers, pages and pastes wrote it.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let turns = |char| matches!(char, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_obeyed = |char: char| char.is_control() || turns(char);
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |char: char| -> String {
        if is_obeyed(char) { char.escape_default().collect() } else { char.into() }
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Shows help, the version, or what is wrong with the command line.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    let exit = if error.use_stderr() { Exit::Failed } else { Exit::Clean };
    // A closed pipe is success.
    let _ = error.print();
    exit
}

fn write_stderr(text: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
