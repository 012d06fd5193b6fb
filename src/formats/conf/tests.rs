use super::*;
use crate::formats::{Context, detect};
use proptest::prelude::*;

fn none(_: &str, _: Missing) -> Result<Vec<Included>, String> {
    Ok(Vec::new())
}

/// Files of these texts, with numbers for names.
fn numbered(texts: &[&str]) -> Vec<Included> {
    let file =
        |(text, number): (&&str, usize)| Included { path: number.to_string(), text: (*text).to_owned() };
    texts.iter().zip(1..).map(file).collect()
}

/// `name | spec | log, log` of each layout.
fn shown(text: &str) -> Vec<String> {
    shown_with(text, &mut none)
}

fn shown_with(text: &str, include: Include<'_>) -> Vec<String> {
    let found = read(text, include).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for Defined { spec, .. } in &found {
        detect::named(spec, &Context::default()).unwrap_or_else(|error| panic!("{spec}: {error}"));
    }
    let show =
        |defined: &Defined| format!("{} | {} | {}", defined.name, defined.spec, defined.used_by.join(", "));
    found.iter().map(show).collect()
}

fn wrong(text: &str) -> String {
    read(text, &mut none).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn nginx_over_several_lines() {
    let text = r#"
worker_processes 4; # log_format in a comment 'x';
http {
    include mime.types;
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                    '$status $bytes_sent $request_length "$http_user_agent"';
    log_format  json  escape=json
        '{"t":"$time_iso8601",' '"c":"${remote_addr}","b":$bytes_sent}';
    log_format quoted "$remote_addr [$time_local] \"$request\" $bytes_sent";
    log_format bare $msec;
    access_log /var/log/nginx/access.log main buffer=32k;
    server {
        access_log /var/log/nginx/api.log json if=$loggable;
        location /x { access_log off; content_by_lua_block { ngx.say("it's { }") } }
        location /y { access_log /var/log/nginx/main2.log main; }
        access_log /var/log/nginx/plain.log;
    }
}"#;
    assert_eq!(
        shown(text),
        [
            r#"main | nginx:$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent $request_length "$http_user_agent" | /var/log/nginx/access.log, /var/log/nginx/main2.log"#,
            r#"json | nginx:escape=json {"t":"$time_iso8601","c":"${remote_addr}","b":$bytes_sent} | /var/log/nginx/api.log"#,
            r#"quoted | nginx:$remote_addr [$time_local] "$request" $bytes_sent | "#,
            "bare | nginx:$msec | ",
            "combined | nginx:combined | /var/log/nginx/plain.log",
        ]
    );
}

#[test]
fn nginx_with_includes() {
    let mut files = |pattern: &str, _| match pattern {
        "conf.d/*.conf" => Ok(numbered(&[
            "server { access_log a.log short; }",
            "log_format short '$msec $remote_addr $bytes_sent';",
        ])),
        _ => Ok(Vec::new()),
    };
    let text = "http {\n include conf.d/*.conf;\n}";
    assert_eq!(shown_with(text, &mut files), ["short | nginx:$msec $remote_addr $bytes_sent | a.log"]);
    let mut broken = |_: &str, _| Ok(numbered(&["", "\naccess_log b.log 'x"]));
    let error = read(text, &mut broken).unwrap_err();
    assert_eq!(error.to_string(), "in the included 2, line 2: expected the closing '");
    let mut refused = |pattern: &str, _| Err(format!("cannot read {pattern}: permission denied"));
    let error = read(text, &mut refused).unwrap_err();
    assert_eq!(error.to_string(), "line 2: cannot read conf.d/*.conf: permission denied");
}

#[test]
fn nginx_errors_name_the_line() {
    for (text, expected) in [
        (
            "http {\n access_log x.log main;\n}",
            "line 2: expected the name of a layout that is defined, not \"main\"",
        ),
        ("log_format\n main;", "line 1: expected log_format NAME 'STRING'"),
        ("log_format main '$msec'", "line 1: expected a ; at the end of log_format"),
        ("events {}\nlog_format main '$msec;", "line 2: expected the closing '"),
    ] {
        assert_eq!(read_as(Server::Nginx, text, &mut none).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn apache_with_nicknames_and_continued_lines() {
    let text = r#"
ServerRoot "/etc/apache2"
Define logs /srv/logs
LogFormat "%h %l %u %t \"%r\" %>s %O \
\"%{User-Agent}i\" %I" upload
logformat '%v %h %t "%r" %b' vhost
# LogFormat "%x" gone
<VirtualHost *:80>
    CustomLog ${APACHE_LOG_DIR}/access.log upload env=!quiet
    CustomLog "|/usr/bin/rotatelogs ${logs}/a.%Y 86400" upload
    CustomLog ${logs}/own.log "%h %t %B"
    TransferLog logs/transfer.log
</VirtualHost>
"#;
    assert_eq!(
        shown(text),
        [
            r#"upload | apache:%h %l %u %t "%r" %>s %O "%{User-Agent}i" %I | ${APACHE_LOG_DIR}/access.log, |/usr/bin/rotatelogs /srv/logs/a.%Y 86400"#,
            r#"vhost | apache:%v %h %t "%r" %b | "#,
            "/srv/logs/own.log | apache:%h %t %B | /srv/logs/own.log",
            r#"logs/transfer.log | apache:%h %l %u %t "%r" %>s %b | logs/transfer.log"#,
        ]
    );
}

#[test]
fn apache_includes_below_the_root() {
    let mut asked = Vec::new();
    let mut files = |pattern: &str, missing| {
        asked.push((pattern.to_owned(), missing));
        let text = "LogFormat \"%h %t %O\" short\nIncludeOptional /etc/more/*.conf";
        // A name of its own each time: only the depth tells that there is no end.
        Ok(vec![Included { path: asked.len().to_string(), text: text.into() }])
    };
    let text = "ServerRoot /etc/apache2/\nInclude sites/*.conf\nCustomLog a.log short";
    let error = read(text, &mut files).unwrap_err();
    assert_eq!(error.to_string(), "in the included 16, line 2: expected includes to nest at most 16 deep");
    assert_eq!(asked[0], ("/etc/apache2/sites/*.conf".into(), Missing::Wrong));
    assert_eq!(asked[1], ("/etc/more/*.conf".into(), Missing::Fine));
    let mut once = |pattern: &str, _| match pattern {
        "/etc/apache2/sites/*.conf" => Ok(numbered(&["LogFormat \"%h %t %O\" short"])),
        _ => Ok(Vec::new()),
    };
    assert_eq!(shown_with(text, &mut once), ["short | apache:%h %t %O | a.log"]);
}

#[test]
fn includes_are_bounded() {
    let text = "worker_processes 1;\nhttp { include a*; }";
    let mut itself = |_: &str, _| Ok(numbered(&["include a*;"]));
    let error = read(text, &mut itself).unwrap_err();
    assert_eq!(
        error.to_string(),
        "in the included 1, line 1: expected no file that includes itself, as 1 does"
    );
    let mut many = |_: &str, _| Ok(numbered(&vec!["# x"; 4_097]));
    assert!(read(text, &mut many).unwrap_err().expected.contains("at most 4096 included files"));
    let long = "#".repeat(33 << 20);
    let mut much = |_: &str, _| Ok(numbered(&[&long, &long]));
    assert!(read(text, &mut much).unwrap_err().expected.contains("of 67108864 bytes in all"));
}

#[test]
fn logs_that_nobody_configured() {
    assert_eq!(shown("http_port 3128\nacl all src all"), ["squid | squid:squid | access.log"]);
    assert_eq!(
        shown("events {}\nhttp { server { listen 80; } }"),
        ["combined | nginx:combined | access.log"]
    );
    // Whoever turns logs off, or defines layouts of his own, has none that he does not name.
    assert!(shown("http_port 3128\naccess_log none").is_empty());
    assert!(shown("http { access_log off; }").is_empty());
    assert_eq!(
        shown("http_port 3128\nlogformat up %ts.%03tu %>a %>st %<st"),
        ["up | squid:%ts.%03tu %>a %>st %<st | "]
    );
}

#[test]
fn apache_errors_name_the_line() {
    for (text, expected) in [
        (
            "ServerRoot /x\nCustomLog a.log main",
            "line 2: expected the name of a layout that is defined, not \"main\"",
        ),
        ("ServerRoot /x\n\nLogFormat \"%h", "line 3: expected the closing quote"),
        (
            "LoadModule x y\nCustomLog a.log",
            "line 2: expected CustomLog PATH followed by a nickname or a string",
        ),
        ("LoadModule x y\nLogFormat", "line 2: expected LogFormat \"STRING\" nickname"),
    ] {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn squid_old_and_new() {
    let text = r#"
http_port 3128
logformat upload %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru \
# more
     %[un %Sh/%<a %mt %>st
logformat clf %>a [%tl] "%rm %ru" %>st
acl quiet dstdomain .example
access_log daemon:/var/log/squid/access.log logformat=upload rotate=7 !quiet
access_log /var/log/squid/old.log upload
access_log stdio:/var/log/squid/plain.log quiet
access_log none quiet
access_log syslog:local4.info combined
"#;
    assert_eq!(
        shown(text),
        [
            "upload | squid:%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st | /var/log/squid/access.log, /var/log/squid/old.log",
            r#"clf | squid:%>a [%tl] "%rm %ru" %>st | "#,
            "squid | squid:squid | /var/log/squid/plain.log",
            "combined | squid:combined | syslog:local4.info",
        ]
    );
    assert_eq!(
        wrong("http_port 1\naccess_log x logformat=mine"),
        "line 2: expected the name of a layout that is defined, not \"mine\""
    );
    assert_eq!(wrong("http_port 1\nlogformat mine"), "line 2: expected logformat NAME STRING");
}

#[test]
fn haproxy_by_section() {
    let text = r#"
global
    log /dev/log local0
defaults
    mode http
    log global
    option httplog
frontend web
    bind :443
    log-format "%ci:%cp [%tr] %U %B %{+Q}r \"%[req.hdr(host)]\""   # ours
frontend plain
    bind :80
listen db
    option tcplog
    log 127.0.0.1:514 local1
frontend escaped
    log-format %ci\ %t\ %B\ '%[var(txn.a\b)]'
backend pool
    server a 10.0.0.1:80
"#;
    assert_eq!(
        shown(text),
        [
            "defaults | haproxy:http | /dev/log",
            r#"frontend web | haproxy:%ci:%cp [%tr] %U %B %{+Q}r "%[req.hdr(host)]" | /dev/log"#,
            "listen db | haproxy:tcp | 127.0.0.1:514",
            r"frontend escaped | haproxy:%ci %t %B %[var(txn.a\\b)] | /dev/log",
        ]
    );
    assert_eq!(
        wrong("global\nfrontend x\n log-format \"%ci"),
        "line 3: expected log-format \"STRING\", with its closing quote"
    );
}

#[test]
fn haproxy_defaults_that_are_named() {
    let text = r#"
global
    log 127.0.0.1:514 local0
defaults base
    log global
    option tcplog
defaults web from base
    option httplog
defaults
    log-format "%ci [%t] %B %U"
defaults
    option httpslog
frontend a from web # the shop
    bind :443
frontend b from base
    log 127.0.0.2 local1
frontend c
    log global
"#;
    assert_eq!(
        shown(text),
        [
            "defaults base | haproxy:tcp | 127.0.0.2",
            "defaults web | haproxy:http | 127.0.0.1:514",
            "defaults | haproxy:%ci [%t] %B %U | ",
            "defaults at line 11 | haproxy:https | 127.0.0.1:514",
        ]
    );
    assert_eq!(
        wrong("global\nfrontend a from nowhere"),
        "line 2: expected a \"defaults nowhere\" above, to inherit from"
    );
}

#[test]
fn what_is_no_configuration() {
    assert!(wrong("hello\nworld").starts_with("expected the configuration of squid"));
    assert!(wrong("").starts_with("expected"));
}

proptest! {
    #[test]
    fn no_text_panics(
        text in "(log_format|access_log|LogFormat|CustomLog|logformat|log-format|frontend x|include|Include|[ \n\t;{}\"'\\\\$%#]|\\PC){0,40}"
    ) {
        let mut again = |_: &str, _| Ok(numbered(&[&text]));
        for server in [Server::Squid, Server::Apache, Server::Nginx, Server::Haproxy] {
            let _ = read_as(server, &text, &mut again);
        }
        let _ = read(&text, &mut again);
    }
}
