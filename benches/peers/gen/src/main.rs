//! The standard sets of the benchmarks: `gen FORMAT BYTES OUT [SEED] [HOSTS] [DESTINATIONS]`, with `-` for standard output.
//!
//! Formats: squid, combined, zeek, eve, zeekjson, vpc. The same arguments give the same bytes on every machine but for the
//! last digits of the C library's `exp`, `ln` and `cos`: 24 hours, seed 1, 10,000 hosts (Zipf 0.8) and 50,000 destinations
//! (Zipf 1.05) where nothing else is said. Whoever changes what is drawn changes the answers that `../run` knows.

use std::fs::File;
use std::io::{BufWriter, Write};

struct Rng(u64);
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }
    fn f(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        let u1 = self.f().max(1e-300);
        let u2 = self.f();
        (-2.0 * u1.ln()).sqrt() * (2.0 * std::f64::consts::PI * u2).cos()
    }
    /// log-normal integer
    fn logn(&mut self, mu: f64, sigma: f64) -> u64 {
        (mu + sigma * self.normal()).exp() as u64
    }
}

/// Walker alias table
struct Alias {
    p: Vec<f64>,
    a: Vec<u32>,
}
impl Alias {
    fn zipf(n: usize, s: f64) -> Self {
        let w: Vec<f64> = (1..=n).map(|k| (k as f64).powf(-s)).collect();
        Self::new(&w)
    }
    fn new(w: &[f64]) -> Self {
        let n = w.len();
        let t: f64 = w.iter().sum();
        let mut p: Vec<f64> = w.iter().map(|x| x / t * n as f64).collect();
        let mut a: Vec<u32> = (0..n as u32).collect();
        let (mut s, mut l): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| p[i] < 1.0);
        while let (Some(&i), Some(&j)) = (s.last(), l.last()) {
            s.pop();
            a[i] = j as u32;
            p[j] -= 1.0 - p[i];
            if p[j] < 1.0 {
                l.pop();
                s.push(j);
            }
        }
        Alias { p, a }
    }
    fn draw(&self, r: &mut Rng) -> usize {
        let i = r.below(self.p.len() as u64) as usize;
        if r.f() < self.p[i] { i } else { self.a[i] as usize }
    }
}

const SYL: &[&str] = &[
    "al", "an", "ar", "bel", "bit", "bo", "cam", "cor", "da", "del", "dev", "dia", "en", "fa", "fin", "flo",
    "gen", "go", "ha", "hub", "in", "jo", "ka", "lab", "lin", "lo", "ma", "med", "mi", "net", "no", "or",
    "pa", "pay", "pro", "qu", "re", "ri", "sa", "sol", "ta", "tech", "tra", "un", "va", "ver", "web", "wi",
    "yo", "zen",
];
const TLD: &[&str] =
    &["com", "com", "com", "com", "net", "org", "io", "co.uk", "de", "fr", "ru", "cn", "app", "dev"];
const SUB: &[&str] = &[
    "www",
    "www",
    "www",
    "api",
    "cdn",
    "static",
    "img",
    "mail",
    "login",
    "assets",
    "s3.eu-west-1",
    "edge",
    "tiles",
    "telemetry",
    "update",
];
const SEG: &[&str] = &[
    "index", "assets", "v1", "v2", "api", "users", "images", "static", "js", "css", "2024", "product",
    "category", "search", "data", "upload", "download", "news", "article", "session", "events", "collect",
    "items", "media", "fonts", "build", "main", "chunk", "vendor", "thumb",
];
const EXT: &[&str] =
    &[".html", ".js", ".css", ".png", ".jpg", ".json", "", ".php", ".woff2", ".svg", ".webp", ""];
const MIME: &[&str] = &[
    "text/html",
    "application/javascript",
    "text/css",
    "image/png",
    "image/jpeg",
    "application/json",
    "text/plain",
    "text/html",
    "font/woff2",
    "image/svg+xml",
    "image/webp",
    "-",
];
const UA: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Go-http-client/1.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
];

