//! What came of the answers: a page that an evaluator device signs for everybody, and that everybody checks. It is plain text in a form of
//! our own, and no markup, so that nothing in it can do anything on a screen.

mod page;
mod shelf;

use minicbor::{Decode, Encode};

pub use page::{Block, Page, Theme, Then};
pub use shelf::{Notice, Placing};

use crate::{
    DeviceKeys, DeviceTag, LastGood, Line, LinkHash, Membership, PublicationId, Refused, Roster, ScopeTag,
    Signature, StudyTag, canonical, hash::digest,
};

/// Largest encoded publication, bytes.
pub const MAX_PUBLICATION: usize = 64 * 1024;
/// Most publications of one device that are kept beside each other.
pub const MAX_PUBLICATIONS: usize = 64;
/// Most publications that one takes the place of.
const MAX_REPLACES: usize = 512;
/// The last day that has four digits of a year, in days since 1970-01-01.
const LAST_DAY: u32 = 2_932_896;
const WHAT: &str = "a publication";
const CONTEXT: &str = "nightjar v1 publication";

/// What an evaluator device tells everybody of the study, signed. Without pages it only takes back what came before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Publication {
    #[n(0)]
    body: Body,
    #[n(1)]
    signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Body {
    #[n(0)]
    format: u16,
    #[n(1)]
    study: StudyTag,
    #[n(2)]
    by: DeviceTag,
    #[n(3)]
    day: u32,
    #[n(4)]
    replaces: Vec<PublicationId>,
    #[n(5)]
    pages: Vec<Page>,
}

impl Publication {
    /// Signs a publication. `day`: in days since 1970-01-01, as its device shows it; `replaces`: all that it takes the place of, those among
    /// them that the replaced ones had replaced; `pages`: the same in several languages, or none to take back what it replaces.
    ///
    /// # Errors
    /// [`Refused::Oversize`], [`Refused::Malformed`].
    pub fn sign(
        study: StudyTag,
        day: u32,
        mut replaces: Vec<PublicationId>,
        pages: Vec<Page>,
        keys: &DeviceKeys,
    ) -> Result<Self, Refused> {
        replaces.sort_unstable();
        replaces.dedup();
        let body = Body { format: 0, study, by: keys.tag(), day, replaces, pages };
        let signature = keys.sign(CONTEXT, &canonical::encode(&body));
        let publication = Self { body, signature };
        publication.check()?;
        let have = publication.encode().len();
        match have > MAX_PUBLICATION {
            true => Err(Refused::Oversize { what: WHAT, have, most: MAX_PUBLICATION }),
            false => Ok(publication),
        }
    }

    /// As canonical CBOR.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads a publication. Whether it counts says [`verify`](Self::verify).
    ///
    /// # Errors
    /// [`Refused::Oversize`], [`Refused::Malformed`], [`Refused::Truncated`], [`Refused::NonCanonical`], [`Refused::UnknownFormat`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let publication: Self = canonical::decode(WHAT, bytes, MAX_PUBLICATION)?;
        publication.check()?;
        Ok(publication)
    }

    /// Its name, which follows from what was signed.
    pub fn id(&self) -> PublicationId {
        PublicationId(digest("nightjar v1 publication id", &[&canonical::encode(&self.body)]))
    }

    /// Of which study.
    pub fn study(&self) -> StudyTag {
        self.body.study
    }

    /// The device that published it.
    pub fn by(&self) -> DeviceTag {
        self.body.by
    }

    /// The day, in days since 1970-01-01, as its device shows it.
    pub fn day(&self) -> u32 {
        self.body.day
    }

    /// All that it takes the place of, in order.
    pub fn replaces(&self) -> &[PublicationId] {
        &self.body.replaces
    }

    /// What it says, in one or several languages; nothing where it takes something back.
    pub fn pages(&self) -> &[Page] {
        &self.body.pages
    }

    /// That it is of this study, and by a device that may publish.
    ///
    /// # Errors
    /// [`Refused::WrongStudy`]; [`Refused::Altered`]; [`Refused::NoPublisher`] for a device that is no evaluator's, and for what a device that
    /// was put out published without the roster's naming it as known by then.
    pub fn verify(&self, roster: &Roster) -> Result<(), Refused> {
        if self.body.study != roster.study() {
            return Err(Refused::WrongStudy);
        }
        let member = roster.member(&self.body.by).ok_or(Refused::NoPublisher)?;
        let signed = canonical::encode(&self.body);
        let altered = |_| Refused::Altered { what: WHAT };
        member.public.verify(CONTEXT, &signed, &self.signature).map_err(altered)?;
        match roster.may_have_published(&self.body.by, &self.id()) {
            true => Ok(()),
            false => Err(Refused::NoPublisher),
        }
    }

    fn check(&self) -> Result<(), Refused> {
        let body = &self.body;
        if body.format != 0 {
            return Err(Refused::UnknownFormat { what: WHAT, format: body.format.into() });
        }
        let malformed = |problem| Err(Refused::Malformed { what: WHAT, problem });
        if body.day > LAST_DAY {
            return malformed("its day lies too far ahead");
        }
        if body.replaces.len() > MAX_REPLACES {
            let (have, most) = (body.replaces.len(), MAX_REPLACES);
            return Err(Refused::Oversize { what: "what a publication replaces", have, most });
        }
        if !body.replaces.is_sorted_by(|a, b| a < b) {
            return malformed("what it replaces is not in order, each once");
        }
        if body.pages.is_empty() && body.replaces.is_empty() {
            return malformed("it says nothing and takes nothing back");
        }
        page::check(&body.pages)
    }
}

impl Roster {
    /// Whether a publication of a device counts, whose signature is another question: it is an evaluator's, and where the device was put
    /// out the roster names this very publication among what was good.
    pub fn may_have_published(&self, by: &DeviceTag, publication: &PublicationId) -> bool {
        let evaluator = self.member(by).filter(|member| member.membership == Membership::Evaluator);
        let Some(member) = evaluator else { return false };
        let Some(good) = &member.revoked else { return true };
        let named = LastGood::of_publication(&self.study(), publication);
        let known = good.get(&(named.scope, named.line)).and_then(|places| places.get(&named.place));
        known == Some(&named.hash)
    }
}

impl LastGood {
    /// Names a publication as good, for the entry that puts its device out: each stands in the roster as a line of its own with one place.
    pub fn of_publication(study: &StudyTag, publication: &PublicationId) -> Self {
        let mut line = [0; 8];
        line.copy_from_slice(&publication.0[..8]);
        Self {
            scope: ScopeTag::of(study, "published"),
            line: Line(line),
            place: 1,
            hash: LinkHash(publication.0),
        }
    }
}
