//! Which directives hold for which requests, and in which order they are merged.
//!
//! Apache merges the server's own, then `<Directory>` from short to long, `<DirectoryMatch>`,
//! `<Files>`, `<Location>`, and `<If>` last; the main server's before the virtual host's.

use corsac_analysis::model::Place;

use super::syntax::{Node, words};
use crate::conditional::{Condition, Fact, Notes, PathTest};

/// Most virtual hosts that are read.
const MAX_HOSTS: usize = 256;

/// Most sections of a server; beyond, it is opaque.
const MAX_BLOCKS: usize = 2_000;

/// Most directives that are run, each as often as a server has it.
const MAX_DIRECTIVES: usize = 200_000;

/// Most `<ElseIf>` of one `<If>` that are told apart.
const MAX_BRANCHES: usize = 64;

/// When directives are merged, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Server,
    /// With the number of the path's parts.
    Directory(usize),
    DirectoryMatch,
    Files,
    Location,
    If,
}

/// A condition under which directives hold.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    /// Of this kind.
    Is(Condition),
    /// This expression holds.
    If(String),
    /// None of these does.
    NoneOf(Vec<String>),
}

/// Directives that hold together.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) stage: Stage,
    pub(super) guards: Vec<Guard>,
    pub(super) directives: Vec<&'a Node>,
    /// Inside of `<Directory>` or `<Files>`, which come into play once the path has a file.
    pub(super) by_file: bool,
}

/// A server: the main one or a virtual host.
pub(super) struct Server<'a> {
    pub(super) name: String,
    pub(super) place: Option<Place>,
    /// In the order of merging.
    pub(super) blocks: Vec<Block<'a>>,
    /// What stands in the server itself, without what it inherits.
    pub(super) own: Vec<&'a Node>,
    /// There are too many sections; some are not among the blocks.
    pub(super) incomplete: bool,
}

/// The servers of a configuration: its virtual hosts, or the main one.
pub(super) fn servers<'a>(nodes: &'a [Node], htaccess: bool, notes: &mut Notes) -> Vec<Server<'a>> {
    let stage = if htaccess { Stage::Directory(usize::MAX) } else { Stage::Server };
    let (main, own) = Collector::run(nodes, stage, None, notes);
    let mut hosts = virtual_hosts(nodes);
    if hosts.len() > MAX_HOSTS {
        notes.unread(None, format!("more than {MAX_HOSTS} virtual hosts"));
        hosts.truncate(MAX_HOSTS);
    }
    if hosts.is_empty() {
        let name = if htaccess { ".htaccess" } else { "server" };
        return vec![server(name.to_owned(), None, main, own)];
    }
    let per_host: usize = main.iter().map(|block| block.directives.len()).sum();
    if per_host * hosts.len() > MAX_DIRECTIVES {
        notes.unread(None, "the virtual hosts have too many directives together");
        hosts.truncate((MAX_DIRECTIVES / per_host).max(1));
    }
    let root = document_root(nodes);
    let hosts = hosts.into_iter().map(|host| {
        let (inner, own) = Collector::run(&host.children, Stage::Server, root.as_deref(), notes);
        let name = names(host).unwrap_or_else(|| host.arguments.clone());
        let blocks = main.iter().cloned().chain(inner).collect();
        server(format!("virtual host {name}"), Some(host.place.clone()), blocks, own)
    });
    hosts.collect()
}

fn server<'a>(
    name: String,
    place: Option<Place>,
    mut blocks: Vec<Block<'a>>,
    own: Vec<&'a Node>,
) -> Server<'a> {
    blocks.sort_by_key(|block| block.stage);
    let incomplete = blocks.len() > MAX_BLOCKS;
    blocks.truncate(MAX_BLOCKS);
    Server { name, place, blocks, own, incomplete }
}

fn virtual_hosts(nodes: &[Node]) -> Vec<&Node> {
    let mut hosts = Vec::new();
    for node in nodes {
        match node.name.as_str() {
            "<virtualhost" => hosts.push(node),
            name if is_transparent(name) => hosts.extend(virtual_hosts(&node.children)),
            _ => {}
        }
    }
    hosts
}

