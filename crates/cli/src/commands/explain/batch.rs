//! Recorded exchanges, one JSON object a line in and one an engine out.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use corsac_analysis::explain::judge_line;
use corsac_browser::Engine;

use crate::exit::Exit;
use crate::load;
use crate::output::Output;

/// Longest line: an exchange with every header that a browser takes is far shorter.
const MAX_LINE: u64 = 16 << 20;

/// UTF-8's byte order mark, which some editors write at the start of a file.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of output that are written at a time.
const CHUNK: usize = 256 << 10;

pub(crate) fn run(file: &Path, engines: &[Engine], output: &Output) -> Exit {
    if load::is_standard_input(file) {
        return judge(io::stdin().lock(), "standard input", engines, output);
    }
    match File::open(file) {
        Ok(opened) => {
            judge(BufReader::with_capacity(CHUNK, opened), &file.display().to_string(), engines, output)
        }
        Err(error) => output.fail(
            &format!("failed to read `{}`: {error}", file.display()),
            "name a file of exchanges, one a line",
        ),
    }
}

/// A line that is no exchange is reported and left out; the others are judged.
fn judge(mut reader: impl BufRead, name: &str, engines: &[Engine], output: &Output) -> Exit {
    let mut exit = Exit::Clean;
    let (mut line, mut out, mut number) = (Vec::new(), Vec::new(), 0_u64);
    loop {
        line.clear();
        number += 1;
        let read = match io::Read::take(&mut reader, MAX_LINE).read_until(b'\n', &mut line) {
            Ok(read) => read,
            Err(error) => return output.fail(&format!("failed to read `{name}`: {error}"), ""),
        };
        if read == 0 {
            break;
        }
        if read as u64 == MAX_LINE && !line.ends_with(b"\n") {
            return output.fail(
                &format!("{name}:{number}: the line is longer than 16 MiB"),
                "is it one exchange a line?",
            );
        }
        let exchange = match number {
            1 => line.strip_prefix(MARK).unwrap_or(&line),
            _ => &*line,
        };
        if exchange.trim_ascii().is_empty() {
            continue;
        }
        if let Err(error) = judge_line(exchange, engines, &mut out) {
            exit = output.fail(
                &format!("{name}:{number}: {error}"),
                "the format is described in docs/exchange-format.md",
            );
        }
        if out.len() >= CHUNK
            && let Some(end) = output.chunk(&mut out)
        {
            return end;
        }
    }
    output.chunk(&mut out).unwrap_or(exit)
}
