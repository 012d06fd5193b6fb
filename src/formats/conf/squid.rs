//! squid.conf: `logformat NAME STRING…` and `access_log PATH [NAME | logformat=NAME] …`.

use super::lines::{Indent, first_word, logical};
use super::{ConfError, Files, Found, Missing, Place};

/// The layouts that Squid has built in.
pub(super) const BUILT_IN: &[(&str, &str)] = &[
    ("squid", "squid:squid"),
    ("common", "squid:common"),
    ("combined", "squid:combined"),
    ("referrer", "squid:referrer"),
    ("useragent", "squid:useragent"),
];

pub(super) fn read(
    text: &str,
    place: &Place,
    files: &mut Files<'_>,
    found: &mut Found,
) -> Result<(), ConfError> {
    for (number, line) in logical(text, Indent::Dropped) {
        let (directive, rest) = first_word(&line);
        match directive {
            "logformat" => {
                let (name, string) = first_word(rest);
                if string.is_empty() {
                    return Err(place.wrong(number, "expected logformat NAME STRING"));
                }
                found.layout(name, format!("squid:{}", unquoted(string)));
            }
            "access_log" => access_log(rest, place, number, found),
            "include" => {
                for pattern in rest.split_ascii_whitespace() {
                    for (text, inside) in files.texts(unquoted(pattern), Missing::Wrong, place, number)? {
                        read(&text, &inside, files, found)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whole strings in quotes lose them; a string that only begins with one keeps it.
fn unquoted(string: &str) -> &str {
    let inner =
        |mark: char| string.strip_prefix(mark)?.strip_suffix(mark).filter(|text| !text.contains(mark));
    inner('"').or_else(|| inner('\'')).unwrap_or(string)
}

fn access_log(rest: &str, place: &Place, number: usize, found: &mut Found) {
    found.spoke = true;
    let mut words = rest.split_ascii_whitespace();
    let Some(path) = words.next().filter(|path| *path != "none") else { return };
    let files = ["daemon:", "stdio:"];
    let path = files.iter().find_map(|module| path.strip_prefix(module)).unwrap_or(path);
    let mut layout = "squid";
    for (place, word) in words.enumerate() {
        let known = |name: &str| {
            BUILT_IN.iter().any(|(built_in, _)| *built_in == name)
                || found.layouts.iter().any(|layout| layout.name == name)
        };
        match word.strip_prefix("logformat=") {
            Some(name) => layout = name,
            // The old way; anything else is a condition. Squid wants the layout defined above.
            None if place == 0 && known(word) => layout = word,
            None => {}
        }
    }
    found.log(path, layout, place, number);
}
