//! Where a block of Lua ends: its braces are balanced, but for those in strings and comments.

/// The offset after the `}` that ends the block whose inside begins at `start`.
pub(super) fn end_of_block(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut open = 0_usize;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at + 1),
            b'}' => open -= 1,
            b'"' | b'\'' => at = end_of_string(text, at)?,
            b'-' if text.get(at + 1) == Some(&b'-') => {
                at = after_comment(text, at + 2)?;
                continue;
            }
            b'[' => {
                if let Some(level) = bracket(text, at) {
                    at = after_bracket(text, at, level)?;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The offset of the closing quote.
fn end_of_string(text: &[u8], start: usize) -> Option<usize> {
    let quote = text.get(start)?;
    let mut at = start + 1;
    loop {
        match text.get(at)? {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// `[[`, `[=[`, …: how many `=` there are; `None` for another `[`.
fn bracket(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at + 1..)?;
    let level = rest.iter().take_while(|&&byte| byte == b'=').count();
    (rest.get(level) == Some(&b'[')).then_some(level)
}

/// The offset after the `]]`, `]=]`, … of a long bracket.
fn after_bracket(text: &[u8], start: usize, level: usize) -> Option<usize> {
    let mut at = start + level + 2;
    loop {
        let rest = text.get(at..)?;
        at += rest.iter().position(|&byte| byte == b']')?;
        let inside = text.get(at + 1..)?;
        let signs = inside.iter().take_while(|&&byte| byte == b'=').count();
        if signs == level && inside.get(signs) == Some(&b']') {
            return Some(at + level + 2);
        }
        at += signs + 1;
    }
}

fn after_comment(text: &[u8], at: usize) -> Option<usize> {
    if text.get(at) == Some(&b'[')
        && let Some(level) = bracket(text, at)
    {
        return after_bracket(text, at, level);
    }
    let rest = text.get(at..)?;
    Some(at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::end_of_block;

    #[test]
    fn braces_in_strings_and_comments_do_not_end_a_block() {
        let ends = |body: &str| end_of_block(format!("{body}}} rest").as_bytes(), 0) == Some(body.len() + 1);
        assert!(ends("ngx.say('}') -- }\n"));
        assert!(ends("local t = { a = { 1 } }"));
        assert!(ends("--[[ } ]] x = [==[ }]] ]==]"));
        assert!(ends("s = \"\\\"}\" t[1] = 2"));
        assert_eq!(end_of_block(b"if x then { ", 0), None);
        assert_eq!(end_of_block(b"s = '} ", 0), None);
    }
}
