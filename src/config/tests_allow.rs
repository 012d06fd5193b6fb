use super::tests::{all_wrong, read};
use crate::incidents::{Cap, Glob, Hours, Who};

#[test]
fn rules() {
    let text = "timezone = \"Europe/London\"\n[[allow]]\nhost = \"Backup-*\"\nrole = \"backup\"\ndestination = \"Vault.example.\"\n\
                port = 443\nhours = \"22:00-04:00\"\nup_to = \"50GB/day\"\nuntil = \"2027-06-30\"\nreason = \"off-site copy\"\n\
                [[allow]]\nhost = \"10.1.0.0/16\"\nport = [443, 8443]\nreason = \"x\"\n\
                [[allow]]\ndestination = \"203.0.113.0/24\"\nreason = \"x\"\n";
    let config = read(text).unwrap();
    let [all, network, place] = &config.allow[..] else { panic!("{:?}", config.allow) };
    assert_eq!((all.line, &*all.reason), (2, "off-site copy"));
    assert_eq!(all.host, Some(Who::Name(Glob::new("backup-*"))));
    assert_eq!(all.role, Some(Glob::new("backup")));
    assert_eq!(all.destination, Some(Who::Name(Glob::new("vault.example"))));
    assert_eq!((&all.ports[..], all.up_to), (&[443][..], "50GB/day".parse::<Cap>().ok()));
    assert_eq!(all.until.unwrap().to_string(), "2027-06-30T23:00:00Z", "the end of the day in London");
    let london = jiff::tz::TimeZone::get("Europe/London").unwrap();
    assert_eq!(all.hours, "22:00-04:00".parse::<Hours>().ok().map(|hours| hours.within(london)));
    assert_eq!((network.line, &network.host), (11, &Some(Who::named("10.1.0.0/16"))));
    assert_eq!((&network.ports[..], network.until), (&[443, 8443][..], None));
    assert_eq!(place.destination, Some(Who::named("203.0.113.0/24")));
    assert_eq!(read("").unwrap().allow.len(), 0);
}

#[test]
fn destinations_as_they_are_met() {
    let read = |place: &str| read(&format!("[[allow]]\ndestination = \"{place}\"\nreason = \"x\""));
    for fine in [
        "vault.example",
        "*.example",
        "vault*",
        "*-vault.example",
        "intranet",
        "203.0.0.0/16",
        "2001:db8::/48",
    ] {
        assert!(read(fine).is_ok(), "{fine}: {:?}", read(fine));
    }
    for (place, instead) in [
        ("files.vault.example", "vault.example"),
        ("*.vault.example", "vault.example"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.128/25", "203.0.113.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
    ] {
        let error = read(place).expect_err(place);
        assert_eq!((error.line, error.column), (2, 15), "{error}");
        assert!(error.message.contains(&format!("write \"{instead}\"")), "{error}");
    }
}

#[test]
fn what_is_wrong_with_a_rule() {
    all_wrong(&[
        ("[[allow]]\nhost = \"a\"", (1, 1), &["needs a reason", "reason = "]),
        ("[[allow]]\nhost = \"a\"\nreason = \" \"", (3, 10), &["1 to 500 bytes"]),
        ("\n[[allow]]\nport = 443\nreason = \"x\"", (2, 1), &["a host, a role or a destination"]),
        ("[[allow]]\nhost = \"\"\nreason = \"x\"", (2, 8), &["leave the key out"]),
        ("[[allow]]\nhosts = \"a\"\nreason = \"x\"", (2, 1), &["\"hosts\"", "did you mean \"host\"?"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nup_to = \"50GB\"", (4, 9), &["\"50GB\"", "50GB/day"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nup_to = 50", (4, 9), &["in quotes"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nuntil = \"soon\"", (4, 9), &["\"soon\"", "2027-01-31"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nhours = \"1-5\"", (4, 9), &["\"1-5\"", "01:00-05:00"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nport = 0", (4, 8), &["1 to 65535"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nport = [443, \"x\"]", (4, 14), &["1 to 65535"]),
        ("[[allow]]\nhost = \"a\"\nreason = \"x\"\nport = []", (4, 8), &["1 to 65535"]),
    ]);
}
