//! Configuration files of servers: the main one and, behind each NUL, one that it may include.

use crate::reading::context;
use outflow::formats::conf::{ConfError, Defined, Included, Missing, Server, read, read_as};
use outflow::formats::detect::named;
use outflow::formats::{Detail, Scratch};

const LINE: &[u8] =
    b"203.0.113.7 - - [29/Mar/2023:01:02:03 +0000] \"GET /x HTTP/1.1\" 200 1234 \"-\" \"curl\" 80 1400";

pub fn conf(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (main, rest) = text.split_once('\0').unwrap_or((&text, ""));
    let files: Vec<String> = rest.split('\0').take(4).map(str::to_owned).collect();
    let included =
        |(number, text): (usize, &String)| Included { path: number.to_string(), text: text.clone() };
    let mut include = |pattern: &str, missing: Missing| {
        let wanted = if pattern.contains('*') { files.len() } else { 1 };
        match missing {
            Missing::Wrong if files.is_empty() => Err("it is not there".to_owned()),
            _ => Ok(files.iter().take(wanted).enumerate().map(included).collect()),
        }
    };
    check(read(main, &mut include), &text);
    for server in [Server::Squid, Server::Apache, Server::Nginx, Server::Haproxy] {
        check(read_as(server, main, &mut include), &text);
    }
}

/// Layouts have different names; an error lies within the text; what compiles reads a line.
fn check(read: Result<Vec<Defined>, ConfError>, text: &str) {
    let layouts = match read {
        Err(error) => return assert!(error.line <= text.lines().count(), "{error}"),
        Ok(layouts) => layouts,
    };
    let mut names: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), layouts.len());
    for layout in layouts {
        match named(&layout.spec, &context(Detail::Full)) {
            Ok((_, format)) => _ = format.parse(LINE, &Scratch::new(), &mut Vec::new()),
            Err(error) => assert!(error.position <= layout.spec.len(), "{error}: {}", layout.spec),
        }
    }
}
