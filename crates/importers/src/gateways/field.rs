//! Values of fields, from the texts of a configuration.

use corsac_analysis::model::{Field, Place, Value};

use super::draft::Word;

/// The texts as one value; `None` if there is none.
pub(super) fn joined(words: &[Word], separator: &str) -> Option<Field> {
    let first = words.first()?;
    let texts: Result<Vec<_>, _> = words.iter().map(|word| word.text.as_deref()).collect();
    let value = match texts {
        Ok(texts) => Value::Text(texts.join(separator)),
        Err(reason) => Value::Opaque(reason.clone()),
    };
    let last = words.last().and_then(|last| last.place.as_ref());
    let place =
        first.place.as_ref().map(|first| last.map_or_else(|| first.clone(), |last| first.through(last)));
    Some(Field { value, place })
}

/// The text as a value; `None` if it is empty.
pub(super) fn single(word: Option<Word>) -> Option<Field> {
    let word = word?;
    let value = match word.text {
        Ok(text) if text.is_empty() => return None,
        Ok(text) => Value::Text(text),
        Err(reason) => Value::Opaque(reason),
    };
    Some(Field { value, place: word.place })
}

/// A value that is not written but built in.
pub(super) fn built_in(text: &str) -> Field {
    Field { value: Value::Text(text.to_owned()), place: None }
}

/// `field`, but what the request asks for if it says `*`.
pub(super) fn reflected_if_star(field: Option<Field>) -> Option<Field> {
    field.map(|field| match &field.value {
        Value::Text(text) if text == "*" => Field { value: Value::Reflected, ..field },
        _ => field,
    })
}

/// A duration as Go writes it (`12h`, `1h30m`, `1.5s`), as seconds.
pub(super) fn go_seconds(word: Word) -> Field {
    let value = match word.text {
        Err(reason) => Value::Opaque(reason),
        Ok(text) => match seconds(&text) {
            Some(seconds) => Value::Text(seconds.to_string()),
            None => Value::Opaque(format!("`{}` is no duration", corsac_diagnostics::excerpt(&text))),
        },
    };
    Field { value, place: word.place }
}

/// Whole seconds of a duration of Go.
fn seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let unit =
            behind.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(unit)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = behind;
    }
    let fits = !text.is_empty() && total < 1e10;
    #[expect(clippy::cast_possible_truncation, reason = "less than ten milliards")]
    fits.then_some((sign * total) as i64)
}

/// A value with a place.
pub(super) fn at(value: Value, place: Option<Place>) -> Field {
    Field { value, place }
}
