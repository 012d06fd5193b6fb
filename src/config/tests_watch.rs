use super::tests::{all_wrong, read};
use super::*;
use crate::units::{Bytes, Span};

const WATCH: &str = r#"[store]
path = "state"
commit_every = "2s"
retain = "30d"

[[listen]]
syslog = "udp://127.0.0.1:5514"

[[listen]]
syslog = "tls://[::1]:6514"
cert = "cert.pem"
key = "/key.pem"
format = "squid"
role = "proxy"
name = "proxies"

[[listen]]
syslog = "unix:///run/outflow/log"
host = "web-01"

[[listen]]
stdin = true

[[output]]
jsonl = "incidents.jsonl"
rotate_at = "5MB"
keep = 3
render = "ecs"

[[output]]
stdout = true

[[output]]
syslog = "tls://siem.example:6514"
ca = "ca.pem"
render = "cef"

[[output]]
webhook = "https://user:word@hooks.example/services/T0/B0/secret?token=x"
template = "slack"
secret_file = "secret"

[[output]]
exec = ["/usr/local/bin/tell", "--quick"] # somebody's
time_limit = "3s"
name = "pager"

[limits]
hosts = 1000
destinations = 2000
open_files = 64
spool = "50MB"

[http]
bind = "0.0.0.0:9477"
token_file = "token"

[log]
format = "json"
level = "debug"
"#;

#[test]
fn everything_that_watch_needs() {
    let config = read(WATCH).unwrap();
    let folder = Path::new("/etc/outflow");
    let store = StoreConfig {
        path: folder.join("state"),
        commit_every: Span::SECOND.times(2),
        retain: Span::DAY.times(30),
    };
    assert_eq!(config.store, store);
    let listeners: Vec<(&str, &ListenAt)> =
        config.listeners.iter().map(|listener| (listener.name.as_str(), &listener.at)).collect();
    let tls = ListenAt::Tls {
        address: "[::1]:6514".parse().unwrap(),
        cert: folder.join("cert.pem"),
        key: "/key.pem".into(),
    };
    assert_eq!(
        listeners,
        [
            ("udp-127.0.0.1-5514", &ListenAt::Udp("127.0.0.1:5514".parse().unwrap())),
            ("proxies", &tls),
            ("unix-run-outflow-log", &ListenAt::Unix("/run/outflow/log".into())),
            ("stdin", &ListenAt::Stdin),
        ]
    );
    assert_eq!(
        (config.listeners[1].format.as_deref(), config.listeners[1].role),
        (Some("squid"), Some(Role::Proxy))
    );
    assert_eq!(config.listeners[2].host.as_deref(), Some("web-01"));
    let outputs: Vec<(&str, Render)> =
        config.outputs.iter().map(|output| (output.name.as_str(), output.render)).collect();
    assert_eq!(
        outputs,
        [
            ("jsonl:incidents.jsonl", Render::Ecs),
            ("stdout", Render::Outflow),
            ("tls://siem.example:6514", Render::Cef),
            ("webhook:hooks.example", Render::Outflow),
            ("pager", Render::Outflow),
        ]
    );
    let jsonl = Target::Jsonl { path: folder.join("incidents.jsonl"), rotate_at: Bytes(5_000_000), keep: 3 };
    assert_eq!(config.outputs[0].to, jsonl);
    let exec = Target::Exec {
        command: vec!["/usr/local/bin/tell".into(), "--quick".into()],
        time_limit: Span::SECOND.times(3),
    };
    assert_eq!(config.outputs[4].to, exec);
    let limits = LimitsConfig { hosts: 1000, destinations: 2000, open_files: 64, spool: Bytes(50_000_000) };
    assert_eq!(config.limits, limits);
    let http = HttpConfig { bind: "0.0.0.0:9477".parse().unwrap(), token_file: Some(folder.join("token")) };
    assert_eq!(config.http, http);
    assert_eq!(config.log, LogConfig { format: LogFormat::Json, level: LogLevel::Debug });
}

