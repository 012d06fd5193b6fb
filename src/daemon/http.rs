//! Health, metrics, and what was told, over HTTP: on loopback, or elsewhere with a token.
//!
//! It only looks: at the [`Status`] that the engine leaves, and at the last commit of the store. It never holds the engine. Whoever
//! asks sends a line and headers, no body, and gets an answer of bounded size.

use super::outbox::StoredOutbox;
use super::status::Status;
use crate::incidents::Ack;
use crate::pipeline::DayTotals;
use crate::store::{Snapshot, StoreError};
use crate::units::{Span, Timestamp};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ring::hmac;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// An engine that has not shown itself for so long is not well.
const SILENT: Duration = Duration::from_secs(60);

/// Most incidents in an answer: as many as the outbox keeps.
const INCIDENTS_MAX: usize = 1_000;

/// The days in an answer about a host.
const DAYS: Span = Span(31 * Span::DAY.0);

/// Most sums of a day and a destination in such an answer, the largest.
const SUMS_MAX: usize = 1_000;

/// The longest body that anybody may send, in bytes: nothing here has one.
const BODY_MAX: usize = 1_024;

/// What those who ask are shown.
#[derive(Clone)]
pub struct Shown {
    /// As the engine left it last.
    pub status: Arc<RwLock<Status>>,
    /// What was told, and the store that holds it.
    pub outbox: StoredOutbox,
    /// When the daemon began.
    pub began: Instant,
}

#[derive(Clone)]
struct Server {
    shown: Shown,
    /// A key of this process and the tag of the token under it: comparing tags takes the same time whatever is sent.
    token: Option<Arc<(hmac::Key, hmac::Tag)>>,
}

/// A web server at work, until it is dropped.
pub struct Web {
    /// Its address; the port is that of the system's choice where 0 was asked for.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Web {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It ends by itself unless it panicked; then there is nothing to wait for.
        self.thread.take().map(JoinHandle::join);
    }
}

/// Serves.
///
/// # Errors
/// For an address that cannot be bound.
pub fn serve(bind: SocketAddr, token: Option<&[u8]>, shown: Shown) -> io::Result<Web> {
    let listener = TcpListener::bind(bind)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let token = token.map(|token| {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        let key = key.map_err(|_| io::Error::other("this system gives no randomness"))?;
        let tag = hmac::sign(&key, token.trim_ascii());
        Ok::<_, io::Error>(Arc::new((key, tag)))
    });
    let server = Server { shown, token: token.transpose()? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
        let serve = async {
            match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => axum::serve(listener, router(server)).await,
                Err(error) => Err(error),
            }
        };
        runtime.block_on(async {
            tokio::select! {
                served = serve => if let Err(error) = served {
                    tracing::error!(%error, "the web server has ended");
                },
                _ = stopped => {}
            }
        });
    })?;
    Ok(Web { address, stop: Some(stop), thread: Some(thread) })
}

fn router(server: Server) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/incidents", get(incidents))
        .route("/api/v1/hosts/{host}", get(host))
        .route("/api/v1/sources", get(sources))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(server.clone(), authorised))
        .with_state(server)
}

/// `Authorization: Bearer TOKEN`, where there is a token.
async fn authorised(State(server): State<Server>, request: Request, next: Next) -> Response {
    if let Some((key, tag)) = server.token.as_deref() {
        let sent = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let sent = sent.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
        if hmac::verify(key, sent.trim_ascii(), tag.as_ref()).is_err() {
            let ask = [(header::WWW_AUTHENTICATE, "Bearer")];
            return (StatusCode::UNAUTHORIZED, ask, "send the token: Authorization: Bearer TOKEN\n")
                .into_response();
        }
    }
    next.run(request).await
}

impl Server {
    fn status(&self) -> Status {
        self.shown.status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the store: that is quick, but not for the thread that serves. `None` while it cannot be read.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Snapshot) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let outbox = self.shown.outbox.clone();
        let asked = tokio::task::spawn_blocking(move || question(&outbox.snapshot()?).ok());
        asked.await.ok().flatten()
    }
}

