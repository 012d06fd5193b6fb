//! Headers, roles, blindness, sniffing and hostile rows.

use super::tests_dialects::{CLOUD_FRONT, CLOUD_FRONT_ROW, IIS, IIS_ROW, PROXY_SG, PROXY_SG_ROW};
use super::*;
use proptest::prelude::*;

/// Feeds lines as a driver does. Leaks them, so that a test may pass what it has just put together.
pub(super) fn read(spec: &str, context: &Context, lines: &[&str]) -> (Vec<Event<'static>>, Vec<Reject>) {
    let mut format = compile(spec, context).unwrap();
    let (mut events, mut rejects) = (Vec::new(), Vec::new());
    for line in lines {
        let (scratch, line): (_, &'static str) = (Box::leak(Box::default()), (*line).to_owned().leak());
        match KIND
            .is_header
            .is_some_and(|is| is(line.as_bytes()))
            .then(|| format.header(line.as_bytes()))
            .flatten()
        {
            Some(next) => format = next.unwrap(),
            None => rejects.extend(format.parse(line.as_bytes(), scratch, &mut events).err()),
        }
    }
    (events, rejects)
}

pub(super) fn read_one(headers: &[&str], row: &str) -> Result<Event<'static>, Reject> {
    let (mut events, rejects) = read("", &Context::default(), &[headers, &[row]].concat());
    rejects.first().map_or_else(|| Ok(events.pop().unwrap()), |reject| Err(*reject))
}

const UNDECIDED: &str = "#Fields: date time c-ip cs-method cs-uri sc-status sc-bytes cs-bytes";
const UNDECIDED_ROW: &str = "2023-03-29 01:02:03 10.1.2.3 GET / 200 224 512";

#[test]
fn headers_change_the_layout_in_the_middle_of_a_file() {
    let short = "#Fields: date time c-ip s-ip s-port sc-bytes";
    let row = "2023-03-29 01:02:04 203.0.113.10 10.0.0.5 443 7";
    let lines =
        [&IIS[..], &[IIS_ROW, short, row], &PROXY_SG, &[PROXY_SG_ROW], &IIS, &[IIS_ROW, "", "#Remark: over"]]
            .concat();
    let (events, rejects) = read("", &Context::default(), &lines);
    assert_eq!(rejects, []);
    let told: Vec<_> = events.iter().map(|event| (event.role, event.destination.bytes)).collect();
    let server = (Role::Server, Some(10_000_184));
    assert_eq!(told, [server, (Role::Server, Some(7)), (Role::Proxy, Some(224)), server]);
}

#[test]
fn the_role_is_told_asked_for_or_kept() {
    let role = |spec: &str, role, lines: &[&str]| {
        let (events, rejects) = read(spec, &Context { role, ..Context::default() }, lines);
        (events.last().map(|event| event.role), rejects.len())
    };
    let undecided = [UNDECIDED, UNDECIDED_ROW];
    assert_eq!(role("", None, &undecided), (None, 1));
    assert_eq!(role("", Some(Role::Proxy), &undecided), (Some(Role::Proxy), 0));
    assert_eq!(role("proxy date time c-ip", None, &undecided), (Some(Role::Proxy), 0));
    assert_eq!(role("", None, &[&IIS[..], &undecided].concat()), (Some(Role::Server), 0));
    assert_eq!(role("", None, &[&["#Software: SGOS 7"], &undecided[..]].concat()), (Some(Role::Proxy), 0));
    // The operator knows better than the fields.
    assert_eq!(role("", Some(Role::Proxy), &[&IIS[..], &[IIS_ROW]].concat()), (Some(Role::Proxy), 0));
    let error = compile("date time c-ip sc-bytes", &Context::default()).unwrap_err();
    assert!(error.message.contains("--role"));
    assert!(
        compile("date time s-computername sc-bytes", &Context::default())
            .unwrap_err()
            .message
            .contains("c-ip")
    );
    assert!(
        compile("server c-ip sc-bytes", &Context::default()).unwrap_err().message.contains("date and time")
    );
}

#[test]
fn rows_without_a_usable_header_are_rejected() {
    let reason = |lines: &[&str]| read("", &Context::default(), lines).1.last().map(|reject| reject.reason);
    assert_eq!(reason(&[IIS_ROW]), Some(Reason::NoHeader));
    assert_eq!(reason(&[&IIS[..], &["#Fields: cs-method", IIS_ROW]].concat()), Some(Reason::BadHeader));
    assert_eq!(reason(&[&IIS[..], &["#Fields:", IIS_ROW]].concat()), Some(Reason::BadHeader));
    let endless = format!("#Fields: date time c-ip s-sitename {}", "x ".repeat(2_000));
    assert_eq!(reason(&[&IIS[..], &[&endless, IIS_ROW]].concat()), Some(Reason::BadHeader));
    assert_eq!(
        reason(&["#Fields: time c-ip s-sitename", "01:02:03 10.1.2.3 W3SVC1"]),
        Some(Reason::BadTimestamp)
    );
}

