//! A call of `fetch()` as "Copy as fetch" of Chromium, Firefox and Safari gives it, or as it
//! stands in a script.

use corsac_browser::{Body, CacheMode, CredentialsMode, Mode, RedirectMode};
use url::{Url, form_urlencoded};

use super::error::{PasteError, PasteMistake, short};
use super::headers::{Remark, sort};
use super::javascript::{Literal, Script};
use super::{PastedBody, PastedCall, check_size, origin_of};

/// Reads a `fetch()` call.
///
/// # Errors
/// It is none, or a value that matters is none that stands in the text.
pub fn read_fetch(text: &str) -> Result<PastedCall, PasteError> {
    check_size(text)?;
    let mut script = Script::new(text);
    find_call(&mut script)?;
    let at = script.at;
    let arguments = script.arguments(0)?;
    check_rest(&mut script)?;
    let mut arguments = arguments.into_iter();
    let Some(mut resource) = arguments.next() else { return Err(PasteMistake::NoUrl.at(at)) };
    let mut call = Call { at, pasted: PastedCall::default(), fields: Vec::new(), keys: Vec::new() };
    if let Literal::Call(name, inner) = &mut resource
        && name == "new Request"
    {
        let mut inner = std::mem::take(inner).into_iter();
        resource = inner.next().unwrap_or(Literal::Undefined);
        call.options(inner.next())?;
    }
    call.pasted.url = call.url(&resource)?;
    call.options(arguments.next())?;
    call.finish()
}

/// Goes behind `fetch(`: past `await`, `const response =`, `window.`.
fn find_call(script: &mut Script<'_>) -> Result<(), PasteError> {
    script.skip();
    let start = script.at;
    loop {
        match script.name() {
            "fetch" if script.take("(") => return Ok(()),
            "await" | "return" | "void" => {}
            "window" | "self" | "globalThis" if script.take(".") => {}
            "const" | "let" | "var" => {
                script.name();
                script.take("=");
            }
            name if !name.is_empty() && script.take("=") => {}
            _ => break,
        }
    }
    script.at = start;
    let word = script.rest().split_whitespace().next().unwrap_or_default();
    Err(PasteMistake::NotFetch(short(word)).at(start))
}

/// What follows the call may use its response, but not make another.
fn check_rest(script: &mut Script<'_>) -> Result<(), PasteError> {
    while script.take(";") {}
    script.skip();
    let at = script.at;
    match find_call(script) {
        Ok(()) => Err(PasteMistake::Several.at(at)),
        Err(_) => Ok(()),
    }
}

/// What the arguments have said so far.
#[derive(Debug)]
struct Call {
    at: usize,
    pasted: PastedCall,
    fields: Vec<(String, String)>,
    keys: Vec<String>,
}

impl Call {
    fn url(&self, value: &Literal) -> Result<String, PasteError> {
        let url = match value {
            Literal::Call(name, arguments) if name == "new URL" => match arguments.as_slice() {
                [url] => self.text(url, "url")?,
                [url, base] => {
                    let base = Url::parse(&self.text(base, "url")?).ok();
                    let joined = base.and_then(|base| base.join(&self.text(url, "url").ok()?).ok());
                    joined.map(String::from).ok_or_else(|| PasteMistake::WrongValue("new URL").at(self.at))?
                }
                _ => return Err(PasteMistake::WrongValue("new URL").at(self.at)),
            },
            Literal::Undefined => return Err(PasteMistake::NoUrl.at(self.at)),
            value => self.text(value, "url")?,
        };
        Ok(url)
    }

    fn text(&self, value: &Literal, key: &'static str) -> Result<String, PasteError> {
        match value {
            Literal::Opaque(at, text) => Err(PasteMistake::Expression(text.clone()).at(*at)),
            Literal::Call(name, _) => Err(PasteMistake::Expression(format!("{name}(…)")).at(self.at)),
            value => value.to_text().ok_or_else(|| PasteMistake::WrongValue(key).at(self.at)),
        }
    }

    fn options(&mut self, options: Option<Literal>) -> Result<(), PasteError> {
        let members = match options {
            None | Some(Literal::Null | Literal::Undefined) => return Ok(()),
            Some(Literal::Object(members)) => members,
            Some(value) => {
                self.text(&value, "options")?;
                return Err(PasteMistake::WrongValue("options").at(self.at));
            }
        };
        for (key, value) in members {
            if value != Literal::Undefined {
                self.option(key, &value)?;
            }
        }
        Ok(())
    }

