//! For the simulator, under the feature `blind`: a hub in the same process in place of one at the end of a network.

use std::sync::{Arc, PoisonError};

use nightjar_sync::{Carrier, Transport};

use crate::device::Device;
use crate::failure::Failure;
use crate::tablet::Tablet;

impl Device {
    /// Goes to the hub of this address by what a simulator carries, believing that it is now so many seconds after 1970.
    fn goes_by(&self, hub: &str, carrier: Arc<dyn Carrier>, now: u64) -> Result<(), Failure> {
        let transport = Transport::carried_by(hub, carrier)?.believing(now);
        let mut kept = self.transport.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((hub.to_owned(), Arc::new(transport)));
        Ok(())
    }
}

impl Tablet {
    /// For the simulator: what goes to the hub of this address is carried by this, and the device believes that it is now so many
    /// seconds after 1970. Until the vault is opened again, or another is named.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for what is no address of a hub.
    pub fn goes_by(&self, hub: &str, carrier: Arc<dyn Carrier>, now: u64) -> Result<(), Failure> {
        self.device.goes_by(hub, carrier, now)
    }
}

#[cfg(feature = "evaluate")]
impl crate::Evaluator {
    /// As [`Tablet::goes_by`](crate::Tablet::goes_by).
    ///
    /// # Errors
    /// As there.
    pub fn goes_by(&self, hub: &str, carrier: Arc<dyn Carrier>, now: u64) -> Result<(), Failure> {
        self.device.goes_by(hub, carrier, now)
    }
}
