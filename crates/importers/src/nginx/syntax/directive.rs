//! Directives and blocks, with the files that they include put in their place.

use std::collections::HashMap;

use corsac_analysis::model::{Place, Unread};
use corsac_diagnostics::{Source, excerpt};

use super::token::{Mistake, Token, Tokens};
use crate::nginx::known;
use crate::{Includes, MAX_DEPTH, MAX_INCLUDES, MAX_TEXT, Unreadable};

/// Most words of a configuration, included files counted as often as they are included. Real
/// ones have thousands; a word costs about a hundred bytes of memory.
const MAX_WORDS: usize = 1 << 20;

/// `name arguments;` or `name arguments { block }`.
#[derive(Clone, Debug)]
pub(in crate::nginx) struct Directive {
    pub(in crate::nginx) name: String,
    /// Where its name stands.
    pub(in crate::nginx) name_place: Place,
    pub(in crate::nginx) arguments: Vec<Word>,
    /// What stands in its braces.
    pub(in crate::nginx) block: Option<Vec<Self>>,
    /// From its name to the last argument.
    pub(in crate::nginx) place: Place,
}

/// An argument.
#[derive(Clone, Debug)]
pub(in crate::nginx) struct Word {
    pub(in crate::nginx) text: String,
    pub(in crate::nginx) place: Place,
}

impl Directive {
    /// The text of an argument.
    pub(in crate::nginx) fn argument(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).map(|word| word.text.as_str())
    }

    /// The inside, if it has one.
    pub(in crate::nginx) fn inside(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// The name of the directive that stands for an included file that could not be read.
pub(in crate::nginx) const UNREAD_INCLUDE: &str = "include";

/// Reads `source` and what it includes.
///
/// # Errors
/// nginx would refuse it, or a bound is reached. A mistake in an included file is listed.
pub(in crate::nginx) fn read(source: Source, includes: &dyn Includes) -> Result<Reading, Unreadable> {
    let mut reader = Reader {
        includes,
        reading: Reading::default(),
        files_by_name: HashMap::new(),
        root: source.name().to_owned(),
        words: 0,
        bytes: 0,
    };
    let read = reader.file(source, &mut Vec::new());
    let mut reading = reader.reading;
    reading.directives =
        read.map_err(|mistake| Unreadable { offset: mistake.offset, reason: mistake.reason })?;
    Ok(reading)
}

/// A configuration, read.
#[derive(Debug, Default)]
pub(in crate::nginx) struct Reading {
    pub(in crate::nginx) directives: Vec<Directive>,
    pub(in crate::nginx) files: Vec<Source>,
    pub(in crate::nginx) unread: Vec<Unread>,
}

struct Reader<'a> {
    includes: &'a dyn Includes,
    reading: Reading,
    files_by_name: HashMap<String, usize>,
    /// nginx takes relative paths from the folder of its main file.
    root: String,
    words: usize,
    bytes: usize,
}

/// A block whose end has not come yet.
#[derive(Default)]
struct Pending {
    /// The words of the directive that is being read.
    words: Vec<Word>,
    done: Vec<Directive>,
}

