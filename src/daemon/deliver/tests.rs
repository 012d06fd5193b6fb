use super::*;
use crate::config::{Render, Template, Transport};
use crate::units::{Bytes, Span};
use ring::hmac;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

/// As the store does it: items in order, a cursor for each output.
#[derive(Default)]
struct Memory {
    items: Mutex<Vec<String>>,
    cursors: Mutex<Vec<(String, u64)>>,
}

impl Memory {
    fn holding(count: usize) -> Arc<Memory> {
        let memory = Memory::default();
        memory.add(count);
        Arc::new(memory)
    }

    fn add(&self, count: usize) {
        let mut items = self.items.lock().unwrap();
        for number in items.len()..items.len() + count {
            let line = serde_json::json!({
                "type": "incident", "id": format!("id-{number}"), "host": "10.1.2.3", "destination": "<b>*x*.example",
                "severity": "high", "detected_at": "2023-03-29T00:30:00Z", "bytes_out": 1_000, "detectors": [],
                "summary": "10.1.2.3 sent 1 kB to <b>*x*.example\u{1b}[2J",
            });
            items.push(line.to_string());
        }
    }

    /// As after a crash: what was told is told, and nobody knows.
    fn forget(&self) {
        self.cursors.lock().unwrap().clear();
    }
}

impl Outbox for Memory {
    fn after(&self, cursor: u64, max: usize) -> Vec<(u64, String)> {
        let items = self.items.lock().unwrap();
        (1..).zip(items.iter().cloned()).filter(|(number, _)| *number > cursor).take(max).collect()
    }

    fn cursor(&self, output: &str) -> u64 {
        self.cursors.lock().unwrap().iter().find(|(name, _)| name == output).map_or(0, |(_, upto)| *upto)
    }

    fn sent(&self, output: &str, upto: u64) {
        let mut cursors = self.cursors.lock().unwrap();
        cursors.retain(|(name, _)| name != output);
        cursors.push((output.to_owned(), upto));
    }

    fn waiting(&self, output: &str) -> u64 {
        self.items.lock().unwrap().len() as u64 - self.cursor(output)
    }
}

fn output(name: &str, to: Target) -> OutputConfig {
    OutputConfig { name: name.into(), to, render: Render::Outflow }
}

const QUICK: Pace = Pace { first: Duration::from_millis(1), most: Duration::from_millis(20) };

fn start(outputs: &[OutputConfig], outbox: &Arc<Memory>) -> Deliveries {
    Deliveries::start(outputs, Arc::clone(outbox) as Arc<dyn Outbox>, QUICK).unwrap()
}

/// Waits until something is so; a minute at most.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain until {what}");
}

/// Starts, tells everything, stops.
fn tell(outputs: &[OutputConfig], outbox: &Arc<Memory>) {
    let deliveries = start(outputs, outbox);
    wait_until("all is told", || outputs.iter().all(|output| outbox.waiting(&output.name) == 0));
    assert!(deliveries.stop(Duration::from_secs(60)));
}

fn ids(text: &str) -> Vec<String> {
    let id = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
    };
    text.lines().map(id).collect()
}

fn first_ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("id-{number}")).collect()
}

fn jsonl(path: &Path, rotate_at: u64, keep: u32) -> OutputConfig {
    output("file", Target::Jsonl { path: path.into(), rotate_at: Bytes(rotate_at), keep })
}

#[test]
fn a_file_has_each_incident_once_whatever_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("incidents.jsonl");
    let outbox = Memory::holding(3);
    let outputs = [jsonl(&path, 1_000_000, 1)];
    tell(&outputs, &outbox);
    // Killed after the writing and before the cursor was moved, and in the middle of the next line.
    outbox.forget();
    outbox.add(2);
    let torn: String = outbox.items.lock().unwrap()[3].chars().take(40).collect();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(torn.as_bytes()).unwrap();
    tell(&outputs, &outbox);
    assert_eq!(ids(&fs::read_to_string(&path).unwrap()), first_ids(5));
    // Moved away by somebody while it is open.
    let deliveries = start(&outputs, &outbox);
    outbox.add(1);
    deliveries.wake();
    wait_until("the sixth is told", || outbox.waiting("file") == 0);
    fs::rename(&path, folder.path().join("moved")).unwrap();
    outbox.add(1);
    deliveries.wake();
    wait_until("the seventh is told", || outbox.waiting("file") == 0);
    assert!(deliveries.stop(Duration::from_secs(60)));
    assert_eq!(ids(&fs::read_to_string(folder.path().join("moved")).unwrap()), first_ids(6));
    assert_eq!(ids(&fs::read_to_string(&path).unwrap()), ["id-6"]);
}

