//! Those who drive the servers: curl, rclone, and bytes by hand for what no client would send.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What curl says about one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    /// 0 where there was no answer.
    pub(crate) status: u16,
    /// Bytes of the request body, as curl sent them.
    pub(crate) uploaded: u64,
    /// Bytes of the response body, as they came over the wire.
    pub(crate) downloaded: u64,
}

/// Runs curl; one [`Transfer`] for each URL given, in order. A URL without an answer is a transfer too.
pub(crate) fn curl<A: AsRef<OsStr>>(args: &[A]) -> Vec<Transfer> {
    let mut command = Command::new("curl");
    // `-q`: not the user's own settings. What is to be said goes to stderr, the bodies to nowhere.
    command.args(["-q", "--silent", "--insecure", "--globoff", "--path-as-is", "--max-time", "60"]);
    command.args(["--write-out", "%{stderr}%{http_code} %{size_upload} %{size_download}\n"]);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    without_proxies(&mut command);
    let output = command.output().expect("curl runs");
    let said = String::from_utf8(output.stderr).expect("text");
    let transfer = |line: &str| {
        let mut numbers = line.split(' ').map(|number| number.parse::<u64>().expect("a number"));
        let mut next = || numbers.next().expect("three numbers");
        let status = u16::try_from(next()).expect("a status");
        Transfer { status, uploaded: next(), downloaded: next() }
    };
    said.lines().map(transfer).collect()
}

/// Runs curl for one URL and insists on its status.
pub(crate) fn curl_expecting<A: AsRef<OsStr>>(status: u16, args: &[A]) -> Transfer {
    let transfers = curl(args);
    let shown: Vec<_> = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect();
    assert_eq!(transfers.iter().map(|t| t.status).collect::<Vec<_>>(), [status], "curl {}", shown.join(" "));
    transfers[0]
}

/// Runs rclone with `args`, through the HTTP proxy on `proxy` where there is one.
pub(crate) fn rclone(args: &[&str], proxy: Option<u16>) {
    let mut command = Command::new("rclone");
    command.args(["--config", "", "--retries", "1", "--low-level-retries", "1"]).args(args);
    without_proxies(&mut command);
    if let Some(port) = proxy {
        command.env("http_proxy", format!("http://127.0.0.1:{port}"));
    }
    let output = command.output().expect("rclone runs");
    assert!(output.status.success(), "rclone {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Sends `bytes` as they are, says that no more will come, and gives what comes back.
pub(crate) fn send(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(port);
    let _ = stream.write_all(bytes); // the server may have answered and gone before it read all
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// Sends `request`, takes the first `wanted` bytes of the answer and hangs up.
pub(crate) fn take_and_hang_up(port: u16, request: &[u8], wanted: usize) {
    let mut stream = connect(port);
    stream.write_all(request).expect("a request is taken");
    stream.read_exact(&mut vec![0; wanted]).expect("an answer of that size");
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream
}

/// A file of `size` bytes to upload.
pub(crate) fn body(dir: &Path, size: usize) -> String {
    let path = dir.join(format!("body-{size}"));
    std::fs::write(&path, "0123456789abcdef".bytes().cycle().take(size).collect::<Vec<u8>>())
        .expect("a body");
    path.display().to_string()
}

/// The machine's own proxy settings have no say here.
fn without_proxies(command: &mut Command) {
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
}