#[test]
fn mistakes_are_pointed_at() {
    let listen = |line: &str| format!("[[listen]]\n{line}");
    let output = |line: &str| format!("[[output]]\n{line}");
    let cases: Vec<(String, (usize, usize), &[&str])> = vec![
        ("[store]\ncommit_evry = \"5s\"".into(), (2, 1), &["did you mean \"commit_every\"?"]),
        ("[store]\ncommit_every = \"5 parsecs\"".into(), (2, 16), &["\"5m\""]),
        ("[store]\ncommit_every = \"1ms\"".into(), (2, 16), &["too little: write 0.1 s or more"]),
        ("[store]\nretain = \"1h\"".into(), (2, 10), &["too little"]),
        (listen("host = \"a\""), (1, 1), &["syslog = \"udp://127.0.0.1:5514\""]),
        (listen("stdin = false"), (1, 1), &["syslog = "]),
        (listen("syslog = \"127.0.0.1:514\""), (2, 10), &["does not say how", "udp://"]),
        (listen("syslog = \"utp://127.0.0.1:514\""), (2, 10), &["did you mean udp://?"]),
        (listen("syslog = \"udp://localhost:514\""), (2, 10), &["udp://127.0.0.1:5514", "all networks"]),
        (listen("syslog = \"tls://127.0.0.1:514\""), (2, 10), &["cert = ", "key = "]),
        (listen("syslog = \"tcp://127.0.0.1:514\"\nkey = \"a\""), (3, 7), &["tls://"]),
        (listen("syslog = \"udp://127.0.0.1:514\"\nstdin = true"), (3, 9), &["not both"]),
        (listen("stdin = true\nname = \"../x\""), (3, 8), &["a-z"]),
        (listen("stdin = true\nname = \".x\""), (3, 8), &["no . at its start"]),
        (listen("stdin = true\nformat = \"sqiud\""), (3, 11), &["did you mean \"squid\"?"]),
        (listen("stdin = true\n[[listen]]\nstdin = true"), (3, 1), &["called \"stdin\"", "name = "]),
        (output("name = \"a\""), (1, 1), &["jsonl = \"FILE\"", "exec = "]),
        (output("jsonl = \"a\"\nstdout = true"), (3, 10), &["jsonl or stdout, not both"]),
        (output("jsnol = \"a\""), (2, 1), &["did you mean \"jsonl\"?"]),
        (output("stdout = true\nkeep = 3"), (3, 8), &["keep is for outputs with jsonl", "has stdout"]),
        (
            output("stdout = true\nrender = \"ocfs\""),
            (3, 10),
            &["did you mean \"ocsf\"?", "outflow, ecs, ocsf, cef"],
        ),
        (output("jsonl = \"a\"\nrender = \"cef\""), (3, 10), &["no JSON"]),
        (output("jsonl = \"a\"\nkeep = -1"), (3, 8), &["-1"]),
        (output("jsonl = \"a\"\nrotate_at = \"1B\""), (3, 13), &["1.00 kB or more"]),
        (output("syslog = \"udp://siem.example\""), (2, 10), &["udp://siem.example:514"]),
        (output("syslog = \"unix://a\""), (2, 10), &["no \"unix://\" here"]),
        (output("syslog = \"udp://siem.example:514\"\nca = \"a\""), (3, 6), &["tls://"]),
        (output("webhook = \"hooks.example\""), (2, 11), &["https://"]),
        (output("webhook = \"https:///a\""), (2, 11), &["https://hooks.example/path"]),
        (output("webhook = \"https://h/\"\ntemplate = \"salck\""), (3, 12), &["did you mean \"slack\"?"]),
        (output("webhook = \"https://h/\"\ntemplate = \"slack\"\nrender = \"ecs\""), (4, 10), &["generic"]),
        (output("exec = []"), (2, 8), &["which program"]),
        (output("exec = \"a b\""), (2, 8), &["sequence"]),
        (output("exec = [\"a\"]\ntime_limit = \"0s\""), (3, 14), &["too little"]),
        ("[limits]\nhosts = 0".into(), (2, 9), &["write 1 or more"]),
        ("[limits]\nspool = \"2kB\"".into(), (2, 9), &["too little"]),
        ("[http]\nbind = \"0.0.0.0:1\"".into(), (2, 8), &["token_file"]),
        ("[http]\nbind = \"localhost\"".into(), (2, 8), &["127.0.0.1:9477"]),
        ("[log]\nlevel = \"wran\"".into(), (2, 9), &["did you mean \"warn\"?"]),
        ("[log]\nformat = \"xml\"".into(), (2, 10), &["text, json"]),
    ];
    let cases: Vec<(&str, (usize, usize), &[&str])> =
        cases.iter().map(|(text, place, words)| (text.as_str(), *place, *words)).collect();
    all_wrong(&cases);
}