fn names(host: &Node) -> Option<String> {
    let node = host.children.iter().find(|node| node.name == "servername")?;
    words(&node.arguments).into_iter().next()
}

fn document_root(nodes: &[Node]) -> Option<String> {
    nodes
        .iter()
        .rev()
        .find(|node| node.name == "documentroot")
        .and_then(|node| words(&node.arguments).into_iter().next())
}

/// Sections that are taken to apply: the module is there.
fn is_transparent(name: &str) -> bool {
    matches!(
        name,
        "<ifmodule"
            | "<ifversion"
            | "<limit"
            | "<limitexcept"
            | "<ifdefine"
            | "<iffile"
            | "<ifdirective"
            | "<ifsection"
    )
}

struct Collector<'a, 'n> {
    blocks: Vec<Block<'a>>,
    own: Vec<&'a Node>,
    root: Option<String>,
    notes: &'n mut Notes,
}

/// Where a directive stands.
#[derive(Clone)]
struct Spot {
    stage: Stage,
    guards: Vec<Guard>,
    by_file: bool,
}

impl<'a, 'n> Collector<'a, 'n> {
    /// The blocks of `nodes`, and what stands in no section.
    fn run(
        nodes: &'a [Node],
        stage: Stage,
        root: Option<&str>,
        notes: &'n mut Notes,
    ) -> (Vec<Block<'a>>, Vec<&'a Node>) {
        let root = document_root(nodes).or_else(|| root.map(str::to_owned));
        let mut collector = Self { blocks: Vec::new(), own: Vec::new(), root, notes };
        collector.collect(nodes, &Spot { stage, guards: Vec::new(), by_file: stage != Stage::Server });
        (collector.blocks, collector.own)
    }

    fn collect(&mut self, nodes: &'a [Node], spot: &Spot) {
        if self.blocks.len() > MAX_BLOCKS {
            return;
        }
        let mut directives = Vec::new();
        let mut tried: Vec<String> = Vec::new();
        let mut inner = Vec::new();
        flat(nodes, &mut directives, &mut inner);
        if spot.guards.is_empty() && matches!(spot.stage, Stage::Server) {
            self.own.extend(&directives);
        }
        self.blocks.push(Block {
            stage: spot.stage,
            guards: spot.guards.clone(),
            directives,
            by_file: spot.by_file,
        });
        for node in inner {
            let (stage, guard) = self.section(node, &mut tried);
            if let Some(guard) = guard {
                let guards = spot.guards.iter().cloned().chain(guard).collect();
                let stage = stage.max(spot.stage);
                let by_file = spot.by_file
                    || matches!(stage, Stage::Directory(_) | Stage::DirectoryMatch | Stage::Files);
                self.collect(&node.children, &Spot { stage, guards, by_file });
            }
        }
    }

    /// When a section is merged and for which requests; nothing if it is not read.
    fn section(&mut self, node: &Node, tried: &mut Vec<String>) -> (Stage, Option<Vec<Guard>>) {
        let arguments = words(&node.arguments);
        let said = format!("{} {}>", node.name, node.arguments);
        let is = |known: Option<Condition>| {
            Some(vec![Guard::Is(known.unwrap_or_else(|| Condition::Fact(Fact::Other(said.clone()))))])
        };
        let regex = arguments.first().is_some_and(|first| first == "~");
        let path = arguments.get(usize::from(regex)).map_or("", String::as_str);
        match node.name.as_str() {
            "<directory" if !regex => (Stage::Directory(path.matches('/').count()), is(self.directory(path))),
            "<directory" | "<directorymatch" => (Stage::DirectoryMatch, is(None)),
            "<files" if !regex => (Stage::Files, is(files(path))),
            "<files" | "<filesmatch" => (Stage::Files, is(None)),
            "<location" if !regex => (Stage::Location, is(location(path))),
            "<location" | "<locationmatch" => (Stage::Location, is(starting(path))),
            "<if" => {
                tried.clear();
                (Stage::If, Some(self.branch(node, tried)))
            }
            "<elseif" => (Stage::If, Some(self.branch(node, tried))),
            "<else" => (Stage::If, Some(vec![Guard::NoneOf(tried.clone())])),
            "<ifdefine" | "<iffile" | "<ifversion" | "<ifdirective" | "<ifsection" => {
                (Stage::Server, is(None))
            }
            "<proxy" | "<proxymatch" => (Stage::Directory(0), is(None)),
            _ => {
                self.notes.unread(Some(node.place.clone()), format!("`{}>` is not read", node.name));
                (Stage::Server, None)
            }
        }
    }

