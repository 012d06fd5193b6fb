//! Debian's squid, nginx, apache2 and rclone as servers: started on loopback for one run, stopped so that their logs are whole.
//!
//! Every server runs in the foreground of this process's group, unprivileged, with its configuration, logs and pid file
//! in a temporary folder. It ends with this process in every case: `Drop` ends it after a failed test, Ctrl-C reaches
//! the whole group, and `setpriv --pdeathsig` ends it should this process be killed.

pub(crate) use crate::ports::{free_port, has_ipv6};
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// `nobody` and `nogroup`: who runs the servers when the tests run as root.
const NOBODY: u32 = 65534;

/// How often a server is asked whether it is up, or gone: about a minute in all, for a busy machine.
const PATIENCE: u32 = 1200;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// What `outflow` is told for the fuller Squid log: native, with the upload bytes at the end.
pub(crate) const SQUID_UPLOAD: &str = "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %>st";

/// nginx's built-in `combined`, for the operator who writes it out.
pub(crate) const NGINX_COMBINED: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;

/// The fuller nginx log: `combined`, then the bytes of the request and of the whole response.
pub(crate) const NGINX_UPLOAD: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $bytes_sent"#;

/// The same as JSON.
pub(crate) const NGINX_JSON: &str = r#"escape=json {"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","remote_user":"$remote_user","request":"$request","status":$status,"body_bytes_sent":$body_bytes_sent,"http_referer":"$http_referer","http_user_agent":"$http_user_agent","request_length":$request_length,"bytes_sent":$bytes_sent}"#;

/// Apache's three well-known formats as its manual gives them. (Debian's own file writes `%O` in place of `%b`.)
pub(crate) const APACHE_COMMON: &str = r#"%h %l %u %t "%r" %>s %b"#;
/// `common`, then the referrer and the agent.
pub(crate) const APACHE_COMBINED: &str = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
/// `combined`, then mod_logio's bytes in and out, headers included.
pub(crate) const APACHE_COMBINEDIO: &str = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#;

/// A running server. Dropping it ends it.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    /// The signal after which it finishes what it does, writes its logs and exits.
    stop_signal: &'static str,
}

impl Server {
    /// Starts `program` in `dir` and waits until each of `ports` takes connections.
    pub(crate) fn start(
        program: &'static str,
        args: &[&str],
        stop_signal: &'static str,
        dir: &Path,
        ports: &[u16],
    ) -> Server {
        let log = fs::File::create(dir.join("output.log")).expect("a file for what the server says");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if running_as_root() {
            let nobody = NOBODY.to_string();
            command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups"]);
        }
        command.args(["--", program]).args(args).current_dir(dir).env("TZ", "UTC").env("HOME", dir);
        // Servers live in sbin, which is not on everyone's path.
        command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        let child = command.spawn().expect("setpriv (util-linux) starts");
        let mut server = Server { name: program, child, stop_signal };
        for &port in ports {
            server.wait_for_port(port, dir);
        }
        server
    }

    fn wait_for_port(&mut self, port: u16, dir: &Path) {
        for _ in 0..PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child to ask") {
                let said: String = ["output.log", "error.log", "cache.log"]
                    .iter()
                    .filter_map(|name| fs::read_to_string(dir.join(name)).ok())
                    .collect();
                panic!(
                    "{} did not start ({status}); tests/run installs what is missing. It said:\n{said}",
                    self.name
                );
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return;
            }
            sleep(BETWEEN_TRIES);
        }
        panic!("{} does not listen on port {port}", self.name);
    }

    /// Ends the server and waits, so that every line is in its logs.
    pub(crate) fn stop(self) {
        drop(self);
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -s {signal} {}", self.child.id());
        let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(self.stop_signal);
        for _ in 0..PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(BETWEEN_TRIES);
        }
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// Waits until a server has done what it does in its own time.
pub(crate) fn wait_until(what: &str, is_done: impl Fn() -> bool) {
    for _ in 0..PATIENCE {
        if is_done() {
            return;
        }
        sleep(BETWEEN_TRIES);
    }
    panic!("waited in vain until {what}");
}

