//! What a device may do: kinds of records, actions, wards.

use minicbor::{Decode, Encode};

use crate::{Refused, canonical::check_text};

/// Most grants of one device.
const MAX_GRANTS: usize = 64;
/// Most wards of one grant.
const MAX_WARDS: usize = 256;
/// Most bytes of a kind or ward code.
const MAX_CODE: usize = 64;

/// Something done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Action {
    /// Begin a record.
    #[n(0)]
    Create,
    /// Change what it says.
    #[n(1)]
    Edit,
    /// Settle a conflict.
    #[n(2)]
    Settle,
    /// Code its free text.
    #[n(3)]
    Code,
}

/// Leave for a device to do some things with records of a kind on some wards.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Grant {
    /// The kind of record; `*` for all.
    #[n(0)]
    pub kind: String,
    /// What may be done; in rising order, each once.
    #[n(1)]
    pub actions: Vec<Action>,
    /// Codes of the wards; none means all.
    #[n(2)]
    pub wards: Vec<String>,
}

impl Grant {
    /// Everything on these wards, or everywhere when there are none.
    pub fn all(wards: Vec<String>) -> Self {
        let actions = vec![Action::Create, Action::Edit, Action::Settle, Action::Code];
        Self { kind: "*".to_owned(), actions, wards }
    }

    /// Whether this grant covers it.
    pub fn covers(&self, kind: &str, action: Action, ward: &str) -> bool {
        (self.kind == "*" || self.kind == kind)
            && self.actions.contains(&action)
            && (self.wards.is_empty() || self.wards.iter().any(|known| known == ward))
    }

    fn check(&self) -> Result<(), Refused> {
        check_text("kind of a grant", &self.kind, MAX_CODE)?;
        check_wards(&self.wards)?;
        if self.actions.is_empty() || !self.actions.is_sorted_by(|a, b| a < b) {
            return Err(Refused::Malformed {
                what: "grant",
                problem: "its actions are not in order, each once",
            });
        }
        Ok(())
    }
}

/// That grants are few, and each within its bounds.
pub(super) fn check_grants(grants: &[Grant]) -> Result<(), Refused> {
    if grants.len() > MAX_GRANTS {
        return Err(Refused::Oversize { what: "grants", have: grants.len(), most: MAX_GRANTS });
    }
    grants.iter().try_for_each(Grant::check)
}

/// That wards are few, and their codes short.
pub(super) fn check_wards(wards: &[String]) -> Result<(), Refused> {
    if wards.len() > MAX_WARDS {
        return Err(Refused::Oversize { what: "wards of a grant", have: wards.len(), most: MAX_WARDS });
    }
    wards.iter().try_for_each(|ward| check_text("ward of a grant", ward, MAX_CODE))
}
