//! A device that was let in fetches the roster that names it, and belongs to the study from then on.

use std::path::Path;

use nightjar_seal::{Invitation, Pass, PassStanding, Roster};
use nightjar_sync::Transport;

use super::send;
use crate::bundle;
use crate::device::Device;
use crate::failure::Failure;
use crate::membership::check_document;
use crate::study_pack::StudyPack;
use crate::view::BundleView;

impl Device {
    /// Fetches the roster of the study that an invitation names, checks that it is the whole one and lets this device in,
    /// and keeps it with the study's forms.
    pub(crate) async fn join(&self, invitation: String, pack: StudyPack) -> Result<(), Failure> {
        let invitation = self.invited(&invitation)?;
        if invitation.hub.is_empty() {
            return Err(Failure::Invalid(
                "this invitation names no hub: join with a bundle that the steward made after letting this device in".into(),
            ));
        }
        let transport = self.transport(&invitation.hub)?;
        if let Some(pass) = &invitation.pass {
            let request = nightjar_sync::bring(invitation.study, pass);
            nightjar_sync::brought(&send(self, &transport, &request).await?)?;
        }
        let roster = fetch_roster(self, &transport, &invitation).await?;
        // By the hub's time alone: this device's own clock may show any.
        if transport.hub_time().is_some_and(|now| now > invitation.until) {
            return Err(Failure::Rejected(
                "this invitation has expired; ask the steward for a new one".into(),
            ));
        }
        self.join_by(&invitation, roster, &pack)
    }

    /// An invitation for this device.
    fn invited(&self, invitation: &str) -> Result<Invitation, Failure> {
        let invitation = Invitation::from_text(invitation)?;
        match invitation.device == self.tag() {
            true => Ok(invitation),
            false => Err(Failure::Rejected(
                "this invitation is for another device; show the steward this device's own request".into(),
            )),
        }
    }

    /// Joins with the roster in a bundle, offline, and takes in what else is in it.
    pub(crate) fn join_with_bundle(
        &self,
        invitation: &str,
        pack: &StudyPack,
        file: &Path,
    ) -> Result<BundleView, Failure> {
        let invitation = self.invited(invitation)?;
        self.join_by(&invitation, bundle::roster_of(file, &invitation)?, pack)?;
        bundle::import(self, file)
    }

    fn join_by(&self, invitation: &Invitation, mut roster: Roster, pack: &StudyPack) -> Result<(), Failure> {
        if self.maybe_joined()?.is_some() {
            return Err(Failure::Invalid("this device belongs to a study already".into()));
        }
        if let Some(pass) = invitation.pass.clone()
            && let PassStanding::Denied(denied) = roster.take(pass)?
        {
            return Err(Failure::Rejected(denied.to_string()));
        }
        let roster = &roster;
        let refused = |why: &str| Err(Failure::Rejected(why.into()));
        match roster.member(&self.tag()) {
            None => return refused("the roster does not name this device (yet); ask the steward"),
            Some(member) if member.revoked.is_some() => {
                return refused("this device was put out of the study");
            }
            Some(_) => {}
        }
        check_document(roster, pack)?;
        self.keep_study(pack, roster, &invitation.hub)?;
        self.joined().map(|_| ())
    }
}

/// Asks for roster entries until the hub has no more, and checks every one.
async fn fetch_roster(
    device: &Device,
    transport: &Transport,
    invitation: &Invitation,
) -> Result<Roster, Failure> {
    let mut roster: Option<Roster> = None;
    let mut waiting: Vec<Pass>;
    loop {
        let held = roster.as_ref().map_or(0, |roster| roster.entries().len() as u64);
        let request = nightjar_sync::fetch_roster(invitation.study, held);
        let (entries, passes, all) =
            nightjar_sync::fetched_roster(&send(device, transport, &request).await?)?;
        waiting = passes;
        let none_came = entries.is_empty();
        for entry in entries {
            match &mut roster {
                None => roster = Some(Roster::begin(entry)?),
                Some(roster) => roster.push(entry)?,
            }
        }
        let Some(known) = &roster else {
            return Err(Failure::Rejected("the hub holds no roster of this study".into()));
        };
        if known.entries().len() as u64 >= all {
            break;
        }
        if none_came {
            return Err(Failure::Rejected("the hub holds back a part of the roster".into()));
        }
    }
    let mut roster =
        roster.ok_or_else(|| Failure::Rejected("the hub holds no roster of this study".into()))?;
    for pass in waiting {
        // What lets nobody in is nobody's trouble.
        let _ = roster.take(pass);
    }
    check_invited(&roster, invitation, "hub")?;
    Ok(roster)
}

/// That this is the roster of an invitation, or a longer one.
pub(crate) fn check_invited(roster: &Roster, invitation: &Invitation, source: &str) -> Result<(), Failure> {
    let is_invited_to = roster.study() == invitation.study && roster.root() == invitation.root;
    match is_invited_to && roster.entries().iter().any(|entry| entry.hash() == invitation.head) {
        true => Ok(()),
        false => {
            Err(Failure::Rejected(format!("the roster of the {source} is not the one of the invitation")))
        }
    }
}
