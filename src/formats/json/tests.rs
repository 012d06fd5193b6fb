//! The scanner against serde_json, which is the oracle for everything that it accepts.

use super::*;
use crate::event::reject::Reason;
use proptest::prelude::*;
use serde_json::{Map, Number, Value as Tree};

/// The tree that serde_json would have built, from what the scanner yields.
fn tree(value: Value<'_>, scratch: &Scratch) -> Result<Tree, Reject> {
    Ok(match value {
        Value::Text(text) => Tree::String(String::from_utf8_lossy(text.decode(scratch)).into_owned()),
        Value::Number(digits) => {
            serde_json::from_slice(digits).map_err(|_| Reject::line(Reason::BadNumber))?
        }
        Value::Bool(bool) => Tree::Bool(bool),
        Value::Null => Tree::Null,
        Value::Object(members) => Tree::Object(object(members, scratch)?),
        Value::Array(items) => Tree::Array(items.map(|item| tree(item?, scratch)).collect::<Result<_, _>>()?),
    })
}

fn object(members: Members<'_>, scratch: &Scratch) -> Result<Map<String, Tree>, Reject> {
    let (mut members, mut map) = (members, Map::new());
    while let Some(member) = members.next() {
        let (key, value) = member?;
        let key = String::from_utf8_lossy(key.decode(scratch)).into_owned();
        // Some are passed, the others are read again.
        let tree = match value {
            Value::Object(mut inner) if key.len().is_multiple_of(2) => {
                let tree = object(inner, scratch)?;
                assert!(inner.by_ref().all(|member| member.is_ok()));
                members.pass(inner.end());
                Tree::Object(tree)
            }
            value => tree(value, scratch)?,
        };
        map.insert(key, tree);
    }
    Ok(map)
}

fn read(line: &[u8]) -> Result<Tree, Reject> {
    object(members(line), &Scratch::new()).map(Tree::Object)
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(|number| Tree::Number(number.into())),
        any::<u64>().prop_map(|number| Tree::Number(number.into())),
        any::<f64>().prop_filter_map("finite", |number| Number::from_f64(number).map(Tree::Number)),
        any::<String>().prop_map(Tree::String),
        "[\\\\\"/\\x00-\\x1fa\u{1f600}]{0,8}".prop_map(Tree::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Tree::Array),
            any_object(inner).prop_map(Tree::Object),
        ]
    })
}

fn any_object(values: impl Strategy<Value = Tree>) -> impl Strategy<Value = Map<String, Tree>> {
    proptest::collection::vec(("[a-z_.\"\\\\\u{e9}]{0,6}|\\PC{0,4}", values), 0..6)
        .prop_map(|members| members.into_iter().collect())
}

