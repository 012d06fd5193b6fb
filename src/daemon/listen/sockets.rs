//! Sockets → messages: a task for each, and for each connection, on one thread.

use super::Shared;
use super::frames::Frames;
use crate::config::{ListenAt, ListenConfig};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram};
use tokio_rustls::TlsAcceptor;

/// The longest message, in bytes: as much as a datagram holds. Receivers should take 2,048 (RFC 5424, section 6.1).
const MESSAGE_MAX: usize = 65_535;

/// Most connections of a listener at once.
const CONNECTIONS_MAX: usize = 512;

/// Most connections of one sender at once.
const OF_SENDER_MAX: usize = 32;

/// So long a client may take until TLS is spoken.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often a stream that waits for room looks whether there is some.
const WAIT: Duration = Duration::from_millis(100);

/// What the kernel is asked to hold of datagrams while they are not taken, in bytes: half a second of 50,000 a second.
const RECEIVE_BUFFER: usize = 16 << 20;

/// After so long without a word a connection is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Who sends over a socket of this machine.
const LOCAL: &str = "local";

/// A socket that listens.
pub(super) enum Socket {
    Udp(UdpSocket),
    Unix(UnixDatagram),
    Tcp(TcpListener, Option<TlsAcceptor>),
}

impl Socket {
    /// Binds, within a runtime; gives where.
    pub(super) fn bind(config: &ListenConfig) -> Result<Option<(Socket, String)>, String> {
        let failed = |at: &dyn std::fmt::Display, error: io::Error| match error.kind() {
            ErrorKind::PermissionDenied => {
                format!("{at}: {error}: take a port above 1023, or give the daemon CAP_NET_BIND_SERVICE")
            }
            ErrorKind::AddrInUse => format!("{at}: {error}: another program listens there"),
            _ => format!("{at}: {error}"),
        };
        match &config.at {
            ListenAt::Udp(address) => {
                let bound = std::net::UdpSocket::bind(address).and_then(|socket| {
                    // What the system allows of it; without, bursts are dropped earlier, and counted.
                    let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
                    socket.set_nonblocking(true)?;
                    let at = socket.local_addr()?;
                    Ok((Socket::Udp(UdpSocket::from_std(socket)?), format!("udp://{at}")))
                });
                bound.map(Some).map_err(|error| failed(address, error))
            }
            ListenAt::Tcp(address) => {
                let (listener, at) = tcp(*address).map_err(|error| failed(address, error))?;
                Ok(Some((Socket::Tcp(listener, None), format!("tcp://{at}"))))
            }
            ListenAt::Tls { address, cert, key } => {
                let acceptor = TlsAcceptor::from(server(cert, key)?);
                let (listener, at) = tcp(*address).map_err(|error| failed(address, error))?;
                Ok(Some((Socket::Tcp(listener, Some(acceptor)), format!("tls://{at}"))))
            }
            ListenAt::Unix(path) => {
                let socket = unix(path).map_err(|error| failed(&path.display(), error))?;
                Ok(Some((Socket::Unix(socket), format!("unix://{}", path.display()))))
            }
            ListenAt::Stdin => Ok(None),
        }
    }

    /// Takes what comes, for ever.
    pub(super) async fn serve(self, shared: Shared) {
        match self {
            Socket::Udp(socket) => datagrams(&socket, &shared).await,
            Socket::Unix(socket) => local(&socket, &shared).await,
            Socket::Tcp(listener, tls) => connections(&listener, tls, &shared).await,
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, at))
}

/// A socket in the file system, in the place of the one that a process before has left. Who may reach the folder may send, as
/// with `/dev/log`.
fn unix(path: &Path) -> io::Result<UnixDatagram> {
    if fs::symlink_metadata(path).is_ok_and(|there| there.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let socket = UnixDatagram::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(socket)
}

/// What a server of TLS needs.
fn server(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, String> {
    let failed = |path: &Path, what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
    let chain = chain.map_err(|error| failed(cert, &error))?;
    if chain.is_empty() {
        return Err(failed(cert, &"no certificate in PEM"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, secret));
    config.map(Arc::new).map_err(|error| failed(cert, &error))
}

/// Addresses that IPv6 sockets give of IPv4 senders are those of IPv4.
fn sender(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}

async fn datagrams(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = vec![0; MESSAGE_MAX];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, address)) => {
                offer(shared, &sender(address).to_string(), buffer.get(..length).unwrap_or_default());
            }
            // A network that is down for now.
            Err(_) => tokio::time::sleep(WAIT).await,
        }
    }
}

