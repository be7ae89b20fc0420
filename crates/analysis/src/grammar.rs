//! Which texts are origins that a browser sends, as machines.
//!
//! The grammar is that of the URL Standard's serializers: host ("host serializer": a domain
//! whose last label is no number, a dotted quad, or a compressed IPv6 address in brackets),
//! port ("URL port": none if it is the scheme's default one). It is a superset in two places,
//! which is safe for proofs, and witnesses are checked again: the compression of IPv6
//! addresses and the validity of punycode are left out.

use std::sync::LazyLock;

use crate::alphabet::ByteSet;
use crate::automaton::{Table, Work};
use crate::model::{LetterCase, Matcher};
use crate::regex::{Assertion, Mode, Node, Regex, Repetition};

/// `http` and `https` origins of every kind.
pub(crate) fn web() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        origins(&alternation([literal("https"), literal("http")]), &any_host(), &Node::Empty)
    });
    &TABLE
}

/// `https` origins with a domain name.
pub(crate) fn secure_domains() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| origins(&literal("https"), &domain(), &Node::Empty));
    &TABLE
}

/// `http` origins with a domain name.
pub(crate) fn plain_domains() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| origins(&literal("http"), &domain(), &Node::Empty));
    &TABLE
}

/// `http` origins of every kind that are not loopback.
pub(crate) fn plain() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| away(&origins(&literal("http"), &any_host(), &Node::Empty)));
    &TABLE
}

/// `http` and `https` origins whose host is an address, not a loopback one.
pub(crate) fn addresses() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        away(&origins(&alternation([literal("https"), literal("http")]), &address(), &Node::Empty))
    });
    &TABLE
}

/// Whatever a browser may send: `null`, web origins, origins of extensions and applications.
pub(crate) fn all() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let byte = ByteSet::of_all(b'a'..=b'z').or(ByteSet::digit()).or(ByteSet::of_all(*b"+-."));
        let scheme = concat([Node::Set(ByteSet::of_all(b'a'..=b'z')), star(Node::Set(byte))]);
        origins(&scheme, &any_host(), &literal("null"))
    });
    &TABLE
}

/// Texts `scheme://host` with a port or without, and `beside` them `also`. One condition
/// after the other: each machine is small.
fn origins(scheme: &Node, host: &Node, also: &Node) -> Table {
    let port = concat([literal(":"), repeat(Node::Set(ByteSet::digit()), 1, Some(5))]);
    let shape = concat([scheme.clone(), literal("://"), host.clone(), optional(port)]);
    let shape = if *also == Node::Empty { shape } else { alternation([shape, also.clone()]) };
    let default = |scheme: &str, port: &str| {
        let case = LetterCase::Matters;
        Matcher::AllOf(vec![Matcher::Prefix(scheme.to_owned(), case), Matcher::Suffix(port.to_owned(), case)])
    };
    let conditions = [
        Matcher::Regex(Regex::of_syntax(shape, Mode::Full)),
        not(ending(number_above_ports())),
        not(default("https://", ":443")),
        not(default("http://", ":80")),
        Matcher::AnyOf(vec![not(ending(number_for_name())), ending(quad())]),
    ];
    conditions.iter().fold(Table::everything(), |within, condition| narrowed(condition, &within))
}

/// A grammar is fixed and small: a test builds every one. Nothing would be proved of one that
/// could not be built.
fn narrowed(condition: &Matcher, within: &Table) -> Table {
    Table::of(condition, within, &Work::unbounded()).unwrap_or_else(|_| Table::everything())
}

/// Without this machine (RFC 6761, section 6.3).
fn away(origins: &Table) -> Table {
    let port = || optional(concat([literal(":"), star(Node::Set(ByteSet::digit()))]));
    let name =
        concat([Node::Set(ByteSet::of_all(*b"./")), literal("localhost"), optional(literal(".")), port()]);
    let quad = concat([literal("/127."), star(Node::Set(ByteSet::digit().or(ByteSet::of(b'.')))), port()]);
    let six = concat([literal("/[::1]"), port()]);
    narrowed(&not(ending(alternation([name, quad, six]))), origins)
}

fn not(matcher: Matcher) -> Matcher {
    Matcher::Not(Box::new(matcher))
}

