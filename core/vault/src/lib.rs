//! The encrypted database of one device.
//!
//! A guided tour, in the order an answer takes:
//!
//! 1. [`Vault::create`] and [`Vault::open`]: SQLCipher with a raw 32-byte [`VaultKey`], one writer and several readers.
//!    [`Vault::pause`] gives up every lock, [`Vault::resume`] goes on.
//! 2. [`Vault::begin`], [`Vault::append`], [`Vault::draft`]: a draft is a journal under a key of its own. An entry is durable
//!    when `append` returns.
//! 3. [`Checked::open`] opens what was sealed as a receiver will; only then can [`Vault::finish`] put it into the outbox,
//!    project it or only count it, and delete the draft with its key, in one transaction.
//! 4. The outbox: [`Vault::chain_outbox`] gives envelopes their places in the device's chain at the next sync, in an
//!    [`Order`] that was drawn; [`Vault::pending`] and [`Vault::acknowledge`] follow them to the hub.
//! 5. [`Vault::import`] stores what was received, opens and merges what can be read and projects it. Every envelope is
//!    in one [`State`], whatever the order of arrival.
//! 6. [`Vault::verify`] compares what is shown with what the sealed changes come to; [`Vault::repair`] builds it anew.
//! 7. [`Vault::query`], [`Vault::conflicts`], [`Vault::dissensus`], [`Vault::counts`], [`Vault::record`]: reading.
//! 8. [`Vault::attach`] keeps a picture or a voice note in sealed chunks beside the database; [`Vault::reseal`] seals it under the
//!    record's key when the form is finished, [`Vault::waiting_chunks`] and [`Vault::missing_chunks`] are what a sync still has to carry.
//!
//! ```
//! # use nightjar_vault::{DraftMeta, Vault, VaultKey};
//! # fn main() -> Result<(), nightjar_vault::VaultError> {
//! # let folder = tempfile::TempDir::new().expect("a folder");
//! # let path = folder.path().join("vault.db");
//! let key = VaultKey::new([7; 32]); // in life: 32 random bytes from the platform's keystore
//! let vault = Vault::create(&path, &key)?;
//! let draft = vault.begin(&DraftMeta {
//!     instrument: "patient_core".into(),
//!     version: [0; 32],
//!     role: "patient".into(),
//!     ward: "maple".into(),
//!     language: "English (en)".into(),
//!     opened: "2025-03-02T14:05:00+00:00[Europe/London]".into(),
//!     seed: 7,
//!     extra: Default::default(),
//! })?;
//! vault.append(&draft, b"an entry")?; // durable from here on
//! drop(vault);
//!
//! let vault = Vault::open(&path, &key)?;
//! assert_eq!(vault.draft(&draft)?.1[0].as_slice(), b"an entry");
//! vault.discard(&draft)?;
//! assert!(vault.drafts()?.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! What is *not* here: clocks and the network. Nothing this crate returns as an error carries an answer or a key.

mod arrived;
mod attachments;
mod audit;
mod chains;
mod chunk_files;
mod chunks;
mod copies;
mod dictionaries;
mod envelopes;
mod error;
#[cfg(feature = "faults")]
pub mod faults;
mod finish;
mod handing;
mod history;
mod import;
mod journal;
mod keep;
mod key;
mod lines;
mod made_of;
mod numbers;
mod obeyed;
mod outbox;
mod own;
mod packing;
mod projection;
mod published;
mod query;
mod retention;
mod rows;
mod schema;
mod search;
mod shared;
mod unsent;
mod vault;
mod verify;
mod withdrawal;

pub use arrived::{Arrived, ToWorkOut};
pub use attachments::{ATTACHMENTS, Resealed};
pub use audit::{Audit, Hit};
pub use chains::{HEADS_APART, Received, Stretch};
pub use chunks::Chunks;
pub use envelopes::{Held, State, Stored};
pub use error::VaultError;
pub use finish::{Checked, Finished, Readable};
pub use handing::Unhanded;
pub use history::{Proof, Told};
pub use import::{Imported, SetApart};
pub use journal::{DraftId, DraftMeta, DraftSummary, ENTRIES, ENTRY_BYTES, Entries, Tally};
pub use keep::{FILE_BYTES, PackFile};
pub use key::VaultKey;
pub use made_of::MadeOf;
pub use obeyed::Places;
pub use outbox::{Order, Outbox, Pending};
pub use own::{Opened, Own};
pub use projection::{Gate, Reading, tag_of};
pub use retention::{Custody, KEEP_DAYS};
pub use unsent::Unsent;
pub use vault::Vault;
pub use verify::{Astray, Repaired, Verified};
pub use withdrawal::Withdrawn;
