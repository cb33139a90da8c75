//! The hub's OpenAPI document, and answers held against it.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use nightjar_hub::OPENAPI;
use nightjar_sync::wire::{Message, Refusal};
use serde_json::Value;

/// The document, and what it was held against.
pub(crate) struct Document {
    pub(crate) all: Value,
    pub(crate) grammar: String,
    pub(crate) seen: BTreeSet<(String, String)>,
}

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Document {
    pub(crate) fn read() -> Self {
        let all: Value = yaml_serde::from_str(OPENAPI).expect("it is YAML");
        // Its structure is that of OpenAPI 3.1.
        let spec = oas3::from_json(all.to_string()).expect("it is an OpenAPI document");
        spec.validate_version().expect("of a version that is known");
        let grammar = all["components"]["x-cddl"].as_str().expect("the grammar").to_owned();
        Self { all, grammar, seen: BTreeSet::new() }
    }

    /// What a reference leads to.
    pub(crate) fn at<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(path) => self.all.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path}")),
            None => value,
        }
    }

    pub(crate) fn fits(&self, rule: &str, body: &[u8]) -> bool {
        cddl_cat::validate_cbor_bytes(rule, &self.grammar, body).is_ok()
    }

    /// That a body is what a schema says.
    pub(crate) fn check_body(&self, schema: &Value, body: &[u8]) {
        let schema = self.at(schema);
        match schema["x-cddl"].as_str() {
            Some(rule) => assert!(self.fits(rule, body), "not a {rule}: {body:02x?}"),
            None => {
                let most = schema["maxLength"].as_u64().map_or(usize::MAX, |most| most as usize);
                assert!(std::str::from_utf8(body).is_ok() && body.len() <= most);
            }
        }
    }

    /// That an answer is one that the document knows. Gives the reason, or `ok`.
    pub(crate) fn check(&mut self, operation: &str, method: &str, answer: &Answer) -> String {
        let described = &self.all["paths"][operation][method];
        let status = answer.status.to_string();
        let response = self.at(&described["responses"][status.as_str()]);
        assert!(response.is_object(), "{operation} does not say that it answers with {status}");
        let header = |name: &str| {
            let found = answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let kind = header("content-type").expect("every answer has a content type");
        let content = &response["content"][kind];
        assert!(content.is_object(), "{operation} does not say that it answers {status} with {kind}");
        self.check_body(&content["schema"], &answer.body);
        for (name, described) in response["headers"].as_object().into_iter().flatten() {
            let described = self.at(described);
            assert_eq!(
                (&described["required"], &described["schema"]["type"]),
                (&true.into(), &"integer".into())
            );
            header(name).and_then(|value| value.parse::<u64>().ok()).expect("a number in it");
        }
        let reason = match (method, answer.status) {
            (_, 200) | ("get", _) => "ok".to_owned(),
            _ => {
                let reason = Refusal::decode(&answer.body).expect("a refusal").reason;
                let code = reason.code();
                let reasons = described["x-reasons"].as_array().expect("reasons");
                assert!(
                    reasons.contains(&code.into()),
                    "{operation} does not say that it refuses for {code}"
                );
                assert_eq!(self.all["components"]["schemas"]["Reason"]["x-statuses"][code], answer.status);
                code.to_owned()
            }
        };
        self.seen.insert((operation.to_owned(), reason.clone()));
        reason
    }
}

pub(crate) fn ask(address: &str, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let host = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("it listens");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    // Who is refused early may not read all of it.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<(String, String)> =
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert!(!headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")));
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}
