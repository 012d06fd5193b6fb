use super::*;
use crate::formats::generic::mapped::{FIELDS, KEYS_MAX};

const FORMAT: &str = "[format.x]\nlines = \"json\"\nrole = \"proxy\"\ntime = \"t\"\nsource.ip = \"c\"\n";

pub(super) fn read(text: &str) -> Result<Config, ConfigError> {
    super::read(text, Path::new("/etc/outflow"))
}

/// Where the file is wrong and what is said about it.
fn wrong(text: &str) -> String {
    read(text).expect_err(text).to_string()
}

/// Each text is wrong at (line, column), and what is said holds all of these words.
pub(super) fn all_wrong(cases: &[(&str, (usize, usize), &[&str])]) {
    for (text, (line, column), words) in cases {
        let error = read(text).expect_err(text);
        assert_eq!((error.line, error.column), (*line, *column), "{text}\n{error}");
        for word in *words {
            assert!(error.message.contains(word), "{word:?} is not in {error}\n{text}");
        }
    }
}

#[test]
fn everything_that_works() {
    let text = format!(
        "budget = \"7/day\"\nlocal_networks = [\"10.0.0.0/8\", \"2001:db8::/32\"]\ninventory = \"hosts.csv\"\n\
         timezone = \"Europe/London\"\n{FORMAT}\n[[source]]\npaths = [\"*.log\", \"/var/log/x\", \"-\"]\nformat = \"syslog+x\"\n\
         role = \"proxy\"\nhost = \"web-01\"\n[[source]]\npaths = [\"y\"]\nformat_from = \"nginx.conf#main\"\n\
         [[source]]\npaths = [\"z\"]\nformat = \"auto\"\n"
    );
    let config = read(&text).unwrap();
    assert_eq!(config.budget, Some(Budget { per_day: 7 }));
    let networks: Vec<IpNet> = ["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse().unwrap()).into();
    assert_eq!(config.local_networks, Some(networks));
    assert_eq!(config.inventory, Some("/etc/outflow/hosts.csv".into()));
    assert_eq!(config.timezone, Some(TimeZone::get("Europe/London").unwrap()));
    assert_eq!(config.formats.iter().map(|own| own.kind().name).collect::<Vec<_>>(), ["x"]);
    let source = SourceConfig {
        paths: vec!["/etc/outflow/*.log".into(), "/var/log/x".into(), "-".into()],
        format: Some("syslog+x".into()),
        format_from: None,
        role: Some(Role::Proxy),
        host: Some("web-01".into()),
    };
    let nginx = SourceConfig {
        paths: vec!["/etc/outflow/y".into()],
        format: None,
        format_from: Some("/etc/outflow/nginx.conf#main".into()),
        role: None,
        host: None,
    };
    let auto = SourceConfig { paths: vec!["/etc/outflow/z".into()], format_from: None, ..nginx.clone() };
    assert_eq!(config.sources, [source, nginx, auto]);
}

#[test]
fn own_services() {
    let config =
        read("asn = \"a.mmdb\"\n[[service]]\nkind = \"vps\"\ndomain = [\"Files.example.\"]\nasn = [64496]\n")
            .unwrap();
    assert_eq!(config.asn, Some("/etc/outflow/a.mmdb".into()));
    let (service, marks) = &config.services[0];
    assert_eq!((service.name.as_str(), service.sort.name()), ("files.example", "vps"));
    assert_eq!(marks[..], ["files.example", "AS64496"]);
    all_wrong(&[
        ("[[service]]\nkind = \"fun\"\nasn = [1]", (2, 8), &["no kind \"fun\"", "file-sharing", "other"]),
        ("[[service]]\nkind = \"vps\"", (1, 1), &["domain = [", "asn = ["]),
        ("[[service]]\nkind = \"vps\"\ndomain = [\"a.example.com\"]", (3, 11), &["write \"example.com\""]),
    ]);
}

#[test]
fn an_empty_file_leaves_the_defaults() {
    let config = read("# nothing yet\n").unwrap();
    assert!(config.budget.is_none() && config.local_networks.is_none() && config.timezone.is_none());
    assert!(config.inventory.is_none() && config.formats.is_empty() && config.sources.is_empty());
}

#[test]
fn wrong_values_and_keys() {
    all_wrong(&[
        (
            "\nbudgt = \"10/day\"",
            (2, 1),
            &["\"budgt\"", "did you mean \"budget\"?", "local_networks, inventory"],
        ),
        ("quux = 1", (1, 1), &["no key \"quux\"; the keys are budget"]),
        ("budget = 10", (1, 10), &["in quotes", "integer `10`"]),
        ("budget = \"0/day\"", (1, 10), &["\"10/day\""]),
        ("local_networks = [\n  \"10.0.0.0/8\",\n  \"10.0.0/8\"]", (3, 3), &["\"10.0.0/8\"", "10.0.0.0/8"]),
        ("timezone = \"Europe/Londn\"", (1, 12), &["\"Europe/Londn\"", "Europe/London"]),
        ("a = \"ü\"\nbudget", (2, 7), &[]),
        ("[[source]]\npaths = []", (2, 9), &["at least one path"]),
        ("[[source]]\nformat = \"squid\"", (1, 1), &["paths"]),
        ("[[source]]\npath = [\"a\"]", (2, 1), &["\"path\"", "did you mean \"paths\"?"]),
        ("[[source]]\npaths = [\"a\"]\nformat = \"sqiud\"", (3, 11), &["did you mean \"squid\"?"]),
        ("[[source]]\npaths = [\"a\"]\nformat = \"squid:%ts %>a%>st\"", (3, 24), &["side by side"]),
        (
            "[[source]]\npaths = [\"a\"]\nformat = \"squid:%ts \\u0025>a%>st\"",
            (3, 10),
            &["side by side", "column 14"],
        ),
        (
            "[[source]]\npaths = [\"a\"]\nrole = \"prox\"",
            (3, 8),
            &["did you mean \"proxy\"?", "proxy, server, flow, store, dns"],
        ),
        (
            "[[source]]\npaths = [\"a\"]\nformat = \"squid\"\nformat_from = \"squid.conf\"",
            (4, 15),
            &["not both"],
        ),
    ]);
}

#[test]
fn formats_that_say_too_little() {
    for (missing, words) in [
        ("lines = \"json\"\n", "say how lines are written"),
        ("role = \"proxy\"\n", "say whose bytes"),
        ("time = \"t\"\n", "map time"),
        ("source.ip = \"c\"\n", "map source.ip"),
    ] {
        let error = wrong(&FORMAT.replace(missing, ""));
        assert!(error.starts_with("line 1, column 9: ") && error.contains(words), "{error}");
    }
    for (role, words) in [
        ("flow", "both ends: map source.ip and destination.ip"),
        ("dns", "what was asked: map dns.question.name"),
    ] {
        let error = wrong(&FORMAT.replace("proxy", role));
        assert!(error.contains(words), "{error}");
    }
    assert!(read(&FORMAT.replace("proxy", "store")).is_ok());
}

#[test]
fn wrong_formats() {
    let with = |line: &str| format!("{FORMAT}{line}\n");
    for (line, column, words) in [
        ("agent = \"a\"", 1, "did you mean \"user_agent.original\"?"),
        ("src_ip = \"a\"", 1, "did you mean \"source.ip\"?"),
        ("dst_bytes = \"a\"", 1, "did you mean \"destination.bytes\"?"),
        ("source_ip = \"a\"", 1, "did you mean \"source.ip\"?"),
        ("source.name = \"a\"", 8, "no field \"source.name\"; did you mean"),
        ("\"@timestamp\" = \"a\"", 1, "did you mean \"time\"?"),
        ("\"source.ip\" = \"d\"", 1, "source.ip is mapped twice"),
        ("source.port = 3", 15, "JSON has no columns"),
        ("source.port = \"\"", 15, "empty name"),
        ("source.port = true", 15, "a text in quotes, a whole number, a list or a table"),
        ("source.bytes = { unit = \"kB\" }", 16, "say where it stands"),
        ("source.bytes = { from = \"b\", unit = \"kb\" }", 37, "there is no unit \"kb\": it is one of B, kB"),
        ("source.bytes = { from = \"b\", units = \"kB\" }", 30, "did you mean \"unit\"?"),
        ("source.bytes = { from = \"b\", value = \"1\" }", 30, "a from or a value, once"),
        ("source.bytes = { value = \"many\" }", 16, "\"many\" is none"),
        ("source.bytes = { from = [\"a\", \"b\"] }", 25, "only time"),
        ("source.bytes = { from = \"b\", unit = 3 }", 37, "unit is a text in quotes"),
        ("source.port = { from = \"b\", unit = \"B\" }", 36, "source.port has no unit"),
        ("event.duration = \"d\"", 18, "say its unit"),
        ("event.duration = { from = \"d\", unit = \"m\" }", 39, "no unit \"m\": it is one of ns, us, ms"),
        ("separator = \";\"", 13, "lines = \"json\" has no separator"),
        ("mark = \":\"", 8, "lines = \"json\" has no mark"),
        ("remedy = 3", 10, "remedy is a text in quotes"),
    ] {
        let text = with(line);
        let error = read(&text).expect_err(&text);
        assert_eq!((error.line, error.column), (6, column), "{line}\n{error}");
        assert!(error.message.contains(words), "{line}\n{error}");
    }
    for (line, column, words) in [
        ("time = { from = \"t\", layout = \"unix\" }", 31, "no layout \"unix\": write one of any, epoch"),
        ("time = { from = \"t\", layout = \"%Y-%m-%d %Q\" }", 31, "no such letter, at column 10"),
        ("time = { from = \"t\", layout = \"%H:%M:%S\" }", 31, "lacks the year, month and day"),
        ("time = { from = \"t\", layout = \"%F\" }", 31, "lacks the hour and minute"),
        ("time = { from = \"t\", zone = \"Mars\" }", 29, "no zone \"Mars\""),
        ("time = { from = \"t\", marks = \"middle\" }", 30, "\"start\" or the \"end\""),
        ("time = { value = \"2023-03-29T01:02:03Z\" }", 8, "always the same"),
        ("time = { from = [] }", 17, "from"),
    ] {
        let text = FORMAT.replace("time = \"t\"", line);
        let error = read(&text).expect_err(&text);
        assert_eq!((error.line, error.column), (4, column), "{line}\n{error}");
        assert!(error.message.contains(words), "{line}\n{error}");
    }
    all_wrong(&[
        ("format = 3", (1, 10), &["[format.NAME]"]),
        ("[format]\nx = 3", (2, 5), &["[format.NAME]"]),
        ("[format.squid]\nlines = \"json\"", (1, 9), &["built-in", "choose another"]),
        ("[format.auto]\nlines = \"json\"", (1, 9), &["built-in"]),
        ("[format.\"a+b\"]\nlines = \"json\"", (1, 9), &["a-z, A-Z, 0-9"]),
        ("[format.x]\nlines = \"xml\"\nrole = \"dns\"", (2, 9), &["\"xml\"", "json, csv, tsv, key-value"]),
        (
            "[format.x]\nlines = \"csv\"\nseparator = \"::\"\nrole = \"dns\"",
            (3, 13),
            &["one ASCII character"],
        ),
    ]);
}

#[test]
fn every_field_can_be_mapped_and_every_separator_set() {
    let fields: String = FIELDS
        .iter()
        .map(|(name, _)| match *name {
            "event.duration" => "event.duration = { from = \"d\", unit = \"s\" }\n".to_owned(),
            name => format!("{name} = \"{name}\"\n"),
        })
        .collect();
    assert!(FIELDS.len() < KEYS_MAX);
    for lines in [
        "\"json\"",
        "\"csv\"\nseparator = \"|\"",
        "\"tsv\"",
        "\"logfmt\"",
        "\"key-value\"\nseparator = \";\"\nmark = \":\"",
    ] {
        let text = format!("[format.x]\nlines = {lines}\nrole = \"flow\"\n{fields}");
        assert!(read(&text).is_ok(), "{}", wrong(&text));
    }
}

#[test]
fn a_name_is_kept_once() {
    let name = |text: &str| read(text).unwrap().formats[0].kind();
    assert!(std::ptr::eq(name(FORMAT), name(FORMAT)));
}