/// nginx: `port` plain, `tls_port` with a self-signed certificate and HTTP/2, both also on `[::1]` where there is IPv6.
/// Serves [`website`], takes PUT and POST of any size, and writes both logs.
pub(crate) struct Nginx {
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    server: Server,
    dir: TempDir,
}

impl Nginx {
    pub(crate) fn start() -> Nginx {
        let (dir, port, tls_port) = (folder(), free_port(), free_port());
        website(dir.path());
        certificate(dir.path());
        let ipv6 = if has_ipv6() { format!("listen [::1]:{port};") } else { String::new() };
        let json = NGINX_JSON.replacen(' ', " '", 1);
        let config = format!(
            r#"
            worker_processes 1;
            pid nginx.pid;
            error_log error.log;
            events {{ worker_connections 64; }}
            http {{
                client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
                types {{ text/plain txt; text/html html; application/octet-stream bin; }}
                charset utf-8;
                gzip on; gzip_types text/plain; gzip_min_length 100;
                client_max_body_size 0;
                log_format upload '{NGINX_UPLOAD}';
                log_format json {json}';
                access_log combined.log combined;
                access_log json.log json;
                access_log upload.log upload;
                ssl_certificate certificate.pem; ssl_certificate_key key.pem;
                server {{
                    listen 127.0.0.1:{port}; {ipv6}
                    listen 127.0.0.1:{tls_port} ssl http2;
                    root www;
                    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
                    # nginx reads the whole body before it asks "upstream", which is itself and gets none of it.
                    location = /post {{
                        proxy_pass http://127.0.0.1:{port}/received; proxy_method GET;
                        proxy_pass_request_body off; proxy_set_header Content-Length "";
                    }}
                    location = /received {{ access_log off; return 201; }}
                    location = /moved {{ return 301 /index.html; }}
                    location = /broken {{ return 500; }}
                    location = /small {{ client_max_body_size 1k; dav_methods PUT; }}
                }}
            }}"#
        );
        fs::write(dir.path().join("nginx.conf"), config).expect("nginx.conf");
        let path = format!("{}/", dir.path().display());
        let server = Server::start(
            "nginx",
            &["-p", &path, "-e", "error.log", "-c", "nginx.conf", "-g", "daemon off;"],
            "QUIT",
            dir.path(),
            &[port, tls_port],
        );
        Nginx { port, tls_port, server, dir }
    }

    /// Stops it and gives its logs: `combined`, with request and response bytes, and the latter as JSON.
    pub(crate) fn into_logs(self) -> [Vec<u8>; 3] {
        self.server.stop();
        ["combined.log", "upload.log", "json.log"].map(|name| read(&self.dir, name))
    }
}

/// apache2: `port` plain and `tls_port` with TLS; serves [`website`], takes PUT, and writes three logs.
pub(crate) struct Apache {
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    server: Server,
    dir: TempDir,
}

/// What Apache wrote about one run.
pub(crate) struct ApacheLogs {
    pub(crate) common: Vec<u8>,
    pub(crate) combined: Vec<u8>,
    pub(crate) combinedio: Vec<u8>,
}

