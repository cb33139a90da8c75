//! From HTTP to the hub and back, within limits on size, time and number.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE as CONTENT_TYPE_HEADER};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt;
use nightjar_sync::CONTENT_TYPE;
use nightjar_sync::packed::{ENCODING, pack, unpack};
use nightjar_sync::wire::{Reason, Refusal};

use crate::OPENAPI;
use crate::hub::Inner;
use crate::reply::{packed, reply};
use crate::route::Route;
use crate::store::broken;

/// How many times the limit of a body is read and thrown away, so that a device that sends too much hears why instead of losing
/// its connection.
const DRAINED: usize = 8;

/// What is asked without being part of the protocol. The last is served at an address of its own.
pub(crate) const PLAIN: [&str; 4] = ["/healthz", "/readyz", "/openapi.yaml", "/metrics"];

pub(crate) fn router(inner: Arc<Inner>) -> Router {
    let [healthz, readyz, openapi, _] = PLAIN;
    let routes =
        Router::new().route(healthz, get(health)).route(readyz, get(ready)).route(openapi, get(document));
    routes.fallback(answer).with_state(inner)
}

/// What other programs need to know of the protocol.
async fn document() -> ([(axum::http::HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE_HEADER, "application/yaml")], OPENAPI)
}

/// 200 when the database answers, 503 when not.
async fn health(State(inner): State<Arc<Inner>>) -> (StatusCode, &'static str) {
    match tokio::task::spawn_blocking(move || inner.is_well()).await {
        Ok(true) => (StatusCode::OK, "ok\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}

/// 200 when something could be stored now, 503 when not.
async fn ready(State(inner): State<Arc<Inner>>) -> (StatusCode, &'static str) {
    match tokio::task::spawn_blocking(move || inner.is_ready()).await {
        Ok(true) => (StatusCode::OK, "ready\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "nothing can be stored now\n"),
    }
}

pub(crate) fn metrics(inner: Arc<Inner>) -> Router {
    let [.., metrics] = PLAIN;
    Router::new().route(metrics, get(counters)).with_state(inner)
}

async fn counters(State(inner): State<Arc<Inner>>) -> ([(axum::http::HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE_HEADER, "text/plain; version=0.0.4")], inner.metrics.text())
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let limit = inner.limits.time;
    let packs = header(request.headers(), ACCEPT_ENCODING.as_str()) == Some(ENCODING.as_bytes());
    let route = Route::parse(request.uri().path());
    let result = tokio::time::timeout(limit, take(inner, request, packs)).await;
    match result.unwrap_or_else(|_| Err(Refusal::new(Reason::TimedOut, "the request took too long"))) {
        Ok(Answer { body, is_packed: true }) => packed(reply(Ok(body))),
        Ok(Answer { body, is_packed: false }) => reply(Ok(body)),
        Err(refusal) => {
            debug_assert!(
                route.map_or(refusal.reason == Reason::NoSuchPath, |route| route
                    .may_refuse_for(refusal.reason)),
                "what openapi.yaml does not say of {route:?}: {refusal}"
            );
            reply(Err(refusal))
        }
    }
}

/// What a request is answered with.
struct Answer {
    body: Vec<u8>,
    is_packed: bool,
}

async fn take(inner: Arc<Inner>, request: Request, packs: bool) -> Result<Answer, Refusal> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let route = Route::parse(&path)
        .filter(|_| head.method == Method::POST && head.uri.query().is_none())
        .ok_or_else(|| Refusal::new(Reason::NoSuchPath, "the hub has no such path"))?;
    if header(&head.headers, CONTENT_TYPE_HEADER.as_str()) != Some(CONTENT_TYPE.as_bytes()) {
        return Err(Refusal::new(Reason::Malformed, "the content is of another type"));
    }
    let is_packed = match header(&head.headers, CONTENT_ENCODING.as_str()) {
        None => false,
        Some(encoding) if encoding == ENCODING.as_bytes() => true,
        Some(_) => {
            return Err(Refusal::new(
                Reason::Malformed,
                "the content is encoded in a way this hub does not know",
            ));
        }
    };
    // Who sends nothing holds nothing up: a turn is taken once there is something to do. Bodies on their way have room of their own.
    let stopping = |_| Refusal::new(Reason::Busy, "the hub is stopping");
    let _room = inner.arriving.acquire().await.map_err(stopping)?;
    let body = read(body, inner.limits.body, inner.limits.head).await?;
    // Before the turn, so that those that wait for it hold up nobody else.
    let _comparing = match route {
        Route::Ranges(..) => Some(inner.comparing.acquire().await.map_err(stopping)?),
        _ => None,
    };
    let _turn = inner.turns.acquire().await.map_err(stopping)?;
    // Once begun it runs to its end even when the client is gone: what is committed is committed.
    let hub = inner.clone();
    let work = move || {
        let body = match is_packed {
            true => unpack(&body, hub.limits.body).map_err(|failure| match failure {
                nightjar_sync::Failure::TooLarge { .. } => too_large(hub.limits.body),
                _ => Refusal::new(Reason::Malformed, "the content cannot be unpacked"),
            })?,
            false => body,
        };
        let body = hub.counted(route, &path, &body)?;
        Ok(match packs.then(|| pack(&body)).flatten() {
            Some(body) => Answer { body, is_packed: true },
            None => Answer { body, is_packed: false },
        })
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(broken()))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    headers.get(name).map(|value| value.as_bytes())
}

/// Reads a body that comes at least piece by piece: silence ends it.
async fn read(mut body: Body, limit: usize, silence: Duration) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    let quiet = |_| Refusal::new(Reason::TimedOut, "the request stopped in the middle");
    while let Some(frame) = tokio::time::timeout(silence, body.frame()).await.map_err(quiet)? {
        let frame = frame.map_err(|_| Refusal::new(Reason::TimedOut, "the request was cut short"))?;
        let Ok(chunk) = frame.into_data() else { continue };
        length = length.saturating_add(chunk.len());
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
        if length > limit.saturating_mul(DRAINED) {
            break;
        }
    }
    if length > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(Reason::TooLarge, format!("the hub reads at most {limit} bytes at once"))
}
