//! Replies as they go out: every one with the content type and the hub's time.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE as CONTENT_TYPE_HEADER};
use axum::http::{HeaderValue, Response, StatusCode};
use nightjar_sync::packed::ENCODING;
use nightjar_sync::wire::{Message, Refusal};
use nightjar_sync::{CONTENT_TYPE, TIME_HEADER};

/// The hub's time in seconds since 1970-01-01 UTC.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The answer to a request, with the hub's time.
pub(crate) fn reply(result: Result<Vec<u8>, Refusal>) -> Response<Body> {
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.reason.status());
            (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), refusal.encode())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
    headers.insert(TIME_HEADER, HeaderValue::from(now()));
    if status == StatusCode::REQUEST_TIMEOUT {
        // Whoever stopped in the middle does not keep the connection with what is still to come.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Says that a reply's body is compressed.
pub(crate) fn packed(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(ENCODING));
    response
}
