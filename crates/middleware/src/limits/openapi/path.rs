//! Path templates.

use std::cmp::Ordering;

use crate::limits::pointer::{Plus, decode};

/// Segments of a template, and parameters among them.
const MAX_SEGMENTS: usize = 64;

/// `/pets/{id}`.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// Decoded.
    Literal(String),
    Parameter(String),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(path) = text.strip_prefix('/') else { return Err("a path begins with `/`") };
        if path.split('/').count() > MAX_SEGMENTS {
            return Err("a path has too many segments");
        }
        let segments = path.split('/').map(segment).collect::<Result<Vec<_>, _>>()?;
        let template = Self { text: text.to_owned(), segments };
        let names: Vec<&str> = template.names().collect();
        if names.iter().enumerate().any(|(index, name)| names.iter().take(index).any(|before| before == name))
        {
            return Err("a path has the same parameter twice");
        }
        Ok(template)
    }

    /// The names of its parameters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }

    /// The values of its parameters in a path of decoded segments.
    pub(super) fn arguments(&self, path: &[String]) -> Option<Vec<String>> {
        if path.len() != self.segments.len() {
            return None;
        }
        let mut arguments = Vec::new();
        for (segment, text) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Parameter(_) if !text.is_empty() => arguments.push(text.clone()),
                _ => return None,
            }
        }
        Some(arguments)
    }

    /// Whether one path can be both, and neither is literal wherever the other is.
    pub(super) fn conflicts_with(&self, other: &Self) -> bool {
        let pairs = || self.segments.iter().zip(&other.segments);
        let is_literal = |segment: &Segment| matches!(segment, Segment::Literal(_));
        let overlaps = |(a, b): (&Segment, &Segment)| !(is_literal(a) && is_literal(b)) || a == b;
        let more = |(a, b): (&Segment, &Segment)| is_literal(a) && !is_literal(b);
        self.segments.len() == other.segments.len()
            && pairs().all(overlaps)
            && pairs().any(more) == pairs().any(|(a, b)| more((b, a)))
    }

    /// The more literal first.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        let rank = |template: &Self| template.names().count();
        rank(self).cmp(&rank(other)).then_with(|| self.text.cmp(&other.text))
    }
}

/// The decoded segments of a path; `None` if one is no text.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/')?.split('/').map(|segment| decode(segment, Plus::Itself)).collect()
}

fn segment(text: &str) -> Result<Segment, &'static str> {
    if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        let is_name = !name.is_empty() && !name.contains(['{', '}']);
        return is_name
            .then(|| Segment::Parameter(name.to_owned()))
            .ok_or("a parameter of a path has no name");
    }
    if text.contains(['{', '}', '?', '#']) {
        return Err("a path is understood where a parameter is a whole segment");
    }
    decode(text, Plus::Itself).map(Segment::Literal).ok_or("a path is not well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn whole_segments_are_matched_and_nothing_else() {
        let arguments = |text: &str, path: &str| template(text).arguments(&segments(path).unwrap());
        assert_eq!(arguments("/pets/{id}", "/pets/a%2Fb"), Some(vec!["a/b".into()]));
        assert_eq!(arguments("/pets", "/%70ets"), Some(vec![]));
        for path in ["/pets", "/pets/", "/pets/a/b", "/Pets/a"] {
            assert_eq!(arguments("/pets/{id}", path), None, "{path}");
        }
        assert_eq!(segments("/%ff"), None);
        for text in ["pets", "/{}", "/a.{format}", "/{a}/{a}", "/{a}{b}", "/%zz"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_paths_without_an_order_conflict() {
        for (a, b, expected) in [
            ("/pets/{id}", "/pets/{name}", true),
            ("/{a}/x", "/y/{b}", true),
            ("/pets/{id}", "/pets/mine", false),
            ("/pets/{id}", "/pets/{id}/toys", false),
            ("/a/{id}", "/b/{id}", false),
        ] {
            assert_eq!(template(a).conflicts_with(&template(b)), expected, "{a} {b}");
            assert_eq!(template(b).conflicts_with(&template(a)), expected, "{b} {a}");
        }
    }
}
