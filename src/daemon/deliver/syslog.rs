//! RFC 5424, over UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425).
//!
//! Syslog has no acknowledgement. Over TCP and TLS each batch therefore has a connection of its own, which is closed for writing
//! at its end: a receiver that then closes its side has read everything. Over UDP nothing says so.

use super::{Failure, Item, Receiver, tls};
use crate::config::Transport;
use crate::units::Span;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of a datagram: UDP's 65,507, less what a longer header of IPv6 takes.
const DATAGRAM_MAX: usize = 65_000;

/// local0, as RFC 5424 numbers facilities.
const FACILITY: u32 = 16;

pub(super) struct Syslog {
    transport: Transport,
    host: String,
    port: u16,
    /// For TLS.
    config: Option<Arc<ClientConfig>>,
    limit: Duration,
    /// This machine, as it calls itself.
    own: String,
}

impl Syslog {
    pub(super) fn new(
        transport: Transport,
        host: &str,
        port: u16,
        ca: Option<&Path>,
        limit: Span,
    ) -> Result<Syslog, String> {
        let config = match transport {
            Transport::Tls => Some(tls::client(ca)?),
            Transport::Udp | Transport::Tcp => None,
        };
        let limit = Duration::from_secs_f64(limit.seconds().max(0.1));
        Ok(Syslog { transport, host: host.into(), port, config, limit, own: own_name() })
    }

    /// `<PRI>1 TIME HOST outflow - incident - TEXT`
    fn message(&self, item: &Item) -> String {
        let severity = match item.severity.as_str() {
            "critical" => 2,
            "high" => 3,
            "medium" => 4,
            _ => 5,
        };
        let time = if item.time.is_empty() { "-" } else { &item.time };
        format!("<{}>1 {time} {} outflow - incident - {}", FACILITY * 8 + severity, self.own, item.text)
    }

    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }

    fn datagrams(&self, items: &[Item]) -> Result<usize, Failure> {
        let address = self.addresses().map_err(Failure::later)?.into_iter().next();
        let address = address.ok_or_else(|| Failure::later("its name has no address"))?;
        let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(local).map_err(Failure::later)?;
        socket.connect(address).map_err(Failure::later)?;
        for (done, item) in items.iter().enumerate() {
            let message = self.message(item);
            if message.len() > DATAGRAM_MAX {
                let refused =
                    || Failure::Never(format!("{} bytes do not fit a datagram: use tcp://", message.len()));
                return if done == 0 { Err(refused()) } else { Ok(done) };
            }
            match socket.send(message.as_bytes()) {
                Ok(_) => {}
                Err(_) if done > 0 => return Ok(done),
                Err(error) => return Err(Failure::later(error)),
            }
        }
        Ok(items.len())
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(ErrorKind::NotFound, "its name has no address");
        for address in self.addresses()? {
            match TcpStream::connect_timeout(&address, self.limit) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(self.limit))?;
                    stream.set_write_timeout(Some(self.limit))?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn stream(&self, items: &[Item]) -> io::Result<()> {
        let mut frames = String::new();
        for item in items {
            let message = self.message(item);
            // Writing to a String cannot fail.
            let _ = write!(frames, "{} {message}", message.len());
        }
        let mut stream = self.connect()?;
        let Some(config) = &self.config else {
            stream.write_all(frames.as_bytes())?;
            stream.shutdown(Shutdown::Write)?;
            return until_closed(&mut stream);
        };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(frames.as_bytes())?;
        stream.conn.send_close_notify();
        stream.flush()?;
        stream.sock.shutdown(Shutdown::Write)?;
        until_closed(&mut stream)
    }
}

/// Reads until the receiver closes its side. One that says nothing within the limit has not refused anything either.
fn until_closed(stream: &mut impl Read) -> io::Result<()> {
    let mut said = [0; 512];
    loop {
        match stream.read(&mut said) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                // Its side of TLS may end without a word.
                ErrorKind::UnexpectedEof | ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(()),
                _ => return Err(error),
            },
        }
    }
}

impl Receiver for Syslog {
    fn deliver(&mut self, items: &[Item]) -> Result<usize, Failure> {
        match self.transport {
            Transport::Udp => self.datagrams(items),
            Transport::Tcp | Transport::Tls => {
                self.stream(items).map_err(Failure::later)?;
                Ok(items.len())
            }
        }
    }
}

/// `-` where it is not known, as RFC 5424 has it.
fn own_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".into() } else { name }
}
