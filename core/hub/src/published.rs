//! What evaluators publish: kept as they signed it, until another takes its place, and handed to every device of the study.

use nightjar_seal::{Notice, Placing, Publication, PublicationId, Refused, Roster, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{self, Published, PublishedAsk, Reason, Refusal};

use crate::store::{Done, Tx};

/// Keeps a publication that verifies, whoever brings it, and forgets what it replaces; how many that are. One that is here, or was
/// replaced, is harmless.
pub(crate) fn publish(tx: &mut dyn Tx, roster: &Roster, sent: &wire::Publication) -> Done<usize> {
    let publication = Publication::decode(&sent.0)
        .map_err(|_| Refusal::new(Reason::Malformed, "this is not a publication"))?;
    publication.verify(roster).map_err(|refused| match refused {
        Refused::NoPublisher => Refusal::new(Reason::NotGranted, refused.to_string()),
        _ => Refusal::new(Reason::Forged, "the publication does not verify"),
    })?;
    let (study, notice) = (roster.study(), Notice::from(&publication));
    let gone = match notice.place(&tx.publications(study)?, roster) {
        Placing::Known | Placing::Replaced => return Ok(0),
        Placing::Beyond => {
            let text = "this device has published as many as are kept; let one take the place of others";
            return Err(Refusal::new(Reason::QuotaReached, text).into());
        }
        Placing::Kept { gone } => gone,
    };
    gone.iter().try_for_each(|id| tx.forget_publication(study, id))?;
    tx.keep_publication(study, &notice, &publication.encode())?;
    Ok(gone.len())
}

/// The names of those that stand, in order.
pub(crate) fn names(roster: &Roster, held: &[Notice]) -> Vec<PublicationId> {
    let mut names: Vec<_> = Notice::standing(held, roster).into_iter().map(|notice| notice.id).collect();
    names.sort_unstable();
    names.truncate(bounds::PUBLICATIONS);
    names
}

/// Those that are asked for and stand here, as many as fit one reply.
pub(crate) fn asked(
    tx: &mut dyn Tx,
    study: StudyTag,
    roster: &Roster,
    ask: &PublishedAsk,
) -> Done<Published> {
    let held = tx.publications(study)?;
    let standing = Notice::standing(&held, roster);
    let (mut publications, mut room) = (Vec::new(), bounds::PUSH_BYTES);
    for id in ask.publications.iter().filter(|id| standing.iter().any(|notice| notice.id == **id)) {
        let Some(bytes) = tx.publication(study, id)? else { continue };
        if bytes.len() > room {
            break;
        }
        room -= bytes.len();
        publications.push(wire::Publication(bytes));
    }
    Ok(Published { publications })
}
