//! The study a device belongs to: its pack, its roster, the keys that came with it.

use std::sync::{Arc, OnceLock};

use nightjar_form::Instrument;
use nightjar_record::study::{Study, StudyInstrument};
use nightjar_record::{Action, Contributor, IdentityKey, Meta, Need};
use nightjar_seal::{
    Act, DeviceTag, EpochId, EpochKey, Holder, Line, LinkHash, Recipient, RecordTag, Roster, Safeguard,
    ScopeTag, StudyTag,
};
use nightjar_vault::{Gate, Reading};

use crate::device::Device;
use crate::failure::Failure;
use crate::reading::Words;
use crate::study_pack::StudyPack;

/// The two logs of a study, and the name under which its identity key is handed out.
pub(crate) struct Scopes {
    /// Confidential responses: tablets push, evaluators pull.
    pub(crate) responses: ScopeTag,
    /// What ward staff may read back: every member pulls.
    pub(crate) ward: ScopeTag,
    /// No log: the identity key travels like an epoch key of this scope, and never changes.
    pub(crate) identity: ScopeTag,
}

impl Scopes {
    pub(crate) fn of(study: &StudyTag) -> Self {
        Self {
            responses: ScopeTag::of(study, "responses"),
            ward: ScopeTag::of(study, "ward"),
            identity: ScopeTag::of(study, "identity"),
        }
    }
}

/// A study as one of its devices knows it today.
pub(crate) struct Joined {
    /// The newest version of the study whose files this device was given.
    pub(crate) pack: StudyPack,
    /// The others it was given, older first; read when first asked for.
    older: OnceLock<Vec<StudyPack>>,
    pub(crate) study_tag: StudyTag,
    pub(crate) scopes: Scopes,
    pub(crate) identity: IdentityKey,
    roster: Roster,
    /// Epoch keys of the ward scope, the one in force last.
    epochs: Vec<(EpochId, EpochKey)>,
}

impl Joined {
    /// Reads the study from the vault; `None` when the device belongs to none.
    pub(crate) fn load(device: &Device) -> Result<Option<Self>, Failure> {
        let log = device.vault.roster()?;
        if log.is_empty() {
            return Ok(None);
        }
        let mut roster = Roster::read(log.iter().map(Vec::as_slice))
            .map_err(|refused| Failure::Corrupt(format!("the roster in the vault: {refused}")))?;
        for pass in device.passes()? {
            // One that counts no more, or has its place by now, says nothing.
            let _ = roster.take(pass);
        }
        let held = device.vault.packs()?;
        // Where the newest cannot be read (any more), the one before keeps the device going; the status says it is behind.
        let mut given = documents(&roster);
        given.retain(|document| held.contains(document));
        let newest = kept(device, given.last().ok_or_else(other_forms)?);
        let older = || given.iter().rev().skip(1).find_map(|document| kept(device, document).ok());
        let pack = match newest {
            Ok(pack) => pack,
            Err(failure) => older().ok_or(failure)?,
        };
        let study_tag = roster.study();
        let scopes = Scopes::of(&study_tag);
        let mut identity = None;
        let mut epochs = Vec::new();
        for wrapped in roster.epochs_for(&device.tag()) {
            let key = wrapped.open(&device.keys)?;
            if wrapped.scope == scopes.identity {
                identity.get_or_insert(IdentityKey(*key.to_bytes()));
            } else if wrapped.scope == scopes.ward {
                epochs.push((key.id(), key));
            }
        }
        let identity = identity.ok_or_else(|| {
            Failure::Rejected("the roster does not let this device in (yet); ask the steward".into())
        })?;
        Ok(Some(Self { pack, older: OnceLock::new(), study_tag, scopes, identity, roster, epochs }))
    }

    /// Whether the roster names a newer version of the study than this device was given.
    pub(crate) fn is_behind(&self) -> bool {
        self.roster.document().0 != self.pack.hash()
    }

    /// Every version of the study that this device was given and can read, older first.
    pub(crate) fn packs(&self, device: &Device) -> Result<Vec<&StudyPack>, Failure> {
        if self.older.get().is_none() {
            let held = device.vault.packs()?;
            let before = documents(&self.roster)
                .into_iter()
                .filter(|document| held.contains(document) && *document != self.pack.hash());
            // Another thread may have read the same meanwhile.
            let _ = self.older.set(before.filter_map(|document| kept(device, &document).ok()).collect());
        }
        Ok(self.older.get().into_iter().flatten().chain([&self.pack]).collect())
    }

