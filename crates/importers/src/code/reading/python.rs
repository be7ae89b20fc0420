//! Places of Python.

use tree_sitter::Node;

use super::{Reader, Spot, Step};

/// Methods that change nothing.
const READING: [&str; 16] = [
    "count",
    "endswith",
    "format",
    "get",
    "index",
    "intersection",
    "isdisjoint",
    "issubset",
    "issuperset",
    "join",
    "keys",
    "lower",
    "replace",
    "split",
    "startswith",
    "strip",
];

/// Those that give away items.
const GIVING: [&str; 4] = ["copy", "items", "union", "values"];

/// What is given options or origins and keeps them as they are.
const TAKERS: [&str; 8] = [
    "CORS",
    "CORSMiddleware",
    "FastAPI",
    "Middleware",
    "Starlette",
    "add_middleware",
    "cross_origin",
    "init_app",
];

/// Functions of the language that only look.
const LOOKING: [&str; 9] = ["all", "any", "bool", "isinstance", "len", "print", "repr", "str", "type"];

/// Those that make something new of the items.
const COPYING: [&str; 7] = ["enumerate", "frozenset", "list", "set", "sorted", "tuple", "zip"];

/// Objects that write what they are given somewhere.
const LOGS: [&str; 4] = ["LOG", "log", "logger", "logging"];