/// What is printed reads as the same configuration, be it all written out or all left to the defaults.
#[test]
fn what_is_printed_is_the_same_configuration() {
    let folder = Path::new("/etc/outflow");
    for text in
        [WATCH, "", "[[source]]\npaths = [\n \"a\", # one\n \"b\",\n]\nformat_from = \"nginx.conf\"\n"]
    {
        let config = read(text).unwrap();
        let printed = print(text, folder).unwrap();
        let again = read(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
        assert_eq!((&again.store, &again.limits, &again.http), (&config.store, &config.limits, &config.http));
        assert_eq!(
            (&again.log, &again.listeners, &again.sources),
            (&config.log, &config.listeners, &config.sources)
        );
        assert_eq!(again.budget, Some(config.budget.unwrap_or_default()), "{printed}");
        let local: Vec<String> = again.local_networks.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(local, crate::estate::DEFAULT_LOCAL);
        assert_eq!(again.outputs.len(), config.outputs.len());
        for (again, before) in again.outputs.iter().zip(&config.outputs) {
            assert_eq!(again.name, before.name);
            let is_secret = matches!(before.to, Target::Webhook { .. });
            assert!(is_secret || again == before, "{again:?} {before:?}");
        }
    }
}

#[test]
fn where_each_value_comes_from() {
    let printed = print(WATCH, Path::new("/etc/outflow")).unwrap();
    for line in [
        "budget = \"10/day\" # default",
        "# inventory: not set",
        "commit_every = \"2s\" # line 3",
        "rotate_at = \"5MB\" # line 26",
        "webhook = \"https://hooks.example/...\" # line 39, shortened: it may be a secret",
        "exec = [\"/usr/local/bin/tell\", \"--quick\"] # line 44",
        "# name: \"unix-run-outflow-log\" unless set",
        "name = \"pager\" # line 46",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line:?} is not in\n{printed}");
    }
    assert!(!printed.contains("secret?") && !printed.contains("word"), "{printed}");
    let format = "[format.x]\nlines = \"json\"\nrole = \"proxy\"\ntime = { from = \"t\" }\n[format.x.source]\nip = \"c\"\n\
                  \"bytes\" = 3\n[[service]]\nkind = \"vps\"\ndomain = [\"a.example\"]\n";
    let printed = print(format, Path::new("")).unwrap_err().to_string();
    assert!(printed.contains("JSON has no columns"), "{printed}");
    let printed = print(&format.replace("= 3", "= \"b\""), Path::new("")).unwrap();
    for line in [
        "[format.x]",
        "time = { from = \"t\" } # line 4",
        "source.ip = \"c\" # line 6",
        "source.\"bytes\" = \"b\" # line 7",
        "[[service]]",
        "domain = [\"a.example\"] # line 10",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line:?} is not in\n{printed}");
    }
    read(&printed).unwrap();
}

/// A key that can be written is one that is printed.
#[test]
fn every_key_is_printed() {
    let printed = print(WATCH, Path::new("/etc/outflow")).unwrap();
    for section in ["[store]", "[limits]", "[http]", "[log]", "[[listen]]", "[[output]]"] {
        let said = read(&format!("{section}\nquuux = 1")).unwrap_err().message;
        let keys = said.split("the keys are ").nth(1).unwrap();
        for key in keys.split(", ") {
            let is_there = |line: &str| line.strip_prefix("# ").unwrap_or(line).starts_with(key);
            assert!(printed.lines().any(is_there), "{section} {key} is not in\n{printed}");
        }
    }
}
