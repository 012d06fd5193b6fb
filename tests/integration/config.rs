//! `-c FILE.toml`: what the file says holds, arguments win over it, and what is wrong with it is said with its place.

use crate::outflow::{Run, repository, run};
use std::fs;
use tempfile::TempDir;

const SAMPLE: &str = "sample-logs/own-formats/outflow.toml";

/// A line of Squid's own format with upload bytes, from this client.
fn squid(client: &str) -> String {
    format!(
        "1680051723.000 250 {client} TCP_MISS/200 224 PUT http://files.example/a jdoe HIER_DIRECT/203.0.113.9 - 10000184\n"
    )
}

const UPLOAD: &str = "squid:%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st";

/// A folder with a configuration and two logs.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new(config: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap() };
        fs::write(site.path("outflow.toml"), config).unwrap();
        fs::write(site.path("a.log"), squid("10.1.2.3")).unwrap();
        fs::write(site.path("b.log"), squid("192.0.2.7")).unwrap();
        site
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// `outflow COMMAND -c` its configuration, and these arguments.
    fn run(&self, command: &str, with: &[&str]) -> Run {
        let config = self.path("outflow.toml");
        run(&[&[command, "-c", &config], with].concat())
    }

    /// Hosts of `volumes`, and how the program ended.
    fn hosts(&self, with: &[&str]) -> Vec<String> {
        let run = self.run("volumes", &[&["--json"], with].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        let mut hosts: Vec<String> =
            run.rows("").iter().map(|row| row["host"].as_str().unwrap().to_owned()).collect();
        hosts.sort_unstable();
        hosts
    }
}

#[test]
fn the_sources_of_the_sample_are_read_as_it_describes_them() {
    let run = run(&["doctor", "--json", "-c", &repository(SAMPLE).to_string_lossy()]);
    let rows = run.rows("diagnosis");
    let mut told: Vec<_> = rows
        .iter()
        .map(|row| {
            (row["format"].as_str().unwrap(), row["events"].as_u64().unwrap(), row["rejected"].clone())
        })
        .collect();
    told.sort_unstable_by_key(|(name, ..)| *name);
    let none = serde_json::json!({});
    let expected = [("file-share", 2), ("flows", 2), ("gateway", 2), ("resolver", 1)]
        .map(|(name, events)| (name, events, none.clone()));
    assert_eq!(told, expected, "{}{}", run.stdout, run.stderr);
}

#[test]
fn lines_that_end_in_a_carriage_return() {
    let path = |name: &str| repository("sample-logs/own-formats").join(name).to_string_lossy().into_owned();
    assert!(fs::read_to_string(path("file-share.csv")).unwrap().contains("sent\r\n"));
    let run = run(&["parse", "-c", &path("outflow.toml"), "--format", "file-share", &path("file-share.csv")]);
    let rows = run.rows("");
    assert_eq!(rows[0]["destination"]["bytes"], 10_000_184, "{}", run.stderr);
    assert_eq!(rows[0]["url"]["original"], "/plans/\"final\"; v2.pdf");
}

#[test]
fn arguments_win_over_the_file() {
    let site = Site::new(&format!(
        "local_networks = [\"192.0.2.0/24\"]\ntimezone = \"Europe/London\"\nbudget = \"1/day\"\n\
         [[source]]\npaths = [\"a.log\"]\nformat = \"{UPLOAD}\"\n[[source]]\npaths = [\"b*.log\"]\nformat = \"{UPLOAD}\"\n"
    ));
    // A proxy's clients are watched wherever they are, so both are hosts.
    assert_eq!(site.hosts(&[]), ["10.1.2.3", "192.0.2.7"]);
    // Paths among the arguments are read instead of the sources.
    assert_eq!(site.hosts(&["--format", UPLOAD, &site.path("b.log")]), ["192.0.2.7"]);
    // A format, a role or a host among the arguments holds for every source.
    let wrong = site.run("parse", &["--format", "zeek-conn"]);
    assert_eq!(wrong.rows("").len(), 0, "{}", wrong.stderr);
}