impl Reader<'_> {
    /// The directives of a file; `chain` are the files that led to it.
    fn file(&mut self, source: Source, chain: &mut Vec<usize>) -> Result<Vec<Directive>, Mistake> {
        let text = source.text().to_owned();
        let file = self.number(source);
        if chain.contains(&file) {
            return Err(Mistake { offset: 0, reason: "the file includes itself".to_owned() });
        }
        if chain.len() >= MAX_DEPTH {
            return Err(Mistake { offset: 0, reason: format!("more than {MAX_DEPTH} files in each other") });
        }
        chain.push(file);
        let read = self.blocks(&text, file, chain);
        chain.pop();
        read
    }

    fn number(&mut self, source: Source) -> usize {
        let known = self.files_by_name.get(source.name()).copied();
        known.unwrap_or_else(|| {
            let number = self.reading.files.len();
            self.files_by_name.insert(source.name().to_owned(), number);
            self.reading.files.push(source);
            number
        })
    }

    fn blocks(&mut self, text: &str, file: usize, chain: &mut Vec<usize>) -> Result<Vec<Directive>, Mistake> {
        let mut tokens = Tokens::new(text);
        let mut open = vec![Pending::default()];
        while let Some((token, span)) = tokens.next()? {
            let depth = open.len();
            let Some(block) = open.last_mut() else { break };
            let wrong = |reason: String| Err(Mistake { offset: span.start, reason });
            match token {
                Token::Word(text) => {
                    self.words += 1;
                    if self.words > MAX_WORDS {
                        return wrong(format!("it has more than {MAX_WORDS} words"));
                    }
                    block.words.push(Word { text, place: Place { file, span } });
                }
                Token::End => match directive(&mut block.words, None) {
                    Some(directive) => {
                        let done = self.included(directive, chain);
                        block.done.extend(done);
                    }
                    None => return wrong("`;` ends no directive".to_owned()),
                },
                Token::Open if block.words.is_empty() => {
                    return wrong("`{` belongs to no directive".to_owned());
                }
                Token::Open if is_lua(&block.words) => {
                    tokens.skip_lua()?;
                    block.done.extend(directive(&mut block.words, Some(Vec::new())));
                }
                Token::Open if depth > MAX_DEPTH => {
                    return wrong(format!("more than {MAX_DEPTH} blocks stand in each other"));
                }
                Token::Open => open.push(Pending::default()),
                Token::Close => close(&mut open, span.start)?,
            }
        }
        finished(open, tokens.offset())
    }

    /// The directive, or what it includes.
    fn included(&mut self, directive: Directive, chain: &mut Vec<usize>) -> Vec<Directive> {
        if directive.name != "include" || directive.arguments.len() != 1 {
            return vec![directive];
        }
        let pattern = directive.argument(0).unwrap_or_default().to_owned();
        let sources = match self.includes.read(&self.root, &pattern) {
            Ok(sources) => sources,
            Err(_) if known::is_stock_include(&pattern) => return Vec::new(),
            Err(reason) => {
                self.unread(&directive.place, format!("`{}` is not read: {reason}", excerpt(&pattern)));
                return vec![directive];
            }
        };
        let mut all = Vec::new();
        for source in sources {
            let name = excerpt(source.name()).into_owned();
            match self.allowed(&source).and_then(|()| self.file(source, chain)) {
                Ok(read) => all.extend(read),
                Err(mistake) => {
                    let reason = format!("`{name}` is not read: {}", mistake.reason);
                    self.unread(&directive.place, reason);
                    all.push(directive.clone());
                }
            }
        }
        all
    }

    fn allowed(&mut self, source: &Source) -> Result<(), Mistake> {
        self.bytes += source.text().len();
        let new = !self.files_by_name.contains_key(source.name());
        let refused = |reason: String| Err(Mistake { offset: 0, reason });
        if new && self.reading.files.len() > MAX_INCLUDES {
            return refused(format!("more than {MAX_INCLUDES} files are included"));
        }
        if self.bytes > MAX_TEXT {
            return refused(format!("included files have more than {} MiB", MAX_TEXT >> 20));
        }
        Ok(())
    }

    fn unread(&mut self, place: &Place, reason: String) {
        // The same include in a hundred locations is one thing not read.
        let unread = Unread { place: Some(place.clone()), reason };
        if !self.reading.unread.contains(&unread) && self.reading.unread.len() < MAX_INCLUDES {
            self.reading.unread.push(unread);
        }
    }
}

/// Whether a block of Lua follows these words.
fn is_lua(words: &[Word]) -> bool {
    words.first().is_some_and(|word| word.text.ends_with("_by_lua_block"))
}

fn directive(words: &mut Vec<Word>, block: Option<Vec<Directive>>) -> Option<Directive> {
    let mut words = std::mem::take(words).into_iter();
    let name = words.next()?;
    let arguments: Vec<_> = words.collect();
    let end = arguments.last().map_or(name.place.span.end, |word| word.place.span.end);
    let place = Place { file: name.place.file, span: name.place.span.start..end };
    Some(Directive { name: name.text, name_place: name.place, arguments, block, place })
}

/// Ends the innermost block, which belongs to the words before it.
fn close(open: &mut Vec<Pending>, offset: usize) -> Result<(), Mistake> {
    let inner = open.pop().unwrap_or_default();
    let wrong = |reason: &str| Err(Mistake { offset, reason: reason.to_owned() });
    if !inner.words.is_empty() {
        return wrong("a directive before `}` has no `;`");
    }
    let Some(outer) = open.last_mut() else { return wrong("`}` ends no block") };
    outer.done.extend(directive(&mut outer.words, Some(inner.done)));
    Ok(())
}

fn finished(mut open: Vec<Pending>, offset: usize) -> Result<Vec<Directive>, Mistake> {
    let last = open.pop().unwrap_or_default();
    if let Some(outer) = open.last() {
        let start = outer.words.first().map_or(offset, |word| word.place.span.start);
        return Err(Mistake { offset: start, reason: "this block has no `}`".to_owned() });
    }
    match last.words.first() {
        Some(word) => {
            Err(Mistake { offset: word.place.span.start, reason: "this directive has no `;`".to_owned() })
        }
        None => Ok(last.done),
    }
}
