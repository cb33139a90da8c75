//! The header of an envelope: what the hub may see, fixed when sealing.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::{
    DeviceTag, Entropy, KeyId, RecordKey, RecordTag, Refused, RosterHead, ScopeTag, Signature, StudyTag,
    WithdrawalPublic, entropy::random, hash::digest,
};

/// Most parts one finish may be sent in.
pub const MAX_PARTS: u8 = 32;

/// What stands in clear before a sealed body and is authenticated with it. The place in the device's chain is not here
/// but in a [`Link`](crate::Link): it is given later.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// What the body is.
    #[n(0)]
    pub kind: Kind,
    /// The study.
    #[n(1)]
    pub study: StudyTag,
    /// The scope, that is the log at the hub.
    #[n(2)]
    pub scope: ScopeTag,
    /// The record changed.
    #[n(3)]
    pub record: RecordTag,
    /// The device that sealed.
    #[n(4)]
    pub device: DeviceTag,
    /// The last roster entry this device knew.
    #[n(5)]
    pub roster_head: RosterHead,
    /// The record key: seals the body, or lies wrapped in it.
    #[n(6)]
    pub key: KeyId,
    /// This part, from 1.
    #[n(7)]
    pub part: u8,
    /// All parts of this finish, 1 to [`MAX_PARTS`].
    #[n(8)]
    pub parts: u8,
    /// When a confidential response was given, no finer than this. Facts carry none: their time lies in the payload.
    #[n(9)]
    pub period: Option<Period>,
    /// Where a response's id comes from; in the first header of the response.
    #[n(10)]
    pub origin: Option<Origin>,
    /// Of a change to a response that was finished: the signature of the receipt that it commits to. See
    /// [`Receipt::sign_correction`](crate::Receipt::sign_correction).
    #[n(11)]
    pub proof: Option<Signature>,
}

impl Header {
    /// A header for the only part of a change under `key`, without period or origin.
    pub fn change(
        study: StudyTag,
        scope: ScopeTag,
        record: RecordTag,
        device: DeviceTag,
        roster_head: RosterHead,
        key: &RecordKey,
    ) -> Self {
        Self {
            kind: Kind::Change,
            study,
            scope,
            record,
            device,
            roster_head,
            key: key.id(),
            part: 1,
            parts: 1,
            period: None,
            origin: None,
            proof: None,
        }
    }

    /// The header of the envelope that hands out the key of this one.
    pub fn keys(&self) -> Self {
        Self { kind: Kind::Keys, part: 1, parts: 1, origin: None, proof: None, ..self.clone() }
    }

    /// The header of a marker that a response was taken out; nothing in it is sealed, so that it names no key.
    pub fn withdrawal(
        study: StudyTag,
        scope: ScopeTag,
        record: RecordTag,
        device: DeviceTag,
        roster_head: RosterHead,
    ) -> Self {
        Self {
            kind: Kind::Withdrawal,
            study,
            scope,
            record,
            device,
            roster_head,
            key: KeyId([0; 16]),
            part: 1,
            parts: 1,
            period: None,
            origin: None,
            proof: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Refused> {
        let wrong = |problem| Err(Refused::Malformed { what: "envelope header", problem });
        if self.parts == 0 || self.parts > MAX_PARTS {
            return wrong("the number of parts is not 1 to 32");
        }
        if self.part == 0 || self.part > self.parts {
            return wrong("the part is not one of its parts");
        }
        if self
            .period
            .is_some_and(|p| !(1..=53).contains(&p.week.week) || !(1970..=2999).contains(&p.week.year))
        {
            return wrong("there is no such week");
        }
        if self.proof.is_some() && (self.origin.is_some() || self.kind != Kind::Change) {
            return wrong("a proof stands in what is no change to a response");
        }
        match &self.origin {
            Some(origin) if origin.record() != self.record => wrong("the origin is that of another record"),
            Some(origin) if origin.creator != self.device => wrong("the origin names another device"),
            _ => Ok(()),
        }
    }
}

/// What the body of an envelope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One change of a record, sealed.
    Change,
    /// The record key, wrapped for those who may read.
    Keys,
    /// A marker that the record was withdrawn, in clear: see [`Withdrawal`](crate::Withdrawal).
    Withdrawal,
    /// Something a later version makes: kept and passed on as it is.
    Other(u16),
}

impl<C> Encode<C> for Kind {
    fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
        let number = match self {
            Kind::Change => 0,
            Kind::Keys => 1,
            Kind::Withdrawal => 2,
            Kind::Other(number) => *number,
        };
        e.u16(number)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Kind {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Ok(match d.u16()? {
            0 => Kind::Change,
            1 => Kind::Keys,
            2 => Kind::Withdrawal,
            number => Kind::Other(number),
        })
    }
}

/// The week and part of the day: as fine as a confidential response may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Period {
    /// The week.
    #[n(0)]
    pub week: IsoWeek,
    /// The part of the day.
    #[n(1)]
    pub part: PartOfDay,
}

/// A week of ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct IsoWeek {
    /// The year the week belongs to, 1970 to 2999.
    #[n(0)]
    pub year: u16,
    /// 1 to 53.
    #[n(1)]
    pub week: u8,
}

/// A quarter of the day, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum PartOfDay {
    /// 00:00 to 05:59.
    #[n(0)]
    Night,
    /// 06:00 to 11:59.
    #[n(1)]
    Morning,
    /// 12:00 to 17:59.
    #[n(2)]
    Afternoon,
    /// 18:00 to 23:59.
    #[n(3)]
    Evening,
}

impl PartOfDay {
    /// The part of the day that holds this hour, 0 to 23.
    pub fn of_hour(hour: u8) -> Self {
        match hour {
            0..=5 => Self::Night,
            6..=11 => Self::Morning,
            12..=17 => Self::Afternoon,
            _ => Self::Evening,
        }
    }
}

/// What a response's id is made from: only the committed key can withdraw it, and no id can be made to clash.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Origin {
    /// The key that may withdraw, if the respondent took a receipt.
    #[n(0)]
    pub withdrawal: Option<WithdrawalPublic>,
    /// The device the response was given on.
    #[n(1)]
    pub creator: DeviceTag,
    /// 16 random bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub salt: [u8; 16],
}

impl Origin {
    /// The origin of a new response.
    pub fn new(creator: DeviceTag, withdrawal: Option<WithdrawalPublic>, entropy: &mut dyn Entropy) -> Self {
        Self { withdrawal, creator, salt: random(entropy) }
    }

    /// The record's tag, which is also its id: `BLAKE3("record", withdrawal key or 0, creator, salt)[..16]`.
    pub fn record(&self) -> RecordTag {
        let withdrawal = self.withdrawal.unwrap_or(WithdrawalPublic([0; 32]));
        RecordTag(digest("nightjar v1 record", &[&withdrawal.0, &self.creator.0, &self.salt]))
    }
}
