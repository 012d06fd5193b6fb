//! First lines that say which format they are, and then are read by it.

use crate::reading::{context, read};
use outflow::formats::detect::{detect, named};
use outflow::formats::mixed::mixed;
use outflow::formats::{Detail, Scratch};
use outflow::framing::lines;

/// First lines looked at: each is shown to every kind several times.
const FIRST: usize = 16;

/// What detection chooses can be said on the command line, and both read the lines alike.
pub fn detection(input: &[u8]) {
    let first: Vec<&[u8]> = lines(input).take(FIRST).map(|line| line.text).collect();
    let full = context(Detail::Full);
    match detect(&first, &full) {
        Err(undetected) => assert!(undetected.line <= first.len().max(1), "{undetected:?}"),
        Ok(found) => {
            let envelopes: String =
                found.envelopes.iter().map(|envelope| format!("{}+", envelope.name())).collect();
            let text = format!("{envelopes}{}:{}", found.kind.name, found.spec);
            let (kind, by_name) = named(&text, &full).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((kind.name, by_name.sight()), (found.kind.name, found.format.sight()), "{text}");
            for line in &first {
                let scratch = Scratch::new();
                let (mut chosen, mut said) = (Vec::new(), Vec::new());
                let read = found.format.parse(line, &scratch, &mut chosen);
                assert_eq!(read, by_name.parse(line, &scratch, &mut said), "{text}");
                assert_eq!(chosen, said, "{text}");
            }
            self::read(kind, input, |context| Some(named(&text, context).ok()?.1));
        }
    }
    if let Some((format, _)) = mixed(&first, &full) {
        for line in &first {
            _ = format.parse(line, &Scratch::new(), &mut Vec::new());
        }
    }
}