#[test]
fn escapes_are_decoded() {
    let text =
        |raw: &str| read(format!(r#"{{"a":"{raw}"}}"#).as_bytes()).unwrap()["a"].as_str().unwrap().to_owned();
    assert_eq!(text(r#"\"\\\/\b\f\n\r\t"#), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(text(r"\u00e9 \ud83d\ude00 \uD83D"), "\u{e9} \u{1f600} \u{fffd}");
    assert_eq!(text(r"\udc00\u0041\ud83d\u0041"), "\u{fffd}A\u{fffd}A");
    // What a web server writes into a format that is only shaped like JSON.
    assert_eq!(text(r"say \x22hi\x22"), "say \"hi\"");
    assert_eq!(text(r"\q \u12 \xZZ"), r"\q \u12 \xZZ");
}

#[test]
fn garbage_is_rejected_where_it_stands() {
    for (line, column) in [
        ("", 1),
        ("x", 1),
        ("{", 2),
        ("{} x", 4),
        ("{\"a\"}", 5),
        ("{\"a\":}", 6),
        ("{\"a\":1,}", 8),
        ("{\"a\":1 \"b\":2}", 8),
        ("{\"a\":01}", 7),
        ("{\"a\":-}", 7),
        ("{\"a\":1.}", 8),
        ("{\"a\":tru}", 6),
        ("{\"a\":\"b}", 6),
        ("{\"a\":\"b\\", 6),
        ("{\"a\":[1,]}", 9),
        ("{\"a\":{\"b\":[}]}", 12),
        ("{a:1}", 2),
        ("[]", 1),
    ] {
        assert_eq!(read(line.as_bytes()), Err(Reject { reason: Reason::BadJson, column }), "{line}");
    }
}

#[test]
fn an_error_ends_the_walk_and_comes_once() {
    let mut walk = members(b"{\"a\":1,\"b\":?");
    assert!(walk.next().unwrap().is_ok());
    assert!(walk.next().unwrap().is_err());
    assert!(walk.next().is_none());
}

#[test]
fn nesting_has_a_cap() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(members(nested(64).as_bytes()).all(|member| member.is_ok()));
    assert!(members(nested(65).as_bytes()).any(|member| member.is_err()));
    assert!(members("{\"a\":".repeat(100_000).as_bytes()).any(|member| member.is_err()));
}

#[test]
fn depth_is_capped_for_those_who_enter_too() {
    fn depth(members: Members<'_>) -> Result<usize, Reject> {
        let mut members = members;
        match members.next() {
            Some(Ok((_, Value::Object(inner)))) => depth(inner).map(|depth| depth + 1),
            other => other.transpose().map(|_| 0),
        }
    }
    let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert_eq!(depth(members(nested(65).as_bytes())), Ok(64));
    assert!(depth(members(nested(66).as_bytes())).is_err());
}

#[test]
fn what_was_walked_is_passed() {
    let line = br#"{"a":{"b":[1,{"c":2}]},"d":3}"#;
    let mut outer = members(line);
    let Some(Ok((_, Value::Object(mut inner)))) = outer.next() else { panic!() };
    let Some(Ok((_, Value::Array(mut items)))) = inner.next() else { panic!() };
    assert_eq!(items.by_ref().count(), 2);
    inner.pass(items.end());
    assert!(inner.next().is_none());
    outer.pass(inner.end());
    assert!(matches!(outer.next(), Some(Ok((_, Value::Number(b"3"))))));
    assert!(outer.next().is_none());
    // The end of what was not walked to its end is none, and the value is then checked all the same.
    let mut outer = members(br#"{"a":{"b":1,},"d":3}"#);
    let Some(Ok((_, Value::Object(mut inner)))) = outer.next() else { panic!() };
    assert!(inner.next().unwrap().is_ok());
    outer.pass(inner.end());
    assert!(outer.next().unwrap().is_err());
    assert!(outer.next().is_none());
}

#[test]
fn scalars_are_text_whether_quoted_or_not() {
    let scratch = Scratch::new();
    let line = br#"{"a":"1","b":1,"c":true,"d":null,"e":[]}"#;
    let texts: Vec<_> = members(line).map(|member| member.unwrap().1.scalar(&scratch)).collect();
    assert_eq!(texts, [Some(&b"1"[..]), Some(b"1"), Some(b"true"), None, None]);
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(tree in any_object(any_tree()).prop_map(Tree::Object), pretty: bool) {
        let line = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) }.unwrap();
        // Through serde_json too, since a float does not always survive its shortest text to the last bit.
        prop_assert_eq!(read(&line).unwrap(), serde_json::from_slice::<Tree>(&line).unwrap());
    }

    /// Structure only: no backslash and no control character, where the scanner is lenient on purpose; numbers stay small
    /// enough for serde_json, which refuses what overflows a float.
    #[test]
    fn accepts_exactly_what_serde_json_accepts(
        tree in any_object(any_tree()).prop_map(Tree::Object),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[{}\\[\\]\",:0-9.eE+\\-a tn]{0,2}"), 0..3),
    ) {
        let mut line = serde_json::to_string(&tree).unwrap().replace(|c: char| c == '\\' || !c.is_ascii() || c == '\x7f', "");
        for (place, text) in edits {
            let place = place.index(line.len());
            line.replace_range(place..=place, &text);
        }
        let theirs = serde_json::from_str::<Map<String, Tree>>(&line);
        prop_assume!(!theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range")));
        prop_assert_eq!(members(line.as_bytes()).all(|member| member.is_ok()), theirs.is_ok(), "{}", line);
    }

    #[test]
    fn the_fast_road_is_the_plain_one(
        tree in any_object(any_tree()).prop_map(Tree::Object),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[{}\\[\\]\",:\\\\0-9.eE+\\-a tn]{0,2}"), 0..3),
    ) {
        let mut line = serde_json::to_vec(&tree).unwrap();
        for (place, text) in edits {
            let place = place.index(line.len());
            line.splice(place..=place, text.bytes());
        }
        let (either, mut plain) = (members(&line), members(&line));
        let plainly = std::iter::from_fn(|| {
            if let Err(reject) = plain.0.catch_up() {
                return Some(Err(reject));
            }
            let (members, read) = plain.plainly();
            plain = members;
            read
        });
        let shown = |member: Result<(Text<'_>, Value<'_>), Reject>| format!("{member:?}");
        prop_assert_eq!(either.map(shown).collect::<Vec<_>>(), plainly.map(shown).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..60), text in "[{}\\[\\]\",:\\\\ux0-9a-f]{0,60}") {
        _ = (read(&line), read(text.as_bytes()));
        _ = read(&[b"{\"a\":\"", &line[..], b"\"}"].concat());
    }
}
