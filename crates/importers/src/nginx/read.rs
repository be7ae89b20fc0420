//! From a text to a model.

use std::rc::Rc;

use corsac_analysis::model::{Model, Place, Unread};
use corsac_diagnostics::{Source, excerpt};

use super::givers::{self, How};
use super::inputs::inputs;
use super::known;
use super::location::Location;
use super::scopes::{MAX_SCOPES, Scopes};
use super::server::Server;
use super::syntax::{self, Directive, Reading, UNREAD_INCLUDE};
use super::value::{Map, Pattern, Template, Variables};
use crate::{Includes, Unreadable};

/// Most steps that all scopes take together; a large real configuration takes thousands.
const MAX_STEPS: usize = 1 << 20;

/// Most locations that are looked at, all searches together, to find who answers an error.
const MAX_SEARCHES: usize = 1 << 24;

/// Most entries of what was not read.
const MAX_UNREAD: usize = 1024;

/// How much a file looks like nginx's.
pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    const LOOKED_AT: usize = 1 << 16;
    const MARKS: [&str; 12] = [
        "add_header ",
        "fastcgi_pass ",
        "http {",
        "if ($",
        "location ",
        "map $",
        "proxy_hide_header ",
        "proxy_pass ",
        "proxy_set_header ",
        "server {",
        "server_name ",
        "upstream ",
    ];
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_name = match file {
        "nginx.conf" => 50,
        _ if file.starts_with("nginx.") || matches!(extension, "nginx" | "nginxconf") => 45,
        _ if name.contains("nginx/") || name.contains("sites-available/") => 30,
        _ if extension == "conf" => 10,
        _ => 0,
    };
    let lines = text.lines().map(str::trim).scan(0, |seen, line| {
        *seen += line.len() + 1;
        (*seen < LOOKED_AT).then_some(line)
    });
    // Several directives may stand in a line.
    let lines = lines.filter(|line| !line.starts_with('#'));
    let directives = lines.flat_map(|line| line.split_inclusive([';', '{', '}'])).map(str::trim);
    let directives: Vec<&str> = directives.filter(|directive| directive.ends_with([';', '{'])).collect();
    let marked = |mark: &&str| directives.iter().any(|directive| directive.starts_with(*mark));
    let is_yaml = text.lines().take(50).any(|line| line.starts_with("apiVersion:"));
    let marks = if is_yaml { 0 } else { MARKS.iter().filter(|mark| marked(mark)).count() };
    let is_named = by_name == 50 || matches!(extension, "nginx" | "nginxconf");
    let by_name =
        if marks > 0 || is_named || by_name >= 30 && ends_as_directives(text) { by_name } else { 0 };
    let by_text = u8::try_from(marks * 20).unwrap_or(u8::MAX);
    if by_name == 0 && by_text < 40 { by_text / 2 } else { (by_name + by_text).min(100) }
}

/// Whether most lines end as directives do, as those of a part that is included.
fn ends_as_directives(text: &str) -> bool {
    const LOOKED_AT: usize = 200;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let ends = lines.take(LOOKED_AT).map(|line| line.ends_with([';', '{', '}']));
    let (directives, others): (Vec<_>, Vec<_>) = ends.partition(|ends| *ends);
    directives.len() > others.len() && !text.trim_start().starts_with(['{', '['])
}

/// Reads a configuration: a whole one, or a part that is included in one.
///
/// # Errors
/// nginx would refuse its syntax.
pub(crate) fn read(source: Source, includes: &dyn Includes) -> Result<Model, Unreadable> {
    let name = source.name().to_owned();
    let reading = syntax::read(source, includes)?;
    if is_snippet(&reading.directives) {
        return Ok(snippet(&name, reading));
    }
    let mut reader = Reader::new(reading);
    let directives = std::mem::take(&mut reader.reading.directives);
    let http = http_level(&directives);
    let mut scopes = reader.scopes(&directives);
    let outer = Location::default().inner(&http, false);
    for directive in http.iter().filter(|directive| directive.name == "server" && directive.block.is_some()) {
        let mut server = Server::new(server_name(directive), directive.inside(), &outer);
        server.place = Some(directive.place.clone());
        scopes.server(&server);
    }
    if is_part(&http) {
        let mut outer = Location::default();
        outer.unread = reader.inputs(&http);
        let part = Server::new(excerpt(&name).into_owned(), &http, &outer);
        // Fields of the level of `http`, with a `map` beside them, are those of the includer's servers.
        let answers = http.iter().any(|directive| directive.name != "location" && is_own(directive))
            || !http.iter().any(|directive| matches!(directive.name.as_str(), "location" | "server"));
        scopes.part(&part, answers);
    }
    Ok(reader.done(scopes))
}

