//! `CorsConfiguration` objects and `addMapping` chains: which calls are made on them.

use corsac_analysis::model::Place;
use corsac_diagnostics::excerpt;
use tree_sitter::Node;

use super::code::{children, place};
use super::steps::{self, Step};
use super::{Config, MAX_SCOPES, Notes, Reader, literal};
use crate::cloud::Text;

/// The call that gives an object to paths.
const REGISTER: &str = "registerCorsConfiguration";

/// Calls that take an object and leave it as it is.
const TAKERS: [&str; 11] = [
    "entry",
    "just",
    "justOrEmpty",
    "of",
    "ofNullable",
    "put",
    REGISTER,
    "requireNonNull",
    "setCorsConfigurations",
    "singletonMap",
    "validateAllowCredentials",
];

/// What happens between an object's creation and its use happens as often as the creation,
/// unless one of these is in between.
const CONDITIONS: [&str; 10] = [
    "catch_clause",
    "do_statement",
    "enhanced_for_statement",
    "for_statement",
    "if_statement",
    "lambda_expression",
    "switch_expression",
    "switch_statement",
    "ternary_expression",
    "while_statement",
];

/// Most uses of a variable that are looked at.
const MAX_USES: usize = 1_000;

/// What is known of an object so far.
struct Trace<'n> {
    config: Config,
    /// Calls that were read, of all objects.
    followed: Vec<usize>,
    /// Calls that give an object to paths, of all objects.
    registered: Vec<usize>,
    /// Where the object went.
    used: Used,
    notes: &'n mut Notes,
}

/// Where an object went.
#[derive(Default)]
struct Used {
    /// Into another one, which is opaque then, or nowhere, before its variable got another.
    ended: bool,
    /// Anywhere else.
    elsewhere: bool,
}

impl<'t> Reader<'t> {
    /// Mappings and objects of a file, and calls on objects that are not followed.
    pub(super) fn objects(&self, notes: &mut Notes) {
        let mut trace = Trace {
            config: Config::default(),
            followed: Vec::new(),
            registered: Vec::new(),
            used: Used::default(),
            notes,
        };
        let mut count = 0;
        for node in self.code.all() {
            let is_mapping =
                node.kind() == "method_invocation" && self.code.field(node, "name") == "addMapping";
            let class = self.code.field(node, "type").rsplit('.').next();
            let is_object = node.kind() == "object_creation_expression" && class == Some("CorsConfiguration");
            if !is_mapping && !is_object {
                continue;
            }
            count += 1;
            if count > MAX_SCOPES {
                trace
                    .notes
                    .unread(Some(&place(node)), format!("there are more than {MAX_SCOPES} configurations"));
                break;
            }
            self.object(node, is_mapping, &mut trace);
        }
        let (mut followed, registered) = (trace.followed, trace.registered);
        followed.sort_unstable();
        self.made_elsewhere(&registered, notes);
        for node in self.code.all().filter(|node| node.kind() == "method_invocation") {
            let name = self.code.field(node, "name");
            let is_read = followed.binary_search(&node.id()).is_ok();
            if steps::is_setter(name) && name.contains("llowedOrigin") && !is_read {
                let reason = if self.is_of_web_socket(node) {
                    format!("`{name}` decides which websites may open a WebSocket")
                } else {
                    format!("`{name}` is called on an object that is not followed")
                };
                notes.unread(Some(&place(node)), reason);
            }
        }
    }

    /// What is registered for paths and made elsewhere.
    fn made_elsewhere(&self, registered: &[usize], notes: &mut Notes) {
        let calls = self.code.all().filter(|node| self.code.field(*node, "name") == REGISTER);
        let calls = calls.filter(|node| node.kind() == "method_invocation");
        // One object may be for many paths: it is told where it is given first.
        let mut told: Vec<(&str, Place)> = Vec::new();
        for call in calls.filter(|call| !registered.contains(&call.id())).take(MAX_SCOPES) {
            let arguments = call.child_by_field_name("arguments").map(children).unwrap_or_default();
            let [_, object, ..] = arguments.as_slice() else { continue };
            // What a method of this file makes is read there.
            if object.kind() == "method_invocation"
                && object.child_by_field_name("object").is_none()
                && self.declares(self.code.field(*object, "name"))
            {
                continue;
            }
            let written = self.code.written(*object);
            let reason = format!("`{}` is made elsewhere", excerpt(written));
            let place_of = match told.iter().find(|(known, _)| *known == written) {
                Some((_, place)) => place.clone(),
                None => {
                    told.push((written, place(*object)));
                    notes.unread(Some(&place(*object)), reason.clone());
                    place(*object)
                }
            };
            let mut config = Config::default();
            config.be_opaque(&Text { text: Err(reason), place: place_of });
            let name = self.path_beside(*object).unwrap_or_default();
            notes.scopes.push(config.scope(name, Some(place(call))));
        }
    }