impl<'t> Reader<'_, 't> {
    pub(super) fn python(&self, spot: &Spot<'t>, (number, around): (usize, &Spot<'t>)) -> Step<'t> {
        let is = |field: &str| spot.field == Some(field);
        let is_name = spot.node.kind() == "identifier";
        match around.node.kind() {
            "assignment" if is("right") => self.assigned(around.node),
            "assignment" | "augmented_assignment" if is("left") && is_name => Step::Read,
            "augmented_assignment" if is("right") => self.if_flat(),
            "argument_list" => self.python_argument(number),
            "attribute" if is("object") => self.attribute(number, around),
            "subscript" if is("value") => Step::On,
            // A name of the same words that an object has may be the value, too.
            "attribute"
            | "await"
            | "boolean_operator"
            | "conditional_expression"
            | "parenthesized_expression" => Step::On,
            "binary_operator" => self.summed(around.node),
            "dictionary" | "list" | "pair" | "set" | "tuple" if !is("key") => Step::Within,
            "dictionary_splat" | "dotted_name" | "keyword_argument" | "list_splat" => {
                self.of_outer(spot, (number, around))
            }
            "for_in_clause" | "for_statement" if is("right") => {
                let left = around.node.child_by_field_name("left");
                if left.is_some_and(|left| left.kind() == "identifier") {
                    self.if_flat()
                } else {
                    Step::Unsure
                }
            }
            "default_parameter" | "typed_default_parameter" if is("name") => Step::Read,
            kind if READ_IN.contains(&kind) => Step::Read,
            kind if BOUND_IN.contains(&kind) && is_name => Step::Read,
            _ => Step::Unsure,
        }
    }

    /// `a + b`, `"%s" % a`
    fn summed(&self, node: Node<'t>) -> Step<'t> {
        match node.child_by_field_name("operator").map(|operator| operator.kind()) {
            Some("%") => Step::Read,
            _ => self.if_flat(),
        }
    }

    /// What the node around tells only with its own surroundings.
    fn of_outer(&self, spot: &Spot<'t>, (number, around): (usize, &Spot<'t>)) -> Step<'t> {
        let Some((list, outer)) = self.spots.around(number) else { return Step::Unsure };
        match (around.node.kind(), outer.node.kind()) {
            ("keyword_argument", _) if spot.field == Some("name") => Step::Read,
            ("keyword_argument", "argument_list") if self.is_setting(around.node, list) => Step::Read,
            ("dictionary_splat" | "keyword_argument", "argument_list") => self.python_argument(list),
            ("dotted_name", "aliased_import" | "import_from_statement" | "import_statement") => Step::Read,
            ("list_splat", "list" | "set" | "tuple") if self.is_flat.get() => Step::Read,
            ("dictionary_splat", "dictionary") | ("list_splat", "list" | "set" | "tuple") => Step::Within,
            _ => Step::Unsure,
        }
    }

    /// `app.config.update(CORS_ORIGINS=list)`
    fn is_setting(&self, keyword: Node<'t>, arguments: usize) -> bool {
        let callee =
            self.spots.around(arguments).and_then(|(_, call)| call.node.child_by_field_name("function"));
        let callee = callee.map_or("", |callee| self.text(callee));
        let is_given = callee.ends_with(".config.update") || callee.ends_with(".config.from_mapping");
        is_given && self.text(keyword).starts_with("CORS_")
    }

    /// Whether the file has a function or class of this name.
    fn is_defined(&self, name: &str) -> bool {
        let places = self.spots.of_name.get(name).into_iter().flatten();
        places.filter_map(|at| Some((self.spots.all.get(*at)?, self.spots.around(*at)?.1))).any(
            |(spot, around)| {
                matches!(around.node.kind(), "class_definition" | "function_definition")
                    && spot.field == Some("name")
            },
        )
    }

    /// `l = list`, `app.config["CORS_ORIGINS"] = list`
    fn assigned(&self, assignment: Node<'t>) -> Step<'t> {
        match assignment.child_by_field_name("left") {
            Some(left) if left.kind() == "identifier" => Step::Named(vec![self.text(left)]),
            // What is named so is the extension's.
            Some(left) if left.kind() == "subscript" && self.text(left).contains(".config[") => {
                let key = left.child_by_field_name("subscript").map_or("", |key| self.text(key));
                if key.trim_start_matches(['"', '\'']).starts_with("CORS_") {
                    Step::Read
                } else {
                    Step::Unsure
                }
            }
            _ => Step::Unsure,
        }
    }

    /// `list.index(…)`, `settings.origins`
    fn attribute(&self, number: usize, attribute: &Spot<'t>) -> Step<'t> {
        let name = attribute.node.child_by_field_name("attribute").map_or("", |name| self.text(name));
        let call = self.spots.around(number).filter(|_| attribute.field == Some("function"));
        match call.filter(|(_, call)| call.node.kind() == "call") {
            None => Step::On,
            Some(_) if READING.contains(&name) => Step::Read,
            Some(_) if GIVING.contains(&name) => self.if_flat(),
            Some(_) => Step::Unsure,
        }
    }

    fn python_argument(&self, arguments: usize) -> Step<'t> {
        let callee =
            self.spots.around(arguments).and_then(|(_, call)| call.node.child_by_field_name("function"));
        let Some(callee) = callee else { return Step::Unsure };
        let written = self.text(callee);
        let attribute = callee.child_by_field_name("attribute").map(|name| self.text(name));
        let object = callee.child_by_field_name("object").map_or("", |object| self.text(object));
        if self.is_defined(written.split('.').next().unwrap_or_default()) {
            return Step::Unsure;
        }
        if TAKERS.contains(&attribute.unwrap_or(written)) || LOOKING.contains(&written) {
            return Step::Read;
        }
        let is_text = callee.child_by_field_name("object").is_some_and(|object| object.kind() == "string");
        if LOGS.contains(&object) || object == "re" || is_text || written == "json.dumps" {
            return Step::Read;
        }
        if COPYING.contains(&written) { self.if_flat() } else { Step::Unsure }
    }
}

/// Where a value is looked at and goes no further.
const READ_IN: [&str; 16] = [
    "aliased_import",
    "assert_statement",
    "class_definition",
    "comparison_operator",
    "elif_clause",
    "expression_statement",
    "function_definition",
    "global_statement",
    "if_clause",
    "if_statement",
    "interpolation",
    "nonlocal_statement",
    "not_operator",
    "subscript",
    "type",
    "while_statement",
];

/// Where a name gets a value of its own.
const BOUND_IN: [&str; 10] = [
    "as_pattern_target",
    "dictionary_splat_pattern",
    "for_in_clause",
    "for_statement",
    "lambda_parameters",
    "list_splat_pattern",
    "parameters",
    "pattern_list",
    "tuple_pattern",
    "typed_parameter",
];