#[test]
fn networks_zones_and_the_inventory_of_the_file() {
    let flow = "[format.f]\nlines = \"csv\"\nrole = \"flow\"\ntime = { from = 1, layout = \"%F %T\" }\nsource.ip = 2\n\
                destination.ip = 3\nsource.bytes = 4\n[[source]]\npaths = [\"flow.csv\"]\nformat = \"f\"\n";
    let site = Site::new(&format!(
        "local_networks = [\"192.0.2.0/24\"]\ntimezone = \"Asia/Tokyo\"\ninventory = \"hosts.csv\"\n{flow}"
    ));
    fs::write(site.path("flow.csv"), "2023-03-29 10:02:03,192.0.2.7,203.0.113.9,5\n").unwrap();
    fs::write(site.path("hosts.csv"), "host,subnet\nseven,192.0.2.7/32\n").unwrap();
    let row = |with: &[&str]| site.run("parse", with).rows("").remove(0);
    let told = row(&[]);
    assert_eq!(
        (&told["@timestamp"], &told["network"]["direction"]),
        (&"2023-03-29T01:02:03Z".into(), &"outbound".into())
    );
    let other = row(&["--timezone", "UTC", "--local", "203.0.113.0/24"]);
    assert_eq!(
        (&other["@timestamp"], &other["network"]["direction"]),
        (&"2023-03-29T10:02:03Z".into(), &"internal".into())
    );
    assert_eq!(site.hosts(&[]), ["seven"]);
    fs::write(site.path("others.csv"), "host,subnet\nother,192.0.2.7/32\n").unwrap();
    assert_eq!(site.hosts(&["--inventory", &site.path("others.csv")]), ["other"]);
}

#[test]
fn the_budget_of_the_file() {
    let estate = repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    let site = Site::new("budget = \"1/day\"\n");
    let told =
        |with: &[&str]| site.run("scan", &[&["--json", &estate], with].concat()).rows("incident").len();
    let (one, three) = (told(&[]), told(&["--budget", "3/day"]));
    assert!(one < three, "{one} {three}");
}

#[test]
fn each_source_has_its_own_role_and_host() {
    let line = "192.0.2.1 - - [29/Mar/2023:01:02:03 +0000] \"GET /a HTTP/1.1\" 200 170\n";
    let site = Site::new(
        "[[source]]\npaths = [\"web.log\"]\nformat = \"apache:common\"\nhost = \"web-01\"\n\
         [[source]]\npaths = [\"proxy.log\"]\nformat = \"apache:%h %l %u %t %r %>s %O %I\"\nrole = \"proxy\"\n",
    );
    fs::write(site.path("web.log"), line).unwrap();
    fs::write(
        site.path("proxy.log"),
        "10.1.2.3 - - [29/Mar/2023:01:02:03 +0000] PUT http://files.example/a HTTP/1.1 200 1 77\n",
    )
    .unwrap();
    assert_eq!(site.hosts(&[]), ["10.1.2.3", "web-01"]);
    assert_eq!(site.hosts(&["--host", "web-02"]), ["10.1.2.3", "web-02"]);
}

