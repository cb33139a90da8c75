//! Everything cryptographic, and nothing else: bytes in, bytes out. No clock, no input or output, no randomness but what
//! the caller's [`Entropy`] gives, and no knowledge of what a payload means.
//!
//! A guided tour, in the order an answer takes:
//!
//! 1. A device makes its [`DeviceKeys`] once. The founder lets it into the study's [`Roster`], a signed log that says who
//!    belongs and with which [`Grant`]s, or another steward does with a [`Pass`], within the [`Terms`] that the roster gives
//!    them; [`EnrolmentRequest`] and [`Invitation`] are the texts they exchange.
//! 2. Finishing seals one change under a [`RecordKey`] with [`seal_with`]: an [`Envelope`] whose [`Header`] is in clear and which hands
//!    the key to those who may read. A [`Dictionary`] leaves out what all changes of a form have in common. Later changes under
//!    the key need only [`seal`], and [`wrap`] hands it to those who come late, in an envelope of its own.
//! 3. At the next sync each envelope gets its place in the device's [`Chain`], and one [`SignedHead`] covers the batch.
//!    [`RequestSignature`] says to the hub who asks.
//!    What is too large for an envelope, a picture or a voice note, goes beside it in chunks: [`seal_chunk`], under a [`ChunkKey`]
//!    that follows from the record key.
//! 4. A reader verifies the chain with [`Chain::follow`], takes the key out with [`unwrap`] and opens the change with
//!    [`open_with`].
//! 5. What came of it an evaluator's device tells everybody with a [`Publication`], which is signed and not sealed.
//!
//! ```
//! use nightjar_seal::{DeviceKeys, DocumentHash, Header, Holder, Recipient, RecordKey, RecordTag, RootKeys, Roster, ScopeTag, Sealing};
//! # fn main() -> Result<(), nightjar_seal::Refused> {
//! let mut entropy = |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system has randomness");
//! let (tablet, evaluator) = (DeviceKeys::generate(&mut entropy), DeviceKeys::generate(&mut entropy));
//! let roster = Roster::found(&RootKeys::generate(&mut entropy), DocumentHash([0; 32]), "A study", &mut entropy)?;
//!
//! let key = RecordKey::generate(&mut entropy);
//! let scope = ScopeTag::of(&roster.study(), "responses");
//! let header = Header::change(roster.study(), scope, RecordTag([1; 16]), tablet.tag(), roster.head(), &key);
//! let to = [Recipient::Device(&evaluator.public())];
//! let sealing = Sealing { recipients: Some(&to), ..Sealing::default() };
//! let change = nightjar_seal::seal_with(header, b"one change", &key, sealing, &mut entropy)?;
//! drop(key); // from here on only the evaluator can read it
//!
//! let holder = Holder { device: Some(&evaluator), ..Holder::default() };
//! let key = nightjar_seal::unwrap(&change, &holder)?.expect("wrapped for this evaluator");
//! assert_eq!(nightjar_seal::open(&change, &key)?, b"one change");
//! # Ok(())
//! # }
//! ```

#[cfg(all(feature = "unsealed", not(debug_assertions)))]
compile_error!("the feature `unsealed` is for the canary test alone, never for a release");

mod canonical;
mod chain;
mod chunk;
mod device;
mod dictionary;
mod enrolment;
mod entropy;
mod envelope;
mod frames;
mod hash;
mod header;
mod ids;
mod padding;
mod publication;
mod receipt;
mod refused;
mod request;
mod resume;
mod roster;
mod safeguard;
mod secret;
mod shares;
mod stamp;
mod stub;
mod withdrawal;
mod wrap;

pub use chain::{Chain, Link, SignedHead};
pub use chunk::{
    CHUNK_CONTENT, ChunkKey, MAX_ATTACHMENT, MAX_CHUNKS, MAX_SEALED_CHUNK, MIN_SEALED_CHUNK, Whole,
    open_chunk, open_chunks, seal_chunk,
};
pub use device::{DeviceKeys, DevicePublic, RootKeys};
pub use dictionary::{Dictionary, MAX_DICTIONARY};
pub use enrolment::{EnrolmentRequest, Invitation};
pub use entropy::Entropy;
pub use envelope::{Envelope, MAX_ENVELOPE, MAX_PAYLOAD, Parts, Sealing, open, open_with, seal, seal_with};
pub use frames::frames;
pub use header::{Header, IsoWeek, Kind, MAX_PARTS, Origin, PartOfDay, Period};
pub use ids::{
    ChunkName, ClockPublic, DeviceTag, DictionaryId, DocumentHash, EnvelopeId, EpochId, KeyId, Line,
    LinkHash, PassId, PublicationId, ReadingPublic, RecordTag, RecoveryPublic, RootPublic, RosterHead,
    ScopeTag, Signature, Strand, StudyTag, WithdrawalPublic,
};
pub use publication::{
    Block, MAX_PUBLICATION, MAX_PUBLICATIONS, Notice, Page, Placing, Publication, Theme, Then,
};
pub use receipt::Receipt;
pub use refused::Refused;
pub use request::RequestSignature;
pub use resume::ResumeWords;
pub use roster::{
    ALONE, ALONE_SECONDS, Act, ActRequest, Action, Consent, ConsentRequest, Denied, Entry, Erasure, Extent,
    Grant, LastGood, LetIn, MAX_ENTRIES, MAX_ENTRY, MAX_ERASED, MAX_PASS, MAX_PASSES, Member, Membership,
    Pass, PassStanding, Roster, Rule, Seat, Terms, WrappedEpoch,
};
pub use safeguard::Safeguard;
pub use secret::{EpochKey, RecordKey, RecoveryKeys};
pub use shares::{MAX_SHARES, RecoveryShare};
pub use stamp::{ClockKeys, Stamp};
pub use stub::Stub;
pub use withdrawal::Withdrawal;
pub use wrap::{Holder, MAX_RECIPIENTS, Recipient, unwrap, wrap};
