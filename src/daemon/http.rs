//! Health, metrics, and what was told, over HTTP: on loopback, or elsewhere with a token.
//!
//! It only looks: at the [`Status`] that the engine leaves, and at the lines of the outbox. It never holds the engine.

use super::deliver::Outbox;
use super::status::Status;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ring::hmac;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// An engine that has not shown itself for so long is not well.
const SILENT: Duration = Duration::from_secs(60);

/// Most incidents in an answer: as many as the outbox keeps.
const INCIDENTS_MAX: usize = 1_000;

/// What those who ask are shown.
#[derive(Clone)]
pub struct Shown {
    /// As the engine left it last.
    pub status: Arc<RwLock<Status>>,
    /// What was told.
    pub outbox: Arc<dyn Outbox>,
    /// When the daemon began.
    pub began: Instant,
}

#[derive(Clone)]
struct Server {
    shown: Shown,
    /// A key of this process and the tag of the token under it: comparing tags takes the same time whatever is sent.
    token: Option<Arc<(hmac::Key, hmac::Tag)>>,
}

/// Serves until the process ends; gives the address, whose port is that of the system's choice where 0 was asked for.
///
/// # Errors
/// For an address that cannot be bound.
pub fn serve(bind: SocketAddr, token: Option<&[u8]>, shown: Shown) -> io::Result<SocketAddr> {
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
    std::thread::Builder::new().name("http".into()).spawn(move || {
        runtime.block_on(async {
            let served = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => axum::serve(listener, router(server)).await,
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                tracing::error!(%error, "the web server has ended");
            }
        });
    })?;
    Ok(address)
}

fn router(server: Server) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/incidents", get(incidents))
        .route("/api/v1/hosts/{host}", get(host))
        .route("/api/v1/sources", get(sources))
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

    /// The newest line of each incident, the latest first. Reading the store is quick, but not for the thread that serves.
    async fn lines(&self) -> Vec<Value> {
        let outbox = Arc::clone(&self.shown.outbox);
        let lines =
            tokio::task::spawn_blocking(move || outbox.after(0, INCIDENTS_MAX)).await.unwrap_or_default();
        let mut newest: Vec<Value> = Vec::new();
        for (_, line) in lines.iter().rev() {
            let Ok(incident) = serde_json::from_str::<Value>(line) else { continue };
            if !newest.iter().any(|other| other.get("id") == incident.get("id")) {
                newest.push(incident);
            }
        }
        newest
    }
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
    as_json(&json!({"schema": crate::outputs::SCHEMA, "incidents": server.lines().await}))
}

async fn host(State(server): State<Server>, Path(host): Path<String>) -> Response {
    let mut incidents = server.lines().await;
    incidents.retain(|incident| incident.get("host").and_then(Value::as_str) == Some(&host));
    as_json(&json!({"schema": crate::outputs::SCHEMA, "host": host, "incidents": incidents}))
}

async fn sources(State(server): State<Server>) -> Response {
    as_json(&json!({"schema": crate::outputs::SCHEMA, "sources": server.status().files}))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Two;

    impl Outbox for Two {
        fn after(&self, _: u64, _: usize) -> Vec<(u64, String)> {
            let line = |id: &str, host: &str, bytes: u32| {
                format!(r#"{{"id":"{id}","host":"{host}","bytes_out":{bytes}}}"#)
            };
            vec![(1, line("x", "a/b", 1)), (2, line("y", "other", 1)), (3, line("x", "a/b", 2))]
        }
        fn cursor(&self, _: &str) -> u64 {
            0
        }
        fn sent(&self, _: &str, _: u64) {}
        fn waiting(&self, _: &str) -> u64 {
            0
        }
    }

    fn start(token: Option<&[u8]>) -> (SocketAddr, Arc<RwLock<Status>>) {
        let status = Arc::new(RwLock::new(Status::default()));
        let shown = Shown { status: Arc::clone(&status), outbox: Arc::new(Two), began: Instant::now() };
        (serve("127.0.0.1:0".parse().unwrap(), token, shown).unwrap(), status)
    }

    /// Status and body of a GET.
    fn get(address: SocketAddr, path: &str, token: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request =
            agent.get(format!("http://{address}{path}")).header("Authorization", format!("Bearer {token}"));
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    #[test]
    fn answers() {
        let (address, status) = start(None);
        assert_eq!(get(address, "/readyz", "").0, 503);
        status.write().unwrap().at = Duration::from_millis(1);
        assert_eq!((get(address, "/readyz", "").0, get(address, "/healthz", "").0), (200, 200));
        assert!(get(address, "/metrics", "").1.contains("# TYPE outflow_file_lag_bytes gauge\n"));
        let all: Value = serde_json::from_str(&get(address, "/api/v1/incidents", "").1).unwrap();
        let told = all["incidents"].as_array().unwrap();
        assert_eq!((told.len(), &told[0]["bytes_out"]), (2, &json!(2)));
        let host: Value = serde_json::from_str(&get(address, "/api/v1/hosts/a%2Fb", "").1).unwrap();
        assert_eq!((&host["host"], host["incidents"].as_array().unwrap().len()), (&json!("a/b"), 1));
        assert_eq!(get(address, "/api/v1/sources", "").0, 200);
        assert_eq!(get(address, "/../etc/passwd", "").0, 404);
    }

    #[test]
    fn a_token_is_asked_for_everywhere() {
        let (address, _) = start(Some(b"secret\n"));
        for path in ["/healthz", "/metrics", "/api/v1/incidents", "/nowhere"] {
            for wrong in ["", "secre", "secrets"] {
                assert_eq!(get(address, path, wrong).0, 401, "{path} {wrong}");
            }
        }
        assert_eq!(get(address, "/metrics", "secret").0, 200);
    }
}