#[test]
fn blindness_names_the_step_that_cures_it() {
    let blind = |headers: &[&str]| {
        let fields = headers.last().unwrap().replace(" sc-bytes", "").replace(" cs-bytes", "");
        compile("", &Context::default()).unwrap().header(fields.as_bytes()).unwrap().unwrap().sight().blind()
    };
    assert!(
        blind(&IIS)
            .is_some_and(|say| say.contains("Bytes Sent (sc-bytes)") && say.contains("logExtFileFlags"))
    );
    assert!(blind(&PROXY_SG).is_some_and(|say| say.contains("cs-bytes") && say.contains("ELFF")));
    assert!(blind(&CLOUD_FRONT).is_some_and(|say| say.contains("sc-bytes")));
    for headers in [&IIS[..], &PROXY_SG, &CLOUD_FRONT] {
        let format = compile("", &Context::default()).unwrap().header(headers.last().unwrap().as_bytes());
        assert_eq!(format.unwrap().unwrap().sight().blind(), None);
    }
    assert!(compile("", &Context::default()).unwrap().sight().blind().is_some());
    let event =
        read_one(&["#Fields: date time c-ip s-sitename"], "2023-03-29 01:02:03 203.0.113.9 W3SVC1").unwrap();
    assert_eq!((event.source.bytes, event.destination.bytes), (None, None));
}

#[test]
fn hostile_rows_are_rejected_where_they_go_wrong() {
    for (right, wrong, reason) in [
        ("10000184", "-1", Reason::BadNumber),
        ("10000184", "1e308", Reason::BadNumber),
        ("10000184", "99999999999999999999", Reason::BadNumber),
        ("1250", "soon", Reason::BadNumber),
        ("01:02:03", "25:02:03", Reason::BadTimestamp),
        ("2023-03-29", "2023-02-29", Reason::BadTimestamp),
        ("01:02:03", "-", Reason::BadTimestamp),
        (" 443 ", " 65536 ", Reason::BadNumber),
    ] {
        let reject = read_one(&IIS, &IIS_ROW.replace(right, wrong)).unwrap_err();
        assert_eq!(reject.reason, reason, "{wrong}");
    }
    let reject = read_one(&IIS, &IIS_ROW.replace("10000184", "ten")).unwrap_err();
    assert_eq!(reject, Reject::at(Reason::BadNumber, IIS_ROW.find("10000184").unwrap()));
    // What only `parse` prints is no reason to lose the bytes.
    assert_eq!(read_one(&IIS, &IIS_ROW.replace(" 200 ", " 9999 ")).unwrap().status, None);
    // ProxySG appends columns to its formats, so that a row of one of its own may be longer than its header.
    assert!(read_one(&PROXY_SG, &format!("{PROXY_SG_ROW} more")).is_ok());
    for (headers, row) in [(&IIS[..], IIS_ROW), (&PROXY_SG, PROXY_SG_ROW), (&CLOUD_FRONT, CLOUD_FRONT_ROW)] {
        let separator = if row.contains('\t') { "\t" } else { " " };
        let longer = format!("{row}{separator}more");
        let rows = [longer, row.rsplit_once(separator).unwrap().0.to_owned()];
        for row in rows.into_iter().skip(usize::from(headers == PROXY_SG)) {
            assert_eq!(
                read_one(headers, &row).map_err(|reject| reject.reason),
                Err(Reason::Malformed),
                "{row}"
            );
        }
    }
    assert!(read_one(&IIS, &format!("{IIS_ROW} ")).is_ok());
}

