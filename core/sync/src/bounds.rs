//! How large anything on the wire may be. Both sides check before they allocate.

/// Largest request or reply body of a push or of a single pushed batch in a reply, in bytes (1 MiB).
pub const PUSH_BYTES: usize = 1 << 20;

/// Largest request, in bytes: a whole push with the signature before it.
pub const REQUEST_BYTES: usize = PUSH_BYTES + nightjar_seal::RequestSignature::LEN;

/// Most links, and so most envelopes, in one push.
pub const PUSH_LINKS: usize = 2_000;

/// Bytes of a push set aside for its frame: signed head, lengths and the message's own array heads.
pub const PUSH_FRAME: usize = 1_024;

/// Bytes that one link costs in a push beside its envelope: its id, its place and two length heads.
pub const LINK_BYTES: usize = 48;

/// Largest sealed envelope, in bytes (64 KiB).
pub const ENVELOPE_BYTES: usize = 64 << 10;

/// Largest reply body a client reads, in bytes. A reply holds whole pushes up to [`PUSH_BYTES`], so twice that is never
/// reached by an honest hub.
pub const REPLY_BYTES: usize = 2 << 20;

/// Most pushes in one pull reply.
pub const PULL_BATCHES: usize = 2_000;

/// Largest roster entry, in bytes (64 KiB).
pub const ROSTER_ENTRY_BYTES: usize = 64 << 10;

/// Largest pass of a steward, in bytes (8 KiB).
pub const PASS_BYTES: usize = nightjar_seal::MAX_PASS;

/// Most passes that wait at a hub for their place in one study's roster, and most bytes of them: all go into one reply.
pub const PASSES: usize = 512;

/// See [`PASSES`].
pub const PASSES_BYTES: usize = 256 << 10;

/// Most roster entries in one reply.
pub const ROSTER_ENTRIES: usize = 256;

/// Most scopes a device asks about in one greeting.
pub const SCOPES: usize = 64;

/// Most envelopes that come with the answer to a greeting, per scope: more is pulled.
pub const GREETED_ENVELOPES: usize = 64;

/// Most bytes of pushes that come with the answer to a greeting, all scopes together (64 KiB).
pub const GREETED_BYTES: usize = 64 << 10;

/// Most devices in an applied vector, and most vectors per scope in a greeting's answer.
pub const DEVICES: usize = 4_096;

/// Most lines of one device in one scope: one for each time that its vault was copied or restored.
pub const LINES: u64 = 32;

/// Most records asked for by name at once.
pub const RECORDS: usize = 256;

/// Largest message of a comparison by ranges, in either direction, in bytes (64 KiB).
pub const RANGES_BYTES: usize = 64 << 10;

/// Most messages of one comparison that a device sends before it gives it up.
pub const RANGES_ROUNDS: usize = 16;

/// Most envelopes of a scope that are compared by ranges.
pub const RANGES_ENVELOPES: u64 = 1 << 20;

/// Most envelopes whose place in the log is asked for at once: a device that lacks more pulls from the first.
pub const LACKING: usize = 1_024;

/// Most evaluator devices whose applied vectors a greeting carries per scope.
pub const EVALUATORS: usize = 64;

/// Largest publication, in bytes (64 KiB).
pub const PUBLICATION_BYTES: usize = nightjar_seal::MAX_PUBLICATION;

/// Most publications of a study that a hub names in one answer.
pub const PUBLICATIONS: usize = 4_096;

/// Most publications asked for at once.
pub const PUBLICATIONS_ASKED: usize = 256;

/// Longest setup code and longest text of a refusal, in bytes.
pub const TEXT_BYTES: usize = 256;

/// Largest sealed chunk of an attachment, in bytes: 256 KiB and what sealing adds.
pub const CHUNK_BYTES: usize = nightjar_seal::MAX_SEALED_CHUNK;

/// Most chunks asked for at once.
pub const CHUNKS: usize = 256;

/// Most chunks that one device may put for one record: 16 attachments of 32 chunks.
pub const RECORD_CHUNKS: u64 = 512;