/// Reads directives that stand in a location whose content an upstream makes, such as
/// ingress-nginx's `configuration-snippet`. The first scope is that location.
///
/// # Errors
/// nginx would refuse its syntax.
#[cfg_attr(not(test), expect(dead_code, reason = "for the reader of ingress-nginx"))]
pub(crate) fn read_snippet(source: Source, includes: &dyn Includes) -> Result<Model, Unreadable> {
    let name = source.name().to_owned();
    Ok(snippet(&name, syntax::read(source, includes)?))
}

fn snippet(name: &str, reading: Reading) -> Model {
    let mut reader = Reader::new(reading);
    let directives = std::mem::take(&mut reader.reading.directives);
    let mut scopes = reader.scopes(&directives);
    // Who makes the content is not written here; an upstream may.
    let mut outer = Location::handled_by(known::Handler::Upstream);
    outer.unread = reader.inputs(&directives);
    scopes.part(&Server::snippet(excerpt(name).into_owned(), &directives, &outer), true);
    reader.done(scopes)
}

/// Whether a file holds only what may stand in a location.
fn is_snippet(directives: &[Directive]) -> bool {
    let around = |directive: &Directive| {
        matches!(directive.name.as_str(), "http" | "listen" | "location" | "map" | "server" | "server_name")
    };
    is_part(directives) && !directives.iter().any(around)
}

/// The directives of the level of `http`, wherever the file begins.
fn http_level(directives: &[Directive]) -> Vec<Directive> {
    let mut all = Vec::new();
    for directive in directives {
        match directive.name.as_str() {
            "http" if directive.block.is_some() => all.extend_from_slice(directive.inside()),
            _ => all.push(directive.clone()),
        }
    }
    all
}

/// Whether a file is what stands in a server or location, rather than around them.
fn is_part(http: &[Directive]) -> bool {
    let has_servers = http.iter().any(|directive| directive.name == "server" && directive.block.is_some());
    let adds =
        http.iter().any(|directive| matches!(directive.name.as_str(), "add_header" | "more_set_headers"));
    http.iter().any(is_own) || (adds && !has_servers)
}

/// Whether a directive stands in servers or locations only.
fn is_own(directive: &Directive) -> bool {
    matches!(
        directive.name.as_str(),
        "if" | "limit_except" | "listen" | "location" | "return" | "rewrite" | "server_name" | "set"
    ) || known::handler(&directive.name).is_some()
}

fn server_name(directive: &Directive) -> String {
    let values = |name: &str| -> Vec<&str> {
        let named = directive.inside().iter().filter(|inner| inner.name == name);
        named.flat_map(|inner| &inner.arguments).map(|word| word.text.as_str()).collect()
    };
    let names = values("server_name");
    match (names.is_empty(), values("listen").first()) {
        (false, _) => format!("server {}", excerpt(&names.join(" "))),
        (true, Some(port)) => format!("server on {}", excerpt(port)),
        (true, None) => "server".to_owned(),
    }
}

struct Reader {
    reading: Reading,
    variables: Variables,
}

impl Reader {
    fn new(reading: Reading) -> Self {
        let variables =
            Variables { budget: MAX_STEPS.into(), searches: MAX_SEARCHES.into(), ..Variables::default() };
        Self { reading, variables }
    }

    /// Learns what the whole says, so that scopes can be asked.
    fn scopes(&mut self, directives: &[Directive]) -> Scopes {
        self.learn(directives);
        Scopes::new(std::mem::take(&mut self.variables))
    }

    /// Lists the variables that a part is not whole without.
    fn inputs(&mut self, directives: &[Directive]) -> Option<Rc<str>> {
        let (place, sentence) = inputs(directives)?;
        self.unread(&place, sentence.clone());
        Some(sentence.into())
    }

    /// Finds maps and variables anywhere, and lists what is not understood.
    fn learn(&mut self, directives: &[Directive]) {
        for directive in directives {
            let first = directive.argument(0).unwrap_or_default();
            match directive.name.as_str() {
                "map" => {
                    self.learn_map(directive);
                    continue;
                }
                "set" => drop(self.variables.declared.insert(variable_name(first))),
                "if" => self.learn_condition(directive),
                _ => {}
            }
            self.learn_words(directive);
            self.learn_given(directive);
            self.check(directive);
            if !is_foreign(&directive.name) {
                self.learn(directive.inside());
            }
        }
    }

