//! What a tablet keeps for the ward's staff beside records: the PIN, the asking list, who was asked, who wanted to talk.

use crate::asking;
use crate::failure::Failure;
use crate::pin;
use crate::tablet::Tablet;
use crate::view::{AskState, AskedView, EncounterRequest, PinView, TalkView};

impl Tablet {
    /// How often somebody on this ward asked to talk to someone, by week, the newest first. Nothing else is kept of it.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn talks(&self, ward: &str) -> Result<Vec<TalkView>, Failure> {
        self.device.talks(ward)
    }

    /// Sets the PIN of ward staff: 6 to 12 digits, not all the same and not one after the other. It opens the side for staff of whatever
    /// stands on this core, and encrypts nothing.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for another text; storage failures.
    pub fn set_pin(&self, pin: &str) -> Result<(), Failure> {
        pin::set(&self.device, pin)
    }

    /// Whether a PIN was set.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn has_pin(&self) -> Result<bool, Failure> {
        pin::is_set(&self.device)
    }

    /// Tries a PIN. From the third wrong one on the next waits, for 30 seconds at most, also after the program was started anew.
    ///
    /// # Errors
    /// Storage failures.
    pub fn try_pin(&self, pin: &str) -> Result<PinView, Failure> {
        pin::attempt(&self.device, pin)
    }

    /// The asking list of a ward: stays on this tablet, is never synced and wiped when the ward's phase is over.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for an unknown ward; storage failures.
    pub fn asking_list(&self, ward: &str) -> Result<Vec<AskedView>, Failure> {
        asking::list(&self.device, ward)
    }

    /// Puts a label on the asking list: 1 to 40 characters, of the ward's own choosing.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for another text, one that is there, and a full list; storage failures.
    pub fn add_to_asking_list(&self, ward: &str, label: &str) -> Result<(), Failure> {
        asking::add(&self.device, ward, label)
    }

    /// Notes on the asking list what came of asking.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a label that is not there; storage failures.
    pub fn mark_asked(&self, ward: &str, label: &str, state: AskState) -> Result<(), Failure> {
        asking::mark(&self.device, ward, label, state)
    }

    /// Takes a label off the asking list.
    ///
    /// # Errors
    /// As [`Tablet::mark_asked`].
    pub fn remove_from_asking_list(&self, ward: &str, label: &str) -> Result<(), Failure> {
        asking::remove(&self.device, ward, label)
    }

    /// The form in which a role writes down whom it asked, if the study has one.
    ///
    /// # Errors
    /// As [`Tablet::forms`].
    pub fn encounter_form(&self, role: &str) -> Result<Option<String>, Failure> {
        Ok(asking::form_of(self.device.joined()?.study(), role))
    }

    /// Writes down that somebody was asked, or was not, in the study's form for it. Its items are called `respondent`, `outcome`,
    /// `asked_by` and `reason`, as in the pack that is built in.
    ///
    /// # Errors
    /// [`Failure::Rejected`] where the role fills in no such form; [`Failure::Incompatible`] where the form does not offer that: open it
    /// with [`Tablet::begin`] then; storage failures.
    pub fn encounter(&self, request: &EncounterRequest) -> Result<(), Failure> {
        let joined = self.device.joined()?;
        let item = |form: &str, name: &str| joined.pack.instrument(form)?.item_named(name).cloned();
        asking::encounter(|request| self.begin(request), joined.study(), item, request)
    }
}
