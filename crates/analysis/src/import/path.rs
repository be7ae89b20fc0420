//! Paths in the words of other systems as paths of ours.

/// Every path.
pub(super) const EVERYTHING: &str = "/{*rest}";

/// The path that a scope's name tells, if it can be said in our syntax.
pub(super) fn of_name(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let at = words.iter().rposition(|word| unquoted(word).starts_with('/'))?;
    let path = unquoted(words.get(at)?);
    let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
    let is_whole = before == "=" || before == "exact" || is_of_one_path(before);
    if before.starts_with('~') {
        return None;
    }
    said(path, is_whole)
}

/// Quotes and brackets around a path.
fn unquoted(word: &str) -> &str {
    // `cors-configurations[/api/**]`; other brackets are an expression's.
    let keyed = word.split_once("[/").map(|(before, _)| before.len() + 1);
    let inner = keyed.and_then(|at| word.get(at..)).and_then(|inner| inner.strip_suffix(']'));
    let word = inner.unwrap_or(word);
    word.trim_matches(['`', '\'', '"', ':'])
}

/// Express: `app.get /items`, while `app.use /items` has what is below.
fn is_of_one_path(word: &str) -> bool {
    let method = word.rsplit_once('.').map_or("", |(_, method)| method);
    matches!(method, "get" | "post" | "put" | "patch" | "delete" | "head" | "all")
}

fn said(path: &str, is_whole: bool) -> Option<String> {
    let trimmed = path.strip_prefix('/')?;
    let (inner, is_below) = match trimmed.strip_suffix("/**").or_else(|| trimmed.strip_suffix("/*")) {
        Some(inner) => (inner, true),
        None if matches!(trimmed, "" | "*" | "**") => ("", true),
        None => (trimmed.trim_end_matches('/'), !is_whole),
    };
    let mut segments = Vec::new();
    for segment in inner.split('/').filter(|_| !inner.is_empty()) {
        segments.push(said_segment(segment)?);
    }
    if is_below {
        segments.push("{*rest}".to_owned());
    }
    Some(format!("/{}", segments.join("/")))
}

fn said_segment(segment: &str) -> Option<String> {
    let parameter = segment
        .strip_prefix(':')
        .or_else(|| segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')))
        .filter(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
    if let Some(name) = parameter {
        return Some(format!("{{{name}}}"));
    }
    let is_plain =
        segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
    (is_plain && !segment.is_empty() && segment != "." && segment != "..").then(|| segment.to_owned())
}

/// Whether a gateway cannot have both: they are the same, or have parameters of different
/// names in one place.
pub(super) fn collide(one: &str, other: &str) -> bool {
    let (mut ones, mut others) = (one.split('/'), other.split('/'));
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return true,
            (Some(first), Some(second)) if first == second => {}
            (Some(first), Some(second)) => return first.starts_with('{') && second.starts_with('{'),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_said_where_they_can_be() {
        for (name, path) in [
            ("server a.example, location /v1/", Some("/v1/{*rest}")),
            ("server a.example, location /, GET", Some("/{*rest}")),
            ("location = /health", Some("/health")),
            ("location ~ /v[12]/", None),
            ("app.get /products/:id", Some("/products/{id}")),
            ("app.use /b", Some("/b/{*rest}")),
            ("paths `/api/*`", Some("/api/{*rest}")),
            ("spring.cloud.gateway [/api/v1.0/**]", Some("/api/v1.0/{*rest}")),
            ("paths that match `^/api/.*$`", None),
            ("location /a%2e/", None),
            ("middleware cors", None),
        ] {
            assert_eq!(of_name(name).as_deref(), path, "{name}");
        }
    }

    #[test]
    fn parameters_of_other_names_collide_and_literals_do_not() {
        assert!(collide("/a/{id}", "/a/{*rest}"));
        assert!(collide("/a", "/a"));
        assert!(!collide("/a/{*rest}", "/{*rest}"));
        assert!(!collide("/a/b", "/a/{id}"));
    }
}