async fn local(socket: &UnixDatagram, shared: &Shared) {
    let mut buffer = vec![0; MESSAGE_MAX];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => offer(shared, LOCAL, buffer.get(..length).unwrap_or_default()),
            Err(_) => tokio::time::sleep(WAIT).await,
        }
    }
}

/// A datagram is one message of syslog; what is none may be several lines.
fn offer(shared: &Shared, sender: &str, datagram: &[u8]) {
    let mut intake = shared.lock();
    if datagram.starts_with(b"<") {
        return intake.offer(sender, datagram);
    }
    let mut lines = Frames::of_lines(MESSAGE_MAX);
    lines.push(datagram, |line| intake.offer(sender, line));
    lines.end(|line| intake.offer(sender, line));
}

async fn connections(listener: &TcpListener, tls: Option<TlsAcceptor>, shared: &Shared) {
    let open: Rc<RefCell<BTreeMap<IpAddr, usize>>> = Rc::default();
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            // No more handles, for now.
            tokio::time::sleep(WAIT).await;
            continue;
        };
        let (sender, tls, shared) = (sender(address), tls.clone(), shared.clone());
        let (of_all, of_sender) = {
            let open = open.borrow();
            (open.values().sum::<usize>(), open.get(&sender).copied().unwrap_or(0))
        };
        if of_all >= CONNECTIONS_MAX || of_sender >= OF_SENDER_MAX {
            shared.lock().state.refused += 1;
            continue;
        }
        *open.borrow_mut().entry(sender).or_default() += 1;
        let open = Rc::clone(&open);
        tokio::task::spawn_local(async move {
            connection(stream, tls, &sender.to_string(), &shared).await;
            let mut open = open.borrow_mut();
            if let Some(count) = open.get_mut(&sender) {
                *count -= 1;
            }
            open.retain(|_, count| *count > 0);
        });
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, sender: &str, shared: &Shared) {
    // Where it cannot be set, a peer that vanished keeps its place until the system gives it up.
    let _ = rustix::net::sockopt::set_socket_keepalive(stream.as_fd(), true);
    let _ = rustix::net::sockopt::set_tcp_keepidle(stream.as_fd(), KEEPALIVE);
    let Some(tls) = tls else { return messages(stream, sender, shared).await };
    match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => messages(stream, sender, shared).await,
        Ok(Err(_)) | Err(_) => shared.lock().state.refused += 1,
    }
}

/// Messages of a connection, to its end. While there is no room it is not read: the sender waits.
async fn messages(mut stream: impl AsyncRead + Unpin, sender: &str, shared: &Shared) {
    let mut frames = Frames::of_syslog(MESSAGE_MAX);
    let mut buffer = vec![0; 16 << 10];
    let broken = loop {
        while shared.lock().is_full(sender) {
            tokio::time::sleep(WAIT).await;
        }
        match stream.read(&mut buffer).await {
            Ok(0) => break None,
            Ok(length) => {
                let mut intake = shared.lock();
                frames.push(buffer.get(..length).unwrap_or_default(), |message| intake.take(sender, message));
            }
            Err(error) => break Some(error),
        }
    };
    let mut intake = shared.lock();
    intake.state.too_long += frames.too_long;
    let broken = match broken {
        // Its side of TLS may end without a word.
        None => frames.end(|message| intake.take(sender, message)),
        Some(error) if error.kind() == ErrorKind::UnexpectedEof => {
            frames.end(|message| intake.take(sender, message))
        }
        Some(_) => frames.is_amid(),
    };
    intake.state.broken += u64::from(broken);
}
