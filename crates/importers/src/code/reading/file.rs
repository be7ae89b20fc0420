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
const REACHING: [&str; 6] = ["Function", "Proxy", "Reflect", "eval", "global", "globalThis"];

/// Modules by which it does.
const MODULES: [&str; 5] = ["inspector", "module", "repl", "v8", "vm"];

/// Properties by which it does.
const PROPERTIES: [&str; 5] =
    ["__defineGetter__", "__proto__", "constructor", "getPrototypeOf", "setPrototypeOf"];

/// Names by which a program of Python does.
const LOOKED_UP: [&str; 33] = [
    "DjangoDynaconf",
    "FunctionType",
    "__builtins__",
    "__dict__",
    "__dir__",
    "__getattr__",
    "__globals__",
    "__import__",
    "__setattr__",
    "_options",
    "_getframe",
    "attrgetter",
    "builtins",
    "check_request_enabled",
    "ctypes",
    "currentframe",
    "delattr",
    "eval",
    "exec",
    "f_globals",
    "f_locals",
    "get_objects",
    "globals",
    "import_module",
    "inspect",
    "locals",
    "modules",
    "pickle",
    "setattr",
    "split_settings",
    "timeit",
    "user_middleware",
    "vars",
];

/// Methods by which Python lets a class say what operators do.
const OPERATORS: [&str; 16] = [
    "__add__",
    "__and__",
    "__contains__",
    "__eq__",
    "__iadd__",
    "__instancecheck__",
    "__ior__",
    "__matmul__",
    "__mod__",
    "__or__",
    "__radd__",
    "__rmod__",
    "__ror__",
    "__rshift__",
    "__rsub__",
    "__sub__",
];

/// The packages' own classes and functions.
const PACKAGES: [&str; 4] = ["CORS", "CORSMiddleware", "CorsMiddleware", "cross_origin"];

