//! Varnish: what varnishncsa writes for the side of the clients, by default or by a string for its `-F`.
//!
//! Grammar and letters are Apache's: `%b` is the body of the answer, `%O` and `%I` are what went to the client and came
//! from it, headers included. `%r` names the whole URL, as a forward proxy's log does, so that lines alone could be either:
//! detection asks, and this row is one answer. Lines of `-b` are of the other side, where egress is not.

use crate::event::Role;
use crate::formats::format_string::{Dialect, Layout, apache};
use crate::formats::{Context, Format, Kind, Sniffed, SpecError};
use std::sync::Arc;

/// The row of this format.
pub const KIND: Kind = Kind {
    name: "varnish",
    about: "Varnish: varnishncsa's default, or any string for its -F",
    roles: &[Role::Server],
    compile,
    sniff,
    is_header: None,
};

/// The default of `-F`.
const USUAL: &str = r#"%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i""#;

fn compile(spec: &str, context: &Context) -> Result<Arc<dyn Format>, SpecError> {
    let spec = match spec.trim() {
        "" => USUAL,
        name if !name.contains('%') => {
            let message = "varnishncsa knows no layouts by name: pass varnish alone for its default, or the string \
                           behind -F, which has letters like %h";
            return Err(SpecError { message: message.into(), position: 0 });
        }
        _ => spec,
    };
    let dialect =
        Dialect { dataset: "varnish", role: Role::Server, remedy: "add %O to varnishncsa -F", context };
    Ok(Arc::new(Layout::compile(apache::pieces(spec)?, dialect)?))
}

/// Apache's row, which is asked before, says what to pass.
fn sniff(_lines: &[&[u8]], _context: &Context) -> Sniffed {
    Sniffed::No
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format_string::tests::{shown, shown_by};
    use crate::formats::tests_support::chosen;
    use proptest::prelude::*;

    const LINE: &str = r#"192.0.2.7 - jdoe [29/Mar/2023:01:02:03 +0000] "GET http://www.example/a?b HTTP/1.1" 200 2326 "-" "say \"Gr\xc3\xb6\xc3\x9fe\"""#;

    #[test]
    fn the_default_and_strings() {
        let who = "from 2023-03-29T01:02:03Z | Server | src 192.0.2.7";
        for (spec, tail, expected) in [
            ("", "", "=2326 |"),
            (&format!("{USUAL} %I %O %D")[..], " 120 2600 4500", "=2600 | 4500us |"),
            (
                &format!("{USUAL} %{{Varnish:hitmiss}}x %{{VCL_Log:key}}x %{{VSL:Timestamp:Resp[2]}}x %O"),
                " miss  0.000123 2600",
                "=2600 |",
            ),
        ] {
            let told = shown(&KIND, spec, &format!("{LINE}{tail}"));
            assert!(told.contains(expected), "{spec}: {told}");
            assert!(told.starts_with(who) || told.contains("src 192.0.2.7"), "{told}");
            assert!(told.contains("jdoe") && told.contains("agent say \"Größe\""), "{told}");
        }
    }

    #[test]
    fn blind_and_wrong_strings() {
        let sight = |spec: &str| compile(spec, &Context::default()).map(|format| format.sight().blind());
        assert_eq!(sight("%h %t %I"), Ok(Some("no response bytes: add %O to varnishncsa -F".into())));
        assert_eq!(sight(""), Ok(None));
        assert_eq!(sight("combined").map_err(|error| error.position), Err(0));
        assert_eq!(sight("%h %t %").map_err(|error| error.position), Err(6));
    }

    #[test]
    fn asked_for_and_not_guessed() {
        assert!(matches!(sniff(&[LINE.as_bytes()], &Context::default()), Sniffed::No));
        assert!(chosen(&[LINE]).contains("--format varnish"), "{}", chosen(&[LINE]));
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            for spec in ["", "%h %t %O %{VSL:x[1]}x"] {
                let _ = shown_by(&*compile(spec, &Context::default()).unwrap(), &line);
            }
        }
    }
}
