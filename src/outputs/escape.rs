//! Log-controlled text made harmless for where it goes. JSON is escaped by serde_json.

use std::borrow::Cow;
use std::fmt::Write;

/// For a terminal: control characters (escape sequences, newlines) and marks that reorder or hide text are written out, so
/// that a host name can neither move the cursor nor look like another.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(dangerous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if dangerous(character) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Most characters of a text that a page shows; a name of DNS has 253 at most, and a sentence names two.
const PAGE_MAX: usize = 600;

/// For a page: as for a terminal, and what would be markup is text, also within an attribute in quotes. What is too long for a name
/// is cut in the middle, or one line of a log would fill the screen.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(4 * PAGE_MAX) + 8);
    let text = terminal(text);
    let length = text.chars().count();
    let cut = if length > PAGE_MAX { PAGE_MAX / 2..length - PAGE_MAX / 2 } else { length..length };
    for (place, character) in text.chars().enumerate() {
        match character {
            _ if place == cut.start && !cut.is_empty() => safe.push('…'),
            _ if cut.contains(&place) => {}
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Digits in groups of three.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Control characters of both sets, and Unicode's bidirectional and invisible format characters (UAX #9, and the zero-width
/// ones), line and paragraph separators.
fn dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(
            html("<img src=x onerror='a&b'>\u{202e}\""),
            "&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;\\u{202e}&quot;"
        );
        let long = format!("<{}>", "a".repeat(PAGE_MAX));
        let shown = html(&long);
        assert!(shown.starts_with("&lt;a") && shown.contains("a…a") && shown.ends_with("a&gt;"));
        assert_eq!(shown.len(), PAGE_MAX + "…&lt;&gt;".len() - 2);
        assert_eq!(terminal("plain-ü.example"), "plain-ü.example");
        assert_eq!(terminal("a\x1b[2Jb\nc\u{202e}d\u{9b}"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}");
    }
}