impl Apache {
    pub(crate) fn start() -> Apache {
        let (dir, port, tls_port) = (folder(), free_port(), free_port());
        website(dir.path());
        certificate(dir.path());
        let path = dir.path().display();
        let quoted = |format: &str| format.replace('"', "\\\"");
        let (common, combined) = (quoted(APACHE_COMMON), quoted(APACHE_COMBINED));
        let combinedio = quoted(APACHE_COMBINEDIO);
        let modules: String = [
            ("mpm_event", "mpm_event"),
            ("authz_core", "authz_core"),
            ("authn_core", "authn_core"),
            ("authn_file", "authn_file"),
            ("authz_user", "authz_user"),
            ("auth_basic", "auth_basic"),
            ("mime", "mime"),
            ("dir", "dir"),
            ("alias", "alias"),
            ("filter", "filter"),
            ("deflate", "deflate"),
            ("dav", "dav"),
            ("dav_fs", "dav_fs"),
            ("ssl", "ssl"),
        ]
        .iter()
        .map(|(module, file)| format!("LoadModule {module}_module /usr/lib/apache2/modules/mod_{file}.so\n"))
        .collect();
        password(&dir.path().join("passwords"));
        let ipv6 = if has_ipv6() { format!("Listen [::1]:{port}") } else { String::new() };
        let config = format!(
            r#"
            {modules}
            ServerRoot {path}
            DefaultRuntimeDir {path}
            PidFile apache2.pid
            ServerName web-01.example
            Listen 127.0.0.1:{port}
            {ipv6}
            Listen 127.0.0.1:{tls_port}
            ErrorLog error.log
            LogFormat "{common}" common
            LogFormat "{combined}" combined
            LogFormat "{combinedio}" combinedio
            CustomLog common.log common
            CustomLog combined.log combined
            CustomLog combinedio.log combinedio
            StartServers 1
            ThreadsPerChild 8
            MaxRequestWorkers 8
            AddDefaultCharset utf-8
            TypesConfig /dev/null
            AddType text/plain .txt
            AddType text/html .html
            AddOutputFilterByType DEFLATE text/plain
            DocumentRoot {path}/www
            DavLockDB {path}/tmp/dav
            <Location /put/>
                Dav On
            </Location>
            <Location /private/>
                AuthType Basic
                AuthName private
                AuthUserFile passwords
                Require valid-user
            </Location>
            Redirect permanent /moved http://web-01.example/index.html
            <VirtualHost 127.0.0.1:{tls_port}>
                SSLEngine on
                SSLCertificateFile certificate.pem
                SSLCertificateKeyFile key.pem
                CustomLog common.log common
                CustomLog combined.log combined
                CustomLog combinedio.log combinedio
            </VirtualHost>
            "#
        );
        fs::write(dir.path().join("apache2.conf"), config).expect("apache2.conf");
        let config = dir.path().join("apache2.conf").display().to_string();
        let server = Server::start(
            "apache2",
            &["-f", &config, "-DFOREGROUND"],
            "WINCH",
            dir.path(),
            &[port, tls_port],
        );
        Apache { port, tls_port, server, dir }
    }

    /// Stops it and gives its logs.
    pub(crate) fn into_logs(self) -> ApacheLogs {
        self.server.stop();
        ApacheLogs {
            common: read(&self.dir, "common.log"),
            combined: read(&self.dir, "combined.log"),
            combinedio: read(&self.dir, "combinedio.log"),
        }
    }
}

/// Squid: `port` for everyone, `login_port` for those who give `jdoe:secret`. Names resolve by its own hosts file only,
/// all to loopback; `blocked.example` is denied.
pub(crate) struct Squid {
    pub(crate) port: u16,
    pub(crate) login_port: u16,
    server: Server,
    dir: TempDir,
}

impl Squid {
    /// Starts it; `names` are the destinations it can reach.
    pub(crate) fn start(names: &[&str]) -> Squid {
        let (dir, port, login_port) = (folder(), free_port(), free_port());
        password(&dir.path().join("passwords"));
        fs::write(dir.path().join("hosts"), format!("127.0.0.1 {}\n", names.join(" "))).expect("hosts");
        let path = dir.path().display();
        let ipv6 = if has_ipv6() { format!("http_port [::1]:{port}") } else { String::new() };
        let config = format!(
            r"
http_port 127.0.0.1:{port}
http_port 127.0.0.1:{login_port} name=login
{ipv6}
visible_hostname proxy-01.example
hosts_file {path}/hosts
dns_nameservers 127.0.0.1
pid_filename none
netdb_filename none
pinger_enable off
coredump_dir {path}
cache_log {path}/cache.log
cache_mem 8 MB
# Squid 5.7 drops an upload now and then when its buffer (512 kB by default) is full: TCP_MISS_ABORTED/000.
client_request_buffer_max_size 64 MB
shutdown_lifetime 1 second
auth_param basic program /usr/lib/squid/basic_ncsa_auth {path}/passwords
auth_param basic children 1
acl login myportname login
acl known_user proxy_auth REQUIRED
acl blocked dstdomain blocked.example
http_access deny blocked
http_access deny login !known_user
http_access allow all
access_log stdio:{path}/native.log squid
logformat upload {SQUID_UPLOAD}
access_log stdio:{path}/upload.log upload
"
        );
        fs::write(dir.path().join("squid.conf"), config).expect("squid.conf");
        let config = dir.path().join("squid.conf").display().to_string();
        let server = Server::start("squid", &["-N", "-f", &config], "TERM", dir.path(), &[port, login_port]);
        Squid { port, login_port, server, dir }
    }

