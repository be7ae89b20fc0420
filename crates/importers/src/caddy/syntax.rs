//! Sites and directives of a Caddyfile, with what `import` brings in.

use std::collections::BTreeMap;

use corsac_analysis::model::Place;
use corsac_diagnostics::Source;

use super::tokens::{Token, tokens};
use crate::conditional::Notes;
use crate::{Includes, MAX_DEPTH, MAX_INCLUDES, Unreadable};

/// Most directives after imports; beyond, they are reported as unread.
const MAX_NODES: usize = 20_000;

/// Longest word into which arguments are put, and they with it.
const MAX_WORD: usize = 16 << 10;

/// A line, and the block that it opens.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) words: Vec<String>,
    pub(super) place: Place,
    pub(super) block: Option<Vec<Self>>,
}

impl Node {
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// A site: its addresses and directives.
pub(super) struct Site {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) nodes: Vec<Node>,
}

/// Reads a Caddyfile and what it imports.
pub(super) fn sites(
    source: Source,
    includes: &dyn Includes,
    notes: &mut Notes,
) -> Result<Vec<Site>, Unreadable> {
    let name = source.name().to_owned();
    let mut reader = Reader { name, includes, notes, snippets: BTreeMap::new(), files: 0, nodes: 0 };
    let nodes = reader.file(source)?;
    let mut top = reader.top(nodes, 0)?;
    let starts_bare = top.first().is_some_and(|node| node.block.is_none());
    if starts_bare {
        // One site without braces: its address, then its directives.
        let first = top.remove(0);
        let nodes = reader.expanded(top, 0)?;
        return Ok(vec![Site { name: address(&first), place: first.place, nodes }]);
    }
    let mut sites = Vec::new();
    // A file of snippets alone is for other files to import: each is judged as a site would be.
    if top.is_empty() {
        for (name, nodes) in reader.snippets.clone() {
            let place = nodes.first().map(|node| node.place.clone());
            let nodes = reader.expanded(nodes, 0)?;
            let name = format!("snippet ({name})");
            sites.extend(place.map(|place| Site { name, place, nodes }));
        }
    }
    for node in top {
        let name = address(&node);
        let nodes = reader.expanded(node.block.unwrap_or_default(), 0)?;
        sites.push(Site { name, place: node.place, nodes });
    }
    Ok(sites)
}

fn address(node: &Node) -> String {
    let words: Vec<&str> = node.words.iter().map(|word| word.trim_end_matches(',')).collect();
    format!("site {}", words.join(", "))
}

struct Reader<'a> {
    name: String,
    includes: &'a dyn Includes,
    notes: &'a mut Notes,
    snippets: BTreeMap<String, Vec<Node>>,
    files: usize,
    nodes: usize,
}

impl Reader<'_> {
    fn file(&mut self, source: Source) -> Result<Vec<Node>, Unreadable> {
        let all = tokens(source.text());
        let file = self.notes.keep(source);
        nodes(all, file)
    }

    /// What stands at the top, without global options and snippets.
    fn top(&mut self, nodes: Vec<Node>, depth: usize) -> Result<Vec<Node>, Unreadable> {
        let mut top = Vec::new();
        for mut node in nodes {
            let name = node.name().to_owned();
            let snippet = name.strip_prefix('(').and_then(|name| name.strip_suffix(')'));
            match (snippet, node.block.is_some()) {
                (Some(snippet), true) => {
                    self.snippets.insert(snippet.to_owned(), node.block.take().unwrap_or_default());
                }
                _ if name.is_empty() => self.options(&node),
                _ if name.starts_with("&(") => {
                    self.notes.unread(Some(node.place), format!("`{name}`: named routes are not followed"));
                }
                _ if name == "import" && depth < MAX_DEPTH && node.block.is_none() => {
                    let imported = self.imported(&node)?;
                    top.extend(self.top(imported.unwrap_or_default(), depth + 1)?);
                }
                _ => top.push(node),
            }
        }
        Ok(top)
    }

    fn options(&mut self, node: &Node) {
        let options = node.block.as_deref().unwrap_or_default();
        for option in options.iter().filter(|option| matches!(option.name(), "order" | "import")) {
            let reason = format!("`{}`: the usual order of directives is taken", option.words.join(" "));
            self.notes.unread(Some(option.place.clone()), reason);
        }
    }

    /// `nodes` with their imports done.
    fn expanded(&mut self, nodes: Vec<Node>, depth: usize) -> Result<Vec<Node>, Unreadable> {
        let mut out = Vec::new();
        for mut node in nodes {
            self.nodes += 1;
            if self.nodes > MAX_NODES || depth >= MAX_DEPTH {
                self.notes.unread(Some(node.place.clone()), "imports bring in too much to be followed");
                break;
            }
            if node.name() == "import" {
                match self.imported(&node)? {
                    Some(imported) => out.extend(self.expanded(imported, depth + 1)?),
                    None => out.push(node),
                }
                continue;
            }
            if let Some(block) = node.block.take() {
                node.block = Some(self.expanded(block, depth + 1)?);
            }
            out.push(node);
        }
        Ok(out)
    }

    /// `import name arguments…`: a snippet or files; nothing where they are not to be had.
    fn imported(&mut self, node: &Node) -> Result<Option<Vec<Node>>, Unreadable> {
        let Some((name, arguments)) = node.words.get(1..).and_then(<[String]>::split_first) else {
            return Ok(Some(Vec::new()));
        };
        if node.block.is_some() {
            let reason = format!("`import {name}`: what is handed to it in a block is not followed");
            self.notes.unread(Some(node.place.clone()), reason);
            return Ok(None);
        }
        if let Some(snippet) = self.snippets.get(name) {
            return Ok(Some(snippet.iter().map(|node| with_arguments(node, arguments)).collect()));
        }
        let files = match self.includes.read(&self.name, name) {
            Ok(files) if self.files + files.len() > MAX_INCLUDES => {
                Err(format!("more than {MAX_INCLUDES} files"))
            }
            other => other,
        };
        match files {
            Ok(files) => {
                self.files += files.len();
                let mut nodes = Vec::new();
                for file in files {
                    let read = self.file(file)?;
                    nodes.extend(read.iter().map(|node| with_arguments(node, arguments)));
                }
                Ok(Some(nodes))
            }
            Err(reason) => {
                self.notes.unread(Some(node.place.clone()), format!("`import {name}`: {reason}"));
                Ok(None)
            }
        }
    }
}