#[test]
fn files_are_rotated_between_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("incidents.jsonl");
    let outbox = Memory::holding(0);
    let outputs = [jsonl(&path, 1_000, 2)];
    for _ in 0..5 {
        outbox.add(10);
        tell(&outputs, &outbox);
    }
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["incidents.jsonl", "incidents.jsonl.1", "incidents.jsonl.2"]);
    let kept: String =
        names.iter().rev().map(|name| fs::read_to_string(folder.path().join(name)).unwrap()).collect();
    assert_eq!(ids(&kept), first_ids(50)[20..]);
}

#[test]
fn an_output_that_does_not_work_holds_no_other() {
    let folder = tempfile::tempdir().unwrap();
    // It takes connections and never reads one to its end.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let syslog = Target::Syslog {
        transport: Transport::Tcp,
        host: "127.0.0.1".into(),
        port,
        ca: None,
        time_limit: Span::HOUR,
    };
    let path = folder.path().join("incidents.jsonl");
    let outbox = Memory::holding(200);
    let outputs = [output("silent", syslog), jsonl(&path, 1_000_000, 1)];
    let deliveries = start(&outputs, &outbox);
    wait_until("the file has all", || outbox.waiting("file") == 0);
    assert_eq!(ids(&fs::read_to_string(&path).unwrap()), first_ids(200));
    // It stops in time, though one waits for its receiver; what that one did not tell is still there.
    assert!(!deliveries.stop(Duration::from_millis(50)));
    assert_eq!(outbox.waiting("silent"), 200);
    drop(silent);
}

#[test]
fn a_folder_that_is_missing_is_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later/incidents.jsonl");
    let outbox = Memory::holding(2);
    let deliveries = start(&[jsonl(&path, 1_000_000, 1)], &outbox);
    wait_until("it failed", || deliveries.states()[0].failures > 1);
    let state = deliveries.states().remove(0);
    assert_eq!((state.sent, state.waiting), (0, 2));
    assert!(state.error.unwrap().contains("incidents.jsonl"));
    fs::create_dir(folder.path().join("later")).unwrap();
    wait_until("it works", || outbox.waiting("file") == 0);
    assert_eq!(deliveries.states()[0].error, None);
    assert!(deliveries.stop(Duration::from_secs(60)));
    assert_eq!(ids(&fs::read_to_string(&path).unwrap()), first_ids(2));
}

/// What a receiver of webhooks got: its headers in small letters, and the body.
struct Post {
    headers: String,
    body: String,
}

fn read_post(stream: &TcpStream) -> Option<Post> {
    let mut reader = BufReader::new(stream);
    let mut headers = String::new();
    while !headers.ends_with("\r\n\r\n") {
        if reader.read_line(&mut headers).ok()? == 0 {
            return None;
        }
    }
    let headers = headers.to_lowercase();
    let length = headers.split("content-length: ").nth(1)?.lines().next()?.trim().parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Post { headers, body: String::from_utf8(body).ok()? })
}

/// Answers each POST with the next of these, then with 204; gives what it took with 2xx.
fn receiver_of_webhooks(answers: Vec<&'static str>) -> (u16, Arc<Mutex<Vec<Post>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    std::thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while let Some(post) = read_post(&stream) {
                let answer = answers.next().unwrap_or("204 No Content");
                if answer.is_empty() {
                    // Gone in the middle.
                    break;
                }
                if answer.starts_with('2') {
                    kept.lock().unwrap().push(post);
                }
                if write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").is_err() {
                    break;
                }
            }
        }
    });
    (port, taken)
}

fn webhook(port: u16, template: Template, secret_file: Option<&Path>) -> OutputConfig {
    let to = Target::Webhook {
        url: format!("http://127.0.0.1:{port}/services/T0/secret-path"),
        template,
        secret_file: secret_file.map(Path::to_owned),
        ca: None,
        time_limit: Span::MINUTE,
    };
    output("hook", to)
}

#[test]
fn a_webhook_that_fails_first_gets_each_incident_once_and_signed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "Jefe\n").unwrap();
    let answers = vec![
        "500 Oh",
        "",
        "429 Slow\r\nRetry-After: 0",
        "301 Moved\r\nLocation: /b",
        "200 OK",
        "503 No",
        "200 OK",
    ];
    let (port, taken) = receiver_of_webhooks(answers);
    let outbox = Memory::holding(4);
    let deliveries = start(&[webhook(port, Template::Generic, Some(&secret))], &outbox);
    wait_until("all is told", || outbox.waiting("hook") == 0);
    let state = deliveries.states().remove(0);
    assert_eq!((state.sent, state.failures, state.refused), (4, 5, 0));
    assert!(deliveries.stop(Duration::from_secs(60)));
    let posts = taken.lock().unwrap();
    let bodies: Vec<&str> = posts.iter().map(|post| post.body.as_str()).collect();
    assert_eq!(ids(&bodies.join("\n")), first_ids(4));
    for (post, id) in posts.iter().zip(first_ids(4)) {
        assert!(post.headers.contains(&format!("x-outflow-id: {id}\r\n")), "{}", post.headers);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"Jefe"), post.body.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(post.headers.contains(&format!("x-outflow-signature: sha256={hex}\r\n")), "{}", post.headers);
    }
}

