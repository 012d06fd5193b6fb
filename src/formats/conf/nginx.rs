//! nginx.conf: `log_format NAME [escape=…] 'STRING' …;` over several lines and strings, `access_log PATH [NAME] …;`.

use super::{ConfError, Files, Found, Missing, Place};

/// The layout that nginx has built in.
pub(super) const BUILT_IN: &[(&str, &str)] = &[("combined", "nginx:combined")];

/// A word of the configuration, with the number of its line.
#[derive(Debug, PartialEq)]
struct Token {
    line: usize,
    what: What,
}

#[derive(Debug, PartialEq)]
enum What {
    Word(String),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

pub(super) fn read(
    text: &str,
    place: &Place,
    files: &mut Files<'_>,
    found: &mut Found,
) -> Result<(), ConfError> {
    let mut directive: Vec<String> = Vec::new();
    let mut start = 0;
    for Token { line, what } in tokens(text, place)? {
        match what {
            What::Word(word) => {
                if directive.is_empty() {
                    start = line;
                }
                directive.push(word);
            }
            What::End => {
                take(&directive, place, start, files, found)?;
                directive.clear();
            }
            What::Open | What::Close => directive.clear(),
        }
    }
    match directive.first() {
        Some(name) => Err(place.wrong(start, format!("expected a ; at the end of {name}"))),
        None => Ok(()),
    }
}

fn take(
    directive: &[String],
    place: &Place,
    line: usize,
    files: &mut Files<'_>,
    found: &mut Found,
) -> Result<(), ConfError> {
    let words: Vec<&str> = directive.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["log_format", name, strings @ ..] if !strings.is_empty() => {
            let (escape, strings) = match strings {
                [escape, strings @ ..] if escape.starts_with("escape=") => (format!("{escape} "), strings),
                strings => (String::new(), strings),
            };
            found.layout(name, format!("nginx:{escape}{}", strings.concat()));
        }
        ["log_format", ..] => return Err(place.wrong(line, "expected log_format NAME 'STRING'")),
        ["access_log", "off", ..] => found.spoke = true,
        ["access_log", path, rest @ ..] => {
            // Conditions and buffers have an equals sign.
            let name = rest.iter().find(|word| !word.contains('='));
            let options = ["gzip"];
            let name = name.filter(|word| !options.contains(*word));
            found.log(path, name.unwrap_or(&"combined"), place, line);
        }
        ["include", pattern] => {
            for (text, inside) in files.texts(pattern, Missing::Wrong, place, line)? {
                read(&text, &inside, files, found)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn tokens(text: &str, place: &Place) -> Result<Vec<Token>, ConfError> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let start = line;
        let what = match letter {
            '\n' => {
                line += 1;
                continue;
            }
            letter if letter.is_whitespace() => continue,
            '#' => {
                while letters.next_if(|letter| *letter != '\n').is_some() {}
                continue;
            }
            ';' => What::End,
            '}' => What::Close,
            '{' => {
                // Another language, with quotes and comments of its own.
                let foreign = tokens.iter().rev().find_map(|token: &Token| match &token.what {
                    What::Word(word) => Some(word.ends_with("_by_lua_block")),
                    What::End | What::Open | What::Close => None,
                });
                if foreign == Some(true) {
                    skip_block(&mut letters, &mut line);
                    What::Close
                } else {
                    What::Open
                }
            }
            quote @ ('"' | '\'') => {
                let wrong = || place.wrong(start, format!("expected the closing {quote}"));
                What::Word(quoted(&mut letters, quote, &mut line).ok_or_else(wrong)?)
            }
            first => What::Word(bare(&mut letters, first)),
        };
        tokens.push(Token { line: start, what });
    }
    Ok(tokens)
}

/// The text up to the quote that ends it, decoded; `None` if there is none.
fn quoted(
    letters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    quote: char,
    line: &mut usize,
) -> Option<String> {
    let mut text = String::new();
    loop {
        let letter = letters.next()?;
        *line += usize::from(letter == '\n');
        match letter {
            letter if letter == quote => return Some(text),
            '\\' => match letters.next()? {
                next @ ('"' | '\'' | '\\') => text.push(next),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'n' => text.push('\n'),
                next => {
                    *line += usize::from(next == '\n');
                    text.extend(['\\', next]);
                }
            },
            letter => text.push(letter),
        }
    }
}

/// A word without quotes; the braces of `${name}` belong to it.
fn bare(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, first: char) -> String {
    let mut word = String::from(first);
    let mut braces = false;
    loop {
        let variable = word.ends_with('$');
        let ends = |letter: &char| match letter {
            '{' => !variable,
            '}' => !braces,
            letter => letter.is_whitespace() || *letter == ';',
        };
        let Some(letter) = letters.next_if(|letter| !ends(letter)) else { return word };
        braces = (braces || letter == '{') && letter != '}';
        word.push(letter);
        if letter == '\\' {
            word.extend(letters.next_if(|letter| !letter.is_whitespace()));
        }
    }
}

fn skip_block(letters: &mut std::iter::Peekable<std::str::Chars<'_>>, line: &mut usize) {
    let mut depth = 1_usize;
    for letter in letters {
        match letter {
            '\n' => *line += 1,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}