/// `{args[0]}` and `{args.0}` replaced.
fn with_arguments(node: &Node, arguments: &[String]) -> Node {
    let mut words = Vec::new();
    for word in &node.words {
        if word == "{args[:]}" || word == "{args.*}" {
            words.extend(arguments.iter().cloned());
            continue;
        }
        // Arguments that double with every import are not replaced for ever.
        let short = word.len() + arguments.iter().map(String::len).sum::<usize>() < MAX_WORD;
        let replaced = arguments.iter().enumerate().filter(|_| short && word.contains("{args")).fold(
            word.clone(),
            |word, (at, argument)| {
                word.replace(&format!("{{args[{at}]}}"), argument)
                    .replace(&format!("{{args.{at}}}"), argument)
            },
        );
        words.push(replaced);
    }
    let block =
        node.block.as_ref().map(|block| block.iter().map(|node| with_arguments(node, arguments)).collect());
    Node { words, place: node.place.clone(), block }
}

/// Lines and blocks.
fn nodes(tokens: Vec<Token>, file: usize) -> Result<Vec<Node>, Unreadable> {
    let mut open: Vec<Vec<Node>> = vec![Vec::new()];
    let mut line: Option<usize> = None;
    for token in tokens {
        let brace = !token.quoted;
        if brace && token.text == "{" {
            if open.len() >= MAX_DEPTH {
                let reason = format!("blocks are nested deeper than {MAX_DEPTH}");
                return Err(Unreadable { offset: token.span.start, reason });
            }
            // It opens the block of the line's directive; alone, that of the global options.
            if line != Some(token.first_line) {
                let place = Place { file, span: token.span.clone() };
                push(&mut open, Node { words: Vec::new(), place, block: None });
            }
            open.push(Vec::new());
            line = None;
            continue;
        }
        if brace && token.text == "}" {
            close(&mut open);
            line = None;
            continue;
        }
        let goes_on = line == Some(token.first_line);
        match open.last_mut().and_then(|nodes| nodes.last_mut()).filter(|_| goes_on) {
            Some(node) => {
                node.place.span.end = token.span.end;
                node.words.push(token.text.clone());
            }
            None => {
                let place = Place { file, span: token.span.clone() };
                push(&mut open, Node { words: vec![token.text.clone()], place, block: None });
            }
        }
        // Addresses go on behind a comma.
        line = Some(token.line + usize::from(open.len() == 1 && token.text.ends_with(',')));
        if open.len() == 1 && token.text.ends_with(',') {
            line = None;
            if let Some(node) = open.last_mut().and_then(|nodes| nodes.last_mut()) {
                node.words.push(String::new());
            }
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    Ok(joined(open.pop().unwrap_or_default()))
}

fn push(open: &mut [Vec<Node>], node: Node) {
    if let Some(nodes) = open.last_mut() {
        nodes.push(node);
    }
}

fn close(open: &mut Vec<Vec<Node>>) {
    if open.len() > 1
        && let Some(block) = open.pop()
        && let Some(node) = open.last_mut().and_then(|nodes| nodes.last_mut())
    {
        node.block = Some(block);
    }
}

/// Addresses that commas join over lines, as one line.
fn joined(nodes: Vec<Node>) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    for node in nodes {
        match out
            .last_mut()
            .filter(|last| last.words.last().is_some_and(String::is_empty) && last.block.is_none())
        {
            Some(last) => {
                last.words.pop();
                last.words.extend(node.words);
                last.block = node.block;
            }
            None => out.push(node),
        }
    }
    for node in &mut out {
        node.words.retain(|word| !word.is_empty() || node.block.is_none());
    }
    out
}