#[test]
fn sniffing() {
    let sniffed_as = |role, lines: &[&str]| {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        match sniff(&lines, &Context { role, ..Context::default() }) {
            Sniffed::Yes { spec, why } | Sniffed::Else { spec, why } => {
                compile(&spec, &Context::default()).unwrap();
                format!("{} because {why}", spec.split(' ').next().unwrap_or_default())
            }
            Sniffed::Unsure { say } => say,
            Sniffed::No => "no".to_owned(),
        }
    };
    let sniffed = |lines: &[&str]| sniffed_as(None, lines);
    assert!(sniffed(&[&IIS[..], &[IIS_ROW]].concat()).starts_with("server because"));
    assert!(sniffed(&CLOUD_FRONT).starts_with("server because"));
    assert!(sniffed(&PROXY_SG).starts_with("proxy because"));
    assert!(
        sniffed(&["#Software: Microsoft Internet Information Services 10.0", UNDECIDED])
            .starts_with("server because")
    );
    assert!(sniffed(&[UNDECIDED, UNDECIDED_ROW]).contains("--role"));
    assert!(sniffed_as(Some(Role::Proxy), &[UNDECIDED]).starts_with("proxy because"));
    assert!(sniffed(&[IIS_ROW]).contains("without their #Fields"));
    for other in [
        &[][..],
        &["#separator \\x09", "#path\tconn", "#fields\tts\tuid\tid.orig_h\tid.resp_h\torig_bytes"],
        &[
            "#Version: 1.5",
            "#Software: A host firewall",
            "#Fields: date time action protocol src-ip dst-ip src-port dst-port size",
        ],
        &["#Software: A mail server", "#Fields: date-time,connector-id,session-id"],
        &[
            "1680051723.456    120 10.1.2.3 TCP_TUNNEL/200 224 CONNECT files.example:443 jdoe HIER_DIRECT/203.0.113.9 -",
        ],
        &["203.0.113.9 - - [29/Mar/2023:01:02:03 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"curl/8.0\""],
        &[
            "2 123456789012 eni-0a1b2c3d 10.1.2.3 203.0.113.9 50123 443 6 10 840 1680051723 1680051783 ACCEPT OK",
        ],
        &[r#"{"ts":1680051723,"id.orig_h":"10.1.2.3","id.resp_h":"203.0.113.9","orig_bytes":1}"#],
    ] {
        assert_eq!(sniffed(other), "no", "{other:?}");
    }
}

/// A format below these headers.
fn below(headers: &[&str], detail: Detail) -> Arc<dyn Format> {
    let format = compile("", &Context { detail, ..Context::default() }).unwrap();
    headers.iter().fold(format, |format, line| match format.header(line.as_bytes()) {
        Some(next) => next.unwrap(),
        None => format,
    })
}

proptest! {
    #[test]
    fn mutated_rows_give_one_event_at_most_and_the_same_in_both_details(
        (headers, row) in prop::sample::select(vec![(&IIS[..], IIS_ROW), (&PROXY_SG, PROXY_SG_ROW), (&CLOUD_FRONT, CLOUD_FRONT_ROW)]),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in any::<prop::sample::Index>(),
        whole: bool,
    ) {
        let mut line = row.as_bytes().to_vec();
        for (place, byte) in edits {
            let place = place.index(line.len());
            line[place] = byte;
        }
        if !whole {
            line.truncate(cut.index(line.len()) + 1);
        }
        let read = |detail| {
            let (scratch, mut events) = (Scratch::new(), Vec::new());
            let read = below(headers, detail).parse(&line, &scratch, &mut events);
            let numbers = events.iter().map(|e| format!("{:?}", (e.timestamp, e.duration, e.source, e.destination)));
            (read, numbers.collect::<Vec<_>>())
        };
        prop_assert_eq!(read(Detail::Full), read(Detail::Sums));
    }

    /// A client chooses its user agent; where the proxy escapes it, nothing that it sends moves another column.
    #[test]
    fn an_escaped_agent_never_moves_a_column(agent in "[a \"\\\\+%-]{0,12}") {
        let escaped = agent.replace('\\', "/").replace('"', "\"\"");
        let row = PROXY_SG_ROW.replace("say \"\"hi\"\" to \\\"rclone\\\"", &escaped);
        let event = read_one(&PROXY_SG, &row).unwrap();
        prop_assert_eq!((event.source.bytes, event.destination.bytes), (Some(10_000_184), Some(224)));
        let agent = agent.replace('\\', "/");
        prop_assert_eq!(event.user_agent, Some(agent.as_bytes()).filter(|agent| !matches!(*agent, b"" | b"-")));
    }

    #[test]
    fn no_bytes_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..4)) {
        for line in &lines {
            let fields = [b"#Fields: date time c-ip s-action ", &line[..]].concat();
            for format in [below(&PROXY_SG, Detail::Full), below(&CLOUD_FRONT, Detail::Full), below(&IIS, Detail::Full)] {
                for text in [&line[..], &fields, &[b"#Date: ", &line[..]].concat(), &[b"#", &line[..]].concat()] {
                    _ = format.header(text);
                    _ = format.parse(text, &Scratch::new(), &mut Vec::new());
                }
            }
        }
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        _ = sniff(&lines, &Context::default());
    }
}