#[test]
fn a_file_in_two_sources_counts_once_and_is_told() {
    let source = format!("[[source]]\npaths = [\"a.log\"]\nformat = \"{UPLOAD}\"\n");
    let run = Site::new(&source.repeat(2)).run("volumes", &["--json"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("a.log: is in two sources"), "{}", run.stderr);
    assert_eq!(run.rows("")[0]["bytes_out"], 10_000_184);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (config, words) in [
        ("budgt = \"1/day\"", "line 1, column 1: there is no key \"budgt\"; did you mean \"budget\"?"),
        (
            "[[output]]\nrendr = \"ecs\"",
            "line 2, column 1: there is no key \"rendr\"; did you mean \"render\"?",
        ),
        ("budget = ", "line 1, column 10: "),
    ] {
        let site = Site::new(config);
        let run = site.run("scan", &[&site.path("a.log")]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{config}");
        assert!(run.stderr.contains(words) && run.stderr.contains("outflow.toml"), "{}", run.stderr);
    }
    let missing = run(&["scan", "-c", "/nowhere/outflow.toml"]);
    assert!(missing.code == 2 && missing.stderr.contains("/nowhere/outflow.toml"), "{}", missing.stderr);
}

#[test]
fn a_log_that_the_description_does_not_fit_is_refused() {
    let site = Site::new(
        "[format.f]\nlines = \"csv\"\nrole = \"proxy\"\ntime = \"when\"\nsource.ip = \"ip\"\nsource.bytes = \"n\"\n",
    );
    fs::write(site.path("f.csv"), "wen,ip,n\n2023-03-29T01:02:03Z,10.1.2.3,5\n").unwrap();
    let run = site.run("scan", &["--format", "f", &site.path("f.csv")]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("not written as f says: the header has no column \"when\"; did you mean \"wen\"?"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_empty_format_is_told_briefly() {
    for format in ["", "syslog+"] {
        let run = run(&["scan", "--format", format, &repository("README.md").to_string_lossy()]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("no format is named") && run.stderr.len() < 300, "{}", run.stderr);
    }
}

#[test]
fn config_check_says_whether_it_can_be_used() {
    let site = Site::new("[[output]]\nstdout = true\n[[source]]\npaths = [\"a.log\"]\n");
    let check = |site: &Site| run(&["config", "check", &site.path("outflow.toml")]);
    let fine = check(&site);
    assert_eq!((fine.code, fine.stderr.as_str()), (0, ""));
    assert!(fine.stdout.contains("1 [[source]], 0 [[listen]], 1 [[output]]"), "{}", fine.stdout);
    let missing = check(&Site::new("inventory = \"nowhere.csv\"\n"));
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(
        missing.stderr.contains("inventory = ") && missing.stderr.contains("nowhere.csv"),
        "{}",
        missing.stderr
    );
    let wrong = check(&Site::new("[log]\nlevel = \"wran\"\n"));
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("line 2, column 9: there is no level \"wran\": did you mean \"warn\"?"));
}

#[test]
fn config_print_shows_what_holds_and_why() {
    let site = Site::new("# mine\nbudget = \"3/day\"\n");
    let printed = run(&["config", "print", &site.path("outflow.toml")]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(printed.stdout.contains("budget = \"3/day\" # line 2\n"), "{}", printed.stdout);
    assert!(printed.stdout.contains("commit_every = \"5s\" # default\n"), "{}", printed.stdout);
    fs::write(site.path("again.toml"), &printed.stdout).unwrap();
    let again = run(&["config", "check", &site.path("again.toml")]);
    assert_eq!(again.code, 0, "{}", again.stderr);
}

#[test]
fn another_configuration_is_compared_on_the_same_logs() {
    let folder = tempfile::tempdir().unwrap();
    let sample = crate::outflow::repository("sample-logs/estate-3-of-3000").to_string_lossy().into_owned();
    let config = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let (many, few) =
        (config("many.toml", "budget = \"10/day\"\n"), config("few.toml", "budget = \"2/day\"\n"));
    let compare = |from: &str, to: &str, more: &[&str]| {
        crate::outflow::run(&[&["scan", "-q", "-c", from, "--compare", to, &sample], more].concat())
    };
    let fewer = compare(&many, &few, &["--json"]);
    assert_eq!(fewer.code, 1, "{}", fewer.stderr);
    let count = |kind: &str| fewer.rows("incident").iter().filter(|row| row["change"] == kind).count();
    let counts = &fewer.rows("comparison")[0];
    assert_eq!(counts["vanishes"], count("vanishes"));
    assert!(count("vanishes") > 20 && count("stays") >= 3, "{counts}");
    // The other way around what vanished appears.
    let more = compare(&few, &many, &["--json"]);
    assert_eq!(more.rows("comparison")[0]["appears"], counts["vanishes"]);
    let same = compare(&many, &many, &[]);
    assert!(same.code == 0 && same.stdout.contains("0 incidents appear, 0 vanish"), "{}", same.stdout);
    // What only the second reading could not read may be why they differ.
    let source =
        |name: &str, paths: &str| config(name, &format!("[[source]]\npaths = [{sample:?}{paths}]\n"));
    let (whole, lost) = (source("whole.toml", ""), source("lost.toml", ", \"missing.log\""));
    let trouble = crate::outflow::run(&["scan", "-q", "-c", &whole, "--compare", &lost]);
    assert!(trouble.code == 2 && trouble.stderr.contains("missing.log"), "{}", trouble.stderr);
    let piped = crate::outflow::run(&["scan", "--compare", &few]);
    assert!(piped.code == 2 && piped.stderr.contains("name files"), "{}", piped.stderr);
}
