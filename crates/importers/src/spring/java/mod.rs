//! What Java code writes out: `@CrossOrigin`, `addMapping(…)` and its chain, and
//! `CorsConfiguration` objects that are made and filled in one block.
//!
//! Values that are computed, steps that may not happen (in an `if`, a loop, a lambda), and
//! objects that other code may change are opaque. Spring combines `@CrossOrigin` with mappings
//! of other classes, which are in other files; of a file alone nothing is known about that.

mod code;
mod literal;
mod objects;
mod steps;

use corsac_diagnostics::excerpt;
use tree_sitter::Node;

use super::policy::Config;
use crate::Unreadable;
use crate::cloud::{Notes, Text};
use code::{Code, children, place};
use literal::Constants;
use steps::Step;

/// Most annotations, and most objects, that are read; each costs a look through its block.
const MAX_SCOPES: usize = 256;

/// Words that code about CORS has.
const WORDS: [&str; 5] =
    ["CrossOrigin", "CorsConfiguration", "CorsRegistry", "Access-Control-Allow-Origin", "setAllowedOrigin"];

/// Packages of tests: what stands there is expected of a response, and sets nothing.
const TESTS: [&str; 3] = ["org.junit.", "org.springframework.test.", "org.testng."];

pub(super) fn speaks_of_cors(text: &str) -> bool {
    WORDS.iter().any(|word| text.contains(word))
}

/// Reads a file.
pub(super) fn read(text: &str, notes: &mut Notes) -> Result<(), Unreadable> {
    if !speaks_of_cors(text) {
        return Ok(());
    }
    let tree = code::parse(text)?;
    let code = Code::new(text, &tree)?;
    if let Some(error) = code.all().find(Node::is_error) {
        notes.unread(Some(&place(error)), "the code has a mistake; what stands there may be misread");
    }
    let reader = Reader { constants: Constants::of(&code), code };
    reader.annotations(notes);
    reader.objects(notes);
    reader.by_hand(notes);
    Ok(())
}

/// A file that is read.
struct Reader<'t> {
    code: Code<'t>,
    constants: Constants<'t>,
}

impl<'t> Reader<'t> {
    /// Methods and classes with `@CrossOrigin`.
    fn annotations(&self, notes: &mut Notes) {
        let found: Vec<Node<'t>> = self.code.all().filter(|node| self.is_cross_origin(*node)).collect();
        if let Some(more) = found.get(MAX_SCOPES) {
            let reason = format!("there are more than {MAX_SCOPES} annotations for CORS");
            notes.unread(Some(&place(*more)), reason);
        }
        for node in found.into_iter().take(MAX_SCOPES) {
            let Some(declared) = self.declared(node) else { continue };
            let mut config = Config::default();
            let outer = self.code.ancestors(declared).find(|node| is_type(*node));
            let outer_annotation = outer.filter(|_| !is_type(declared)).and_then(|outer| self.on(outer));
            if let Some(annotation) = outer_annotation {
                self.annotate(&mut config, annotation, notes);
            }
            self.annotate(&mut config, node, notes);
            if config.methods.is_none() {
                let text = Err("those of the mapping".to_owned());
                config.methods = Some(vec![Text { text, place: place(node) }]);
            }
            // What neither says is to be said once, by the outer one.
            config.apply_permit_defaults(&place(outer_annotation.unwrap_or(node)));
            let name = self.code.field(declared, "name");
            let within = outer.map_or(String::new(), |outer| format!("{}.", self.code.field(outer, "name")));
            notes.scopes.push(config.scope(format!("@CrossOrigin {within}{name}"), Some(place(node))));
        }
    }

    fn is_cross_origin(&self, node: Node<'t>) -> bool {
        let is_annotation = matches!(node.kind(), "annotation" | "marker_annotation");
        is_annotation && self.code.field(node, "name").rsplit('.').next() == Some("CrossOrigin")
    }

    /// What an annotation stands at.
    fn declared(&self, annotation: Node<'t>) -> Option<Node<'t>> {
        let modifiers = self.code.parent(annotation).filter(|parent| parent.kind() == "modifiers")?;
        let declared = self.code.parent(modifiers)?;
        (is_type(declared) || declared.kind() == "method_declaration").then_some(declared)
    }

    /// The annotation at a declaration; a second is a mistake.
    fn on(&self, declared: Node<'t>) -> Option<Node<'t>> {
        let modifiers = children(declared).into_iter().find(|child| child.kind() == "modifiers")?;
        children(modifiers).into_iter().find(|node| self.is_cross_origin(*node))
    }

    /// Adds what an annotation says.
    fn annotate(&self, config: &mut Config, annotation: Node<'t>, notes: &mut Notes) {
        let arguments = annotation.child_by_field_name("arguments").map(children).unwrap_or_default();
        for argument in arguments {
            let (name, value) = match argument.kind() {
                "element_value_pair" => {
                    (self.code.field(argument, "key"), argument.child_by_field_name("value"))
                }
                _ => ("value", Some(argument)),
            };
            let Some(value) = value else { continue };
            let texts = literal::texts(value, &self.code, &self.constants);
            let texts: Vec<Text> = texts.into_iter().map(resolved).collect();
            notes.computed(&texts);
            let says_nothing = texts.iter().all(|text| matches!(text.known(), Some("" | "-1")));
            let name = match name {
                // What an outer annotation says stays.
                "allowCredentials" | "maxAge" if says_nothing => continue,
                "allowCredentials" => "setAllowCredentials",
                "allowedHeaders" => "addAllowedHeader",
                "exposedHeaders" => "addExposedHeader",
                "maxAge" => "setMaxAge",
                "methods" => "addAllowedMethod",
                "originPatterns" => "addAllowedOriginPattern",
                "origins" | "value" => "addAllowedOrigin",
                "allowPrivateNetwork" => continue,
                other => other,
            };
            steps::apply(config, Step { name, arguments: texts, place: place(argument), doubt: None });
        }
    }

    /// Fields that code sets without Spring's help.
    fn by_hand(&self, notes: &mut Notes) {
        if TESTS.iter().any(|package| self.code.text.contains(package)) {
            return;
        }
        for node in self.code.all() {
            let written = self.code.written(node);
            let is_field = match node.kind() {
                "string_literal" => written.eq_ignore_ascii_case("\"Access-Control-Allow-Origin\""),
                "field_access" => written.ends_with("ACCESS_CONTROL_ALLOW_ORIGIN"),
                _ => false,
            };
            if is_field {
                notes.unread(Some(&place(node)), "code sets `Access-Control-Allow-Origin` by itself");
            }
        }
    }
}

/// A member of an annotation: Spring fills in `${…}` and `#{…}`.
fn resolved(text: Text) -> Text {
    match &text.text {
        Ok(known) if known.contains("${") || known.contains("#{") => {
            Text { text: Err(format!("`{}` is filled in when the program starts", excerpt(known))), ..text }
        }
        _ => text,
    }
}

fn is_type(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "class_declaration" | "interface_declaration" | "record_declaration" | "enum_declaration"
    )
}
