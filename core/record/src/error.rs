//! What can go wrong with a record, named by cause. No variant carries an answer.

use crate::bounds;

/// Why a change, a record or a request about one was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are not one plain change chunk as Nightjar writes them.
    #[error("not a change that Nightjar wrote: {0}")]
    Malformed(&'static str),
    /// A bound was passed; it says which, and what was allowed.
    #[error("{what} is above the bound of {allowed}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// The greatest number allowed.
        allowed: u64,
    },
    /// A register key or its value is not one of ours.
    #[error("register {key:?}: {problem}")]
    Register {
        /// The register's key (an item key or reserved name, never an answer).
        key: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Metadata that every record needs is missing or malformed.
    #[error("metadata {0:?} is missing or malformed")]
    Metadata(&'static str),
    /// The change says it belongs to another record.
    #[error("the change belongs to another record")]
    OtherRecord,
    /// A change closes several values without a settlement that names exactly them.
    #[error("register {0:?} holds several values: only a settlement that names them may close it")]
    Unsettled(String),
    /// The person settled something else than what the register holds now.
    #[error("register {0:?} does not hold the values that the settlement names")]
    SettlesOther(String),
    /// What is disputed is not what a settlement wrote there.
    #[error("register {0:?} does not hold what a settlement wrote")]
    DisputesOther(String),
    /// A settlement is disputed with a reason, so that whoever looks again knows why.
    #[error("a settlement is disputed with a reason")]
    NeedsReason,
    /// Positions and judgements are never settled away.
    #[error("a position or judgement cannot be settled")]
    Voice,
    /// Only the person who gave a response can change it.
    #[error("a response is changed only by the person who gave it")]
    ResponseFinished,
    /// An outcome against a view needs this item too.
    #[error("an outcome against a view needs {0}")]
    OutcomeNeeds(&'static str),
    /// The device was not granted what the change does.
    #[error("the device was not granted this")]
    NotGranted,
    /// A change on which this one rests was refused.
    #[error("rests on a change that was refused")]
    RestsOnRefused,
    /// Its position among the operations does not follow from the changes it rests on.
    #[error("its operations do not follow from the changes it rests on")]
    OutOfPlace,
    /// Two changes claim the same actor; a copied device would not, so one of them is forged or damaged.
    #[error("another change has the same actor")]
    ActorClash,
    /// The record grew beyond its bounds; its largest contributor's changes were set aside.
    #[error("the record is beyond its bounds and this device contributed most")]
    Overgrown,
    /// The edit changes nothing.
    #[error("nothing would change")]
    Nothing,
    /// The record has no admitted first change yet.
    #[error("the record's first change is not here yet")]
    Unfounded,
    /// automerge would not take what the walk had passed. This is a bug of Nightjar's.
    #[error("automerge refused an admitted change")]
    Engine,
}

impl RecordError {
    pub(crate) fn too_long_key() -> Self {
        Self::TooLarge { what: "length of a register key in bytes", allowed: bounds::KEY_BYTES as u64 }
    }

    pub(crate) fn too_long_text() -> Self {
        Self::TooLarge { what: "length of a text in bytes", allowed: bounds::TEXT_BYTES as u64 }
    }
}
