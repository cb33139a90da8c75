//! The message of a change: bounded JSON with the role claimed, the time of day where the study allows it, and the
//! settlement, naming every operation that it closes. automerge's own commit time is always 0.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::error::RecordError;
use crate::id::{Actor, ChangeHash};
use crate::view::Hand;

/// One operation: its counter and the actor (and so the change) that made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct OpId {
    pub(crate) counter: u64,
    pub(crate) actor: Actor,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Version of this format.
    v: u8,
    /// Role claimed.
    r: String,
    /// Time claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<String>,
    /// Why, when settling.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    w: String,
    /// What is settled: register to operations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    s: BTreeMap<String, Vec<String>>,
    /// Which settlements are disputed: names of changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    d: Vec<String>,
}

/// A message, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) hand: Arc<Hand>,
    pub(crate) reason: String,
    pub(crate) settles: BTreeMap<String, BTreeSet<OpId>>,
    /// The settlements beside which other values are put.
    pub(crate) disputes: BTreeSet<ChangeHash>,
}

impl Message {
    pub(crate) fn encode(&self) -> Result<String, RecordError> {
        self.check()?;
        let settles = |ops: &BTreeSet<OpId>| ops.iter().map(op_text).collect();
        let written = Written {
            v: 0,
            r: self.hand.role.clone(),
            t: self.hand.at.clone(),
            w: self.reason.clone(),
            s: self.settles.iter().map(|(key, ops)| (key.clone(), settles(ops))).collect(),
            d: self.disputes.iter().map(|change| BASE64URL_NOPAD.encode(&change.0)).collect(),
        };
        let text = serde_json::to_string(&written).map_err(|_| RecordError::Malformed("message"))?;
        if text.len() > bounds::MESSAGE_BYTES {
            return Err(too_long());
        }
        Ok(text)
    }

    pub(crate) fn decode(text: &str) -> Result<Self, RecordError> {
        if text.len() > bounds::MESSAGE_BYTES {
            return Err(too_long());
        }
        let written: Written =
            serde_json::from_str(text).map_err(|_| RecordError::Malformed("its message is not ours"))?;
        if written.v != 0 {
            return Err(RecordError::Malformed("its message is of a newer version"));
        }
        let mut settles = BTreeMap::new();
        for (key, ops) in written.s {
            let named: Option<BTreeSet<OpId>> = ops.iter().map(|op| read_op(op)).collect();
            let named = named.ok_or(RecordError::Malformed("its settlement names no operation"))?;
            if named.is_empty() || named.len() != ops.len() {
                return Err(RecordError::Malformed("its settlement names an operation twice or none"));
            }
            settles.insert(key, named);
        }
        let named = written.d.len();
        let disputes: Option<BTreeSet<ChangeHash>> = written.d.iter().map(|name| read_change(name)).collect();
        let disputes = disputes
            .filter(|disputes| disputes.len() == named)
            .ok_or(RecordError::Malformed("its dispute names a settlement twice or none"))?;
        let hand = Arc::new(Hand { role: written.r, at: written.t });
        let message = Self { hand, reason: written.w, settles, disputes };
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), RecordError> {
        let at = self.hand.at.as_deref().unwrap_or_default();
        if self.hand.role.is_empty() || self.hand.role.len() > bounds::META_BYTES || at.len() > 32 {
            return Err(RecordError::Metadata("role or time claimed"));
        }
        let shape = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'T');
        if !at.bytes().all(shape) || self.hand.role.chars().any(char::is_control) {
            return Err(RecordError::Metadata("role or time claimed"));
        }
        if !self.disputes.is_empty() && self.reason.trim().is_empty() {
            return Err(RecordError::NeedsReason);
        }
        if self.reason.len() > bounds::META_BYTES * 8 {
            return Err(RecordError::TooLarge { what: "length of a reason in bytes", allowed: 2048 });
        }
        Ok(())
    }
}

fn too_long() -> RecordError {
    RecordError::TooLarge { what: "length of a message in bytes", allowed: bounds::MESSAGE_BYTES as u64 }
}

fn op_text(op: &OpId) -> String {
    format!("{}@{}", op.counter, BASE64URL_NOPAD.encode(&op.actor.0))
}

fn read_change(text: &str) -> Option<ChangeHash> {
    Some(ChangeHash(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?))
}

fn read_op(text: &str) -> Option<OpId> {
    let (counter, actor) = text.split_once('@')?;
    let actor = BASE64URL_NOPAD.decode(actor.as_bytes()).ok()?;
    Some(OpId { counter: counter.parse().ok()?, actor: Actor(actor.try_into().ok()?) })
}
