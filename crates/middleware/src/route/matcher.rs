//! From a canonical path to the number of its route.

use std::fmt;

/// Finds the route of a path.
#[derive(Clone, Default)]
pub struct Matcher(matchit::Router<usize>);

/// The parameters of a route's path, as they stand in the request's: `id` of `/users/{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'r>(Vec<(&'r str, &'r str)>);

impl Matcher {
    /// A matcher for routes with these paths, in their order. A path that conflicts with
    /// an earlier one, or that is no path, has none.
    pub fn new<'p>(paths: impl Iterator<Item = &'p str> + Clone) -> Self {
        let mut router = matchit::Router::new();
        for (index, path) in paths.clone().enumerate() {
            let _ = router.insert(path, index);
        }
        // Everything below a path includes the path itself, with and without its slash,
        // unless a route names it: then the insertion conflicts.
        for (index, path) in paths.clone().enumerate() {
            for path in itself(path) {
                let _ = router.insert(path, index);
            }
        }
        // Many applications take a path and the one with a slash behind for the same: guards
        // of the one must not be left out by the other.
        for (index, path) in
            paths.enumerate().filter(|(_, path)| !path.ends_with(['/', '}']) || is_segment(path))
        {
            let _ = router.insert(format!("{path}/"), index);
        }
        Self(router)
    }

    /// The number of the route for a canonical path.
    pub fn find(&self, path: &str) -> Option<usize> {
        self.0.at(path).ok().map(|found| *found.value)
    }

    /// The parameters of the route for a canonical path; none where none matches.
    pub fn parameters<'r>(&'r self, path: &'r str) -> Parameters<'r> {
        Parameters(self.0.at(path).map(|found| found.params.iter().collect()).unwrap_or_default())
    }
}

impl<'r> Parameters<'r> {
    /// The parameter of this name, in its canonical percent-encoding.
    pub fn get(&self, name: &str) -> Option<&'r str> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// Names and values, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.0.iter().copied()
    }
}

/// Whether the last segment is a parameter of its own: `/users/{id}`.
fn is_segment(path: &str) -> bool {
    path.ends_with('}') && path.rsplit('/').next().is_some_and(|last| !last.starts_with("{*"))
}

/// `/api/{*rest}` → `/api/`, `/api`; nothing for a path without `{*…}`.
fn itself(path: &str) -> impl Iterator<Item = &str> {
    let below = path.rfind("{*").and_then(|at| path.get(..at)).filter(|below| below.ends_with('/'));
    let without_slash = below.and_then(|below| below.strip_suffix('/')).filter(|path| !path.is_empty());
    below.into_iter().chain(without_slash)
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matcher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_below_includes_the_path_itself() {
        let matcher = Matcher::new(["/api/{*rest}", "/users/{id}", "/api/own", "/"].into_iter());
        for (path, route) in [
            ("/api", Some(0)),
            ("/api/", Some(0)),
            ("/api/a/b", Some(0)),
            ("/api/own", Some(2)),
            ("/users/7", Some(1)),
            ("/users/7/", Some(1)),
            ("/api/own/", Some(2)),
            ("/users/7/8", None),
            ("/users", None),
            ("/", Some(3)),
            ("/apis", None),
        ] {
            assert_eq!(matcher.find(path), route, "{path}");
        }
        assert_eq!(matcher.parameters("/users/a%20b").get("id"), Some("a%20b"));
        assert_eq!(matcher.parameters("/users/7").get("name"), None);
        assert_eq!(matcher.parameters("/nowhere"), Parameters::default());
    }
}