fn b62(r: &mut Rng, n: usize, out: &mut Vec<u8>) {
    const A: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut v = 0u64;
    for i in 0..n {
        if i % 10 == 0 {
            v = r.next();
        }
        out.push(A[(v % 62) as usize]);
        v /= 62;
    }
}
fn hexs(r: &mut Rng, n: usize, out: &mut Vec<u8>) {
    let mut v = 0u64;
    for i in 0..n {
        if i % 16 == 0 {
            v = r.next();
        }
        out.push(b"0123456789abcdef"[(v & 15) as usize]);
        v >>= 4;
    }
}
fn path(r: &mut Rng, out: &mut Vec<u8>) -> usize {
    let n = 1 + r.below(4);
    for _ in 0..n {
        out.push(b'/');
        out.extend_from_slice(SEG[r.below(SEG.len() as u64) as usize].as_bytes());
    }
    if r.below(3) == 0 {
        out.push(b'-');
        hexs(r, 8, out);
    }
    let e = r.below(EXT.len() as u64) as usize;
    out.extend_from_slice(EXT[e].as_bytes());
    if r.below(4) == 0 {
        out.extend_from_slice(b"?id=");
        let _ = write!(out, "{}", r.below(10_000_000));
        if r.below(2) == 0 {
            out.extend_from_slice(b"&q=%20");
            b62(r, 12, out);
        }
    }
    e
}

struct World {
    hosts: Vec<String>,
    dom: Vec<String>,
    dip: Vec<String>,
    user: Vec<String>,
    zh: Alias,
    zd: Alias,
    bias: Vec<f64>,
    hour: Alias,
}
impl World {
    fn new(nh: usize, nd: usize, seed: u64) -> Self {
        let mut r = Rng(seed ^ 0xABCDEF);
        // rank -> address is shuffled (Fisher-Yates), so heavy hosts are not neighbours
        let mut perm: Vec<usize> = (0..nh).collect();
        for i in (1..nh).rev() {
            let j = r.below(i as u64 + 1) as usize;
            perm.swap(i, j);
        }
        let hosts = perm
            .iter()
            .map(|&i| format!("10.{}.{}.{}", 16 + i / 62500, (i / 250) % 250, 1 + i % 250))
            .collect();
        let mut dom = Vec::with_capacity(nd);
        for i in 0..nd {
            let k = 2 + r.below(3);
            let mut s = String::new();
            s.push_str(SUB[r.below(SUB.len() as u64) as usize]);
            s.push('.');
            for _ in 0..k {
                s.push_str(SYL[r.below(SYL.len() as u64) as usize]);
            }
            if r.below(3) == 0 {
                s.push('-');
                s.push_str(SYL[r.below(SYL.len() as u64) as usize]);
            }
            s.push_str(&i.to_string());
            s.push('.');
            s.push_str(TLD[r.below(TLD.len() as u64) as usize]);
            dom.push(s);
        }
        let dip = (0..nd)
            .map(|_| format!("{}.{}.{}.{}", 11 + r.below(150), r.below(256), r.below(256), 1 + r.below(254)))
            .collect();
        let user = (0..nh)
            .map(|i| format!("{}{}{}", SYL[r.below(50) as usize], SYL[r.below(50) as usize], i % 97))
            .collect();
        let bias = (0..nh).map(|_| 0.8 * r.normal()).collect();
        let hour = Alias::new(&[
            2., 1.5, 1., 1., 1., 1.5, 3., 6., 9., 10., 10., 10., 9., 9., 10., 10., 9., 8., 6., 5., 4., 4.,
            3., 2.,
        ]);
        World { hosts, dom, dip, user, zh: Alias::zipf(nh, 0.8), zd: Alias::zipf(nd, 1.05), bias, hour }
    }
}

