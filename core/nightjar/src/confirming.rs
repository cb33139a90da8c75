//! What this device says it has taken out, and what the others say: "erased on 7 of 8; tablet 3 not seen since …".
//!
//! A device confirms with the sync that took something out, and with no other; nobody is told what the others confirmed but who asks. So a
//! sync without anything new costs what it did.

use std::collections::BTreeMap;

use nightjar_seal::{Act, DeviceTag, Erasure, Extent, Member, RecordTag, Roster};
use nightjar_sync::Transport;
use nightjar_sync::wire::{Confirmation, Message, Reach};

use crate::device::Device;
use crate::failure::Failure;
use crate::key::OsEntropy;
use crate::membership::Joined;
use crate::view::HeardView;

/// The hash of what was confirmed last, empty where the hub still has to hear it.
const CONFIRMED: &str = "confirmed";
/// The day on which the others were asked last, empty where nothing waits for them.
const AWAITS: &str = "awaits";
/// What the names of what others confirmed begin with.
const OF: &str = "confirmed/";

impl Device {
    /// What this device has taken out, for the others.
    pub(crate) fn own_confirmation(&self, joined: &Joined) -> Result<Option<Confirmation>, Failure> {
        if !self.vault.anything_withdrawn()? {
            return Ok(None);
        }
        let obeyed = self.vault.obeyed(&joined.scopes.ward)?.into_iter();
        let vector = obeyed.map(|(strand, seq)| Reach { device: strand.device, line: strand.line, seq });
        // No more of the roster than takes something out, so that nothing is said anew when it grows otherwise.
        let roster = erasures(joined.roster()).last().map_or(0, |(place, _)| place + 1);
        Ok(Some(Confirmation::sign(joined.scopes.ward, roster, vector.collect(), &self.keys)?))
    }

    /// Tells the hub what was taken out, where that moved; and asks what the others did, where somebody waits for it, once a day.
    /// `moved`: whether this sync brought or sent anything.
    pub(crate) async fn confirm(
        &self,
        transport: &Transport,
        moved: bool,
        today: i32,
    ) -> Result<(), Failure> {
        let joined = self.joined()?;
        let ward = joined.scopes.ward;
        let told = self.vault.cursor(&ward, CONFIRMED)?;
        let owed = told.as_ref().is_some_and(Vec::is_empty);
        if (moved || owed)
            && let Some(confirmation) = self.own_confirmation(&joined)?
        {
            let said = hash_of(&confirmation);
            if told.as_deref() != Some(&said[..]) {
                // Until the hub has it, it is owed.
                self.vault.keep_cursor(&ward, CONFIRMED, &[])?;
                let request = nightjar_sync::confirm(joined.study_tag, &confirmation);
                let response = transport.send(&request, &self.keys, &mut OsEntropy).await?;
                nightjar_sync::confirmation_taken(&response)?;
                self.vault.keep_cursor(&ward, CONFIRMED, &said)?;
            }
        }
        let asked = self.vault.cursor(&ward, AWAITS)?.unwrap_or_default();
        let before = asked.try_into().ok().map(i32::from_le_bytes);
        if before.is_some_and(|before| before != today) {
            self.ask_confirmed(transport).await?;
            let all = self.vault.withdrawn_in(&ward)?;
            let heard = self.heard(&joined)?;
            let waits = all.values().any(|places| {
                others(self, &joined)
                    .any(|(tag, _)| !heard.get(tag).is_some_and(|said| said.took_out(places)))
            });
            let next: &[u8] = if waits { &today.to_le_bytes() } else { &[] };
            self.vault.keep_cursor(&ward, AWAITS, next)?;
        }
        Ok(())
    }

    /// Somebody took something out here and may want to know what the others did.
    pub(crate) fn await_confirmations(&self, joined: &Joined) -> Result<(), Failure> {
        self.owe_confirmation(joined)?;
        Ok(self.vault.keep_cursor(&joined.scopes.ward, AWAITS, &i32::MIN.to_le_bytes())?)
    }

    /// What was taken out here is to be told to the hub with the next sync: it is new, or the hub lost data.
    pub(crate) fn owe_confirmation(&self, joined: &Joined) -> Result<(), Failure> {
        Ok(self.vault.keep_cursor(&joined.scopes.ward, CONFIRMED, &[])?)
    }

    pub(crate) async fn ask_confirmed(&self, transport: &Transport) -> Result<(), Failure> {
        let joined = self.joined()?;
        let (study, ward) = (joined.study_tag, joined.scopes.ward);
        let mut after = None;
        loop {
            let request = nightjar_sync::ask_confirmed(study, ward, after);
            let response = transport.send(&request, &self.keys, &mut OsEntropy).await?;
            let confirmed = nightjar_sync::confirmed(joined.roster(), ward, after, &response)?;
            after = confirmed.devices.last().map(|spoke| spoke.device);
            for spoke in confirmed.devices {
                self.hear(&joined, spoke.device, spoke.day, spoke.confirmation)?;
            }
            if !confirmed.more {
                return Ok(());
            }
        }
    }

