//! Our own walk over a change chunk, before automerge sees it. It accepts exactly what Nightjar writes: plain chunks
//! of type 1, puts of scalars into the root map, no insertion, no deletion, no containers.
//!
//! Layout after <https://automerge.org/automerge-binary-format-spec/>, change chunks.

use crate::bounds;
use crate::columns::{self, Bytes};
use crate::error::RecordError;
use crate::id::Actor;
use crate::message::OpId;
use crate::register::Scalar;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHUNK_CHANGE: u8 = 1;
const ACTION_PUT: u64 = 1;

/// Column specifications: id << 4 | type.
const KEY_TEXT: u64 = 1 << 4 | 5;
const INSERT: u64 = 3 << 4 | 4;
const ACTION: u64 = 4 << 4 | 2;
const VALUE_META: u64 = 5 << 4 | 6;
const VALUE: u64 = 5 << 4 | 7;
const PRED_COUNT: u64 = 7 << 4;
const PRED_ACTOR: u64 = 7 << 4 | 1;
const PRED_COUNTER: u64 = 7 << 4 | 3;

/// One put: into which register, what, and which operations it follows.
pub(crate) struct Put {
    pub(crate) key: String,
    pub(crate) scalar: Scalar,
    pub(crate) preds: Vec<OpId>,
}

/// A walked change.
pub(crate) struct Walked<'a> {
    pub(crate) checksum: [u8; 4],
    pub(crate) deps: Vec<[u8; 32]>,
    pub(crate) actor: Actor,
    pub(crate) start_op: u64,
    pub(crate) message: &'a str,
    pub(crate) puts: Vec<Put>,
}

fn malformed<T>(what: &'static str) -> Result<T, RecordError> {
    Err(RecordError::Malformed(what))
}

/// Walks one chunk, spending time and memory in proportion to its bytes.
pub(crate) fn walk(bytes: &[u8]) -> Result<Walked<'_>, RecordError> {
    if bytes.len() > bounds::CHANGE_BYTES {
        let allowed = bounds::CHANGE_BYTES as u64;
        return Err(RecordError::TooLarge { what: "length of a change in bytes", allowed });
    }
    let mut input = Bytes(bytes);
    if input.take(4)? != MAGIC {
        return malformed("it does not begin like an automerge chunk");
    }
    let mut checksum = [0; 4];
    checksum.copy_from_slice(input.take(4)?);
    match input.take(1)?[0] {
        CHUNK_CHANGE => {}
        2 => return malformed("it is compressed"),
        _ => return malformed("it is not a change chunk"),
    }
    if input.unsigned()? != input.0.len() as u64 {
        return malformed("its length is not what it says");
    }

    let deps = links(&mut input)?;
    let deps: Vec<[u8; 32]> =
        (0..deps).map(|_| Ok(array(input.take(32)?))).collect::<Result<_, RecordError>>()?;
    if !deps.is_sorted_by(|a, b| a < b) {
        return malformed("its dependencies are not sorted");
    }
    let actor = read_actor(&mut input)?;
    if input.unsigned()? != 1 {
        return malformed("its sequence number is not 1");
    }
    let start_op = input.unsigned()?;
    if start_op == 0 || start_op > bounds::START_OP {
        return Err(RecordError::TooLarge { what: "operation counter", allowed: bounds::START_OP });
    }
    if input.signed()? != 0 {
        return malformed("it carries a clock time");
    }
    let message = input.unsigned()?;
    if message > bounds::MESSAGE_BYTES as u64 {
        let allowed = bounds::MESSAGE_BYTES as u64;
        return Err(RecordError::TooLarge { what: "length of a message in bytes", allowed });
    }
    let Ok(message) = std::str::from_utf8(input.take(message)?) else {
        return malformed("its message is not text");
    };
    let others = links(&mut input)?;
    let mut actors = vec![actor];
    for _ in 0..others {
        actors.push(read_actor(&mut input)?);
    }
    if actors[1..].contains(&actor) || !actors[1..].is_sorted_by(|a, b| a < b) {
        return malformed("its actors are not sorted");
    }
    let puts = read_puts(&mut input, &actors)?;
    if puts.is_empty() {
        return malformed("it changes nothing");
    }
    if start_op + puts.len() as u64 > bounds::START_OP {
        return Err(RecordError::TooLarge { what: "operation counter", allowed: bounds::START_OP });
    }
    Ok(Walked { checksum, deps, actor, start_op, message, puts })
}

/// The first chunk of several that follow each other, by the length that it says it has, and what comes after it.
pub(crate) fn first(bytes: &[u8]) -> Result<(&[u8], &[u8]), RecordError> {
    let mut input = Bytes(bytes);
    if input.take(4)? != MAGIC {
        return malformed("it does not begin like an automerge chunk");
    }
    // Checksum and type.
    input.take(5)?;
    let length = input.unsigned()?;
    if length > input.0.len() as u64 {
        return malformed("its length is not what it says");
    }
    input.take(length)?;
    Ok(bytes.split_at(bytes.len() - input.0.len()))
}

fn links(input: &mut Bytes<'_>) -> Result<u64, RecordError> {
    let count = input.unsigned()?;
    if count > bounds::CHANGE_LINKS as u64 {
        let allowed = bounds::CHANGE_LINKS as u64;
        return Err(RecordError::TooLarge { what: "changes that one rests on", allowed });
    }
    Ok(count)
}