    fn declares(&self, method: &str) -> bool {
        let mut all = self.code.all();
        all.any(|node| node.kind() == "method_declaration" && self.code.field(node, "name") == method)
    }

    /// Whether a call is chained to `addEndpoint("/path")` or `addHandler(handler, "/path")`.
    fn is_of_web_socket(&self, call: Node<'t>) -> bool {
        let object = |node: &Node<'t>| node.child_by_field_name("object");
        let mut chain = std::iter::successors(object(&call), object).take(MAX_USES);
        chain.any(|node| matches!(self.code.field(node, "name"), "addEndpoint" | "addHandler"))
    }

    /// One object, from its creation.
    fn object(&self, created: Node<'t>, is_mapping: bool, trace: &mut Trace<'_>) {
        trace.config = Config::default();
        trace.used = Used::default();
        let given = created.child_by_field_name("arguments").map(children).unwrap_or_default();
        let mut name = "CorsConfiguration".to_owned();
        if is_mapping {
            let path = given.first().map(|node| literal::text(*node, &self.code, &self.constants));
            name =
                format!("addMapping {}", path.as_ref().and_then(Text::known).unwrap_or("of a computed path"));
            trace.config.apply_permit_defaults(&place(created));
        } else if let Some(other) = given.first() {
            trace.be_opaque(*other, "a `CorsConfiguration` is a copy of another one");
        } else if let Some(body) = children(created).into_iter().find(|child| child.kind() == "class_body") {
            trace.be_opaque(body, "a `CorsConfiguration` has code of its own");
        }
        let last = self.chain(created, None, trace);
        match self.variable(last) {
            Some((variable, region)) => {
                name = self.follow(created, variable, region, trace).unwrap_or(name);
            }
            None => {
                name = self.path_beside(last).unwrap_or(name);
                trace.registered.extend(self.call_around(last));
                if !self.is_at_its_end(last) {
                    trace.be_opaque(last, "what becomes of the object is not followed");
                }
            }
        }
        // What nobody was given before it was replaced decides nothing.
        if trace.used.ended && !trace.used.elsewhere {
            return;
        }
        let scope = trace.config.scope(name, Some(place(created)));
        trace.notes.scopes.push(scope);
    }