const T0: u64 = 1_751_328_000; // 2025-07-01T00:00:00Z, 24 h of data
const MON: &str = "Jul";

fn main() {
    let a: Vec<String> = std::env::args().collect();
    if a.len() < 4 {
        eprintln!("usage: gen FORMAT BYTES OUT|- [SEED] [HOSTS] [DESTINATIONS]");
        std::process::exit(2);
    }
    let fmt = a[1].as_str();
    let size: u64 = a[2].parse().unwrap();
    let seed: u64 = a.get(4).map_or(1, |s| s.parse().unwrap());
    let nh: usize = a.get(5).map_or(10_000, |s| s.parse().unwrap());
    let nd: usize = a.get(6).map_or(50_000, |s| s.parse().unwrap());
    let w = World::new(nh, nd, seed);
    let mut r = Rng(seed.wrapping_mul(0x1234567)
        ^ fmt.bytes().fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(b as u64)));
    let mut o = BufWriter::with_capacity(
        1 << 20,
        if a[3] == "-" {
            Box::new(std::io::stdout().lock()) as Box<dyn Write>
        } else {
            Box::new(File::create(&a[3]).unwrap())
        },
    );
    let avg = match fmt {
        "squid" => 141,
        "combined" => 217,
        "zeek" => 132,
        "eve" => 618,
        "zeekjson" => 382,
        "vpc" => 113,
        _ => 150,
    } as u64;
    let est = size / avg;
    // per-hour quotas give a diurnal curve with increasing time
    let mut hw = [0u64; 24];
    for _ in 0..100_000 {
        hw[w.hour.draw(&mut r)] += 1;
    }
    let (mut written, mut lines) = (0u64, 0u64);
    let mut b: Vec<u8> = Vec::with_capacity(2048);
    if fmt == "zeek" {
        b.extend_from_slice(b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2025-07-01-00-00-00\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n");
        o.write_all(&b).unwrap();
        written += b.len() as u64;
    }
    'outer: for h in 0..24u64 {
        let n = if h == 23 { u64::MAX } else { est * hw[h as usize] / 100_000 };
        let nn = if h == 23 { (est * hw[23] / 100_000).max(1) } else { n.max(1) };
        let mut i = 0u64;
        while i < n {
            if written >= size {
                break 'outer;
            }
            b.clear();
            let frac = ((i.min(nn - 1)) as f64 + r.f()) / nn as f64;
            let tus = (T0 + h * 3600) * 1_000_000 + ((frac * 3_599_999_000.0) as u64);
            let (ts, us) = (tus / 1_000_000, tus % 1_000_000);
            let sod = ts - T0;
            let (hh, mm, ss) = (sod / 3600, sod / 60 % 60, sod % 60);
            let hi = w.zh.draw(&mut r);
            let di = w.zd.draw(&mut r);
            let host = &w.hosts[hi];
            let up_small = 200 + r.below(1400);
            let up = if r.below(12) == 0 {
                r.logn(8.5 + w.bias[hi], 1.6) + 200
            } else {
                up_small + (w.bias[hi].max(0.0) * 300.0) as u64
            };
            let down = r.logn(8.2, 1.9) + 120;
            match fmt {
                "squid" => {
                    let el = r.logn(4.5, 1.4).min(3_600_000);
                    let _ = write!(b, "{}.{:03} {:6} {} ", ts, us / 1000, el, host);
                    let k = r.below(100);
                    if k < 62 {
                        let d = if k < 58 {
                            ("TCP_TUNNEL", 200)
                        } else if k < 60 {
                            ("TCP_DENIED", 407)
                        } else {
                            ("NONE_NONE", 503)
                        };
                        let _ = write!(b, "{}/{:03} {} CONNECT {}:443 ", d.0, d.1, down, w.dom[di]);
                        if r.below(3) > 0 {
                            b.extend_from_slice(w.user[hi].as_bytes());
                        } else {
                            b.push(b'-');
                        }
                        if d.0 == "TCP_TUNNEL" {
                            let _ = write!(b, " HIER_DIRECT/{} - {}\n", w.dip[di], up);
                        } else {
                            let _ = write!(b, " HIER_NONE/- text/html {}\n", up_small);
                        }
                    } else {
                        let st = [
                            "TCP_MISS/200",
                            "TCP_MISS/200",
                            "TCP_MISS/200",
                            "TCP_HIT/200",
                            "TCP_MEM_HIT/200",
                            "TCP_REFRESH_UNMODIFIED/304",
                            "TCP_MISS/404",
                            "TCP_MISS/302",
                            "TCP_CLIENT_REFRESH_MISS/200",
                        ][r.below(9) as usize];
                        let m = if k < 90 {
                            "GET"
                        } else if k < 97 {
                            "POST"
                        } else {
                            "PUT"
                        };
                        let _ = write!(b, "{} {} {} http://{}", st, down, m, w.dom[di]);
                        let e = path(&mut r, &mut b);
                        b.push(b' ');
                        if r.below(3) > 0 {
                            b.extend_from_slice(w.user[hi].as_bytes());
                        } else {
                            b.push(b'-');
                        }
                        if st.contains("HIT") {
                            let _ = write!(b, " HIER_NONE/- {} {}\n", MIME[e], up_small);
                        } else {
                            let _ = write!(b, " HIER_DIRECT/{} {} {}\n", w.dip[di], MIME[e], up);
                        }
                    }
                }
                "combined" => {
                    let _ = write!(b, "{} - ", host);
                    if r.below(10) == 0 {
                        b.extend_from_slice(w.user[hi].as_bytes());
                    } else {
                        b.push(b'-');
                    }
                    let _ = write!(
                        b,
                        " [{:02}/{}/2025:{:02}:{:02}:{:02} +0000] \"{} ",
                        1,
                        MON,
                        hh,
                        mm,
                        ss,
                        ["GET", "GET", "GET", "GET", "GET", "POST", "HEAD"][r.below(7) as usize]
                    );
                    path(&mut r, &mut b);
                    let _ = write!(
                        b,
                        " HTTP/{}\" {} {} \"",
                        ["1.1", "2.0"][r.below(2) as usize],
                        [200, 200, 200, 200, 304, 404, 302, 206][r.below(8) as usize],
                        down
                    );
                    if r.below(3) == 0 {
                        b.push(b'-');
                    } else {
                        let _ = write!(b, "https://{}", w.dom[di]);
                        path(&mut r, &mut b);
                    }
                    let _ = write!(b, "\" \"{}\"\n", UA[r.below(UA.len() as u64) as usize]);
                }
                "zeek" | "zeekjson" => {
                    let js = fmt == "zeekjson";
                    let proto = if r.below(4) == 0 { "udp" } else { "tcp" };
                    let svc = if proto == "udp" {
                        ["dns", "dns", "quic", "-", "ntp"][r.below(5) as usize]
                    } else {
                        ["ssl", "ssl", "ssl", "http", "-"][r.below(5) as usize]
                    };
                    let rp = match svc {
                        "dns" => 53,
                        "ssl" => 443,
                        "quic" => 443,
                        "http" => 80,
                        "ntp" => 123,
                        _ => 1024 + r.below(60000),
                    };
                    let ok = r.below(20) != 0;
                    let dur = r.logn(11.0, 2.2);
                    let (op, rp_) = (2 + up / 1200, 2 + down / 1300);
                    let sp = 32768 + r.below(28000);
                    if js {
                        let _ = write!(b, "{{\"ts\":{}.{:06},\"uid\":\"C", ts, us);
                        b62(&mut r, 17, &mut b);
                        let _ = write!(
                            b,
                            "\",\"id.orig_h\":\"{}\",\"id.orig_p\":{},\"id.resp_h\":\"{}\",\"id.resp_p\":{},\"proto\":\"{}\"",
                            host, sp, w.dip[di], rp, proto
                        );
                        if svc != "-" {
                            let _ = write!(b, ",\"service\":\"{}\"", svc);
                        }
                        if ok {
                            let _ = write!(
                                b,
                                ",\"duration\":{}.{:06},\"orig_bytes\":{},\"resp_bytes\":{},\"conn_state\":\"SF\"",
                                dur / 1_000_000,
                                dur % 1_000_000,
                                up,
                                down
                            );
                        } else {
                            b.extend_from_slice(b",\"conn_state\":\"S0\"");
                        }
                        let _ = write!(
                            b,
                            ",\"local_orig\":true,\"local_resp\":false,\"missed_bytes\":0,\"history\":\"{}\",\"orig_pkts\":{},\"orig_ip_bytes\":{},\"resp_pkts\":{},\"resp_ip_bytes\":{}}}\n",
                            if proto == "udp" { "Dd" } else { "ShADadFf" },
                            op,
                            up + op * 40,
                            rp_,
                            down + rp_ * 40
                        );
                    } else {
                        let _ = write!(b, "{}.{:06}\tC", ts, us);
                        b62(&mut r, 17, &mut b);
                        let _ = write!(b, "\t{}\t{}\t{}\t{}\t{}\t{}\t", host, sp, w.dip[di], rp, proto, svc);
                        if ok {
                            let _ =
                                write!(b, "{}.{:06}\t{}\t{}\tSF", dur / 1_000_000, dur % 1_000_000, up, down);
                        } else {
                            b.extend_from_slice(b"-\t-\t-\tS0");
                        }
                        let _ = write!(
                            b,
                            "\tT\tF\t0\t{}\t{}\t{}\t{}\t{}\t-\n",
                            if proto == "udp" { "Dd" } else { "ShADadFf" },
                            op,
                            up + op * 40,
                            rp_,
                            down + rp_ * 40
                        );
                    }
                }
                "eve" => {
                    let k = r.below(100);
                    let et = if k < 70 {
                        "flow"
                    } else if k < 85 {
                        "tls"
                    } else if k < 95 {
                        "http"
                    } else {
                        "dns"
                    };
                    let sp = 32768 + r.below(28000);
                    let fid = r.next() >> 14;
                    let (op, rp_) = (2 + up / 1200, 2 + down / 1300);
                    let _ = write!(
                        b,
                        "{{\"timestamp\":\"2025-07-01T{:02}:{:02}:{:02}.{:06}+0000\",\"flow_id\":{},\"in_iface\":\"eth0\",\"event_type\":\"{}\",\"src_ip\":\"{}\",\"src_port\":{},\"dest_ip\":\"{}\",\"dest_port\":{},\"proto\":\"TCP\"",
                        hh,
                        mm,
                        ss,
                        us,
                        fid,
                        et,
                        host,
                        sp,
                        w.dip[di],
                        [443, 443, 443, 80][r.below(4) as usize]
                    );
                    match et {
                        "flow" => {
                            let age = r.below(120);
                            let s2 = ss;
                            let _ = write!(
                                b,
                                ",\"app_proto\":\"tls\",\"flow\":{{\"pkts_toserver\":{},\"pkts_toclient\":{},\"bytes_toserver\":{},\"bytes_toclient\":{},\"start\":\"2025-07-01T{:02}:{:02}:{:02}.{:06}+0000\",\"end\":\"2025-07-01T{:02}:{:02}:{:02}.{:06}+0000\",\"age\":{},\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false}},\"community_id\":\"1:",
                                op,
                                rp_,
                                up,
                                down,
                                hh,
                                mm,
                                s2,
                                us / 2,
                                hh,
                                mm,
                                ss,
                                us,
                                age
                            );
                            b62(&mut r, 27, &mut b);
                            b.extend_from_slice(b"=\",\"tcp\":{\"tcp_flags\":\"1b\",\"tcp_flags_ts\":\"1b\",\"tcp_flags_tc\":\"1b\",\"syn\":true,\"fin\":true,\"psh\":true,\"ack\":true,\"state\":\"closed\"},\"host\":\"sensor-01\"}\n");
                        }
                        "tls" => {
                            let _ = write!(
                                b,
                                ",\"tls\":{{\"subject\":\"CN={}\",\"issuerdn\":\"C=US, O=Let's Encrypt, CN=R11\",\"serial\":\"04:",
                                w.dom[di]
                            );
                            hexs(&mut r, 32, &mut b);
                            b.extend_from_slice(b"\",\"fingerprint\":\"");
                            hexs(&mut r, 40, &mut b);
                            let _ = write!(
                                b,
                                "\",\"sni\":\"{}\",\"version\":\"TLS 1.3\",\"notbefore\":\"2025-05-01T00:00:00\",\"notafter\":\"2025-08-01T00:00:00\",\"ja3\":{{\"hash\":\"",
                                w.dom[di]
                            );
                            hexs(&mut r, 32, &mut b);
                            b.extend_from_slice(b"\"}},\"host\":\"sensor-01\"}\n");
                        }
                        "http" => {
                            let _ = write!(
                                b,
                                ",\"tx_id\":0,\"http\":{{\"hostname\":\"{}\",\"url\":\"",
                                w.dom[di]
                            );
                            path(&mut r, &mut b);
                            let _ = write!(
                                b,
                                "\",\"http_user_agent\":\"{}\",\"http_content_type\":\"text\\/html\",\"http_method\":\"GET\",\"protocol\":\"HTTP\\/1.1\",\"status\":200,\"length\":{}}},\"host\":\"sensor-01\"}}\n",
                                UA[r.below(UA.len() as u64) as usize],
                                down
                            );
                        }
                        _ => {
                            let _ = write!(
                                b,
                                ",\"dns\":{{\"version\":2,\"type\":\"answer\",\"id\":{},\"flags\":\"8180\",\"qr\":true,\"rd\":true,\"ra\":true,\"rrname\":\"{}\",\"rrtype\":\"A\",\"rcode\":\"NOERROR\",\"answers\":[{{\"rrname\":\"{}\",\"rrtype\":\"A\",\"ttl\":300,\"rdata\":\"{}\"}}]}},\"host\":\"sensor-01\"}}\n",
                                r.below(65536),
                                w.dom[di],
                                w.dom[di],
                                w.dip[di]
                            );
                        }
                    }
                }
                "vpc" => {
                    if r.below(500) == 0 {
                        let _ = write!(
                            b,
                            "2 123456789010 eni-{:017x} - - - - - - - {} {} - NODATA\n",
                            0x1235b8ca12345u64 + hi as u64 % 400,
                            ts,
                            ts + 59
                        );
                    } else {
                        let p = 2 + up / 1200;
                        let _ = write!(
                            b,
                            "2 123456789010 eni-{:017x} {} {} {} {} {} {} {} {} {} {} OK\n",
                            0x1235b8ca12345u64 + hi as u64 % 400,
                            host,
                            w.dip[di],
                            32768 + r.below(28000),
                            [443, 443, 80, 53, 22, 8080][r.below(6) as usize],
                            if r.below(5) == 0 { 17 } else { 6 },
                            p,
                            up + p * 40,
                            ts,
                            ts + r.below(60),
                            if r.below(20) == 0 { "REJECT" } else { "ACCEPT" }
                        );
                    }
                }
                _ => panic!("format?"),
            }
            o.write_all(&b).unwrap();
            written += b.len() as u64;
            lines += 1;
            i += 1;
        }
    }
    o.flush().unwrap();
    eprintln!("{fmt}: {lines} lines, {written} bytes, {:.1} B/line", written as f64 / lines as f64);
}