    /// The expression holds, and none of those that were tried before it.
    fn branch(&mut self, node: &Node, tried: &mut Vec<String>) -> Vec<Guard> {
        let own = expression(&node.arguments);
        let guards = vec![Guard::NoneOf(tried.clone()), Guard::If(own.clone())];
        if tried.len() >= MAX_BRANCHES {
            self.notes
                .unread(Some(node.place.clone()), format!("more than {MAX_BRANCHES} branches of an `<If>`"));
        } else {
            tried.push(own);
        }
        guards
    }

    fn directory(&self, path: &str) -> Option<Condition> {
        if path.contains(['*', '?', '[']) {
            return None;
        }
        let path = path.trim_end_matches('/');
        if path.is_empty() {
            return Some(Condition::Always);
        }
        let root = self.root.as_deref()?.trim_end_matches('/');
        if PathTest::Under(path.to_owned()).holds(root) {
            return Some(Condition::Always);
        }
        let below = path.strip_prefix(root).filter(|rest| rest.starts_with('/'))?;
        Some(Condition::Fact(Fact::Path(PathTest::Under(below.to_owned()))))
    }
}

/// The directives, and the sections that are conditions.
fn flat<'a>(nodes: &'a [Node], directives: &mut Vec<&'a Node>, inner: &mut Vec<&'a Node>) {
    for node in nodes {
        match node.name.as_str() {
            "<ifmodule" if node.arguments.starts_with('!') => {}
            "<ifdefine" | "<iffile" | "<ifversion" | "<ifdirective" | "<ifsection" => inner.push(node),
            "<limit" | "<limitexcept" => {
                directives.push(node);
                // It limits who has to sign in, and nothing else.
                let mut limited = Vec::new();
                flat(&node.children, &mut limited, inner);
                directives.extend(limited.into_iter().filter(|node| !node.name.contains("require")));
            }
            "<virtualhost" => {}
            name if is_transparent(name) => flat(&node.children, directives, inner),
            "<requireall" | "<requireany" | "<requirenone" => directives.push(node),
            name if name.starts_with('<') => inner.push(node),
            _ => directives.push(node),
        }
    }
}

/// The expression of `<If "…">`.
fn expression(arguments: &str) -> String {
    if arguments.starts_with(['"', '\'']) {
        return words(arguments).into_iter().next().unwrap_or_default();
    }
    arguments.to_owned()
}

fn files(name: &str) -> Option<Condition> {
    let test = match name.strip_prefix('*') {
        Some(end) if !end.contains(['*', '?', '[']) => PathTest::EndsWith(end.to_owned()),
        None if !name.contains(['*', '?', '[']) => PathTest::EndsWith(format!("/{name}")),
        _ => return None,
    };
    Some(Condition::Fact(Fact::Path(test)))
}

fn location(path: &str) -> Option<Condition> {
    if path.contains(['*', '?', '[']) || !path.starts_with('/') {
        return None;
    }
    Some(match path {
        "/" => Condition::Always,
        _ if path.ends_with('/') => Condition::Fact(Fact::Path(PathTest::StartsWith(path.to_owned()))),
        _ => Condition::Fact(Fact::Path(PathTest::Under(path.to_owned()))),
    })
}

/// `^/api/`: an expression that is a beginning.
pub(super) fn starting(expression: &str) -> Option<Condition> {
    let text = expression.strip_prefix('^')?.trim_end_matches(".*");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '-' | '_');
    (text.starts_with('/') && text.chars().all(plain)).then(|| match text {
        "/" => Condition::Always,
        _ => Condition::Fact(Fact::Path(PathTest::StartsWith(text.to_owned()))),
    })
}