/// The newest line of each incident of a host, or of all, the latest first.
fn incidents_of(snapshot: &Snapshot, host: Option<&str>, acks: &[Ack]) -> Result<Vec<Value>, StoreError> {
    let (mut newest, mut known) = (Vec::new(), HashSet::new());
    for line in snapshot.newest(INCIDENTS_MAX)? {
        let Ok(mut incident) = serde_json::from_str::<Value>(&line) else { continue };
        let text = |key: &str| incident.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if host.is_none_or(|host| text("host") == host) && known.insert(text("id")) {
            let destination = incident.get("destination").and_then(Value::as_str);
            let detected = text("detected_at").parse().unwrap_or(Timestamp::MIN);
            if let Some(ack) = Ack::of(acks, &text("host"), destination, detected) {
                incident["acknowledged"] = json!({"reason": ack.reason, "until": ack.until.to_string()});
            }
            newest.push(incident);
        }
    }
    Ok(newest)
}

/// What a host sent in the last days that are over: the largest sums by day and destination group, and how many there are.
fn sums_of(snapshot: &Snapshot, host: &str) -> Result<(Vec<Value>, usize), StoreError> {
    let Some(last) = snapshot.last_day()? else { return Ok((Vec::new(), 0)) };
    let mut sums = Vec::new();
    snapshot.days(last - DAYS, last + Span::DAY, |day, row| {
        if row.host == host {
            sums.push((row.totals, day, row.destination));
        }
    })?;
    let all = sums.len();
    sums.sort_by_key(|(totals, ..)| Reverse(totals.out));
    sums.truncate(SUMS_MAX);
    let row = |(totals, day, destination): (DayTotals, Timestamp, String)| {
        json!({
            "day": day.to_string(),
            "destination": destination,
            "bytes_out": totals.out,
            "bytes_in": totals.back,
            "events": totals.events,
        })
    };
    Ok((sums.into_iter().map(row).collect(), all))
}

fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read now: ask again\n").into_response()
}

fn as_json(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], value.to_string())
        .into_response()
}

async fn health(State(server): State<Server>) -> Response {
    let silent = server.shown.began.elapsed().saturating_sub(server.status().at);
    match silent < SILENT {
        true => "well\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the engine has not shown itself for a minute\n")
            .into_response(),
    }
}

async fn ready(State(server): State<Server>) -> Response {
    match server.status().at > Duration::ZERO {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "starting\n").into_response(),
    }
}

async fn metrics(State(server): State<Server>) -> Response {
    let page = server.status().metrics(server.shown.began.elapsed());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page).into_response()
}

async fn incidents(State(server): State<Server>) -> Response {
    let acks = server.status().acks;
    let asked = server.ask(move |snapshot| incidents_of(snapshot, None, &acks)).await;
    let Some(incidents) = asked else { return busy() };
    as_json(&json!({"schema": crate::outputs::SCHEMA, "incidents": incidents}))
}

async fn host(State(server): State<Server>, Path(host): Path<String>) -> Response {
    let (name, acks) = (host.clone(), server.status().acks);
    let asked = server
        .ask(move |snapshot| Ok((incidents_of(snapshot, Some(&name), &acks)?, sums_of(snapshot, &name)?)));
    let Some((incidents, (sums, all))) = asked.await else { return busy() };
    let left_off = all - sums.len();
    as_json(&json!({
        "schema": crate::outputs::SCHEMA,
        "host": host,
        "incidents": incidents,
        "days": sums,
        "days_left_off": left_off,
    }))
}