/// Texts that end with `node`.
fn ending(node: Node) -> Matcher {
    Matcher::Regex(Regex::of_syntax(concat([node, Node::Assert(Assertion::End)]), Mode::Search))
}

fn any_host() -> Node {
    alternation([domain(), address()])
}

/// Bytes that stand in a label: the oddities too, which browsers accept.
fn label_bytes() -> ByteSet {
    ByteSet::of_all(*b".:/[]").complement()
}

/// Labels between dots, perhaps a dot behind.
fn domain() -> Node {
    let label = || plus(Node::Set(label_bytes()));
    concat([label(), star(concat([literal("."), label()])), optional(literal("."))])
}

/// A last label that makes a host an address ("ends in a number checker": digits alone, or
/// `0x` and hexadecimal digits), and what may stand behind a host.
fn number_for_name() -> Node {
    let hexadecimal = concat([literal("0x"), star(Node::Set(hexadecimal()))]);
    let number = alternation([plus(Node::Set(ByteSet::digit())), hexadecimal]);
    let port = concat([literal(":"), plus(Node::Set(ByteSet::digit()))]);
    concat([Node::Set(ByteSet::of_all(*b"./")), number, optional(literal(".")), optional(port)])
}

/// An address of four octets as a whole host.
fn quad() -> Node {
    let port = concat([literal(":"), plus(Node::Set(ByteSet::digit()))]);
    concat([literal("/"), ipv4(), optional(port)])
}

fn ipv4() -> Node {
    let digit = |from, to| Node::Set(ByteSet::of_all(from..=to));
    let any = || digit(b'0', b'9');
    let octet = || {
        alternation([
            any(),
            concat([digit(b'1', b'9'), any()]),
            concat([literal("1"), any(), any()]),
            concat([literal("2"), digit(b'0', b'4'), any()]),
            concat([literal("25"), digit(b'0', b'5')]),
        ])
    };
    concat([octet(), literal("."), octet(), literal("."), octet(), literal("."), octet()])
}

fn address() -> Node {
    let first = hexadecimal().and(ByteSet::of(b'0').complement());
    let more = || repeat(Node::Set(hexadecimal()), 0, Some(3));
    let group = || alternation([literal("0"), concat([Node::Set(first), more()])]);
    let groups = || concat([group(), star(concat([literal(":"), group()]))]);
    let full = concat([group(), repeat(concat([literal(":"), group()]), 7, Some(7))]);
    let short = concat([optional(groups()), literal("::"), optional(groups())]);
    let ipv6 = concat([literal("["), alternation([short, full]), literal("]")]);
    alternation([ipv4(), ipv6])
}

fn hexadecimal() -> ByteSet {
    ByteSet::digit().or(ByteSet::of_all(b'a'..=b'f'))
}

/// Ports that are none: with leading zeros, or above 65,535.
fn number_above_ports() -> Node {
    let digit = |from, to| Node::Set(ByteSet::of_all(from..=to));
    let any = |count| concat(std::iter::repeat_n(Node::Set(ByteSet::digit()), count));
    let numbers = alternation([
        concat([literal("0"), plus(Node::Set(ByteSet::digit()))]),
        concat([literal("6553"), digit(b'6', b'9')]),
        concat([literal("655"), digit(b'4', b'9'), any(1)]),
        concat([literal("65"), digit(b'6', b'9'), any(2)]),
        concat([literal("6"), digit(b'6', b'9'), any(3)]),
        concat([digit(b'7', b'9'), any(4)]),
    ]);
    concat([literal(":"), numbers])
}

fn literal(text: &str) -> Node {
    Node::Concat(text.bytes().map(|byte| Node::Set(ByteSet::of(byte))).collect())
}

fn concat(parts: impl IntoIterator<Item = Node>) -> Node {
    Node::Concat(parts.into_iter().collect())
}

fn alternation(parts: impl IntoIterator<Item = Node>) -> Node {
    Node::Alternation(parts.into_iter().collect())
}

fn repeat(node: Node, min: u32, max: Option<u32>) -> Node {
    Node::Repeat { node: Box::new(node), min, max, kind: Repetition::Greedy }
}

fn star(node: Node) -> Node {
    repeat(node, 0, None)
}

fn plus(node: Node) -> Node {
    repeat(node, 1, None)
}

fn optional(node: Node) -> Node {
    repeat(node, 0, Some(1))
}
