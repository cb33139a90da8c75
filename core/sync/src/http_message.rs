//! HTTP as values: what the state machine asks for and is told, without any connection.

/// One request to the hub, not yet signed. Every request of the protocol is a `POST`: its answer depends on who signs it, so
/// nothing between tablet and hub may cache it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The path, beginning with `/v1/`, without host or query.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the device's [`RequestSignature`](nightjar_seal::RequestSignature) has to stand before the body. Founding and roster
    /// entries prove themselves.
    pub signed: bool,
}

/// One reply of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The method of every request.
pub const METHOD: &str = "POST";

/// The content type of every request and reply with a body. Another one means that something else answered.
pub const CONTENT_TYPE: &str = "application/vnd.nightjar+cbor";

/// The reply header with the hub's time, in seconds since 1970-01-01 UTC.
pub const TIME_HEADER: &str = "nightjar-time";
