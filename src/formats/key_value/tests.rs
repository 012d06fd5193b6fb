use super::*;
use proptest::prelude::*;
use std::time::Instant;

fn read(line: &str, style: Style) -> Vec<(String, String)> {
    let scratch = Scratch::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    pairs(line.as_bytes(), style).map(|pair| (text(pair.key), text(pair.decode(&scratch)))).collect()
}

fn expect(line: &str, style: Style, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(read(line, style), expected, "{line}");
}

#[test]
fn every_spelling() {
    expect("a=1  b=\"2 3\"\tc= d=\"\"", LOGFMT, &[("a", "1"), ("b", "2 3"), ("c", ""), ("d", "")]);
    expect("a=1,b=\"2,3\",c=x", COMMAS, &[("a", "1"), ("b", "2,3"), ("c", "x")]);
    expect("[a:\"1\"; b:\"2; 3\"; c:\"x\"]", COLONS, &[("[a", "1"), ("b", "2; 3"), ("c", "x")]);
    expect("IN=eth0 OUT= SYN DF =x LEN=60", LOGFMT, &[("IN", "eth0"), ("OUT", ""), ("LEN", "60")]);
    expect(r#"u="a \"b\" \\c" d="CORP\jdoe""#, LOGFMT, &[("u", r#"a "b" \c"#), ("d", r"CORP\jdoe")]);
    // A quote that nobody escaped closes nothing, and one that is never closed is a character.
    expect(r#"m="a "b c" d=1"#, LOGFMT, &[("m", r#"a "b c"#), ("d", "1")]);
    expect("m=\"a d=1", LOGFMT, &[("m", "\"a"), ("d", "1")]);
    expect("url=http://x/?a=b", LOGFMT, &[("url", "http://x/?a=b")]);
    expect("", LOGFMT, &[]);
    expect("=", LOGFMT, &[]);
    expect("a=\"\\", LOGFMT, &[("a", "\"\\")]);
}

#[test]
fn quotes_cannot_make_it_slow() {
    for piece in ["a=\"b ", "a=\"", "\"=", "a=\"b\"c ", "\\\""] {
        let line = piece.repeat((1 << 20) / piece.len());
        let start = Instant::now();
        pairs(line.as_bytes(), LOGFMT).for_each(drop);
        assert!(start.elapsed().as_secs() < 5, "{piece}");
    }
}

proptest! {
    #[test]
    fn reads_what_a_writer_writes(pairs in proptest::collection::vec(("[a-z_.]{1,5}", "[a\"\\\\ =,;]{0,8}"), 0..6)) {
        let line: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        prop_assert_eq!(read(&line.join(" "), LOGFMT), pairs);
    }

    #[test]
    fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..60), text in "[a=\"\\\\ ;:,]{0,40}") {
        let scratch = Scratch::new();
        for line in [&line[..], text.as_bytes()] {
            for style in [LOGFMT, COMMAS, COLONS] {
                pairs(line, style).for_each(|pair| _ = pair.decode(&scratch));
            }
        }
    }
}