    /// Keeps what a device has confirmed, unless more was known.
    pub(crate) fn hear(
        &self,
        joined: &Joined,
        device: DeviceTag,
        day: u64,
        said: Option<Confirmation>,
    ) -> Result<(), Failure> {
        let name = format!("{OF}{device}");
        let known = self.vault.cursor(&joined.scopes.ward, &name)?.and_then(|bytes| Heard::read(&bytes));
        let mut heard = known.unwrap_or_default();
        heard.day = heard.day.max(day);
        if let Some(said) = said
            && heard.said.as_ref().is_none_or(|before| said.covers(before))
        {
            heard.said = Some(said);
        }
        Ok(self.vault.keep_cursor(&joined.scopes.ward, &name, &heard.write())?)
    }

    /// What is known of what others have confirmed.
    pub(crate) fn heard(&self, joined: &Joined) -> Result<BTreeMap<DeviceTag, Heard>, Failure> {
        let kept = self.vault.cursors(&joined.scopes.ward, OF)?.into_iter();
        let heard = kept.filter_map(|(name, bytes)| Some((name.parse().ok()?, Heard::read(&bytes)?)));
        Ok(heard.collect())
    }

    /// What others have confirmed, to be handed on by a bundle.
    pub(crate) fn all_confirmations(&self, joined: &Joined) -> Result<Vec<Confirmation>, Failure> {
        let heard = self.heard(joined)?.into_values().filter_map(|heard| heard.said);
        Ok(self.own_confirmation(joined)?.into_iter().chain(heard).collect())
    }

    /// How many of the other devices have said that they took a record out.
    pub(crate) fn heard_of(&self, joined: &Joined, record: &RecordTag) -> Result<HeardView, Failure> {
        let places = self.vault.withdrawals_of(&joined.scopes.ward, record)?;
        let by_roster = by_roster(joined, record);
        let heard = self.heard(joined)?;
        let mut view = HeardView::default();
        for (tag, _) in others(self, joined) {
            view.of += 1;
            let took_out = |heard: &Heard| {
                heard.took_out(&places) || by_roster.is_some_and(|place| heard.roster() > place)
            };
            view.confirmed += u64::from(heard.get(tag).is_some_and(took_out));
        }
        Ok(view)
    }
}

/// What is known of one device.
#[derive(Default)]
pub(crate) struct Heard {
    /// The last day on which it spoke to the hub, in days since 1970; 0 for none.
    pub(crate) day: u64,
    pub(crate) said: Option<Confirmation>,
}

impl Heard {
    /// Whether it has obeyed a withdrawal in any of its places.
    pub(crate) fn took_out(&self, places: &[(nightjar_seal::Strand, u64)]) -> bool {
        let vector = self.said.as_ref().map_or(&[][..], Confirmation::vector);
        places.iter().any(|(strand, seq)| {
            let of = vector.iter().find(|reach| (reach.device, reach.line) == (strand.device, strand.line));
            of.is_some_and(|reach| reach.seq >= *seq)
        })
    }

    pub(crate) fn roster(&self) -> u64 {
        self.said.as_ref().map_or(0, Confirmation::roster)
    }

    fn write(&self) -> Vec<u8> {
        let said = self.said.as_ref().map(Message::encode).unwrap_or_default();
        [&self.day.to_le_bytes()[..], &said].concat()
    }

    /// What does not read is as good as nothing: the next answer brings it again.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (day, said) = bytes.split_first_chunk()?;
        let said = if said.is_empty() { None } else { Some(Confirmation::decode(said).ok()?) };
        Some(Self { day: u64::from_le_bytes(*day), said })
    }
}

/// Entries of the roster that take something out, each with its place.
pub(crate) fn erasures(roster: &Roster) -> impl Iterator<Item = (u64, &Erasure)> {
    roster.entries().iter().filter_map(|entry| match entry.act() {
        Act::Erase { erasure } => Some((entry.seq(), erasure)),
        _ => None,
    })
}

/// The place of the first entry that takes a response out, by its name or with all.
fn by_roster(joined: &Joined, record: &RecordTag) -> Option<u64> {
    let takes = |erasure: &Erasure| match &erasure.what {
        Extent::Records(records) => records.contains(record),
        Extent::Scope => erasure.scope == joined.scopes.responses,
    };
    erasures(joined.roster()).find(|(_, erasure)| takes(erasure)).map(|(place, _)| place)
}

/// The other devices that belong today.
fn others<'a>(device: &Device, joined: &'a Joined) -> impl Iterator<Item = (&'a DeviceTag, &'a Member)> {
    let me = device.tag();
    joined.roster().members().iter().filter(move |(tag, member)| **tag != me && member.revoked.is_none())
}

/// What a confirmation says, without who and when.
fn hash_of(confirmation: &Confirmation) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(&confirmation.roster().to_le_bytes());
    for reach in confirmation.vector() {
        hash.update(&reach.device.0).update(&reach.line.0).update(&reach.seq.to_le_bytes());
    }
    *hash.finalize().as_bytes()
}