    /// The calls that are chained to a node; returns the last.
    fn chain(&self, node: Node<'t>, doubt: Option<&str>, trace: &mut Trace<'_>) -> Node<'t> {
        let mut last = node;
        while let Some(call) = self.code.parent(last).filter(|parent| is_child(*parent, "object", last)) {
            let arguments = call.child_by_field_name("arguments").map(children).unwrap_or_default();
            let texts = arguments.iter().flat_map(|node| literal::texts(*node, &self.code, &self.constants));
            let arguments: Vec<Text> = texts.collect();
            // Of another call nothing is known, whatever it is given.
            if steps::is_modelled(self.code.field(call, "name")) {
                trace.notes.computed(&arguments);
            }
            let place = call.child_by_field_name("name").map_or_else(|| place(call), place);
            if let Some(doubt) = doubt {
                trace.notes.unread(Some(&place), doubt);
            }
            let name = self.code.field(call, "name");
            steps::apply(&mut trace.config, Step { name, arguments, place, doubt: doubt.map(str::to_owned) });
            trace.followed.push(call.id());
            last = call;
        }
        last
    }

    /// The variable that gets a value, and the block in which it lives.
    fn variable(&self, value: Node<'t>) -> Option<(&'t str, Node<'t>)> {
        let parent = self.code.parent(value)?;
        let name = match parent.kind() {
            "variable_declarator" => self.code.field(parent, "name"),
            "assignment_expression" => {
                let left = self.code.field(parent, "left");
                if let Some(block) = self.block_of(left, parent) {
                    return Some((left, block));
                }
                left.trim_start_matches("this.")
            }
            _ => return None,
        };
        // What is assigned may be a field.
        let is_field = parent.kind() == "assignment_expression"
            || self.code.parent(parent).is_some_and(|parent| parent.kind() == "field_declaration");
        let region = self.code.ancestors(parent).find(|node| match node.kind() {
            "block" | "constructor_body" | "lambda_expression" => !is_field,
            "class_body" | "record_declaration" | "program" => true,
            _ => false,
        });
        region.map(|region| (name, region))
    }

    /// The block around a node in which a local variable was declared before it.
    fn block_of(&self, variable: &str, node: Node<'t>) -> Option<Node<'t>> {
        let declares = |block: &Node<'t>| {
            let before =
                children(*block).into_iter().take_while(|child| child.start_byte() < node.start_byte());
            let mut locals = before.filter(|child| child.kind() == "local_variable_declaration");
            locals.any(|local| {
                let mut declared = children(local).into_iter();
                declared.any(|declared| self.code.field(declared, "name") == variable)
            })
        };
        let mut blocks = self.code.ancestors(node).take_while(|node| node.kind() != "class_body");
        blocks.find(|node| matches!(node.kind(), "block" | "constructor_body") && declares(node))
    }

    /// Applies the calls on a variable; returns the scope's name, if one is said.
    fn follow(
        &self,
        created: Node<'t>,
        variable: &str,
        region: Node<'t>,
        trace: &mut Trace<'_>,
    ) -> Option<String> {
        let mut name = None;
        let uses = self.code.named(variable, created.end_byte(), region.end_byte());
        for (count, node) in uses.enumerate() {
            if count == MAX_USES {
                trace.be_opaque(node, &format!("`{variable}` is used more than {MAX_USES} times"));
                break;
            }
            let node = self.with_this(node);
            let Some(parent) = self.code.parent(node) else { continue };
            match parent.kind() {
                "method_invocation" if is_child(parent, "object", node) => {
                    self.chain(node, self.doubt(node, region, created), trace);
                }
                "argument_list" if self.called(parent) == "combine" => trace.used.ended = true,
                "argument_list" => {
                    trace.used.elsewhere = true;
                    let path = self.path_beside(node);
                    if path.is_none() && !self.is_taken(parent) {
                        trace.be_opaque(node, &format!("`{variable}` is handed to other code"));
                    }
                    name = name.or(path);
                    trace.registered.extend(self.call_around(node));
                }
                "assignment_expression" if is_child(parent, "left", node) => {
                    if self.doubt(node, region, created).is_none() {
                        trace.used.ended = true;
                        break;
                    }
                    trace.be_opaque(node, &format!("`{variable}` is assigned again"));
                }
                "assignment_expression" | "variable_declarator" => {
                    trace.be_opaque(node, &format!("`{variable}` has another name, too"));
                }
                _ => trace.used.elsewhere = true,
            }
        }
        name
    }

    /// `this.x` for `x` where it stands so.
    fn with_this(&self, node: Node<'t>) -> Node<'t> {
        let whole = self.code.parent(node).filter(|parent| parent.kind() == "field_access");
        whole.filter(|whole| self.code.field(*whole, "object") == "this").unwrap_or(node)
    }

    /// Whether nothing more can be called on a value that has no name.
    fn is_at_its_end(&self, value: Node<'t>) -> bool {
        self.code.parent(value).is_some_and(|parent| match parent.kind() {
            "expression_statement" | "lambda_expression" | "return_statement" => true,
            "argument_list" => self.is_taken(parent),
            _ => false,
        })
    }

    /// Why a call in a region may not happen exactly once.
    fn doubt(&self, node: Node<'t>, region: Node<'t>, created: Node<'t>) -> Option<&'static str> {
        if region.kind() == "class_body" {
            return Some("a field is changed, and when is not known");
        }
        // What the creation is in, too, happens as often; but for two branches of one condition.
        let is_around = |node: &Node<'t>| node.byte_range().contains(&created.start_byte());
        for node in self.code.ancestors(node).take_while(|node| node.id() != region.id()) {
            if CONDITIONS.contains(&node.kind()) {
                return Some("the call depends on a condition or loop");
            }
            if is_around(&node) {
                return None;
            }
        }
        None
    }

    /// The call that is given `object`.
    fn call_around(&self, object: Node<'t>) -> Option<usize> {
        let arguments = self.code.parent(object).filter(|parent| parent.kind() == "argument_list")?;
        Some(self.code.parent(arguments)?.id())
    }

    /// The path in `registerCorsConfiguration("/**", object)`.
    fn path_beside(&self, object: Node<'t>) -> Option<String> {
        let arguments = self.code.parent(object).filter(|parent| parent.kind() == "argument_list")?;
        let call = self.code.parent(arguments)?;
        (self.code.field(call, "name") == REGISTER).then_some(())?;
        let path = literal::text(*children(arguments).first()?, &self.code, &self.constants);
        Some(format!("registerCorsConfiguration {}", path.known().unwrap_or("of a computed path")))
    }

    /// The method that arguments are given to.
    fn called(&self, arguments: Node<'t>) -> &'t str {
        self.code.parent(arguments).map_or("", |call| self.code.field(call, "name"))
    }

    /// Whether arguments go to something that leaves them as they are.
    fn is_taken(&self, arguments: Node<'t>) -> bool {
        let Some(call) = self.code.parent(arguments) else { return false };
        TAKERS.contains(&self.code.field(call, "name"))
            || self.code.field(call, "type").ends_with("CorsFilter")
    }
}

impl Trace<'_> {
    /// Nothing is known of the object any more.
    fn be_opaque(&mut self, node: Node<'_>, reason: &str) {
        self.config.be_opaque(&Text { text: Err(reason.to_owned()), place: place(node) });
        self.notes.unread(Some(&place(node)), reason);
    }
}

/// Whether `child` is what stands in a field of `parent`.
fn is_child(parent: Node<'_>, field: &str, child: Node<'_>) -> bool {
    parent.child_by_field_name(field).is_some_and(|found| found.id() == child.id())
}
