//! An incident in the Common Event Format: `CEF:0|vendor|product|version|class|name|severity|key=value …`.
//!
//! Keys and escaping are those of ArcSight's "Common Event Format: Implementation Standard", version 25: in the header `\` and
//! `|` are escaped, in the extension `\` and `=`; a newline is written as `\n` in the extension and must not be in the header.

use super::escape::terminal;
use super::row::{Row, address};
use serde_json::Value;
use std::fmt::Write;
use std::net::IpAddr;

/// The most characters of the name, by the standard.
const NAME_MAX: usize = 512;
/// The most characters of `msg`, by the standard.
const MESSAGE_MAX: usize = 1023;

/// One line without a newline.
pub fn render(incident: &Value) -> String {
    let row = Row(incident);
    let detectors = row.detectors();
    let class = detectors.first().copied().unwrap_or("outflow");
    let mut line = format!(
        "CEF:0|outflow|outflow|{}|{}|{}|{}|",
        env!("CARGO_PKG_VERSION"),
        header(class, NAME_MAX),
        header(row.text("summary"), NAME_MAX),
        severity(row.text("severity")),
    );
    let mut extension = Extension(String::new());
    extension.add("externalId", row.text("id"));
    extension.add("rt", &row.millis("detected_at").to_string());
    extension.add("start", &row.millis("first_seen").to_string());
    extension.add("end", &row.millis("last_seen").to_string());
    extension.add("cat", "Exfiltration");
    extension.add("deviceDirection", "1");
    extension.endpoint(row.text("host"), ["src", "shost", "c6a2", "Source IPv6 Address"]);
    if let Some(destination) = row.destinations().first() {
        extension.endpoint(destination, ["dst", "dhost", "c6a3", "Destination IPv6 Address"]);
    }
    extension.add("out", &row.count("bytes_out").to_string());
    extension.add("cs1Label", "detectors");
    extension.add("cs1", &detectors.join(","));
    let techniques: Vec<&str> = row.techniques().iter().map(|t| t.sub.unwrap_or(t.id)).collect();
    extension.add("cs2Label", "techniques");
    extension.add("cs2", &techniques.join(","));
    extension.add("cfp1Label", "score");
    extension.add("cfp1", &row.number("score").to_string());
    if let Some(evidence) = row.rows("evidence").next() {
        extension.add("filePath", evidence.text("file"));
        extension.add("cn1Label", "line");
        extension.add("cn1", &evidence.count("line").to_string());
    }
    extension.add("msg", &row.text("summary").chars().take(MESSAGE_MAX).collect::<String>());
    line.push_str(&extension.0);
    line
}

/// Of 10: 0 to 3 is low, to 6 medium, to 8 high, above very high.
fn severity(name: &str) -> u32 {
    match name {
        "critical" => 10,
        "high" => 8,
        "medium" => 5,
        _ => 3,
    }
}

/// Text between the bars.
fn header(text: &str, most: usize) -> String {
    let text: String = text.chars().take(most).collect();
    // Control characters are written out first, so no newline is left.
    terminal(&text).replace('\\', "\\\\").replace('|', "\\|")
}

/// `key=value key=value`.
struct Extension(String);

impl Extension {
    fn add(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let separator = if self.0.is_empty() { "" } else { " " };
        let value = terminal(value).replace('\\', "\\\\").replace('=', "\\=");
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{separator}{key}={value}");
    }

    /// An address or a name; IPv6 has fields of its own.
    fn endpoint(&mut self, name: &str, [v4, host, v6, label]: [&str; 4]) {
        match address(name) {
            Some(IpAddr::V4(_)) => self.add(v4, name),
            Some(IpAddr::V6(_)) => {
                self.add(&format!("{v6}Label"), label);
                self.add(v6, name);
            }
            None => self.add(host, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard's dictionary, as far as it is used: name, and whether it is a number.
    const DICTIONARY: &[(&str, bool)] = &[
        ("externalId", false),
        ("rt", true),
        ("start", true),
        ("end", true),
        ("cat", false),
        ("deviceDirection", true),
        ("src", false),
        ("dst", false),
        ("shost", false),
        ("dhost", false),
        ("c6a2", false),
        ("c6a2Label", false),
        ("c6a3", false),
        ("c6a3Label", false),
        ("out", true),
        ("cs1", false),
        ("cs1Label", false),
        ("cs2", false),
        ("cs2Label", false),
        ("cfp1", true),
        ("cfp1Label", false),
        ("filePath", false),
        ("cn1", true),
        ("cn1Label", false),
        ("msg", false),
    ];

    /// Reads a line as a receiver does: bars and equals signs that are not escaped part it.
    fn read(line: &str) -> (Vec<String>, Vec<(String, String)>) {
        let (mut parts, mut part, mut escaped) = (Vec::new(), String::new(), false);
        let mut letters = line.chars();
        while parts.len() < 7 {
            match letters.next().unwrap() {
                letter if escaped => {
                    part.push(letter);
                    escaped = false;
                }
                '\\' => escaped = true,
                '|' => parts.push(std::mem::take(&mut part)),
                letter => part.push(letter),
            }
        }
        let rest = letters.as_str();
        let mut equals: Vec<usize> = Vec::new();
        for (at, letter) in rest.char_indices() {
            let before = rest[..at].chars().rev().take_while(|letter| *letter == '\\').count();
            if letter == '=' && before % 2 == 0 {
                equals.push(at);
            }
        }
        let key = |at: usize| rest[..at].rfind(' ').map_or(0, |space| space + 1);
        let mut pairs = Vec::new();
        for (index, at) in equals.iter().enumerate() {
            let end = equals.get(index + 1).map_or(rest.len(), |next| key(*next) - 1);
            let value = rest[at + 1..end].replace("\\=", "=").replace("\\\\", "\\");
            pairs.push((rest[key(*at)..*at].to_owned(), value));
        }
        (parts, pairs)
    }

    #[test]
    fn a_receiver_reads_what_was_meant() {
        let line = super::super::row::sample();
        let text = render(&line);
        assert!(!text.contains(['\n', '\u{202e}']), "{text}");
        let (header, pairs) = read(&text);
        assert_eq!(&header[..3], ["CEF:0", "outflow", "outflow"]);
        assert_eq!((header[4].as_str(), header[6].as_str()), ("rare-destination", "8"));
        let name = "10.16.0.132 sent 289 GB to a|b=c\\d\\u{a}\\u{202e}.example in 47 h";
        assert_eq!(header[5], name);
        let value = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        assert_eq!(value("dhost"), Some("a|b=c\\d\\u{a}\\u{202e}.example"));
        assert_eq!((value("src"), value("out")), (Some("10.16.0.132"), Some("289422878735")));
        assert_eq!((value("rt"), value("msg")), (Some("1680049800000"), Some(name)));
        assert_eq!((value("filePath"), value("cn1")), (Some("/var/log/a b.log"), Some("54401")));
        for (key, value) in &pairs {
            let (_, is_number) = DICTIONARY.iter().find(|(name, _)| name == key).expect(key);
            assert!(!is_number || value.parse::<f64>().is_ok(), "{key}={value}");
        }
    }

    #[test]
    fn newer_addresses_have_fields_of_their_own() {
        let mut line = super::super::row::sample();
        line["host"] = "2001:db8::1".into();
        let (_, pairs) = read(&render(&line));
        assert!(pairs.contains(&("c6a2".into(), "2001:db8::1".into())), "{pairs:?}");
        assert!(!pairs.iter().any(|(key, _)| key == "src"));
    }
}
