use super::*;

fn detected(lines: &[&str]) -> Result<Detected, Undetected> {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    detect(&lines, &Context::default())
}

const SQUID: &str = "1680051723.456    120 10.1.2.3 TCP_MISS/201 224 PUT http://files.example/plain - HIER_DIRECT/203.0.113.9 -";
const CLF: &str = r#"192.0.2.7 - - [29/Mar/2023:01:02:03 +0100] "GET / HTTP/1.1" 200 5"#;

#[test]
fn each_kind_is_found_with_its_reason() {
    let found = detected(&[SQUID, "damaged", SQUID, SQUID, SQUID, SQUID]).unwrap();
    assert_eq!((found.kind.name, found.spec.as_str()), ("squid", ""));
    let found = detected(&[CLF]).unwrap();
    assert_eq!((found.kind.name, found.spec.as_str()), ("apache", "common"));
    let both = detected(&[&format!("{CLF} \"-\" \"curl\"")]).unwrap();
    assert_eq!((both.kind.name, both.spec.as_str()), ("apache", "combined"));
    assert!(both.why.contains("nginx would read the same bytes"), "{}", both.why);
    let zero = CLF.replace("200 5", "304 0");
    assert_eq!(detected(&[&format!("{zero} \"-\" \"curl\"")]).unwrap().kind.name, "nginx");
}

#[test]
fn nothing_is_guessed() {
    let more = detected(&[&format!("{SQUID} 10000184")]).unwrap_err();
    assert!(more.expected.contains("%>st'"), "{}", more.expected);
    let numbers = detected(&[&format!("{CLF} \"-\" \"curl\" 10 20")]).unwrap_err();
    assert!(numbers.expected.contains("$request_length $bytes_sent'"), "{}", numbers.expected);
    let nothing = detected(&[SQUID, CLF, "hello"]).unwrap_err();
    assert_eq!(nothing.line, 3);
    assert!(nothing.expected.contains("squid, apache, nginx"), "{}", nothing.expected);
    assert!(detected(&[]).unwrap_err().expected.contains("no line"));
}

#[test]
fn names_and_near_misses() {
    let error = |text: &str| named(text, &Context::default()).map(|_| ()).unwrap_err();
    assert!(named("squid", &Context::default()).is_ok());
    assert!(named("squid:%ts %>a %>st %ru", &Context::default()).is_ok());
    assert!(named("apache:combined", &Context::default()).is_ok());
    assert!(error("sqiud").message.contains("did you mean \"squid\""));
    assert!(error("Apache2").message.contains("did you mean \"apache\""));
    assert!(error("combined").message.contains("squid:combined or apache:combined or nginx:combined"));
    assert!(error("vhost_combined").message.contains("did you mean apache:vhost_combined"));
    assert!(error("VPC_flow").message.contains("did you mean \"vpc-flow\""));
    assert!(!error("xyzzy-plugh").message.contains("did you mean"));
    assert_eq!(error("squid:%ts %>a%>st").position, 13);
    assert_eq!(error("nginx:$").position, 6);
}

#[test]
fn distances() {
    for (a, b, steps) in
        [("", "", 0), ("", "abc", 3), ("squid", "sqiud", 1), ("ngnix", "nginx", 1), ("iis", "squid", 4)]
    {
        assert_eq!(distance(a, b), steps, "{a} {b}");
    }
}