    fn option(&mut self, key: String, value: &Literal) -> Result<(), PasteError> {
        match &*key {
            "method" => self.pasted.method = Some(self.text(value, "method")?),
            "mode" => self.pasted.mode = Some(Mode::named(&self.text(value, "mode")?)),
            "credentials" => {
                self.pasted.credentials = Some(CredentialsMode::named(&self.text(value, "credentials")?));
            }
            "redirect" => self.pasted.redirect = Some(RedirectMode::named(&self.text(value, "redirect")?)),
            "cache" => self.pasted.cache = Some(CacheMode::named(&self.text(value, "cache")?)),
            "referrer" => self.pasted.page_origin = origin_of(&self.text(value, "referrer")?),
            "headers" => self.fields = self.headers(value)?,
            "body" => self.pasted.body = self.body(value)?,
            _ => self.keys.push(key),
        }
        Ok(())
    }

    fn headers(&self, value: &Literal) -> Result<Vec<(String, String)>, PasteError> {
        match value {
            Literal::Call(name, arguments) if name == "new Headers" => {
                arguments.first().map_or(Ok(Vec::new()), |value| self.headers(value))
            }
            Literal::Null => Ok(Vec::new()),
            Literal::Object(members) => {
                members.iter().map(|(name, value)| Ok((name.clone(), self.text(value, "headers")?))).collect()
            }
            Literal::List(pairs) => pairs
                .iter()
                .map(|pair| match pair {
                    Literal::List(pair) if pair.len() == 2 => {
                        let text = |place| self.text(pair.get(place).unwrap_or(&Literal::Null), "headers");
                        Ok((text(0)?, text(1)?))
                    }
                    _ => Err(PasteMistake::WrongValue("headers").at(self.at)),
                })
                .collect(),
            value => {
                self.text(value, "headers")?;
                Err(PasteMistake::WrongValue("headers").at(self.at))
            }
        }
    }

    fn body(&self, value: &Literal) -> Result<Option<PastedBody>, PasteError> {
        let Literal::Call(name, arguments) = value else {
            return match value {
                Literal::Null => Ok(None),
                // "[object Object]" is nobody's intention.
                value => Ok(Some(PastedBody { kind: Body::Text, text: Some(self.text(value, "body")?) })),
            };
        };
        let first = arguments.first();
        let (kind, text) = match &**name {
            "JSON.stringify" => (Body::Text, first.and_then(Literal::to_json)),
            "new URLSearchParams" => (Body::UrlSearchParams, first.map_or(Some(String::new()), urlencoded)),
            "new FormData" => (Body::Form, None),
            "new Blob" => {
                let kind = blob_type(arguments).map_or(Ok(String::new()), |kind| self.text(kind, "type"))?;
                (Body::Blob(kind), blob_text(arguments))
            }
            "new ReadableStream" => (Body::Stream, None),
            "new ArrayBuffer" | "new DataView" | "Uint8Array.from" | "Uint8Array.of" => (Body::Bytes, None),
            name if name.starts_with("new ") && name.ends_with("Array") => (Body::Bytes, None),
            _ => return self.text(value, "body").map(|_| None),
        };
        Ok(Some(PastedBody { kind, text }))
    }

    fn finish(mut self) -> Result<PastedCall, PasteError> {
        let sorted = sort(self.fields, false);
        if sorted.is_preflight {
            return Err(PasteMistake::Preflight.at(self.at));
        }
        self.pasted.headers = sorted.scripts;
        self.pasted.remarks = sorted.remarks;
        if sorted.is_recorded && self.pasted.credentials == Some(CredentialsMode::Omit) {
            self.pasted.remarks.push(Remark::CredentialsOmitted);
        }
        self.keys.retain(|key| key != "referrerPolicy");
        if !self.keys.is_empty() {
            self.pasted.remarks.push(Remark::Keys(self.keys));
        }
        // Of Node.js, where a script may set them.
        if !sorted.cookies.is_empty() {
            self.pasted.presented = vec![("cookie".to_owned(), sorted.cookies.join("; "))];
            self.pasted.credentials.get_or_insert(CredentialsMode::Include);
        }
        let told = sorted.origin.or_else(|| origin_of(&sorted.referrer?));
        self.pasted.page_origin = self.pasted.page_origin.or(told);
        Ok(self.pasted)
    }
}

/// As `URLSearchParams` writes its argument.
fn urlencoded(value: &Literal) -> Option<String> {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    match value {
        Literal::Text(text) => {
            let text = text.strip_prefix('?').unwrap_or(text);
            encoded.extend_pairs(form_urlencoded::parse(text.as_bytes()));
        }
        Literal::Object(members) => {
            for (key, value) in members {
                encoded.append_pair(key, &value.to_text()?);
            }
        }
        Literal::List(pairs) => {
            for pair in pairs {
                let Literal::List(pair) = pair else { return None };
                encoded.append_pair(&pair.first()?.to_text()?, &pair.get(1)?.to_text()?);
            }
        }
        _ => return None,
    }
    Some(encoded.finish())
}