impl<'t> Spots<'t> {
    /// Why nothing is certain in a program of JavaScript.
    pub(crate) fn uncertain_javascript(&self, source: &str) -> Option<Doubt> {
        let is_reaching = |spot: &&Spot<'t>| match spot.node.kind() {
            // A name that has letters by their numbers is another one than it looks.
            kind if kind.contains("identifier") && text(spot.node, source).contains('\\') => true,
            "identifier" => REACHING.contains(&text(spot.node, source)),
            "property_identifier" | "shorthand_property_identifier_pattern" => {
                let name = text(spot.node, source);
                let is_own = OWN.contains(&name) && spot.field == Some("property");
                (PROPERTIES.contains(&name) || is_own) && spot.field != Some("name")
            }
            "string" => {
                let words = text(spot.node, source).trim_matches(['"', '\'']);
                let module = words.strip_prefix("node:").unwrap_or(words);
                PROPERTIES.contains(&words) || MODULES.contains(&module) && self.is_module(spot.node, source)
            }
            "super" => source.get(spot.node.end_byte()..).is_some_and(|rest| rest.starts_with(".prototype")),
            "with_statement" => true,
            _ => false,
        };
        if let Some(spot) = self.all.iter().find(is_reaching) {
            return Some((spot.node.byte_range(), "the program reaches what it does not name"));
        }
        let replaced = OWN.into_iter().find_map(|name| self.handed_on(name, source));
        replaced.map(|node| (node.byte_range(), "methods of the language may be replaced"))
    }

    /// Whether a string is the name of a module that is asked for.
    fn is_module(&self, string: Node<'t>, source: &str) -> bool {
        let Some((number, around)) = self.of_node.get(&string.id()).and_then(|at| self.around(*at)) else {
            return false;
        };
        let callee = self.around(number).and_then(|(_, call)| call.node.child_by_field_name("function"));
        let is_asked = callee.is_some_and(|callee| matches!(text(callee, source), "import" | "require"));
        is_asked || around.node.kind() == "import_statement"
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
                "binary_expression" => around
                    .node
                    .child_by_field_name("operator")
                    .is_some_and(|operator| operator.kind() == "instanceof"),
                "class_heritage" | "extends_clause" => name == "Error",
                "member_expression" => {
                    let property = around.node.child_by_field_name("property");
                    around.field == Some("function")
                        || property.is_some_and(|p| text(p, source) == "captureStackTrace")
                }
                // `map(String)`
                "arguments" => above.is_some_and(|(_, call)| {
                    let callee = call.node.child_by_field_name("function");
                    let method = callee.and_then(|callee| callee.child_by_field_name("property"));
                    let is_asked =
                        method.is_some_and(|method| matches!(text(method, source), "filter" | "map"));
                    is_asked && name == "String"
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
        let is_other =
            |spot: &&Spot<'t>| spot.node.kind() == "identifier" && !text(spot.node, source).is_ascii();
        if let Some(spot) = self.all.iter().find(is_other) {
            return Some((spot.node.byte_range(), "a name may be another one than it looks"));
        }
        if let Some(at) = seen_otherwise(source) {
            return Some((at..at + 1, "Python may read the text in another way"));
        }
        let mut replaced = PACKAGES.into_iter().chain(aliases).flat_map(|name| {
            let places = self.of_name.get(name).into_iter().flatten();
            places.filter(|at| !self.uses_package(**at, source))
        });
        if let Some(spot) = replaced.next().and_then(|at| self.all.get(*at)) {
            return Some((spot.node.byte_range(), "the package's own code may be replaced"));
        }
        let is_operator = |spot: &&Spot<'t>| {
            let name =
                spot.node.child_by_field_name("name").filter(|_| spot.node.kind() == "function_definition");
            name.is_some_and(|name| OPERATORS.contains(&text(name, source)))
        };
        if let Some(spot) = self.all.iter().find(is_operator) {
            return Some((spot.node.byte_range(), "the program gives operators a meaning of its own"));
        }
        let is_opened = |spot: &&Spot<'t>| {
            spot.field == Some("attribute") && matches!(text(spot.node, source), "kwargs" | "wsgi_app")
        };
        if let Some(spot) = self.all.iter().find(is_opened) {
            return Some((spot.node.byte_range(), "the program changes what it has handed over"));
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
            "keyword_argument" => {
                let words = text(around.node, source);
                spot.field == Some("name")
                    || words.starts_with("middleware_class")
                    || words.starts_with("cls")
            }
            _ => false,
        }
    }

    /// Whether JavaScript gives a name a value where no binding was noted: `(name) = …`, `enum name`.
    pub(crate) fn is_bound_oddly(&self, name: &str) -> bool {
        const AROUND: [&str; 5] = [
            "as_expression",
            "non_null_expression",
            "parenthesized_expression",
            "satisfies_expression",
            "type_assertion",
        ];
        const BINDS: [&str; 5] =
            ["array_pattern", "assignment_pattern", "pair_pattern", "rest_pattern", "update_expression"];
        const NAMES: [&str; 8] = [
            "abstract_class_declaration",
            "import_alias",
            "class",
            "enum_declaration",
            "function_expression",
            "generator_function",
            "internal_module",
            "module",
        ];
        self.of_name.get(name).into_iter().flatten().any(|place| {
            let mut at = *place;
            while let Some((number, around)) = self.around(at) {
                let field = self.all.get(at).and_then(|spot| spot.field);
                let kind = around.node.kind();
                if AROUND.contains(&kind) {
                    at = number;
                    continue;
                }
                let is_assigned = kind.ends_with("assignment_expression") || kind == "for_in_statement";
                let is_written = is_assigned && field == Some("left") || BINDS.contains(&kind);
                let is_named = field == Some("name") || kind == "import_alias";
                return at != *place && is_written || is_named && NAMES.contains(&kind);
            }
            false
        })
    }

    /// Whether Python gives a name a value where no binding was noted.
    pub(crate) fn is_bound_otherwise(&self, name: &str) -> bool {
        const BINDS: [&str; 6] = [
            "as_pattern",
            "as_pattern_target",
            "delete_statement",
            "import_statement",
            "list_pattern",
            "with_item",
        ];
        const PARTS: [&str; 10] = [
            "dotted_name",
            "expression_list",
            "list",
            "list_splat",
            "list_splat_pattern",
            "parenthesized_expression",
            "pattern_list",
            "splat_pattern",
            "tuple",
            "tuple_pattern",
        ];
        self.of_name.get(name).into_iter().flatten().any(|place| {
            let mut at = *place;
            while let Some((number, around)) = self.around(at) {
                let field = self.all.get(at).and_then(|spot| spot.field);
                let kind = around.node.kind();
                if PARTS.contains(&kind) {
                    at = number;
                    continue;
                }
                let is_target = at != *place && field == Some("left");
                return is_target
                    || BINDS.contains(&kind)
                    || kind.contains("case")
                    || kind.ends_with("_pattern")
                    || kind == "aliased_import" && field == Some("alias");
            }
            false
        })
    }

    /// The string literals of a file.
    pub(crate) fn strings(&self) -> impl Iterator<Item = Node<'t>> {
        self.all.iter().map(|spot| spot.node).filter(|node| node.kind() == "string")
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

/// Where Python reads text otherwise than it looks: a line that ends in the old Macintosh way ends a
/// comment, and a declared encoding may spell code in other letters.
fn seen_otherwise(source: &str) -> Option<usize> {
    let lone = source
        .match_indices('\r')
        .find(|(at, _)| !source.get(at + 1..).is_some_and(|rest| rest.starts_with('\n')));
    if let Some((at, _)) = lone {
        return Some(at);
    }
    let mut head = source.lines().take(2).filter(|line| line.trim_start().starts_with('#'));
    let declared = head.find_map(|line| line.split_once("coding").map(|(_, rest)| rest))?;
    let name = declared.strip_prefix([':', '='])?.trim_start();
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        .unwrap_or(name.len());
    let name = name.get(..end)?.to_ascii_lowercase().replace('_', "-");
    let is_plain = matches!(
        name.as_str(),
        "ascii" | "iso-8859-1" | "latin-1" | "latin1" | "us-ascii" | "utf-8" | "utf8"
    );
    (!is_plain).then_some(0)
}
