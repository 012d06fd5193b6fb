//! Real sockets of this machine.

use super::*;
use crate::config::ListenAt;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;

const SPOOL: Bytes = Bytes(10_000_000);

fn config(name: &str, at: ListenAt) -> ListenConfig {
    ListenConfig { name: name.into(), at, format: None, role: None, host: None }
}

/// Where a listener ended up, without the scheme.
fn at(listeners: &Listeners, name: &str) -> String {
    let state = listeners.states().into_iter().find(|state| state.name == name).unwrap();
    state.at.split_once("://").unwrap().1.to_owned()
}

/// What a sender's files hold.
fn kept(store: &Path, name: &str, sender: &str) -> String {
    let mut files: Vec<PathBuf> = std::fs::read_dir(spool_of(store, name).join(sender))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

fn wait_for(mut what: impl FnMut() -> bool) {
    for _ in 0..500 {
        if what() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it did not happen in ten seconds");
}

fn messages(listeners: &Listeners, name: &str) -> u64 {
    listeners.states().into_iter().find(|state| state.name == name).unwrap().messages
}

#[test]
fn messages_of_every_socket_are_lines_of_their_senders() {
    let store = tempfile::tempdir().unwrap();
    let path = store.path().join("log.sock");
    let any = "127.0.0.1:0".parse().unwrap();
    let configs = [
        config("u", ListenAt::Udp(any)),
        config("t", ListenAt::Tcp(any)),
        config("l", ListenAt::Unix(path.clone())),
    ];
    let listeners = Listeners::start(&configs, store.path(), SPOOL).unwrap();
    // One that says nothing holds nobody.
    let _silent = TcpStream::connect(at(&listeners, "t")).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(b"<1>one\ntwo", at(&listeners, "u")).unwrap();
    udp.send_to(b"three\nfour\n", at(&listeners, "u")).unwrap();
    let local = UnixDatagram::unbound().unwrap();
    local.send_to(b"<2>local", &path).unwrap();
    let mut tcp = TcpStream::connect(at(&listeners, "t")).unwrap();
    tcp.write_all(b"<1>a\n5 <2>bc<3>d\n<4>e").unwrap();
    drop(tcp);
    wait_for(|| messages(&listeners, "t") == 4 && messages(&listeners, "u") == 3);
    wait_for(|| messages(&listeners, "l") == 1);
    listeners.stop();
    assert_eq!(kept(store.path(), "u", "127.0.0.1"), "<1>one two\nthree\nfour\n");
    assert_eq!(kept(store.path(), "t", "127.0.0.1"), "<1>a\n<2>bc\n<3>d\n<4>e\n");
    assert_eq!(kept(store.path(), "l", "local"), "<2>local\n");
}

#[test]
fn one_sender_has_so_many_connections() {
    let store = tempfile::tempdir().unwrap();
    let configs = [config("t", ListenAt::Tcp("127.0.0.1:0".parse().unwrap()))];
    let listeners = Listeners::start(&configs, store.path(), SPOOL).unwrap();
    let mut open: Vec<TcpStream> =
        (0..40).map(|_| TcpStream::connect(at(&listeners, "t")).unwrap()).collect();
    wait_for(|| listeners.states()[0].refused == 8);
    open[0].write_all(b"<1>still\n").unwrap();
    wait_for(|| messages(&listeners, "t") == 1);
    // Those that close make room.
    drop(open);
    wait_for(|| {
        let mut again = TcpStream::connect(at(&listeners, "t")).unwrap();
        again.write_all(b"<1>again\n").is_ok() && {
            std::thread::sleep(Duration::from_millis(50));
            messages(&listeners, "t") > 1
        }
    });
}

#[test]
fn a_stream_waits_for_room_and_datagrams_do_not() {
    let store = tempfile::tempdir().unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let configs = [config("u", ListenAt::Udp(any)), config("t", ListenAt::Tcp(any))];
    let listeners = Listeners::start(&configs, store.path(), Bytes(1_000_000)).unwrap();
    let (to, line) = (at(&listeners, "t"), format!("<1>{}\n", "x".repeat(996)));
    let lines = line.repeat(1_000);
    let sending = std::thread::spawn(move || TcpStream::connect(to).unwrap().write_all(lines.as_bytes()));
    wait_for(|| messages(&listeners, "t") >= 250);
    std::thread::sleep(Duration::from_millis(500));
    let there = messages(&listeners, "t");
    assert!(there < 300, "a quarter of the room, and what one read brings: {there}");
    // As the engine does: what was read is removed, again and again.
    let mut read = 0;
    wait_for(|| {
        for entry in std::fs::read_dir(spool_of(store.path(), "t").join("127.0.0.1")).unwrap() {
            let path = entry.unwrap().path();
            let newest = kept_files(store.path(), "t").last() == Some(&path);
            if !newest || messages(&listeners, "t") == 1_000 {
                read += std::fs::read(&path).unwrap().len();
                std::fs::remove_file(path).unwrap();
            }
        }
        read == 1_000_000
    });
    sending.join().unwrap().unwrap();
    assert_eq!(listeners.states()[1].dropped, 0);
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..600 {
        udp.send_to(line.as_bytes(), at(&listeners, "u")).unwrap();
        std::thread::sleep(Duration::from_micros(100));
    }
    wait_for(|| listeners.states()[0].messages + listeners.states()[0].dropped == 600);
    assert!(listeners.states()[0].dropped >= 300, "{:?}", listeners.states()[0]);
}

fn kept_files(store: &Path, name: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(spool_of(store, name).join("127.0.0.1")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn standard_input_ends() {
    let store = tempfile::tempdir().unwrap();
    let intake = Intake::open("stdin", spool_of(store.path(), "stdin"), 1_000_000).unwrap();
    let (shared, ended) = (Shared(Arc::new(Mutex::new(intake))), Arc::new(AtomicBool::new(false)));
    let text = format!("one\n9 <2>two\n{}\nthree", "x".repeat(2_000));
    stdin::start(io::Cursor::new(text), shared.clone(), Arc::clone(&ended), 1_000).unwrap();
    wait_for(|| ended.load(Ordering::Acquire));
    assert_eq!(kept(store.path(), "stdin", "stdin"), "one\n9 <2>two\nthree\n");
    assert_eq!(shared.lock().state.too_long, 1);
}

#[test]
fn what_cannot_be_bound_is_said() {
    let store = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let missing = PathBuf::from("/nowhere/key.pem");
    let cases = BTreeMap::from([
        ("in-use", (ListenAt::Tcp(taken.local_addr().unwrap()), "another program listens there")),
        ("no-folder", (ListenAt::Unix("/nowhere/log".into()), "/nowhere/log")),
        (
            "no-cert",
            (
                ListenAt::Tls {
                    address: "127.0.0.1:0".parse().unwrap(),
                    cert: missing.clone(),
                    key: missing.clone(),
                },
                "/nowhere/key.pem",
            ),
        ),
    ]);
    for (name, (at, expected)) in cases {
        let error = Listeners::start(&[config(name, at)], store.path(), SPOOL).err().unwrap();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    }
}
