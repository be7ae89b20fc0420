//! From a text to a model.

use corsac_analysis::model::{Model, Place, Preflight, Scope, Unread};
use corsac_diagnostics::{Source, excerpt};

use super::answer::{Folded, FoldedPreflight};
use super::fields::Response;
use super::known;
use super::location::Location;
use super::server::{Request, Server, Site};
use super::steps::{Assumptions, Runner};
use super::syntax::{self, Directive, Reading, UNREAD_INCLUDE};
use super::value::{Cases, Map, Pattern, Template, Variables};
use crate::{Includes, Unreadable};

/// Most steps that all scopes take together; a large real configuration takes thousands.
const MAX_STEPS: usize = 1 << 22;

/// Most conditions of a whole model.
const MAX_MODEL: usize = 1 << 18;

/// Most scopes of a model, and most entries of what was not read.
const MAX_SCOPES: usize = 4096;

/// Most conditions on other things than the origin that a location is told apart by.
const MAX_SPLITS: usize = 3;

/// Methods of actual requests, the one that stands for all others first.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// How much a file looks like nginx's.
pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    const LOOKED_AT: usize = 1 << 16;
    const MARKS: [&str; 10] = [
        "add_header ",
        "fastcgi_pass ",
        "http {",
        "if ($",
        "location ",
        "map $",
        "proxy_pass ",
        "server {",
        "server_name ",
        "upstream ",
    ];
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let by_name = match file {
        "nginx.conf" => 50,
        _ if file.ends_with(".nginx") || file.starts_with("nginx.") || file.ends_with(".nginxconf") => 45,
        _ if name.contains("nginx/") || name.contains("sites-available/") => 30,
        _ if file.ends_with(".conf") => 10,
        _ => 0,
    };
    let ends = |line: &str| line.ends_with(';') || line.ends_with('{') || line.contains("; #");
    let marked = |mark: &&str| {
        let lines = text.lines().map(str::trim).scan(0, |seen, line| {
            *seen += line.len() + 1;
            (*seen < LOOKED_AT).then_some(line)
        });
        lines.filter(|line| ends(line)).any(|line| line.starts_with(*mark))
    };
    let is_yaml = text.lines().take(50).any(|line| line.starts_with("apiVersion:"));
    let marks = if is_yaml { 0 } else { MARKS.iter().filter(|mark| marked(mark)).count() };
    let by_text = u8::try_from(marks * 20).unwrap_or(u8::MAX);
    if by_name == 0 && by_text < 40 { by_text / 2 } else { (by_name + by_text).min(100) }
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
    reader.learn(&directives);
    let outer = Location::default().inner(&http, false);
    for directive in http.iter().filter(|directive| directive.name == "server" && directive.block.is_some()) {
        let mut server = Server::new(server_name(directive), directive.inside(), &outer);
        server.place = Some(directive.place.clone());
        reader.server(&server);
    }
    if is_part(&http) {
        let part = Server::new(excerpt(&name).into_owned(), &http, &Location::default());
        reader.part(&part);
    }
    Ok(reader.done())
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
    reader.learn(&directives);
    // Who makes the content is not written here; an upstream may.
    let outer = Location::handled_by(known::Handler::Upstream);
    reader.part(&Server::snippet(excerpt(name).into_owned(), &directives, &outer));
    reader.done()
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
    let own = |directive: &Directive| {
        matches!(
            directive.name.as_str(),
            "if" | "limit_except" | "listen" | "location" | "return" | "rewrite" | "server_name" | "set"
        ) || known::handler(&directive.name).is_some()
    };
    let has_servers = http.iter().any(|directive| directive.name == "server" && directive.block.is_some());
    let adds =
        http.iter().any(|directive| matches!(directive.name.as_str(), "add_header" | "more_set_headers"));
    http.iter().any(own) || (adds && !has_servers)
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
    keeps_captures: bool,
    scopes: Vec<Scope>,
    /// Conditions that the model has room for.
    room: usize,
}

