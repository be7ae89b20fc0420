//! Small insertions into a document that keep the way it is written.

use std::ops::Range;

use crate::field::FieldPath;
use crate::fix::quoted;
use crate::report::Resolve as _;

use super::{Document, Node, Value};

impl Document {
    /// The text with the string `item` at the end of the array at `path`, laid out like
    /// the items that stand there. `None` if there is no such array.
    pub fn with_item(&self, path: &FieldPath, item: &str) -> Option<String> {
        let node = self.node(path)?;
        let Value::Array(items) = &node.value else { return None };
        let text = self.source.text();
        let quoted = quoted(item);
        let Some(last) = items.last() else {
            return replaced(text, node.span.start + 1..node.span.start + 1, &quoted);
        };
        let before = text.get(node.span.start..last.span.start)?;
        let indent = before.rsplit_once('\n').map(|(_, indent)| indent);
        let separator = match indent.filter(|indent| indent.trim().is_empty()) {
            Some(indent) => format!(",\n{indent}"),
            None => ", ".to_owned(),
        };
        replaced(text, last.span.end..last.span.end, &format!("{separator}{quoted}"))
    }

    /// The text with `key = value` behind the key at `sibling`, laid out like it; in the
    /// place of the value if the key is there already. `None` if there is no sibling.
    pub fn with_key(&self, sibling: &FieldPath, key: &str, value: &str) -> Option<String> {
        let text = self.source.text();
        let table = self.node(&sibling.parent()?)?;
        if let Some(known) = table.get(key) {
            return replaced(text, known.span.clone(), value);
        }
        let node = self.node(sibling)?;
        let name = node.key_span.clone()?;
        let prefix = text.get(..name.start)?.rsplit('\n').next()?;
        let behind = text.get(node.span.end..)?;
        let end = node.span.end;
        if prefix.contains('{') || behind.trim_start_matches([' ', '\t']).starts_with([',', '}']) {
            return replaced(text, end..end, &format!(", {key} = {value}"));
        }
        // Aligned as the sibling is: "origins     = [".
        let width = text.get(name.clone())?.len() + spaces(text.get(name.end..)?);
        let key = format!("{key:width$}", width = width.max(key.len() + 1));
        let line_end = end + behind.find('\n').unwrap_or(behind.len());
        let newline = if text.get(..line_end)?.ends_with('\r') { "\r\n" } else { "\n" };
        let at = if newline == "\r\n" { line_end - 1 } else { line_end };
        replaced(text, at..at, &format!("{newline}{prefix}{key}= {value}"))
    }

    fn node(&self, path: &FieldPath) -> Option<&Node> {
        path.segments().iter().try_fold(&self.root, |node, segment| node.at(segment))
    }

    /// Where the value at `path` stands.
    pub fn span_of(&self, path: &FieldPath) -> Option<Range<usize>> {
        self.root.span(path, false)
    }
}

fn replaced(text: &str, span: Range<usize>, by: &str) -> Option<String> {
    Some(format!("{}{by}{}", text.get(..span.start)?, text.get(span.end..)?))
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn parsed(text: &str) -> Document {
        let (document, mistakes) = Document::parse(Source::new("x.toml", text));
        assert!(mistakes.is_empty(), "{text}");
        document
    }

    fn path() -> FieldPath {
        FieldPath::root().key("cors").key("app").key("origins")
    }

    #[test]
    fn an_item_is_laid_out_like_its_neighbours() {
        for (before, after) in [
            ("[cors.app]\norigins = [\"a\"] # who\n", "[cors.app]\norigins = [\"a\", \"b\"] # who\n"),
            ("[cors.app]\norigins = []", "[cors.app]\norigins = [\"b\"]"),
            (
                "[cors.app]\norigins = [\n  \"x\",\n  \"a\",\n]\n",
                "[cors.app]\norigins = [\n  \"x\",\n  \"a\",\n  \"b\",\n]\n",
            ),
            ("[cors.app]\norigins = [ \"a\" ]", "[cors.app]\norigins = [ \"a\", \"b\" ]"),
            ("cors = { app = { origins = [\"a\"] } }", "cors = { app = { origins = [\"a\", \"b\"] } }"),
            ("\u{feff}[cors.app]\norigins = ['ä']", "\u{feff}[cors.app]\norigins = ['ä', \"b\"]"),
        ] {
            let changed = parsed(before).with_item(&path(), "b").unwrap();
            assert_eq!(changed, after);
            parsed(&changed);
        }
        assert_eq!(parsed("[cors.app]\norigins = 1").with_item(&path(), "b"), None);
        assert_eq!(parsed("[cors.other]\norigins = []").with_item(&path(), "b"), None);
    }

    #[test]
    fn a_key_is_laid_out_like_its_neighbour_or_replaced() {
        for (before, after) in [
            (
                "[cors.app]\norigins         = [\"a\"] # who\nx = 1",
                "[cors.app]\norigins         = [\"a\"] # who\ncredentials     = true\nx = 1",
            ),
            ("[cors.app]\norigins = []", "[cors.app]\norigins = []\ncredentials = true"),
            ("[cors.app]\r\n\torigins = []\r\n", "[cors.app]\r\n\torigins = []\r\n\tcredentials = true\r\n"),
            ("cors.app.origins = [\n\"a\"]\n", "cors.app.origins = [\n\"a\"]\ncors.app.credentials = true\n"),
            ("cors.app = { origins = [] }", "cors.app = { origins = [], credentials = true }"),
            (
                "[cors.app]\norigins = []\ncredentials = false # no",
                "[cors.app]\norigins = []\ncredentials = true # no",
            ),
        ] {
            let changed = parsed(before).with_key(&path(), "credentials", "true").unwrap();
            assert_eq!(changed, after);
            let table = parsed(&changed);
            let flag = table.node(&path().parent().unwrap().key("credentials")).unwrap();
            assert!(matches!(flag.value, Value::Boolean(true)));
        }
    }
}
