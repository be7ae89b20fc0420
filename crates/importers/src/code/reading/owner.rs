//! Whose a function is that a value is handed to: the language's, a package's, or the file's own.
//! Only of the first two it is known that they change nothing.

use tree_sitter::Node;

use super::Reader;
use crate::code::syntax::Language;

/// Whose something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nothing in the file gives the name a value.
    Free,
    /// It was made by what is free or a package's: `const app = express()`.
    Made,
    /// The file's, or nobody knows whose.
    Own,
    /// A module gives it that is not of the same project, as far as its name says.
    Package,
    /// A function of the file is given it.
    Parameter,
}

/// Deepest chain of what makes what.
const MAX_MADE: usize = 4;

/// What the language makes: containers, which keep what they are given.
const CONTAINERS: [&str; 12] = [
    "Array",
    "Map",
    "Object",
    "Promise",
    "Proxy",
    "Reflect",
    "Set",
    "Symbol",
    "WeakMap",
    "WeakSet",
    "structuredClone",
    "window",
];

/// Where a function's parameters stand.
const PARAMETERS: [&str; 11] = [
    "arrow_function",
    "default_parameter",
    "formal_parameters",
    "lambda_parameters",
    "list_splat_pattern",
    "dictionary_splat_pattern",
    "optional_parameter",
    "parameters",
    "required_parameter",
    "typed_default_parameter",
    "typed_parameter",
];

impl<'t> Reader<'_, 't> {
    /// Whose the value of a name is.
    pub(super) fn owner(&self, name: &str) -> Owner {
        self.owner_at(name, 0)
    }

    fn owner_at(&self, name: &str, depth: usize) -> Owner {
        let Some(values) = self.program.values_of(name) else {
            return if self.is_declared_otherwise(name) { Owner::Own } else { Owner::Free };
        };
        if let Some(module) = self.program.module_of(name) {
            return if is_package(&module, self.language) { Owner::Package } else { Owner::Own };
        }
        let values: Option<Vec<Node<'t>>> = values.collect();
        match values {
            Some(values) if values.iter().all(|value| self.is_made(*value, depth)) => Owner::Made,
            None if self.is_parameter(name) => Owner::Parameter,
            _ => Owner::Own,
        }
    }

    /// Whether something declares a name that no binding was noted for: a namespace, an enum.
    fn is_declared_otherwise(&self, name: &str) -> bool {
        let places = self.spots.of_name.get(name).into_iter().flatten();
        places.filter_map(|at| Some((self.spots.all.get(*at)?, self.spots.around(*at)?.1))).any(
            |(spot, around)| {
                let kind = around.node.kind();
                let elsewhere =
                    kind.starts_with("jsx") || kind == "export_specifier" || kind == "keyword_argument";
                spot.field == Some("name") && !elsewhere
            },
        )
    }

    /// Whether each place that gives a name a value is among a function's parameters.
    fn is_parameter(&self, name: &str) -> bool {
        let Some(values) = self.program.values_of(name) else { return false };
        let bindings = values.count();
        let places = self.spots.of_name.get(name).into_iter().flatten();
        let parameters = places.filter(|at| {
            self.spots.around(**at).is_some_and(|(_, around)| {
                let field = self.spots.all.get(**at).and_then(|spot| spot.field);
                PARAMETERS.contains(&around.node.kind()) && !matches!(field, Some("value" | "body" | "type"))
            })
        });
        parameters.count() == bindings
    }

    /// Whether a value was made by what is not the file's own.
    fn is_made(&self, value: Node<'t>, depth: usize) -> bool {
        let kinds = [
            "await",
            "await_expression",
            "call",
            "call_expression",
            "member_expression",
            "new_expression",
            "attribute",
        ];
        let maker = |made: &Node<'t>| {
            let mut part = ["constructor", "function", "object"].iter();
            let part = part.find_map(|field| made.child_by_field_name(field));
            part.or_else(|| made.named_child(0)).filter(|_| kinds.contains(&made.kind()))
        };
        if depth >= MAX_MADE || !kinds.contains(&value.kind()) {
            return false;
        }
        let mut first = value;
        while let Some(part) = maker(&first) {
            if self.text(part) == "require" {
                return self.is_required(first);
            }
            first = part;
        }
        let name = self.text(first);
        first.kind() == "identifier"
            && match self.owner_at(name, depth + 1) {
                Owner::Free => !CONTAINERS.contains(&name),
                Owner::Made | Owner::Package => true,
                Owner::Own | Owner::Parameter => false,
            }
    }

    /// Whether `require("…")` is of a package.
    fn is_required(&self, call: Node<'t>) -> bool {
        let module = call.child_by_field_name("arguments").and_then(|given| given.named_child(0));
        let module = module.filter(|module| module.kind() == "string").map(|module| self.text(module));
        let unquoted = module.map(|module| module.trim_matches(['"', '\'']));
        unquoted.is_some_and(|module| is_package(module, self.language))
            && self.program.values_of("require").is_none()
    }

    /// Whose a function is that is called, and its name where it is a method.
    pub(super) fn callee(&self, callee: Node<'t>) -> (Owner, Option<&'t str>) {
        match callee.kind() {
            "identifier" => (self.owner(self.text(callee)), None),
            "call_expression"
                if callee.child_by_field_name("function").is_some_and(|f| self.text(f) == "require") =>
            {
                (if self.is_required(callee) { Owner::Package } else { Owner::Own }, None)
            }
            "attribute" | "member_expression" => {
                let method =
                    ["attribute", "property"].iter().find_map(|field| callee.child_by_field_name(field));
                let mut object = callee.child_by_field_name("object");
                while let Some(inner) =
                    object.filter(|node| matches!(node.kind(), "attribute" | "member_expression"))
                {
                    object = inner.child_by_field_name("object");
                }
                let owner = object.filter(|object| object.kind() == "identifier");
                let owner = owner.map_or(Owner::Own, |object| self.owner(self.text(object)));
                (owner, method.map(|method| self.text(method)))
            }
            _ => (Owner::Own, None),
        }
    }
}

/// Whether a module is not of the same project, as far as its name says.
fn is_package(module: &str, language: Language) -> bool {
    /// What of Python's packages is handed lists of origins; any other may be the project's own.
    const KNOWN: [&str; 14] = [
        "corsheaders",
        "django",
        "fastapi",
        "flask",
        "flask_cors",
        "flask_restful",
        "flask_restx",
        "json",
        "logging",
        "loguru",
        "re",
        "starlette",
        "structlog",
        "typing",
    ];
    match language {
        Language::Python => KNOWN.contains(&module.split('.').next().unwrap_or_default()),
        _ => !module.is_empty() && !module.starts_with(['.', '/', '~', '#']) && !module.starts_with("@/"),
    }
}
