//! Where code names the field that allows origins without setting it.

use tree_sitter::Node;

use super::syntax::text;

/// Methods that look at a field of a response, as tests do.
const READS: [&str; 9] = [
    "assertHeader",
    "expect",
    "get",
    "getHeader",
    "getlist",
    "has",
    "hasHeader",
    "toHaveHeader",
    "toHaveProperty",
];

/// Whether the string `node` is the name of a field that is looked at: `headers["…"]` that
/// nothing is assigned to, `expect("…", "*")`, `"…" in headers`.
pub(super) fn is_read(node: Node<'_>, source: &str) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        "subscript_expression" | "subscript" => !is_changed(parent),
        "arguments" | "argument_list" => {
            let callee = parent.parent().and_then(|call| call.child_by_field_name("function"));
            let name = callee.map(|callee| {
                let last =
                    ["property", "attribute"].iter().find_map(|field| callee.child_by_field_name(field));
                text(last.unwrap_or(callee), source)
            });
            let is_first = parent.named_child(0).is_some_and(|first| first.id() == node.id());
            is_first && name.is_some_and(|name| READS.contains(&name))
        }
        "comparison_operator" => true,
        "binary_expression" => {
            let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
            matches!(operator, "in" | "==" | "===" | "!=" | "!==")
        }
        _ => false,
    }
}

/// Whether a part of a value is assigned or deleted.
fn is_changed(part: Node<'_>) -> bool {
    let Some(parent) = part.parent() else { return true };
    match parent.kind() {
        "assignment"
        | "assignment_expression"
        | "augmented_assignment"
        | "augmented_assignment_expression" => {
            parent.child_by_field_name("left").is_some_and(|left| left.id() == part.id())
        }
        "delete_statement" | "unary_expression" | "update_expression" | "pattern_list" | "tuple_pattern"
        | "array_pattern" | "for_statement" | "for_in_statement" => true,
        _ => false,
    }
}