/// The type of `new Blob([…], { type: "…" })`.
fn blob_type(arguments: &[Literal]) -> Option<&Literal> {
    match arguments.get(1)? {
        Literal::Object(members) => members.iter().find(|(key, _)| key == "type").map(|(_, value)| value),
        value => Some(value),
    }
}

fn blob_text(arguments: &[Literal]) -> Option<String> {
    let part = |part: &Literal| match part {
        Literal::Call(name, arguments) if name == "JSON.stringify" => arguments.first()?.to_json(),
        part => part.to_text(),
    };
    match arguments.first() {
        None => Some(String::new()),
        Some(Literal::List(parts)) => parts.iter().map(part).collect(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> PastedCall {
        read_fetch(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn mistake(text: &str) -> PasteMistake {
        read_fetch(text).unwrap_err().mistake
    }

    fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn chromium_s_paste_is_what_the_script_asked() {
        let call = call(
            r#"fetch("https://api.example.com/items/7", {
  "headers": {
    "accept": "*/*",
    "accept-language": "de-DE,de;q=0.9",
    "cache-control": "no-cache",
    "content-type": "application/json",
    "pragma": "no-cache",
    "priority": "u=1, i",
    "sec-ch-ua": "\"Chromium\";v=\"154\"",
    "sec-fetch-mode": "cors",
    "x-trace": "1"
  },
  "referrer": "https://app.example.com/page",
  "referrerPolicy": "strict-origin-when-cross-origin",
  "body": "{\"name\":\"caf\u00e9 \ud83d\ude00\"}",
  "method": "PUT",
  "mode": "cors",
  "credentials": "omit"
});"#,
        );
        assert_eq!((&*call.url, call.method.as_deref()), ("https://api.example.com/items/7", Some("PUT")));
        assert_eq!(call.headers, fields(&[("content-type", "application/json"), ("x-trace", "1")]));
        assert_eq!((call.mode, call.credentials), (Some(Mode::Cors), Some(CredentialsMode::Omit)));
        assert_eq!(call.page_origin.as_deref(), Some("https://app.example.com"));
        assert_eq!(call.body.unwrap().text.as_deref(), Some("{\"name\":\"café 😀\"}"));
        let [Remark::BrowserFields(_), Remark::Caching, Remark::CredentialsOmitted] = &call.remarks[..]
        else {
            panic!("{:?}", call.remarks)
        };
    }

    #[test]
    fn firefox_s_safari_s_and_node_s_pastes_are_read() {
        let firefox = call(
            "await fetch(\"https://api.example.com/\", {\n    \"credentials\": \"include\",\n    \"headers\": {\n        \
             \"User-Agent\": \"Mozilla/5.0\",\n        \"Accept\": \"*/*\",\n        \"X-A\": \"1\"\n    },\n    \
             \"referrer\": \"https://app.example.com/\",\n    \"method\": \"GET\",\n    \"mode\": \"cors\"\n});",
        );
        assert_eq!(
            (firefox.headers, firefox.credentials),
            (fields(&[("X-A", "1")]), Some(CredentialsMode::Include))
        );
        let safari = call(
            "fetch(\"https://api.example.com/\", {\n    \"cache\": \"default\",\n    \"redirect\": \"follow\",\n    \
             \"keepalive\": true\n})",
        );
        assert_eq!((safari.cache, safari.redirect), (Some(CacheMode::Default), Some(RedirectMode::Follow)));
        assert_eq!(safari.remarks, [Remark::Keys(vec!["keepalive".into()])]);
        let node = call(
            "fetch(\"https://api.example.com/\", {\"headers\": {\"sec-fetch-mode\": \"cors\", \"cookie\": \"a=1\", \
             \"Referer\": \"https://app.example.com/\"}, \"body\": null, \"method\": \"GET\"});",
        );
        assert_eq!(node.presented, fields(&[("cookie", "a=1")]));
        assert_eq!((node.page_origin.as_deref(), node.body), (Some("https://app.example.com"), None));
    }

    #[test]
    fn calls_as_people_write_them_are_read() {
        for text in [
            "const res = await window.fetch('https://a.example/', { method: 'PUT', headers: { 'X-A': 'b', }, });",
            "// saves\nfetch(`https://a.example/`, {/* how */ method: \"PUT\", headers: [[\"X-A\", `b`]]}).then(r => r.json())",
            "return fetch(new Request(\"https://a.example/\", {method: 'PUT', headers: new Headers({\"X-A\": 'b'})}))",
            "fetch(new URL('/', 'https://a.example/page'), {method: 'P' + 'UT', headers: {'X-A': 'b'}, signal,\n});\n",
        ] {
            let call = call(text);
            assert_eq!((&*call.url, call.method.as_deref()), ("https://a.example/", Some("PUT")), "{text}");
            assert_eq!(call.headers, fields(&[("X-A", "b")]), "{text}");
        }
        assert_eq!(call("fetch('/items')").url, "/items");
        // Nobody recorded it, so it means what it says.
        let own = call("fetch('u', {headers: {'Cache-Control': 'no-cache', Pragma: 'no-cache'}})");
        assert_eq!(own.headers.len(), 2);
    }

    #[test]
    fn bodies_are_known_by_what_they_are_made_from() {
        let body = |body: &str| {
            let body = call(&format!("fetch('u', {{method: 'POST', body: {body}}})")).body.unwrap();
            (body.kind, body.text)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(body("'a' + \"b\""), (Body::Text, text("ab")));
        assert_eq!(
            body("JSON.stringify({a: [1, .5, true, null], 'b\\n': {c: \"d\"}, e: undefined})"),
            (Body::Text, text("{\"a\":[1,0.5,true,null],\"b\\n\":{\"c\":\"d\"}}"))
        );
        assert_eq!(body("JSON.stringify(data)"), (Body::Text, None));
        assert_eq!(body("new URLSearchParams({a: 'b c', d: 1})"), (Body::UrlSearchParams, text("a=b+c&d=1")));
        assert_eq!(body("new URLSearchParams('?a=b')"), (Body::UrlSearchParams, text("a=b")));
        assert_eq!(body("new URLSearchParams(form)"), (Body::UrlSearchParams, None));
        assert_eq!(body("new FormData(document.querySelector('form'))"), (Body::Form, None));
        assert_eq!(
            body("new Blob(['{', '}'], {type: 'application/json'})"),
            (Body::Blob("application/json".into()), text("{}"))
        );
        assert_eq!(body("new Blob([data])"), (Body::Blob(String::new()), None));
        assert_eq!(body("new Uint8Array([1, 2])"), (Body::Bytes, None));
    }

    #[test]
    fn what_only_a_script_knows_is_told_with_its_place() {
        let expression = |text: &str| PasteMistake::Expression(text.to_owned());
        for (text, expected) in [
            ("fetch(url)", expression("url")),
            ("fetch(`${BASE}/items`)", expression("`${BASE}/items`")),
            ("fetch(BASE + '/items')", expression("BASE + '/items'")),
            ("fetch('u', options)", expression("options")),
            ("fetch('u', {...options})", expression("...options")),
            ("fetch('u', {method})", expression("method")),
            ("fetch('u', {headers: {a: token()}})", expression("token(…)")),
            ("fetch('u', {headers: {a: 'Bearer ' + token}})", expression("'Bearer ' + token")),
            ("fetch('u', {body: data})", expression("data")),
            ("fetch('u', {body: new Blob([], {type: kind})})", expression("kind")),
            ("fetch('u', {method: a ? 'PUT' : 'POST'})", expression("a ? 'PUT' : 'POST'")),
        ] {
            assert_eq!(mistake(text), expected, "{text}");
        }
        assert_eq!(read_fetch("fetch('u', {é: 1, body: data})").unwrap_err().at, 25);
    }

    #[test]
    fn what_is_no_call_is_refused() {
        use PasteMistake::*;
        for (text, expected) in [
            ("", Empty),
            ("fetch()", NoUrl),
            ("axios.get('u')", NotFetch("axios.get('u')".into())),
            ("fetcher('u')", NotFetch("fetcher('u')".into())),
            ("fetch('u', {method: 'PUT'", Unterminated("a bracket")),
            ("fetch('u'", Unterminated("a bracket")),
            ("fetch('u", Unterminated("a quote")),
            ("fetch(`u${", Unterminated("a template")),
            ("fetch('u', {method: {}})", WrongValue("method")),
            ("fetch('u', {headers: 'a'})", WrongValue("headers")),
            ("fetch('u', {method: })", Unexpected('}')),
            ("fetch('u');\nfetch('v');", Several),
            ("fetch('u', {headers: {'Access-Control-Request-Method': 'PUT'}})", Preflight),
        ] {
            assert_eq!(mistake(text), expected, "{text}");
        }
        let nested = |depth: usize| format!("fetch('u', {{a: {}1{}}})", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(mistake(&nested(10_000)), TooDeep);
        assert_eq!(call(&nested(50)).url, "u");
    }

    #[test]
    fn no_paste_brings_it_down() {
        let whole = "await fetch(\"https://a.example/é\", {headers: [['a', `b${c}`]], body: new Blob(['\\u{1f600}'])});";
        for (end, _) in whole.char_indices() {
            let (cut, _) = whole.split_at(end);
            let _ = read_fetch(cut);
            let _ = super::super::read_curl(&format!("curl $'\\u{cut} ^\""));
        }
    }
}