fn read_actor(input: &mut Bytes<'_>) -> Result<Actor, RecordError> {
    match input.unsigned()? {
        16 => Ok(Actor(array(input.take(16)?))),
        _ => malformed("an actor is not 16 bytes"),
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}

/// Reads the columns, which fill the rest of the chunk exactly.
fn read_puts(input: &mut Bytes<'_>, actors: &[Actor]) -> Result<Vec<Put>, RecordError> {
    const KNOWN: [u64; 8] =
        [KEY_TEXT, INSERT, ACTION, VALUE_META, VALUE, PRED_COUNT, PRED_ACTOR, PRED_COUNTER];
    let count = input.unsigned()?;
    if count > KNOWN.len() as u64 {
        return malformed("it has columns that Nightjar does not write");
    }
    let mut specs = Vec::new();
    for _ in 0..count {
        let (spec, len) = (input.unsigned()?, input.unsigned()?);
        if !KNOWN.contains(&spec) {
            return malformed("it has columns that Nightjar does not write");
        }
        if specs.last().is_some_and(|(last, _)| *last >= spec) {
            return malformed("its columns are not sorted");
        }
        specs.push((spec, len));
    }
    let mut found: [&[u8]; KNOWN.len()] = Default::default();
    for (spec, len) in specs {
        let column = input.take(len)?;
        if let Some(place) = KNOWN.iter().position(|known| *known == spec) {
            found[place] = column;
        }
    }
    if !input.0.is_empty() {
        return malformed("bytes follow its columns");
    }
    let [keys, insert, action, meta, value, pred_count, pred_actor, pred_counter] = found;

    let actions = columns::numbers(action)?;
    let rows = actions.len();
    if actions.iter().any(|a| *a != Some(ACTION_PUT)) {
        return malformed("it does something else than put a value");
    }
    let keys = columns::texts(keys, bounds::KEY_BYTES)?;
    let metas = columns::numbers(meta)?;
    let inserts = columns::all_false(insert)?;
    if keys.len() != rows || metas.len() != rows || (inserts != 0 && inserts != rows) {
        return malformed("its columns differ in length");
    }
    let mut preds = read_preds(pred_count, pred_actor, pred_counter, rows, actors)?.into_iter();
    let mut values = Bytes(value);
    let mut puts = Vec::with_capacity(rows);
    for (key, meta) in keys.into_iter().zip(metas) {
        let (Some(key), Some(meta)) = (key, meta) else {
            return malformed("a register or value is missing");
        };
        let scalar = read_scalar(meta, &mut values)?;
        let preds = preds.next().unwrap_or_default();
        puts.push(Put { key: key.to_owned(), scalar, preds });
    }
    if !values.0.is_empty() {
        return malformed("values are left over");
    }
    Ok(puts)
}

fn read_scalar(meta: u64, values: &mut Bytes<'_>) -> Result<Scalar, RecordError> {
    let len = meta >> 4;
    if len > bounds::TEXT_BYTES as u64 {
        return Err(RecordError::too_long_text());
    }
    let raw = values.take(len)?;
    match meta & 0xf {
        4 => {
            let mut raw = Bytes(raw);
            let n = raw.signed()?;
            if raw.0.is_empty() { Ok(Scalar::Int(n)) } else { malformed("a number has bytes left over") }
        }
        5 if len == 8 => Ok(Scalar::Float(f64::from_le_bytes(array(raw)))),
        6 => match std::str::from_utf8(raw) {
            Ok(text) => Ok(Scalar::Text(text.to_owned())),
            Err(_) => malformed("a text is not UTF-8"),
        },
        _ => malformed("a value is of a type that Nightjar does not write"),
    }
}

fn read_preds(
    count: &[u8],
    actor: &[u8],
    counter: &[u8],
    rows: usize,
    actors: &[Actor],
) -> Result<Vec<Vec<OpId>>, RecordError> {
    let counts = columns::numbers(count)?;
    let actor_rows = columns::numbers(actor)?;
    let counters = columns::deltas(counter)?;
    if (!counts.is_empty() && counts.len() != rows) || actor_rows.len() != counters.len() {
        return malformed("its columns differ in length");
    }
    let mut used = vec![false; actors.len()];
    used[0] = true;
    let mut ids = actor_rows.into_iter().zip(counters);
    let mut out = Vec::with_capacity(rows);
    for count in counts {
        let count = count.unwrap_or(0);
        let mut preds = Vec::new();
        for _ in 0..count {
            let Some((Some(actor), Some(counter))) = ids.next() else {
                return malformed("a predecessor is missing");
            };
            let index = usize::try_from(actor).unwrap_or(usize::MAX);
            let (Some(actor), Ok(counter)) = (actors.get(index), u64::try_from(counter)) else {
                return malformed("a predecessor is not an operation");
            };
            used[index] = true;
            preds.push(OpId { counter, actor: *actor });
        }
        if !preds.is_sorted_by(|a, b| a < b) {
            return malformed("predecessors are not sorted");
        }
        out.push(preds);
    }
    if ids.next().is_some() || used.contains(&false) {
        return malformed("it names more than it uses");
    }
    Ok(out)
}
