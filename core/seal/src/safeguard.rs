//! Safeguards of the protocol that the simulator switches off, one at a time, to show that it would notice their absence. Without
//! the feature `blind` there is no switch: every safeguard is on, and the questions whether it is compile to nothing.

/// A safeguard that a simulated run can do without. Others are taken away from outside the product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Safeguard {
    /// Bodies are sealed.
    Sealing = 1,
    /// The hash of a hub's log covers all that is in it.
    LogHash,
    /// Two chains of one line are a fork, and the second is set aside.
    ForkCheck,
    /// What a device wrote after it was put out counts only up to its last good place.
    LastGoodPlace,
    /// What a hub sent is stored before the cursor moves past it.
    StoreFirst,
    /// Every change is by an actor that no other change has.
    FreshActor,
}

#[cfg(feature = "blind")]
static OFF: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

impl Safeguard {
    /// Whether it is switched off in this process.
    #[cfg(feature = "blind")]
    #[must_use]
    pub fn is_off(self) -> bool {
        OFF.load(std::sync::atomic::Ordering::Relaxed) == self as u8
    }

    /// Whether it is switched off: never.
    #[cfg(not(feature = "blind"))]
    #[must_use]
    pub const fn is_off(self) -> bool {
        false
    }

    /// Switches this one off in this process and all others on; with `None` all on.
    #[cfg(feature = "blind")]
    pub fn switch_off(which: Option<Self>) {
        OFF.store(which.map_or(0, |which| which as u8), std::sync::atomic::Ordering::Relaxed);
    }
}
