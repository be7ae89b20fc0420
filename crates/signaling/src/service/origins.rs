//! Which pages may connect.
//!
//! CORS says nothing about WebSocket and WebTransport: a browser connects for any page, and tells the
//! page's origin. So it is compared here, with what is listed, byte by byte: there is one spelling that
//! browsers send, and a pattern would let in what nobody has listed.

use corsac_origin::{OriginError, OriginRef, right_spelling};
use http::header::{HeaderMap, ORIGIN};

/// Origins, each in the spelling that browsers send.
#[derive(Debug)]
pub(crate) struct Origins(Vec<Box<str>>);

/// An entry that no browser sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginMistake {
    /// As it was written.
    pub written: String,
    /// What is wrong; nothing where it is `null`, which every sandboxed frame sends.
    pub error: Option<OriginError>,
}

impl OriginMistake {
    /// The spelling that was meant, if one can be told.
    pub fn right(&self) -> Option<String> {
        right_spelling(&self.written).filter(|right| *right != self.written)
    }
}

/// What an `Origin` field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named<'f> {
    Listed,
    /// There is none, or more than one.
    None,
    Other(&'f [u8]),
}

impl Origins {
    /// # Errors
    ///
    /// Every entry that is no origin.
    pub(crate) fn compile(written: &[String]) -> Result<Self, Vec<OriginMistake>> {
        let mistake = |written: &String| {
            let error = match OriginRef::parse(written.as_bytes()) {
                Ok(origin) if origin.tuple().is_some() => return None,
                Ok(_) => None,
                Err(error) => Some(error),
            };
            Some(OriginMistake { written: written.clone(), error })
        };
        let mistakes: Vec<_> = written.iter().filter_map(mistake).collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut all: Vec<Box<str>> = written.iter().map(|origin| origin.as_str().into()).collect();
        all.sort_unstable();
        all.dedup();
        Ok(Self(all))
    }

    pub(crate) fn judge<'f>(&self, fields: &'f HeaderMap) -> Named<'f> {
        let mut sent = fields.get_all(ORIGIN).iter();
        let (Some(origin), None) = (sent.next(), sent.next()) else { return Named::None };
        let origin = origin.as_bytes();
        let is_listed = self.0.binary_search_by(|listed| listed.as_bytes().cmp(origin)).is_ok();
        if is_listed { Named::Listed } else { Named::Other(origin) }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderMap, HeaderValue, ORIGIN};

    use super::{Named, Origins};

    #[test]
    fn an_origin_is_listed_or_it_is_not() {
        let written = ["https://app.example".to_owned(), "http://localhost:8080".to_owned()];
        let origins = Origins::compile(&written).unwrap();
        let judge = |sent: &[&str]| {
            let mut fields = HeaderMap::new();
            for origin in sent {
                fields.append(ORIGIN, HeaderValue::from_str(origin).unwrap());
            }
            origins.judge(&fields) == Named::Listed
        };
        assert!(judge(&["https://app.example"]) && judge(&["http://localhost:8080"]));
        for refused in [
            "null",
            "",
            "http://app.example",
            "https://app.example.attacker.example",
            "https://attacker-app.example",
            "https://app.example:443",
            "https://app.example:8443",
            "https://app.example/",
            "https://App.example",
            "https://app.exampl",
            " https://app.example",
            "https://app.example https://attacker.example",
            "http://localhost:808",
            "http://localhost:80800",
        ] {
            assert!(!judge(&[refused]), "{refused}");
        }
        assert!(!judge(&[]) && !judge(&["https://app.example", "https://app.example"]));
    }

    #[test]
    fn what_no_browser_sends_is_a_mistake_with_the_right_spelling() {
        let written = ["https://app.example/", "null", "https://*.app.example", "https://ok.example"];
        let mistakes = Origins::compile(&written.map(str::to_owned)).unwrap_err();
        let found: Vec<_> =
            mistakes.iter().map(|mistake| (mistake.written.as_str(), mistake.right())).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], ("https://app.example/", Some("https://app.example".to_owned())));
        assert_eq!(found[1].0, "null");
        assert_eq!(mistakes[1].error, None);
    }
}
