//! Scenarios: Markdown pages that are documentation and tests at once.
//!
//! A page is any `.md` file under `scenarios/`. Each of its headings opens a
//! [`Case`]; the fenced blocks below it are the case's parts, told apart by their info
//! string:
//!
//! ````markdown
//! # preflights
//!
//! ## a listed method is allowed
//!
//! ```toml policy
//! origins = ["https://app.example.com"]
//! methods = ["PUT"]
//! ```
//!
//! ```http request
//! OPTIONS /items/7
//! Origin: https://app.example.com
//! Access-Control-Request-Method: PUT
//! ```
//!
//! ```http response
//! 204
//! Access-Control-Allow-Origin: https://app.example.com
//! Access-Control-Allow-Methods: PUT
//! Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers
//! ```
//! ````
//!
//! A case inherits the parts of the heading above it that it does not have itself, so
//! that one policy serves many requests. Parts: `toml policy` (the table of one
//! policy), `toml file` (a whole policy file), `http request`, `http response` (every
//! `Access-Control-*` and `Vary` field of the response, no other, and the status),
//! `text check` (what `corsac check` prints). Other blocks are prose.
//!
//! Each consumer has one `check` function and calls [`cases`].
#![forbid(unsafe_code)]

use std::fmt;
use std::path::{Path, PathBuf};

/// A request or response: first line and fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// `OPTIONS /items/7`, or `204`.
    pub first: String,
    /// Name in lower case and value, in order.
    pub fields: Vec<(String, String)>,
}

impl Message {
    /// The first line's method or status.
    pub fn head(&self) -> &str {
        self.first.split(' ').next().unwrap_or_default()
    }

    /// The first line's target.
    pub fn target(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or("/")
    }

    /// The fields as sorted lines.
    pub fn sorted(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.sort();
        lines
    }
}

/// One heading of a page with the parts below it.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The page, from the corpus' folder.
    pub page: PathBuf,
    /// The headings down to the case's own.
    pub title: String,
    /// Line of the heading.
    pub line: usize,
    /// `toml policy`
    pub policy: Option<String>,
    /// `toml file`
    pub file: Option<String>,
    /// `http request`
    pub request: Option<Message>,
    /// `http response`
    pub response: Option<Message>,
    /// `text check`
    pub check: Option<String>,
    depth: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page.display(), self.line, self.title)
    }
}

/// Why the corpus cannot be read.
#[derive(Debug)]
pub enum Error {
    /// A file or folder.
    Io(PathBuf, std::io::Error),
    /// A block that is not closed, or a part that is given twice: page and line.
    Malformed(PathBuf, usize, &'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Malformed(path, line, what) => write!(f, "{}:{line}: {what}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

/// The folder of the corpus in this repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// All cases of all pages, in order of their paths.
///
/// # Errors
/// The first page that cannot be read.
pub fn cases() -> Result<Vec<Case>, Error> {
    let mut pages = Vec::new();
    find_pages(&folder(), &mut pages)?;
    pages.sort();
    let mut cases = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).map_err(|error| Error::Io(page.clone(), error))?;
        let name = page.strip_prefix(folder()).unwrap_or(&page);
        cases.extend(parse(name, &text)?);
    }
    Ok(cases)
}

fn find_pages(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |error| Error::Io(folder.to_owned(), error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            find_pages(&path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// The cases of one page.
///
/// # Errors
/// A block that is not closed, a part given twice.
pub fn parse(page: &Path, text: &str) -> Result<Vec<Case>, Error> {
    let mut parser = Parser { page, stack: Vec::new(), done: Vec::new() };
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<_> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let closed = text.lines().nth(index + 1 + body.len()) == Some("```");
            if !closed {
                return Err(Error::Malformed(page.to_owned(), index + 1, "this block is not closed"));
            }
            parser.block(info.trim(), &body, index + 1)?;
        } else if let Some(title) = heading(line) {
            parser.heading(title.0, title.1, index + 1);
        }
    }
    Ok(parser.finish())
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let depth = line.bytes().take_while(|&byte| byte == b'#').count();
    let title = line.get(depth..)?.strip_prefix(' ')?;
    (depth > 0).then_some((depth, title.trim()))
}

struct Parser<'p> {
    page: &'p Path,
    /// The open headings, outermost first.
    stack: Vec<Case>,
    done: Vec<Case>,
}

impl Parser<'_> {
    fn heading(&mut self, depth: usize, title: &str, line: usize) {
        while self.stack.last().is_some_and(|case| case.depth >= depth) {
            self.done.extend(self.stack.pop());
        }
        let outer = self.stack.last().cloned().unwrap_or_default();
        let title =
            if outer.title.is_empty() { title.to_owned() } else { format!("{}: {title}", outer.title) };
        let inherited = Case { response: None, check: None, ..outer };
        self.stack.push(Case { page: self.page.to_owned(), title, line, depth, ..inherited });
    }

    fn block(&mut self, info: &str, body: &[&str], line: usize) -> Result<(), Error> {
        let Some(case) = self.stack.last_mut() else { return Ok(()) };
        let text = body.iter().flat_map(|line| [line, "\n"]).collect::<String>();
        match info {
            "toml policy" => case.policy = Some(text),
            "toml file" => case.file = Some(text),
            "http request" => case.request = Some(message(body)),
            "http response" if case.response.is_some() => {
                return Err(Error::Malformed(self.page.to_owned(), line, "a case has one response"));
            }
            "http response" => case.response = Some(message(body)),
            "text check" => case.check = Some(text),
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Case> {
        while let Some(case) = self.stack.pop() {
            self.done.push(case);
        }
        self.done.sort_by_key(|case| case.line);
        self.done
    }
}

fn message(body: &[&str]) -> Message {
    let mut lines = body.iter().filter(|line| !line.is_empty());
    let first = lines.next().map(|line| (*line).to_owned()).unwrap_or_default();
    let field = |line: &&str| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Message { first, fields: lines.map(field).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# a\n```toml policy\nx = 1\n```\n## b\n```http request\nGET /\nOrigin: n\n```\n\
                        ```http response\n200\nVary:  Origin\n```\n## c\n";

    #[test]
    fn cases_inherit_what_they_lack_but_never_expectations() {
        let cases = parse(Path::new("p.md"), PAGE).unwrap();
        assert_eq!(cases.iter().map(|case| case.title.as_str()).collect::<Vec<_>>(), ["a", "a: b", "a: c"]);
        assert_eq!(cases[1].policy.as_deref(), Some("x = 1\n"));
        assert_eq!(cases[1].response.as_ref().unwrap().sorted(), ["vary: Origin"]);
        assert!(cases[2].policy.is_some() && cases[2].request.is_none() && cases[2].response.is_none());
    }

    #[test]
    fn an_open_block_is_reported_with_its_line() {
        let error = parse(Path::new("p.md"), "# a\n\n```http request\nGET /\n").unwrap_err();
        assert_eq!(error.to_string(), "p.md:3: this block is not closed");
    }
}