async fn sources(State(server): State<Server>) -> Response {
    let status = server.status();
    let (sources, listeners) = (status.files, status.listeners);
    as_json(&json!({"schema": crate::outputs::SCHEMA, "sources": sources, "listeners": listeners}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::DayRow;
    use crate::store::{Opening, Store, Written};
    use std::sync::Mutex;

    /// A store with three lines of two incidents, and a day of two hosts.
    fn stored(folder: &std::path::Path) -> StoredOutbox {
        let written = Written { form: 1, oldest: 1, settings: "" };
        let store = Store::open(folder, written, Opening::AsItIs).unwrap();
        let mut batch = store.batch().unwrap();
        for (id, host, bytes) in [("x", "a/b", 1), ("y", "other", 1), ("x", "a/b", 2)] {
            batch.send(&format!(r#"{{"id":"{id}","host":"{host}","bytes_out":{bytes}}}"#)).unwrap();
        }
        let row = |host: &str, out: u64| DayRow {
            host: host.into(),
            destination: "d.example".into(),
            totals: DayTotals { out, ..DayTotals::default() },
        };
        batch.add_day(Timestamp(0), &[row("a/b", 5), row("other", 7)]).unwrap();
        batch.add_day(Timestamp(0) + Span::DAY, &[row("a/b", 9)]).unwrap();
        batch.commit().unwrap();
        StoredOutbox::new(Arc::new(Mutex::new(Some(store))))
    }

    /// A server, its status, and the folder of its store, all of which end when they are dropped.
    type Started = (Web, Arc<RwLock<Status>>, tempfile::TempDir);

    fn start(token: Option<&[u8]>) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let status = Arc::new(RwLock::new(Status::default()));
        let shown =
            Shown { status: Arc::clone(&status), outbox: stored(folder.path()), began: Instant::now() };
        (serve("127.0.0.1:0".parse().unwrap(), token, shown).unwrap(), status, folder)
    }

    /// Status and body of a GET.
    fn get(web: &Web, path: &str, token: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent
            .get(format!("http://{}{path}", web.address))
            .header("Authorization", format!("Bearer {token}"));
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    #[test]
    fn answers() {
        let (web, status, _folder) = start(None);
        assert_eq!(get(&web, "/readyz", "").0, 503);
        status.write().unwrap().at = Duration::from_millis(1);
        assert_eq!((get(&web, "/readyz", "").0, get(&web, "/healthz", "").0), (200, 200));
        assert!(get(&web, "/metrics", "").1.contains("# TYPE outflow_file_lag_bytes gauge\n"));
        let all: Value = serde_json::from_str(&get(&web, "/api/v1/incidents", "").1).unwrap();
        let told = all["incidents"].as_array().unwrap();
        assert_eq!((told.len(), &told[0]["bytes_out"]), (2, &json!(2)));
        assert!(told.iter().all(|incident| incident["acknowledged"].is_null()), "{told:?}");
        let host: Value = serde_json::from_str(&get(&web, "/api/v1/hosts/a%2Fb", "").1).unwrap();
        assert_eq!((&host["host"], host["incidents"].as_array().unwrap().len()), (&json!("a/b"), 1));
        let days: Vec<u64> =
            host["days"].as_array().unwrap().iter().map(|day| day["bytes_out"].as_u64().unwrap()).collect();
        assert_eq!((days, &host["days_left_off"]), (vec![9, 5], &json!(0)));
        assert_eq!(get(&web, "/api/v1/sources", "").0, 200);
        assert_eq!(get(&web, "/../etc/passwd", "").0, 404);
    }

    #[test]
    fn what_is_acknowledged_is_shown_with_its_reason() {
        let (web, status, _folder) = start(None);
        let ack = Ack {
            id: "x".into(),
            host: "a/b".into(),
            destination: None,
            since: Timestamp::MIN,
            until: Timestamp(5_000_000),
            reason: "known".into(),
        };
        status.write().unwrap().acks = [ack].into();
        let answer = json!({"reason": "known", "until": "1970-01-01T00:00:05Z"});
        for path in ["/api/v1/incidents", "/api/v1/hosts/a%2Fb"] {
            let all: Value = serde_json::from_str(&get(&web, path, "").1).unwrap();
            let told = all["incidents"].as_array().unwrap();
            let of = |host: &str| told.iter().find(|incident| incident["host"] == host);
            assert_eq!(of("a/b").unwrap()["acknowledged"], answer, "{path}");
            assert!(of("other").is_none_or(|incident| incident["acknowledged"].is_null()), "{path}");
        }
    }

    #[test]
    fn a_token_is_asked_for_everywhere() {
        let (web, _, _folder) = start(Some(b"secret\n"));
        for path in ["/healthz", "/metrics", "/api/v1/incidents", "/nowhere"] {
            for wrong in ["", "secre", "secrets"] {
                assert_eq!(get(&web, path, wrong).0, 401, "{path} {wrong}");
            }
        }
        assert_eq!(get(&web, "/metrics", "secret").0, 200);
    }
}
