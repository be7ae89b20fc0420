//! What makes nothing certain that a file says: code that is made of text, names that are looked up
//! by text, methods of the language or of the package that are replaced.

use std::collections::HashMap;
use std::ops::Range;

use tree_sitter::Node;

use super::{Spot, Spots};
use crate::code::syntax::text;

/// Why, and where.
type Doubt = (Range<usize>, &'static str);

/// What JavaScript's own methods belong to.
const OWN: [&str; 7] = ["Array", "Error", "Map", "Object", "RegExp", "Set", "String"];

/// Names by which a program of JavaScript reaches what it does not name.
const REACHING: [&str; 4] = ["Function", "eval", "global", "globalThis"];

/// Properties by which it does.
const PROPERTIES: [&str; 5] =
    ["__defineGetter__", "__proto__", "constructor", "getPrototypeOf", "setPrototypeOf"];

/// Names by which a program of Python does.
const LOOKED_UP: [&str; 17] = [
    "__builtins__",
    "__dict__",
    "__globals__",
    "__import__",
    "__setattr__",
    "_options",
    "builtins",
    "delattr",
    "eval",
    "exec",
    "globals",
    "locals",
    "modules",
    "setattr",
    "split_settings",
    "user_middleware",
    "vars",
];

/// Whether a name has letters by their numbers: it is another name than it looks.
fn is_spelled_out(name: Node<'_>, source: &str) -> bool {
    text(name, source).contains('\\')
}

/// The packages' own classes and functions.
const PACKAGES: [&str; 4] = ["CORS", "CORSMiddleware", "CorsMiddleware", "cross_origin"];

impl<'t> Spots<'t> {
    /// Why nothing is certain in a program of JavaScript.
    pub(crate) fn uncertain_javascript(&self, source: &str) -> Option<Doubt> {
        let is_reaching = |spot: &&Spot<'t>| match spot.node.kind() {
            "identifier" => is_spelled_out(spot.node, source) || REACHING.contains(&text(spot.node, source)),
            "shorthand_property_identifier" => is_spelled_out(spot.node, source),
            "property_identifier" => {
                let is_reaching = PROPERTIES.contains(&text(spot.node, source)) && spot.field != Some("name");
                is_reaching || is_spelled_out(spot.node, source)
            }
            "with_statement" => true,
            _ => false,
        };
        if let Some(spot) = self.all.iter().find(is_reaching) {
            return Some((spot.node.byte_range(), "the program reaches what it does not name"));
        }
        let replaced = OWN.into_iter().find_map(|name| self.handed_on(name, source));
        replaced.map(|node| (node.byte_range(), "methods of the language may be replaced"))
    }

    /// Where a name of the language stands otherwise than to be called, or something of it.
    fn handed_on(&self, name: &str, source: &str) -> Option<Node<'t>> {
        let places = self.of_name.get(name)?;
        let place = places.iter().find(|at| {
            let (Some(spot), Some((number, around))) = (self.all.get(**at), self.around(**at)) else {
                return true;
            };
            let above = self.around(number);
            let is_fine = match around.node.kind() {
                "new_expression" => spot.field == Some("constructor"),
                "call_expression" => spot.field == Some("function"),
                "binary_expression" | "class_heritage" | "extends_clause" => true,
                "member_expression" => {
                    let property = around.node.child_by_field_name("property");
                    around.field == Some("function")
                        || property.is_some_and(|p| text(p, source) == "captureStackTrace")
                }
                // `map(String)`
                "arguments" => above.is_some_and(|(_, call)| {
                    let callee = call.node.child_by_field_name("function");
                    let method = callee.and_then(|callee| callee.child_by_field_name("property"));
                    method.is_some_and(|method| matches!(text(method, source), "filter" | "map"))
                }),
                _ => false,
            };
            !is_fine
        });
        place.and_then(|at| Some(self.all.get(*at)?.node))
    }

    /// Why nothing is certain in a program of Python.
    pub(crate) fn uncertain_python(
        &self,
        source: &'t str,
        imports: &HashMap<&'t str, String>,
    ) -> Option<Doubt> {
        for name in LOOKED_UP {
            if let Some(at) = self.of_name.get(name).and_then(|places| places.first()) {
                let node = self.all.get(*at)?.node;
                return Some((node.byte_range(), "the program looks names up by their text"));
            }
        }
        let is_packages = |module: &str| PACKAGES.contains(&module.rsplit('.').next().unwrap_or_default());
        let aliases = imports.iter().filter(|(_, module)| is_packages(module)).map(|(name, _)| *name);
        let mut replaced = PACKAGES.into_iter().chain(aliases).flat_map(|name| {
            let places = self.of_name.get(name).into_iter().flatten();
            places.filter(|at| !self.uses_package(**at, source))
        });
        if let Some(spot) = replaced.next().and_then(|at| self.all.get(*at)) {
            return Some((spot.node.byte_range(), "the package's own code may be replaced"));
        }
        let by_name = source.find("import_module(__name__");
        by_name.map(|at| (at..at + 13, "the program looks names up by their text"))
    }

    /// Whether the package's class or function is imported, called, or given to what adds it, at a place
    /// where its name stands.
    fn uses_package(&self, at: usize, source: &str) -> bool {
        let (Some(mut spot), Some((mut number, mut around))) = (self.all.get(at), self.around(at)) else {
            return false;
        };
        // `cors.CORSMiddleware`
        if around.node.kind() == "attribute"
            && spot.field == Some("attribute")
            && let Some(outer) = self.around(number)
        {
            (spot, (number, around)) = (around, outer);
        }
        match around.node.kind() {
            "aliased_import"
            | "call"
            | "decorator"
            | "dotted_name"
            | "expression_statement"
            | "import_from_statement"
            | "type" => true,
            "argument_list" => self.around(number).is_some_and(|(_, call)| {
                let callee =
                    call.node.child_by_field_name("function").map_or("", |callee| text(callee, source));
                matches!(callee.rsplit('.').next(), Some("Middleware" | "add_middleware" | "isinstance"))
            }),
            "keyword_argument" => spot.field == Some("name"),
            _ => false,
        }
    }

    /// Whether Python gives a name a value where no binding was noted.
    pub(crate) fn is_bound_otherwise(&self, name: &str) -> bool {
        let places = self.of_name.get(name).into_iter().flatten();
        places.filter_map(|at| Some((self.all.get(*at)?, self.around(*at)?))).any(
            |(spot, (number, around))| match around.node.kind() {
                "list_pattern" | "delete_statement" | "with_item" | "as_pattern" => true,
                "aliased_import" => spot.field == Some("alias"),
                "dotted_name" | "expression_list" => {
                    let outer = self.around(number).map(|(_, outer)| outer.node.kind());
                    outer.is_some_and(|kind| kind.contains("pattern") || kind == "delete_statement")
                }
                kind => kind.contains("case"),
            },
        )
    }

    /// Whether something may write to the `Origin` of a request.
    pub(crate) fn writes_origin(&self, source: &str) -> bool {
        const REQUESTS: [&str; 6] = ["c", "context", "ctx", "event", "req", "request"];
        self.all.iter().enumerate().any(|(at, spot)| {
            if spot.node.kind() != "property_identifier" || text(spot.node, source) != "headers" {
                return false;
            }
            let Some((number, headers)) = self.around(at) else { return false };
            let object = headers.node.child_by_field_name("object").map_or("", |object| text(object, source));
            let last = object.rsplit('.').next().unwrap_or_default();
            let is_requests = headers.node.kind() == "member_expression" && REQUESTS.contains(&last);
            is_requests && !self.is_looked_at(number, source)
        })
    }

    /// Whether the fields of a request are only looked at here.
    fn is_looked_at(&self, headers: usize, source: &str) -> bool {
        let Some((number, around)) = self.around(headers) else { return false };
        match around.node.kind() {
            "member_expression" | "subscript_expression" => {
                let property =
                    around.node.child_by_field_name("property").map_or("", |name| text(name, source));
                let outer = self.around(number).map_or("", |(_, outer)| outer.node.kind());
                let is_written = around.field == Some("left") && outer.ends_with("assignment_expression")
                    || matches!(
                        outer,
                        "update_expression" | "pair_pattern" | "array_pattern" | "for_in_statement"
                    )
                    || outer == "unary_expression"
                        && self
                            .around(number)
                            .is_some_and(|(_, outer)| text(outer.node, source).starts_with("delete"));
                !is_written && !matches!(property, "append" | "delete" | "set")
            }
            "variable_declarator" => {
                around.node.child_by_field_name("name").is_some_and(|name| name.kind() == "object_pattern")
            }
            "binary_expression"
            | "if_statement"
            | "parenthesized_expression"
            | "spread_element"
            | "template_substitution"
            | "unary_expression" => true,
            "arguments" => self.around(number).is_some_and(|(_, call)| {
                let callee =
                    call.node.child_by_field_name("function").map_or("", |callee| text(callee, source));
                let object = callee.split('.').next().unwrap_or_default();
                matches!(object, "console" | "log" | "logger")
                    || callee == "JSON.stringify"
                    || callee == "Object.keys"
            }),
            _ => false,
        }
    }
}
