//! Asking the hub for its time, signed for the roster as it is: what an entry that takes records out says of when it was made.

use nightjar_seal::{ClockPublic, RosterHead, Stamp};

use super::cbor::{Message, Reader, Writer};
use crate::Failure;

/// Most bytes of a signed time.
const STAMP_BYTES: usize = 256;

/// What goes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockAsked {
    /// The end of the roster as the device knows it. A hub with another one gives no time.
    pub head: RosterHead,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockTold {
    /// The key that this hub signs its time with.
    pub clock: ClockPublic,
    /// The time.
    pub stamp: Stamp,
}

impl Message for ClockAsked {
    const NAME: &'static str = "question for the time";

    fn write(&self, out: &mut Writer) {
        out.array(1).bytes(&self.head.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { head: RosterHead(input.fixed()?) })
    }
}

impl Message for ClockTold {
    const NAME: &'static str = "time of the hub";

    fn write(&self, out: &mut Writer) {
        out.array(2).bytes(&self.clock.0).bytes(&self.stamp.encode());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let clock = ClockPublic(input.fixed()?);
        let stamp = Stamp::decode(input.bytes(STAMP_BYTES)?);
        Ok(Self { clock, stamp: stamp.map_err(|_| input.malformed("it holds no signed time"))? })
    }
}
