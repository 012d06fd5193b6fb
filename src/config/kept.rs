//! Names that live as long as the program, as those of built-in formats do.
//!
//! Events carry the name of their format; that they need not count who holds it is worth the few bytes which a file that is
//! read anew with other names leaves behind. The same name is kept once, however often the file is read.

use crate::formats::Kind;
use crate::formats::generic::mapped;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
static KINDS: Mutex<Vec<&'static Kind>> = Mutex::new(Vec::new());

/// This text, for good.
pub(super) fn text(text: &str) -> &'static str {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    match texts.get(text) {
        Some(kept) => kept,
        None => {
            let kept: &'static str = text.to_owned().leak();
            texts.insert(kept);
            kept
        }
    }
}

/// The row of an operator's format.
pub(super) fn kind(name: &str, headed: bool) -> &'static Kind {
    let name = text(name);
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = kinds.iter().find(|kind| kind.name == name && kind.is_header.is_some() == headed);
    match known {
        Some(kind) => kind,
        None => {
            let kind: &'static Kind = Box::leak(Box::new(mapped::kind(name, headed)));
            kinds.push(kind);
            kind
        }
    }
}
