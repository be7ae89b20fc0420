//! What string literals say.

/// The text between the quotes of a JavaScript string or a part of a template; `None` for
/// an escape that is not one.
pub(crate) fn javascript(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match rest.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            // `"\056"` is a dot, in code that is not strict.
            '0' if rest.clone().next().is_some_and(|next| next.is_ascii_digit()) => return None,
            '0' => out.push('\0'),
            '\r' if rest.as_str().starts_with('\n') => rest = rest.as_str().get(1..)?.chars(),
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => {}
            'x' => out.push(hexadecimal(&mut rest, 2)?),
            'u' => out.push(unicode(&mut rest)?),
            '1'..='9' => return None,
            // `"\."` is `.`: the trap of `new RegExp("example\.com")`.
            other => out.push(other),
        }
    }
    Some(out)
}

/// The text between the quotes of a Python string that is not raw.
pub(crate) fn python(raw: &str, bytes: bool) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match rest.next()? {
            '\r' if rest.as_str().starts_with('\n') => rest = rest.as_str().get(1..)?.chars(),
            '\n' | '\r' => {}
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'v' => out.push('\u{b}'),
            'x' => out.push(hexadecimal(&mut rest, 2)?),
            'u' if !bytes => out.push(hexadecimal(&mut rest, 4)?),
            'U' if !bytes => out.push(hexadecimal(&mut rest, 8)?),
            'N' if !bytes => return None,
            '0'..='7' => return None,
            quote @ ('\\' | '\'' | '"') => out.push(quote),
            // `"\."` keeps its backslash here.
            other => out.extend(['\\', other]),
        }
    }
    Some(out)
}

/// The text between the quotes of a Rust string that is not raw.
pub(crate) fn rust(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(letter) = rest.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match rest.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '0' => out.push('\0'),
            'x' => out.push(hexadecimal(&mut rest, 2)?),
            'u' => out.push(unicode(&mut rest)?),
            quote @ ('\\' | '\'' | '"') => out.push(quote),
            '\n' => rest = rest.as_str().trim_start().chars(),
            _ => return None,
        }
    }
    Some(out)
}

fn hexadecimal(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text: String = rest.by_ref().take(digits).collect();
    let number = (text.len() == digits).then(|| u32::from_str_radix(&text, 16).ok())??;
    char::from_u32(number)
}

/// `XXXX` or `{X…}` behind `\u`.
fn unicode(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let braced = rest.as_str().strip_prefix('{').and_then(|inner| inner.split_once('}'));
    let Some((digits, behind)) = braced else { return hexadecimal(rest, 4) };
    *rest = behind.chars();
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}
