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
        assert_eq!(terminal("plain-ü.example"), "plain-ü.example");
        assert_eq!(terminal("a\x1b[2Jb\nc\u{202e}d\u{9b}"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}");
    }
}