    /// A form in the version of a hash, if this device was given it.
    pub(crate) fn version_of(
        &self,
        device: &Device,
        form_id: &str,
        version: &[u8; 32],
    ) -> Result<Option<Arc<Instrument>>, Failure> {
        let is_it = |form: &&Arc<Instrument>| form.hash() == *version;
        if let Some(form) = self.pack.instrument(form_id).filter(is_it) {
            return Ok(Some(Arc::clone(form)));
        }
        // The newest that has it is likely to be the one; what cannot be read is told only if nothing else has it.
        let held = device.vault.packs()?;
        let mut unread = None;
        for document in documents(&self.roster).iter().rev().filter(|document| held.contains(*document)) {
            match kept(device, document) {
                Ok(pack) => {
                    if let Some(form) = pack.instrument(form_id).filter(is_it) {
                        return Ok(Some(Arc::clone(form)));
                    }
                }
                Err(failure) => unread = Some(failure),
            }
        }
        unread.map_or(Ok(None), Err)
    }

    pub(crate) fn study(&self) -> &Study {
        self.pack.study()
    }

    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Keys of the ward's epochs, the one in force last.
    pub(crate) fn epochs(&self) -> &[(EpochId, EpochKey)] {
        &self.epochs
    }

    /// How the study uses a form.
    pub(crate) fn entry(&self, form_id: &str) -> Result<&StudyInstrument, Failure> {
        self.study()
            .instrument(form_id)
            .ok_or_else(|| Failure::Incompatible(format!("the study has no form \"{form_id}\" (any more)")))
    }

    /// Whether collecting may begin.
    pub(crate) fn may_collect(&self) -> Result<(), Failure> {
        self.roster.may_collect().map_err(|refused| {
            Failure::Invalid(format!("{refused}; without it a lost device could lose what people said. The steward adds it; then sync"))
        })
    }

    /// Whether a device was granted to begin such records there.
    pub(crate) fn may_create(&self, device: &DeviceTag, kind: &str, ward: &str) -> Result<(), Failure> {
        let need = Need { kind: kind.to_owned(), action: Action::Create, ward: ward.to_owned() };
        match self.allows(device, &need) {
            true => Ok(()),
            false => {
                Err(Failure::Rejected(format!("this device may not collect \"{kind}\" on ward \"{ward}\"")))
            }
        }
    }

    /// Whether what is written in a form is kept: not where stewards took all of its sort out.
    pub(crate) fn is_kept(&self, form_id: &str) -> Result<(), Failure> {
        let scope = self.scope_of(self.entry(form_id)?.confidential);
        match self.roster.scopes_taken_out().contains(&scope) {
            false => Ok(()),
            true => Err(Failure::Rejected(
                "the study's stewards have taken out everything of this sort; it is collected no more".into(),
            )),
        }
    }

    /// Whether a record is kept under its name: a thing that exists once, and was taken out, is not written down again.
    pub(crate) fn is_kept_as(&self, confidential: bool, record: &RecordTag) -> Result<(), Failure> {
        match self.roster.is_taken_out(&self.scope_of(confidential), record) {
            false => Ok(()),
            true => Err(Failure::Rejected(
                "the study's stewards have taken this out; it is not written down again".into(),
            )),
        }
    }

    fn scope_of(&self, confidential: bool) -> ScopeTag {
        if confidential { self.scopes.responses } else { self.scopes.ward }
    }

    /// The wards a device may collect on, in the study's order.
    pub(crate) fn wards_of(&self, device: &DeviceTag) -> Vec<String> {
        let Some(member) = self.roster.member(device) else { return Vec::new() };
        let granted = |ward: &str| {
            member
                .grants
                .iter()
                .any(|grant| grant.wards.is_empty() || grant.wards.iter().any(|known| known == ward))
        };
        self.study().wards.iter().map(|ward| ward.code.clone()).filter(|ward| granted(ward)).collect()
    }