#[test]
fn what_a_webhook_refuses_is_counted_and_passed_over() {
    let (port, taken) = receiver_of_webhooks(vec!["413 Too Large", "200 OK"]);
    let outbox = Memory::holding(2);
    let deliveries = start(&[webhook(port, Template::Generic, None)], &outbox);
    wait_until("all is told", || outbox.waiting("hook") == 0);
    let state = deliveries.states().remove(0);
    assert_eq!((state.sent, state.refused), (1, 1));
    assert!(deliveries.stop(Duration::from_secs(60)));
    assert_eq!(ids(&taken.lock().unwrap()[0].body), ["id-1"]);
}

#[test]
fn an_address_is_in_no_message() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outbox = Memory::holding(1);
    let deliveries = start(&[webhook(port, Template::Generic, None)], &outbox);
    wait_until("it failed", || deliveries.states()[0].error.is_some());
    let error = deliveries.states().remove(0).error.unwrap();
    assert!(!error.contains("secret-path"), "{error}");
    assert!(deliveries.stop(Duration::from_secs(60)));
}

#[test]
fn messages_for_people_have_no_markup_of_an_outsider() {
    for template in [Template::Slack, Template::Teams] {
        let outbox = Memory::holding(1);
        let line = outbox.after(0, 1).remove(0).1;
        let item = render::item(&webhook(1, template, None), &line);
        let message: serde_json::Value = serde_json::from_str(&item.text).unwrap();
        let told = "10.1.2.3 sent 1 kB to <b>*x*.example\\u{1b}[2J";
        match template {
            Template::Slack => {
                assert_eq!(message["text"], told.replace('<', "&lt;").replace('>', "&gt;"));
                let texts = message.pointer("/blocks/1/fields").unwrap().as_array().unwrap();
                assert!(texts.iter().all(|text| text["type"] == "plain_text"), "{message}");
                assert!(texts.iter().any(|text| text["text"] == "To\n<b>*x*.example"), "{message}");
            }
            _ => {
                let body = message.pointer("/attachments/0/content/body").unwrap().as_array().unwrap();
                assert!(body.iter().all(|block| block["type"] == "RichTextBlock"), "{message}");
                assert_eq!(body[0]["inlines"][0]["text"], told);
            }
        }
    }
}

fn exec(script: &str, limit: Span) -> OutputConfig {
    let command = ["sh", "-c", script].map(str::to_owned).into();
    output("hook", Target::Exec { command, time_limit: limit })
}

#[test]
fn a_program_gets_each_incident_on_its_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let tried = folder.path().join("tried");
    // The first run fails, and the second incident is never taken.
    let script = format!(
        "read -r line; [ -e {tried} ] || {{ touch {tried}; echo not yet >&2; exit 1; }}\n\
         case $line in *id-1*) exit 65;; esac; printf '%s\\n' \"$line\" >>{told}",
        tried = tried.display(),
        told = told.display()
    );
    let outbox = Memory::holding(4);
    let deliveries = start(&[exec(&script, Span::MINUTE)], &outbox);
    wait_until("all is told", || outbox.waiting("hook") == 0);
    let state = deliveries.states().remove(0);
    assert_eq!((state.sent, state.failures, state.refused), (3, 2, 1));
    assert!(deliveries.stop(Duration::from_secs(60)));
    assert_eq!(ids(&fs::read_to_string(&told).unwrap()), ["id-0", "id-2", "id-3"]);
}

#[test]
fn a_program_that_hangs_is_killed_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let script = format!("sleep 3600 & echo $! >>{}; wait", pids.display());
    let outbox = Memory::holding(1);
    let deliveries = start(&[exec(&script, Span(500_000))], &outbox);
    wait_until("it failed", || deliveries.states()[0].failures > 0);
    assert!(deliveries.states()[0].error.as_ref().unwrap().contains("not done in 500ms"));
    let _ = deliveries.stop(Duration::from_secs(60));
    for pid in fs::read_to_string(&pids).unwrap().lines() {
        // What is left of it is at most a zombie that init has not looked at yet.
        wait_until("the child is gone", || {
            let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            status.is_empty() || status.contains(") Z ")
        });
    }
    assert_eq!(outbox.waiting("hook"), 1);
}
