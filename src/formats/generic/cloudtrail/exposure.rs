//! Calls that change who may read a bucket, or whether it is logged.

use crate::event::Exposure;
use crate::formats::Scratch;
use crate::formats::json::{Items, Members, Value};

/// No statement of a policy lies deeper.
const DEPTH: usize = 8;

/// What a call did that succeeded; `None` for calls that expose nothing. `record` is all of it.
pub(super) fn of(name: &[u8], record: Members<'_>, scratch: &Scratch) -> Option<Exposure> {
    let said = |found: Found| if found.public { Exposure::Public } else { Exposure::Changed };
    let look = || look(record, DEPTH, scratch);
    match name {
        b"PutBucketPolicy" => Some(said(look())),
        // Most say nothing of who may read, and then they are no news.
        b"PutBucketAcl" | b"PutObjectAcl" | b"CreateBucket" => {
            Some(said(look())).filter(|exposure| *exposure == Exposure::Public || name == b"PutBucketAcl")
        }
        b"DeletePublicAccessBlock" | b"DeleteBucketPublicAccessBlock" | b"DeleteAccountPublicAccessBlock" => {
            Some(Exposure::Unblocked)
        }
        b"PutPublicAccessBlock" | b"PutBucketPublicAccessBlock" | b"PutAccountPublicAccessBlock" => {
            look().unblocked.then_some(Exposure::Unblocked)
        }
        b"PutBucketLogging" => (!look().logged).then_some(Exposure::Unlogged),
        _ => None,
    }
}

/// What stands somewhere in a call.
#[derive(Clone, Copy, Default)]
struct Found {
    /// Everybody may read.
    public: bool,
    /// One of the four blocks on public access is off.
    unblocked: bool,
    /// Where the log goes is said.
    logged: bool,
}

impl Found {
    fn and(self, other: Found) -> Found {
        Found {
            public: self.public || other.public,
            unblocked: self.unblocked || other.unblocked,
            logged: self.logged || other.logged,
        }
    }
}

/// Access lists that give to everybody, or to every customer of Amazon's: canned ones, and groups among the grantees.
fn is_everybody(text: &[u8]) -> bool {
    matches!(text, b"public-read" | b"public-read-write" | b"authenticated-read")
        || text.ends_with(b"/groups/global/AllUsers")
        || text.ends_with(b"/groups/global/AuthenticatedUsers")
}

/// The blocks on public access, by their names in calls.
fn is_block(key: &[u8]) -> bool {
    [&b"BlockPublicAcls"[..], b"IgnorePublicAcls", b"BlockPublicPolicy", b"RestrictPublicBuckets"]
        .contains(&key)
}

fn look(members: Members<'_>, depth: usize, scratch: &Scratch) -> Found {
    let mut found = Found::default();
    let (mut allows, mut everybody, mut conditional) = (false, false, false);
    for (key, value) in members.map_while(Result::ok) {
        let key = key.decode(scratch);
        match key {
            b"Effect" => allows = value.scalar(scratch) == Some(b"Allow"),
            b"Principal" => everybody = is_star(value, scratch),
            b"Condition" => conditional = true,
            b"LoggingEnabled" => found.logged = !matches!(value, Value::Null | Value::Text(_)),
            _ if is_block(key) => found.unblocked |= value.scalar(scratch) == Some(b"false"),
            _ => {}
        }
        found = found.and(value_of(value, depth, scratch));
    }
    // A condition may leave only our own networks: then it is a change like others.
    found.public |= allows && everybody && !conditional;
    found
}

fn value_of(value: Value<'_>, depth: usize, scratch: &Scratch) -> Found {
    match value {
        Value::Object(inner) if depth > 0 => look(inner, depth - 1, scratch),
        Value::Array(items) if depth > 0 => items_of(items)
            .map(|value| value_of(value, depth - 1, scratch))
            .fold(Found::default(), Found::and),
        value => Found { public: value.scalar(scratch).is_some_and(is_everybody), ..Found::default() },
    }
}

fn items_of<'a>(items: Items<'a>) -> impl Iterator<Item = Value<'a>> {
    items.map_while(Result::ok)
}

/// `"*"`, `["*"]`, `{"AWS":"*"}`, `{"AWS":["*"]}`.
fn is_star(value: Value<'_>, scratch: &Scratch) -> bool {
    let star = |value: Value<'_>| value.scalar(scratch) == Some(b"*");
    match value {
        Value::Object(principals) => principals.map_while(Result::ok).any(|(_, value)| match value {
            Value::Array(items) => items_of(items).any(star),
            value => star(value),
        }),
        Value::Array(items) => items_of(items).any(star),
        value => star(value),
    }
}
