//! From text to [`Node`].
//!
//! An expression is read twice: what some digits after a backslash mean depends on how many
//! groups there are in all. [`cursor`] holds the place, [`options`] the flags, [`charset`]
//! sets before they are cut down to the bytes of origins; the rest is one construct a file.

use std::fmt;
use std::ops::Range;

use super::{Assertion, Dialect, Flags, Node, certain};
use groups::Groups;
use options::Options;

mod characters;
mod charset;
mod classes;
mod cursor;
mod escapes;
mod groups;
mod nested;
mod options;
mod properties;
mod quantifiers;
mod references;

use cursor::Cursor;

/// Bytes of an expression; more are refused. A list of 5,000 hosts has 150 KB.
const MAX_LENGTH: usize = 1 << 18;

/// Groups, classes and repetitions within each other; deeper ones are refused. Engines stop
/// at 250 (PCRE) or 1,000 (Go, RE2).
const MAX_DEPTH: u32 = 200;

/// Why an expression is not modelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Bytes of the expression.
    pub span: Range<usize>,
    /// Why, as a fragment.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.reason, self.span.start)
    }
}

impl std::error::Error for Refusal {}

type Done<T> = Result<T, Refusal>;

/// Reads `text` as `dialect` does.
pub(super) fn parse(text: &str, dialect: Dialect, flags: &Flags) -> Result<Node, Refusal> {
    let whole = |reason: String| Refusal { span: 0..text.len(), reason };
    let options = options::outside(dialect, flags).map_err(whole)?;
    if text.len() > MAX_LENGTH {
        return Err(whole(format!("the expression is longer than {MAX_LENGTH} bytes")));
    }
    let mut first = Parser::new(text, dialect, options, None);
    first.whole()?;
    let groups = first.groups;
    let node = Parser::new(text, dialect, options, Some(groups)).whole()?;
    if dialect == Dialect::Java && !certain::is_certain(&node) {
        return Err(whole("a back-reference that its group need not precede is not modelled".to_owned()));
    }
    if dialect == Dialect::Dotnet && certain::has_reference_and_lazy_loop(&node) {
        return Err(whole("a back-reference beside a lazy loop over nothing is not modelled".to_owned()));
    }
    if dialect == Dialect::Js && flags.has('y') {
        return Ok(Node::Concat(vec![Node::Assert(Assertion::Start), node]));
    }
    Ok(node)
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    dialect: Dialect,
    options: Options,
    /// Those seen so far.
    groups: Groups,
    /// All, the second time.
    known: Option<Groups>,
    depth: u32,
    /// Look-behinds around the place.
    behind: u32,
    /// Between `\Q` and `\E`.
    quoting: bool,
    /// How far flags reach that stand first.
    leading: usize,
}

/// A thing that may be repeated.
struct Item {
    node: Node,
    kind: Kind,
}