    /// Lets the vault read records.
    pub(crate) fn reading<T>(&self, read: impl FnOnce(Reading<'_>) -> T) -> T {
        read(Reading { identity: &self.identity, gate: self })
    }

    /// Who this device is to those who wrap keys.
    pub(crate) fn holder<'a>(&'a self, device: &'a Device) -> Holder<'a> {
        Holder { device: Some(&device.keys), epochs: &self.epochs, ..Holder::default() }
    }

    /// Those who may read a record: evaluators and the recovery key, and for ward records the members of the scope.
    pub(crate) fn readers(&self, confidential: bool) -> Result<Vec<Recipient<'_>>, Failure> {
        let mut to: Vec<Recipient<'_>> =
            self.roster.evaluators().map(|member| Recipient::Device(&member.public)).collect();
        to.extend(self.roster.recovery().map(Recipient::Recovery));
        if !confidential {
            let (_, epoch) = self
                .epochs
                .last()
                .ok_or_else(|| Failure::Rejected("this device holds no key of the ward's records".into()))?;
            to.push(Recipient::Epoch(epoch));
        }
        Ok(to)
    }

    /// What people call a device.
    pub(crate) fn label_of(&self, device: &Contributor) -> String {
        let member = self.roster.member(&DeviceTag(device.0));
        member.map_or_else(|| "a device that is not in the roster".to_owned(), |member| member.label.clone())
    }

    /// Puts words to keys.
    pub(crate) fn words<T>(&self, device: &Device, with: impl FnOnce(&Words<'_>) -> T) -> T {
        let forms = |meta: &Meta| -> Vec<&Instrument> {
            let newest = self.pack.instrument(&meta.instrument).map(AsRef::as_ref);
            if newest.is_some_and(|form| form.hash() == meta.version) {
                return newest.into_iter().collect();
            }
            self.versions(device, meta)
        };
        let label = |device: &Contributor| self.label_of(device);
        with(&Words { forms: &forms, device: &label })
    }

    /// The form of a record in the version it was made with, then in the others that are at hand, newer first.
    pub(crate) fn versions(&self, device: &Device, meta: &Meta) -> Vec<&Instrument> {
        let packs = self.packs(device).unwrap_or_else(|_| vec![&self.pack]);
        let forms = packs.iter().rev().filter_map(|pack| pack.instrument(&meta.instrument));
        let mut forms: Vec<&Instrument> = forms.map(AsRef::as_ref).collect();
        forms.sort_by_key(|form| form.hash() != meta.version);
        forms
    }
}

/// A pack must be one that the roster names, or has named.
pub(crate) fn check_document(roster: &Roster, pack: &StudyPack) -> Result<(), Failure> {
    match documents(roster).contains(&pack.hash()) {
        true => Ok(()),
        false => Err(other_forms()),
    }
}

/// The documents that the roster has named, older first; one that came back stands where it came back.
fn documents(roster: &Roster) -> Vec<[u8; 32]> {
    let mut found: Vec<[u8; 32]> = Vec::new();
    for entry in roster.entries() {
        if let Act::Found { document, .. } | Act::Document { document } = entry.act() {
            found.retain(|known| *known != document.0);
            found.push(document.0);
        }
    }
    found
}

fn kept(device: &Device, document: &[u8; 32]) -> Result<StudyPack, Failure> {
    let files = device.vault.pack(document)?.into_iter().map(|file| (file.name, file.bytes)).collect();
    let pack = StudyPack::from_files(files)?;
    match pack.hash() == *document {
        true => Ok(pack),
        false => Err(Failure::Corrupt("the study's forms in the vault are not those they were".into())),
    }
}

fn other_forms() -> Failure {
    Failure::Incompatible(
        "these are not the study's forms: the study document or a workbook differs from what the roster names".into(),
    )
}

impl Gate for Joined {
    fn knows(&self, device: &DeviceTag) -> bool {
        self.roster.member(device).is_some()
    }

    fn allows(&self, device: &DeviceTag, need: &Need) -> bool {
        let action = match need.action {
            Action::Create => nightjar_seal::Action::Create,
            Action::Edit => nightjar_seal::Action::Edit,
            Action::Settle => nightjar_seal::Action::Settle,
        };
        self.roster.member(device).is_some_and(|member| member.may(&need.kind, action, &need.ward))
    }

    fn is_put_out(&self, device: &DeviceTag) -> bool {
        !Safeguard::LastGoodPlace.is_off()
            && self.roster.member(device).is_some_and(|member| member.revoked.is_some())
    }

    fn good_places(&self, device: &DeviceTag, scope: &ScopeTag, line: &Line) -> Vec<(u64, LinkHash)> {
        let good =
            self.roster.member(device).and_then(|member| member.revoked.as_ref()?.get(&(*scope, *line)));
        good.map(|places| places.iter().map(|(place, hash)| (*place, *hash)).collect()).unwrap_or_default()
    }
}
