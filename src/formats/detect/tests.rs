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

/// Of each kind one line that no other kind may claim with another meaning.
#[test]
fn web_servers_and_stores_are_told_apart() {
    for (name, line) in [
        (
            "haproxy",
            r#"haproxy[1]: 192.0.2.7:50123 [29/Mar/2023:01:02:03.456] web~ pool/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#,
        ),
        ("haproxy", "192.0.2.7:50123 [29/Mar/2023:01:02:03.456] db db/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0"),
        (
            "envoy",
            r#"[2023-03-29T01:02:03.456Z] "GET / HTTP/2" 200 - 7 224 26 25 "203.0.113.5" "curl" "7f5e" "www.example" "10.0.0.3:9080""#,
        ),
        (
            "envoy",
            r#"{"start_time":"2023-03-29T01:02:03.456Z","bytes_sent":1,"bytes_received":2,"response_code":200,"upstream_host":"-","method":"GET","path":"/"}"#,
        ),
        (
            "nginx-json",
            r#"{"time_iso8601":"2023-03-29T01:02:03Z","remote_addr":"192.0.2.7","request":"GET / HTTP/1.1","status":200,"body_bytes_sent":5,"http_user_agent":"curl"}"#,
        ),
        (
            "nginx",
            r#"192.0.2.7 - - [29/Mar/2023:01:02:03 +0000] "GET / HTTP/1.1" 200 5 "-" "curl" 190 0.250 [shop-web-80] [] 10.0.0.3:8080 5 0.249 200 7f5e"#,
        ),
        (
            "caddy",
            r#"{"level":"info","ts":1680051723.456,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.7","method":"GET","host":"www.example","uri":"/"},"bytes_read":0,"duration":0.25,"size":224,"status":200}"#,
        ),
        (
            "aws-alb",
            r#"https 2023-03-29T01:02:03.456789Z app/web/0 192.0.2.7:50123 10.0.0.1:80 0.086 0.048 0.037 200 200 190 57 "GET https://www.example:443/ HTTP/1.1" "curl" ECDHE TLSv1.2 arn "Root=1" "www.example" "arn" 1 2023-03-29T01:02:03.200000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#,
        ),
        (
            "aws-elb",
            r#"2023-03-29T01:02:03.456789Z lb 192.0.2.7:50123 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 57 "GET http://www.example:80/ HTTP/1.1" "curl" - -"#,
        ),
        (
            "traefik",
            r#"{"ClientAddr":"192.0.2.7:50123","ClientHost":"192.0.2.7","DownstreamContentSize":5,"DownstreamStatus":200,"Duration":1,"StartUTC":"2023-03-29T01:02:03Z","level":"info","msg":"","time":"2023-03-29T01:02:03Z"}"#,
        ),
        (
            "traefik-clf",
            r#"192.0.2.7 - - [29/Mar/2023:01:02:03 +0000] "GET / HTTP/2.0" 200 5 "-" "curl" 17 "web@docker" "http://10.0.0.3:80" 26ms"#,
        ),
        (
            "s3-access",
            r#"0123 vault [29/Mar/2023:01:02:03 +0000] 192.0.2.7 - 3E57 REST.GET.OBJECT a "GET /vault/a HTTP/1.1" 200 - 9 9 7 - "-" "curl" - x= - - - vault.s3.example TLSV1.2"#,
        ),
        (
            "gcs-usage",
            r#""1680051723456789","192.0.2.7","1","","GET","/a","200","0","9","70000","storage.example","","curl","req","GET_Object","vault","a""#,
        ),
        (
            "azure-storage",
            r#"1.0;2023-03-29T01:02:03.4567890Z;GetBlob;Success;200;18;10;anonymous;;acct;blob;"https://acct.example/p/a";"/acct/p/a";id;0;192.0.2.7:50123;2009-09-19;252;0;265;9;0;;;"0x8";Tuesday, 28-Mar-23 10:00:00 GMT;;"curl";"-";"44""#,
        ),
        (
            "azure-storage",
            r#"{"time":"2023-03-29T01:02:03.4567890Z","resourceId":"/s/0","category":"StorageRead","statusCode":200,"durationMs":18,"callerIpAddress":"192.0.2.7:50123","identity":{"type":"Anonymous"},"properties":{"objectKey":"/acct/p/a","responseBodySize":5,"requestBodySize":0},"uri":"https://acct.example/p/a"}"#,
        ),
    ] {
        match detected(&[line, line, line]) {
            Ok(found) => {
                assert_eq!(found.kind.name, name, "{}", found.why);
                let mut events = Vec::new();
                let scratch = Scratch::new();
                assert_eq!(found.format.parse(line.as_bytes(), &scratch, &mut events), Ok(()), "{line}");
                assert!(events[0].destination.bytes.is_some(), "{line}");
                // What is said to be passed must be accepted.
                assert!(
                    named(&format!("{name}:{}", found.spec), &Context::default()).is_ok(),
                    "{}",
                    found.spec
                );
            }
            Err(error) => panic!("{line}: {}", error.expected),
        }
    }
}

#[test]
fn nothing_is_guessed() {
    let more = detected(&[&format!("{SQUID} 10000184")]).unwrap_err();
    assert!(more.expected.contains("%>st'"), "{}", more.expected);
    let numbers = detected(&[&format!("{CLF} \"-\" \"curl\" 10 20")]).unwrap_err();
    assert!(numbers.expected.contains("$request_length $bytes_sent'"), "{}", numbers.expected);
    let nothing = detected(&[SQUID, CLF, "hello"]).unwrap_err();
    assert_eq!(nothing.line, 3);
    assert!(nothing.expected.contains("squid, lighttpd, apache, nginx"), "{}", nothing.expected);
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
    for empty in ["", " ", ":%ts", "syslog+", "syslog+docker+"] {
        assert!(error(empty).message.starts_with("no format is named"), "{empty}");
    }
    assert_eq!(error("squid:%ts %>a%>st").position, 13);
    assert_eq!(error("nginx:$").position, 6);
}