    /// Stops it and gives its logs: native, and with upload bytes.
    pub(crate) fn into_logs(self) -> (Vec<u8>, Vec<u8>) {
        self.server.stop();
        (read(&self.dir, "native.log"), read(&self.dir, "upload.log"))
    }
}

/// `rclone serve webdav`: where rclone copies to.
pub(crate) struct WebDav {
    pub(crate) port: u16,
    _server: Server,
    _dir: TempDir,
}

impl WebDav {
    pub(crate) fn start() -> WebDav {
        let (dir, port) = (folder(), free_port());
        let address = format!("127.0.0.1:{port}");
        let server = Server::start(
            "rclone",
            &["serve", "webdav", "--config", "rclone.conf", "--addr", &address, "www"],
            "TERM",
            dir.path(),
            &[port],
        );
        WebDav { port, _server: server, _dir: dir }
    }
}

/// The files that nginx and Apache serve: name and size in bytes. `.txt` is compressed for those who take gzip.
pub(crate) const FILES: &[(&str, usize)] = &[
    ("empty.bin", 0),
    ("one.bin", 1),
    ("million.bin", 1_000_000),
    ("ten-million.bin", 10_000_000),
    ("text.txt", 200_000),
    ("index.html", 1_234),
    ("private/report.bin", 5_000),
];

pub(crate) fn website(dir: &Path) {
    for (name, size) in FILES {
        let path = dir.join("www").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("www");
        fs::write(path, "outflow\n".bytes().cycle().take(*size).collect::<Vec<u8>>())
            .expect("a file to serve");
    }
    fs::create_dir_all(dir.join("www/put")).expect("www/put");
    give_to_servers(&dir.join("www/put"));
}

/// A temporary folder with `www` and `tmp` inside, writable by the servers.
pub(crate) fn folder() -> TempDir {
    let dir = tempfile::Builder::new().prefix("outflow-real-").tempdir().expect("a temporary folder");
    for path in [dir.path().to_owned(), dir.path().join("www"), dir.path().join("tmp")] {
        fs::create_dir_all(&path).expect("a folder");
        give_to_servers(&path);
    }
    dir
}

pub(crate) fn give_to_servers(path: &Path) {
    if running_as_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give away");
    }
}

fn running_as_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id (coreutils)");
    id.stdout == b"0\n"
}

/// A certificate for `tls.example` that nobody signed.
fn certificate(dir: &Path) {
    openssl(
        dir,
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tls.example -keyout key.pem -out certificate.pem",
    );
    give_to_servers(&dir.join("key.pem"));
    give_to_servers(&dir.join("certificate.pem"));
}

/// `ca.pem`, and `cert.pem` with `key.pem` for this name and 127.0.0.1, which it vouches for.
pub(crate) fn signed_certificate(dir: &Path, name: &str) {
    openssl(dir, "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
    openssl(dir, &format!("req -newkey rsa:2048 -nodes -subj /CN={name} -keyout key.pem -out cert.csr"));
    fs::write(dir.join("names"), format!("subjectAltName=DNS:{name},IP:127.0.0.1\n")).expect("names");
    openssl(
        dir,
        "x509 -req -in cert.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem",
    );
}

/// A password file in which `jdoe` and `j doe` have the password `secret`.
fn password(path: &Path) {
    let hash = openssl(path.parent().expect("a folder"), "passwd -apr1 secret");
    fs::write(path, format!("jdoe:{hash}j doe:{hash}")).expect("passwords");
}

fn openssl(dir: &Path, args: &str) -> String {
    let output =
        Command::new("openssl").args(args.split(' ')).current_dir(dir).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

pub(crate) fn read(dir: &TempDir, name: &str) -> Vec<u8> {
    fs::read(dir.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