    /// Whether captures and methods are asked for.
    fn learn_words(&mut self, directive: &Directive) {
        let mut texts = directive.arguments.iter().map(|word| word.text.as_str());
        let name = directive.name.as_str();
        if matches!(name, "add_header" | "if" | "more_set_headers" | "set") {
            self.variables.keeps_captures |= texts.clone().any(|text| Template::new(text).has_captures());
        }
        let asks = |text: &str| text.to_ascii_lowercase().contains("request_method");
        self.variables.asks_method |= name == "limit_except" || texts.any(asks);
    }

    /// Variables that it gives a value in ways that are not followed.
    fn learn_given(&mut self, directive: &Directive) {
        for given in givers::given(directive) {
            match given.how {
                How::Asked => self.variables.asked.insert(given.name),
                How::Written => self.variables.written.insert(given.name),
            };
        }
    }

    fn learn_map(&mut self, directive: &Directive) {
        self.learn_words(directive);
        let mut mistakes = Vec::new();
        if let Some((name, map)) = Map::read(directive, &mut mistakes) {
            self.variables.maps.insert(name, map);
        }
        for pattern in directive.inside().iter().filter(|line| line.name.starts_with('~')) {
            let text = pattern.name.trim_start_matches(['~', '*']);
            // Whoever asks the map sets them.
            self.variables.written.extend(givers::groups(text));
            self.check_pattern(text, &pattern.name_place);
        }
        for (place, reason) in mistakes {
            self.unread(&place, reason);
        }
    }

    /// Expressions of an `if` and the variables that they name.
    fn learn_condition(&mut self, directive: &Directive) {
        let mut words = directive.arguments.iter();
        let operator = words.find(|word| matches!(word.text.as_str(), "~" | "~*" | "!~" | "!~*"));
        let (Some(_), Some(word)) = (operator, words.next()) else { return };
        // After a quotation the parenthesis is a word of its own.
        let is_last = words.next().is_none();
        let text = word.text.strip_suffix(')').filter(|_| is_last).unwrap_or(&word.text);
        self.check_pattern(text, &word.place);
    }

    fn check_pattern(&mut self, text: &str, place: &Place) {
        let pattern = Pattern::new(text, false);
        match pattern.names() {
            Some(names) => self.variables.captured.extend(names.into_iter().map(|(name, _)| name)),
            None => self.variables.written.extend(givers::groups(text)),
        }
        if let Err(refusal) = pattern.regex.syntax() {
            self.unread(place, format!("`{}` is not modelled: {refusal}", excerpt(text)));
        }
    }

    fn check(&mut self, directive: &Directive) {
        let name = directive.name.as_str();
        if known::is_code(name) || known::handler(name) == Some(known::Handler::Code) {
            self.unread(&directive.place, format!("`{name}` runs code"));
        } else if !is_read(name) && !known::is_harmless(name) && known::handler(name).is_none() {
            self.unread(&directive.place, format!("`{}` is not known", excerpt(name)));
        }
    }

    fn unread(&mut self, place: &Place, reason: String) {
        if self.reading.unread.len() < MAX_UNREAD {
            self.reading.unread.push(Unread { place: Some(place.clone()), reason });
        }
    }

    fn done(self, scopes: Scopes) -> Model {
        let Reading { files, mut unread, .. } = self.reading;
        let mut scopes = scopes.done();
        if scopes.len() > MAX_SCOPES {
            scopes.truncate(MAX_SCOPES);
            let reason = format!("there are more than {MAX_SCOPES} servers and locations");
            unread.push(Unread { place: None, reason });
        }
        Model { system: "nginx", files, scopes, unread }
    }
}

fn variable_name(text: &str) -> String {
    text.trim_start_matches('$').to_ascii_lowercase()
}

/// Whether what stands in a block is no part of HTTP, or no directives.
fn is_foreign(name: &str) -> bool {
    matches!(
        name,
        "charset_map"
            | "events"
            | "geo"
            | "geoip2"
            | "mail"
            | "match"
            | "split_clients"
            | "stream"
            | "types"
            | "upstream"
    )
}

/// Whether some reader takes a directive.
pub(super) fn is_read(name: &str) -> bool {
    matches!(
        name,
        "add_header"
            | "add_header_inherit"
            | "allow"
            | "break"
            | "charset_map"
            | "deny"
            | "error_page"
            | "http"
            | "if"
            | "limit_except"
            | "location"
            | "match"
            | "return"
            | "rewrite"
            | "satisfy"
            | "server"
            | "set"
            | UNREAD_INCLUDE
    ) || name.starts_with("set_by_lua")
}
