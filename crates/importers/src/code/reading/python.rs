//! Places of Python.

use tree_sitter::Node;

use super::owner::Owner;
use super::{Reader, Spot, Step};

/// Methods that change nothing.
const READING: [&str; 14] = [
    "count",
    "endswith",
    "format",
    "index",
    "intersection",
    "isdisjoint",
    "issubset",
    "issuperset",
    "join",
    "lower",
    "replace",
    "split",
    "startswith",
    "strip",
];

/// Those that give away items.
const GIVING: [&str; 5] = ["copy", "items", "keys", "union", "values"];

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

/// Names of parameters that applications are given as.
const APPLICATIONS: [&str; 5] = ["api", "app", "application", "fastapi_app", "server"];

/// Functions of the language that only look.
const LOOKING: [&str; 9] = ["all", "any", "bool", "isinstance", "len", "print", "repr", "str", "type"];

/// Those that make something new of the items.
pub(super) const COPYING: [&str; 7] = ["enumerate", "frozenset", "list", "set", "sorted", "tuple", "zip"];

/// Objects that write what they are given somewhere.
const LOGS: [&str; 4] = ["LOG", "log", "logger", "logging"];

/// How they are told to.
const LEVELS: [&str; 8] = ["critical", "debug", "error", "exception", "fatal", "info", "log", "warning"];

impl<'t> Reader<'_, 't> {
    pub(super) fn python(&self, spot: &Spot<'t>, (number, around): (usize, &Spot<'t>)) -> Step<'t> {
        let is = |field: &str| spot.field == Some(field);
        let is_name = spot.node.kind() == "identifier";
        match around.node.kind() {
            "assignment" if is("right") => self.assigned(number, around.node),
            // `more += […]` changes a list under all its names.
            "assignment" if is("left") && is_name => Step::Read,
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
        is_given && self.text(keyword).starts_with("CORS_") && self.is_config_only_set()
    }

    /// Whether nothing takes a setting for origins out of a configuration: what it gets could be changed.
    fn is_config_only_set(&self) -> bool {
        const SETTING: [&str; 7] = [
            "from_envvar",
            "from_file",
            "from_mapping",
            "from_object",
            "from_prefixed_env",
            "from_pyfile",
            "update",
        ];
        let is_fine = |at: &usize| {
            let Some((number, config)) = self.spots.around(*at) else { return false };
            let of_config = self.spots.all.get(*at).is_some_and(|spot| spot.field == Some("attribute"));
            if config.node.kind() != "attribute" || !of_config {
                return true;
            }
            let Some((part, around)) = self.spots.around(number) else { return false };
            match around.node.kind() {
                "attribute" => {
                    let method =
                        around.node.child_by_field_name("attribute").map_or("", |name| self.text(name));
                    SETTING.contains(&method)
                }
                "subscript" => {
                    let key = around.node.child_by_field_name("subscript");
                    let is_literal = key.is_some_and(|key| key.kind() == "string");
                    let is_other = !key.map_or("", |key| self.text(key)).contains("CORS");
                    let is_set = around.field == Some("left")
                        && self
                            .spots
                            .around(part)
                            .is_some_and(|(_, outer)| outer.node.kind() == "assignment");
                    is_literal && (is_other || is_set)
                }
                _ => false,
            }
        };
        self.spots.of_name.get("config").is_none_or(|places| places.iter().all(is_fine))
    }

    /// `l = list`, `app.config["CORS_ORIGINS"] = list`
    fn assigned(&self, number: usize, assignment: Node<'t>) -> Step<'t> {
        // `a = b = […]` gives both the same.
        if self.spots.around(number).is_none_or(|(_, around)| around.node.kind() != "expression_statement") {
            return Step::Unsure;
        }
        match assignment.child_by_field_name("left") {
            Some(left) if left.kind() == "identifier" => Step::Named(vec![self.text(left)]),
            // What is named so is the extension's.
            Some(left) if left.kind() == "subscript" && self.text(left).contains(".config[") => {
                let key = left.child_by_field_name("subscript").map_or("", |key| self.text(key));
                if key.trim_start_matches(['"', '\'']).starts_with("CORS_") && self.is_config_only_set() {
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

    /// Whether the class among arguments is the package's.
    fn adds_cors(&self, arguments: usize) -> bool {
        let first = self.spots.all.get(arguments).and_then(|given| given.node.named_child(0));
        let first = first.map(|first| first.child_by_field_name("value").unwrap_or(first));
        first.map(|first| self.text(first)).is_some_and(|words| {
            let is_imported = |module: String| module.ends_with(".CORSMiddleware");
            words.ends_with("CORSMiddleware") || self.program.module_of(words).is_some_and(is_imported)
        })
    }

    fn python_argument(&self, arguments: usize) -> Step<'t> {
        let callee =
            self.spots.around(arguments).and_then(|(_, call)| call.node.child_by_field_name("function"));
        let Some(callee) = callee else { return Step::Unsure };
        let written = self.text(callee);
        let (owner, attribute) = self.callee(callee);
        let is_of_others = matches!(owner, Owner::Free | Owner::Package);
        let Some(attribute) = attribute else {
            return match written {
                "Middleware" if !self.adds_cors(arguments) => Step::Unsure,
                name if TAKERS.contains(&name) && is_of_others => Step::Read,
                name if LOOKING.contains(&name) && owner == Owner::Free => Step::Read,
                name if COPYING.contains(&name) && owner == Owner::Free => self.if_flat(),
                _ => Step::Unsure,
            };
        };
        let object = callee.child_by_field_name("object").map_or("", |object| self.text(object));
        let root = written.split('.').next().unwrap_or_default();
        let is_application = owner == Owner::Parameter && (APPLICATIONS.contains(&root) || root == "self");
        if attribute == "add_middleware" && !self.adds_cors(arguments) {
            return Step::Unsure;
        }
        let takes = TAKERS.contains(&attribute) && !self.spots.has_function(attribute, self.source);
        if takes && (is_of_others || is_application || owner == Owner::Made) {
            return Step::Read;
        }
        let is_text = callee.child_by_field_name("object").is_some_and(|object| object.kind() == "string");
        let is_handled = self.source.contains("addHandler") || self.source.contains("addFilter");
        let is_log = LOGS.contains(&object)
            && LEVELS.contains(&attribute)
            && !is_handled
            && (is_of_others || owner == Owner::Made);
        let words = self.spots.all.get(arguments).map_or("", |given| self.text(given.node));
        let is_dumped = written == "json.dumps" && !words.contains("cls") && !words.contains("default");
        let is_library = is_of_others && (object == "re" || is_dumped);
        if is_log || is_library || is_text { Step::Read } else { Step::Unsure }
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