/// What it is, as far as repetition cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Anchor,
    Atom,
    LookAhead,
    LookBehind,
    /// A character of several bytes or code units.
    Wide,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dialect: Dialect, options: Options, known: Option<Groups>) -> Self {
        Self {
            cursor: Cursor::new(text),
            dialect,
            options,
            groups: Groups::default(),
            known,
            depth: 0,
            behind: 0,
            quoting: false,
            leading: 0,
        }
    }

    fn whole(&mut self) -> Done<Node> {
        // Nothing that is read here means another thing in the Unicode modes of PCRE2.
        while self.dialect == Dialect::Pcre && (self.cursor.eat("(*UTF)") || self.cursor.eat("(*UCP)")) {}
        let node = self.alternation()?;
        match self.cursor.peek() {
            None => Ok(node),
            Some(_) => self.rejected(self.cursor.at(), "a `)` that closes nothing"),
        }
    }

    /// Branches up to `)` or the end.
    fn alternation(&mut self) -> Done<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.refuse(self.cursor.at(), "groups are nested too deep");
        }
        let mut branches = vec![self.branch()?];
        while self.cursor.eat("|") {
            branches.push(self.branch()?);
        }
        self.depth -= 1;
        Ok(one_or(branches, Node::Alternation))
    }

    fn branch(&mut self) -> Done<Node> {
        let mut items = Vec::new();
        loop {
            if self.quoting {
                self.quoted(&mut items)?;
                continue;
            }
            self.skip_ignored()?;
            match self.cursor.peek() {
                None | Some('|') => break,
                Some(')') if self.depth > 1 || self.dialect != Dialect::Posix => break,
                Some(_) => {}
            }
            let Some(item) = self.item()? else { continue };
            let node = self.repeated(item)?;
            items.push(node);
        }
        Ok(one_or(items, Node::Concat))
    }

    /// One character between `\Q` and `\E`.
    fn quoted(&mut self, items: &mut Vec<Node>) -> Done<()> {
        if self.cursor.eat(r"\E") {
            self.quoting = false;
            let next = self.cursor.peek();
            if next.is_some_and(|next| "*+?{".contains(next)) {
                return self.refuse(self.cursor.at(), r"repeating an empty `\Q\E` is not modelled");
            }
            return Ok(());
        }
        let begin = self.cursor.at();
        let Some(c) = self.cursor.next() else {
            self.quoting = false;
            return Ok(());
        };
        let node = self.literal(begin, u32::from(c))?;
        if self.cursor.eat(r"\E") {
            self.quoting = false;
            let kind = self.width(c);
            items.push(self.repeated(Item { node, kind })?);
        } else {
            items.push(node);
        }
        Ok(())
    }

    /// White space and comments of extended expressions, and `(?#…)`.
    fn skip_ignored(&mut self) -> Done<()> {
        loop {
            if self.options.has(Options::EXTENDED) && self.skip_extended()? {
                continue;
            }
            let comments =
                matches!(self.dialect, Dialect::Dotnet | Dialect::Pcre | Dialect::Python | Dialect::Ruby);
            if !comments || !self.cursor.starts("(?#") {
                return Ok(());
            }
            self.comment()?;
        }
    }

    /// Whether something was skipped.
    fn skip_extended(&mut self) -> Done<bool> {
        let begin = self.cursor.at();
        let blanks =
            self.cursor.take_while(usize::MAX, |c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c'));
        if blanks.contains('\x0b') {
            return self.refuse(begin, "a vertical tab in an extended expression is not modelled");
        }
        if self.cursor.eat("#") {
            let comment = self.cursor.take_while(usize::MAX, |c| c != '\n');
            if comment.contains('\r') || (comment.contains('\\') && self.dialect == Dialect::Ruby) {
                return self.refuse(begin, "an escape or a carriage return in a comment is not modelled");
            }
            self.cursor.eat("\n");
        }
        if self.cursor.peek().is_some_and(|c| !c.is_ascii() && c.is_whitespace()) {
            return self.refuse(begin, "white space beyond ASCII is not modelled");
        }
        Ok(self.cursor.at() > begin)
    }

    fn comment(&mut self) -> Done<()> {
        let begin = self.cursor.at();
        let text = self.cursor.take_while(usize::MAX, |c| c != ')');
        if text.contains('\\') && self.dialect == Dialect::Ruby {
            return self.refuse(begin, "a backslash in a comment is not modelled");
        }
        if !self.cursor.eat(")") {
            return self.rejected(begin, "a comment without an end");
        }
        Ok(())
    }

    /// The next thing; none if it was flags only.
    fn item(&mut self) -> Done<Option<Item>> {
        let begin = self.cursor.at();
        let Some(c) = self.cursor.next() else { return Ok(None) };
        let atom = |node| Ok(Some(Item { node, kind: Kind::Atom }));
        let anchor = |place| Ok(Some(Item { node: Node::Assert(place), kind: Kind::Anchor }));
        match c {
            '(' => self.group(begin),
            '[' => atom(Node::Set(self.class(begin)?.bytes())),
            '\\' => self.escape(begin),
            '.' => atom(Node::Set(charset::CharSet::ALL.bytes())),
            '^' => anchor(Assertion::Start),
            '$' => anchor(Assertion::End),
            '*' | '+' | '?' => self.refuse(begin, "nothing to repeat, which the engine refuses or ignores"),
            '{' => {
                self.check_literal_brace(begin)?;
                atom(self.literal(begin, u32::from(c))?)
            }
            ']' | '}' if self.dialect == Dialect::Js && self.options.has(Options::UNICODE) => {
                self.rejected(begin, "a lone bracket")
            }
            _ => {
                let node = self.literal(begin, u32::from(c))?;
                Ok(Some(Item { node, kind: self.width(c) }))
            }
        }
    }

    /// A character of several bytes or code units is repeated as a whole by some only.
    fn width(&self, c: char) -> Kind {
        let wide = match self.dialect {
            Dialect::Pcre | Dialect::Posix => !c.is_ascii(),
            Dialect::Dotnet => u32::from(c) > 0xffff,
            Dialect::Js => u32::from(c) > 0xffff && !self.options.has(Options::UNICODE),
            _ => false,
        };
        if wide { Kind::Wide } else { Kind::Atom }
    }

    fn literal(&self, begin: usize, code: u32) -> Done<Node> {
        Ok(Node::Set(self.character_set(begin, code)?.bytes()))
    }

    fn refuse<T>(&self, begin: usize, reason: &str) -> Done<T> {
        let end = self.cursor.at().max(begin);
        Err(Refusal { span: begin..end, reason: reason.to_owned() })
    }

    /// Refuses what the engine itself does.
    fn rejected<T>(&self, begin: usize, what: &str) -> Done<T> {
        self.refuse(begin, &format!("the engine refuses it: {what}"))
    }
}

/// The only node, or all together.
fn one_or(mut nodes: Vec<Node>, together: impl FnOnce(Vec<Node>) -> Node) -> Node {
    if nodes.len() > 1 {
        return together(nodes);
    }
    nodes.pop().unwrap_or(Node::Empty)
}