impl Reader {
    fn new(reading: Reading) -> Self {
        let variables = Variables { budget: MAX_STEPS.into(), ..Variables::default() };
        Self { reading, variables, keeps_captures: false, scopes: Vec::new(), room: MAX_MODEL }
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
            self.keeps_captures |= matches!(directive.name.as_str(), "add_header" | "if" | "set")
                && directive.arguments.iter().any(|word| Template::new(&word.text).has_captures());
            self.check(directive);
            if !is_foreign(&directive.name) {
                self.learn(directive.inside());
            }
        }
    }

    fn learn_map(&mut self, directive: &Directive) {
        let mut mistakes = Vec::new();
        if let Some((name, map)) = Map::read(directive, &mut mistakes) {
            self.variables.maps.insert(name, map);
        }
        for pattern in directive.inside().iter().filter(|line| line.name.starts_with('~')) {
            let text = pattern.name.trim_start_matches(['~', '*']);
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
        let text = word.text.strip_suffix(')').unwrap_or(&word.text);
        self.check_pattern(text, &word.place);
    }

    fn check_pattern(&mut self, text: &str, place: &Place) {
        let pattern = Pattern::new(text, false);
        let names: Vec<_> = pattern.names().unwrap_or_default();
        self.variables.declared.extend(names.into_iter().map(|(name, _)| name));
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
        if self.reading.unread.len() < MAX_SCOPES {
            self.reading.unread.push(Unread { place: Some(place.clone()), reason });
        }
    }

    fn server(&mut self, server: &Server) {
        if !server.has_root() || server.ends_requests() {
            self.scopes_of(server, None, &server.name.clone());
        }
        for site in &server.sites {
            self.scopes_of(server, Some(site), &format!("{}, location {}", server.name, site.name));
        }
    }

    /// A file that stands in a server or a location.
    fn part(&mut self, part: &Server) {
        if !part.has_root() || part.ends_requests() {
            self.scopes_of(part, None, &part.name.clone());
        }
        for site in &part.sites {
            self.scopes_of(part, Some(site), &format!("location {}", site.name));
        }
    }

    /// The scopes of a location: one for each way that conditions on other things may go, as
    /// far as the answers differ.
    fn scopes_of(&mut self, server: &Server, site: Option<&Site>, name: &str) {
        let place = site.map(|site| site.place.clone()).or_else(|| server.place.clone());
        let met = {
            let assumptions = Assumptions::default();
            let visit = Visit { reader: self, server, site, assumptions: &assumptions };
            visit.folded("GET");
            visit.preflight();
            assumptions.met.take()
        };
        let mut known: Vec<(Folded, FoldedPreflight)> = Vec::new();
        let splits = met.len().min(MAX_SPLITS);
        for number in 0..1_usize << splits {
            let holds = |index: usize| number >> index & 1 == 1;
            let taken = || met.iter().take(splits).enumerate();
            let assumptions = Assumptions {
                known: taken().map(|(index, words)| (words.clone(), holds(index))).collect(),
                ..Assumptions::default()
            };
            let where_: Vec<&str> =
                taken().filter(|(index, _)| holds(*index)).map(|(_, words)| &**words).collect();
            let visit = Visit { reader: self, server, site, assumptions: &assumptions };
            let mut answers = visit.answers();
            answers.retain(|(_, answer)| !known.contains(answer));
            for (methods, answer) in answers {
                let mut name = name.to_owned();
                if !methods.is_empty() {
                    name.push_str(&format!(", {}", methods.join(" ")));
                }
                if !where_.is_empty() {
                    name.push_str(&format!(", where {}", where_.join(" and ")));
                }
                known.push(answer);
                if let Some((actual, preflight)) = known.pop() {
                    known.push(self.add(name, place.as_ref(), actual, preflight));
                }
            }
        }
    }

    /// Adds a scope; gives back what it answers.
    fn add(
        &mut self,
        name: String,
        place: Option<&Place>,
        actual: Folded,
        preflight: FoldedPreflight,
    ) -> (Folded, FoldedPreflight) {
        if self.scopes.len() >= MAX_SCOPES {
            return (actual, preflight);
        }
        let size = actual.size() + preflight.size();
        let (answer, before) = if size > self.room {
            (Folded::opaque("the configuration is too large"), Preflight::Unknown)
        } else {
            self.room -= size;
            (actual.clone().into_answer(), preflight.clone().into_preflight())
        };
        self.scopes.push(Scope { name, place: place.cloned(), actual: answer, preflight: before });
        (actual, preflight)
    }

    fn done(mut self) -> Model {
        if self.scopes.len() >= MAX_SCOPES {
            let reason = format!("there are more than {MAX_SCOPES} servers and locations");
            self.reading.unread.push(Unread { place: None, reason });
        }
        Model { system: "nginx", files: self.reading.files, scopes: self.scopes, unread: self.reading.unread }
    }
}

/// A location, asked in every way.
struct Visit<'a> {
    reader: &'a Reader,
    server: &'a Server,
    site: Option<&'a Site>,
    assumptions: &'a Assumptions,
}

impl Visit<'_> {
    fn responses(&self, method: &'static str) -> Cases<Response> {
        let variables = &self.reader.variables;
        let keeps_captures = self.reader.keeps_captures;
        let runner = Runner { variables, assumptions: self.assumptions, keeps_captures };
        let request = Request { runner, server: self.server, method };
        self.site.map_or_else(|| request.to_server(), |site| request.to_site(site))
    }

    /// What actual requests of a method are answered; `None` where none comes here.
    fn folded(&self, method: &'static str) -> Option<Folded> {
        let responses = self.responses(method);
        (!responses.is_empty()).then(|| Folded::new(&responses, &self.reader.variables))
    }

    fn preflight(&self) -> FoldedPreflight {
        FoldedPreflight::new(&self.responses("OPTIONS"), &self.reader.variables)
    }

    /// The answers, with the methods of each that differs from that of GET.
    fn answers(&self) -> Vec<(Vec<&'static str>, (Folded, FoldedPreflight))> {
        let Some(usual) = self.folded("GET") else { return Vec::new() };
        let mut others: Vec<(Vec<&'static str>, Folded)> = Vec::new();
        for method in METHODS.into_iter().skip(1) {
            let Some(answer) = self.folded(method).filter(|answer| *answer != usual) else { continue };
            match others.iter_mut().find(|(_, known)| *known == answer) {
                Some((methods, _)) => methods.push(method),
                None => others.push((vec![method], answer)),
            }
        }
        let all = std::iter::once((Vec::new(), usual)).chain(others);
        all.map(|(methods, actual)| (methods, (actual, self.preflight()))).collect()
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
            | "mail"
            | "match"
            | "split_clients"
            | "stream"
            | "types"
            | "upstream"
    )
}

/// Whether some reader takes a directive.
fn is_read(name: &str) -> bool {
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
