//! One person answering one form: every act is applied, journalled and only then acknowledged.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use jiff::Zoned;
use nightjar_form::{
    Answers, CellKey, Entry, Instrument, Language, LeftBehind, Opening, Outcome, Page, Refusal, Session,
    Value,
};
use nightjar_seal::Receipt;
use nightjar_vault::{DraftId, DraftMeta, VaultError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::device::Device;
use crate::failure::Failure;
use crate::finish::{self, Ended};
use crate::key::OsEntropy;
use crate::leaving;
use crate::moving;
use crate::own;
use crate::view::{FinishedView, OutcomeView, ReceiptKind, StaysView};

/// One person answering one form. Handles are cheap to clone; when one finishes, all are closed.
#[derive(Clone)]
pub struct Sitting {
    device: Arc<Device>,
    draft: DraftId,
    about: Arc<DraftMeta>,
    session: Arc<Mutex<Option<Open>>>,
}

/// The session of a draft, and what an earlier version of its form was told that this one does not take.
pub(crate) struct Open {
    pub(crate) session: Session,
    pub(crate) kept: Vec<Kept>,
}

/// One line of a draft's journal.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// Something done.
    Act(Box<Act>),
    /// An answer that stays behind in an earlier version of the form.
    Kept { kept: Box<Kept> },
    /// One of these is taken back: it is no part of what is handed in.
    TakenBack { taken_back: CellKey },
}

/// What the journal holds for one act: the act and the clock it was done at, so that replaying gives the same session.
#[derive(Serialize, Deserialize)]
pub(crate) struct Act {
    pub(crate) entry: Entry,
    pub(crate) at: Zoned,
}

/// An answer that stays behind, and the version it was given in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) version: [u8; 32],
    pub(crate) left: LeftBehind,
}

impl Open {
    /// The answers of earlier versions that are sealed with those of this one: to questions it no longer asks, the last of
    /// each.
    pub(crate) fn sealed(&self) -> BTreeMap<CellKey, &Kept> {
        let part = self.kept.iter().filter(|kept| kept.left.is_part_of(&self.session));
        part.map(|kept| (kept.left.cell, kept)).collect()
    }

    pub(crate) fn replay(&mut self, line: Line) -> Result<(), Refusal> {
        match line {
            Line::Act(act) => return self.session.apply(&act.entry, &act.at).map(drop),
            Line::Kept { kept } => self.kept.push(*kept),
            Line::TakenBack { taken_back } => self.kept.retain(|kept| kept.left.cell != taken_back),
        }
        Ok(())
    }
}

/// The sessions that are open, by draft.
#[derive(Default)]
pub(crate) struct Sittings(Mutex<HashMap<DraftId, Weak<Mutex<Option<Open>>>>>);

impl Sittings {
    /// Holds a draft while it moves: no handle acts on it meanwhile, and what its handles see then is what `moved` gives.
    pub(crate) fn exchange<T>(
        &self,
        draft: &DraftId,
        moved: impl FnOnce() -> Result<(Open, T), Failure>,
    ) -> Result<T, Failure> {
        // Held to the end, so that nobody opens the draft as it was in between.
        let sittings = self.lock();
        let open = sittings.get(draft).and_then(Weak::upgrade);
        let mut held = open.as_ref().map(|open| open.lock().unwrap_or_else(PoisonError::into_inner));
        let (now, done) = moved()?;
        if let Some(held) = &mut held {
            **held = Some(now);
        }
        Ok(done)
    }

    /// Ends a draft: what its handles say from then on is that it is closed.
    pub(crate) fn end(
        &self,
        draft: &DraftId,
        how: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut sittings = self.lock();
        let open = sittings.get(draft).and_then(Weak::upgrade);
        let mut held = open.as_ref().map(|open| open.lock().unwrap_or_else(PoisonError::into_inner));
        how()?;
        if let Some(held) = &mut held {
            **held = None;
        }
        sittings.remove(draft);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DraftId, Weak<Mutex<Option<Open>>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sitting {
    /// Opens a new draft.
    pub(crate) fn begin(
        device: Arc<Device>,
        meta: DraftMeta,
        instrument: Arc<Instrument>,
    ) -> Result<Self, Failure> {
        let session = opened(instrument, &meta)?;
        let draft = device.vault.begin(&meta)?;
        let session = Arc::new(Mutex::new(Some(Open { session, kept: Vec::new() })));
        device.sittings.lock().insert(draft, Arc::downgrade(&session));
        Ok(Self { device, draft, about: Arc::new(meta), session })
    }

    /// Opens a draft again by replaying its journal.
    pub(crate) fn resume(device: Arc<Device>, draft: DraftId) -> Result<Self, Failure> {
        let mut sittings = device.sittings.lock();
        let (about, replayed) = replay(&device, &draft)?;
        // A handle that is still open goes on with the same session: what one journals, the other finishes.
        let open = sittings.get(&draft).and_then(Weak::upgrade);
        let session = open.unwrap_or_else(|| Arc::new(Mutex::new(Some(replayed))));
        sittings.retain(|_, open| open.strong_count() > 0);
        sittings.insert(draft, Arc::downgrade(&session));
        drop(sittings);
        Ok(Self { device, draft, about: Arc::new(about), session })
    }

    /// What [`Tablet::resume`](crate::Tablet::resume) takes after a crash.
    #[must_use]
    pub fn id(&self) -> String {
        self.draft.to_string()
    }

    /// What is on display.
    ///
    /// # Errors
    /// [`Failure::Closed`] once it was finished or thrown away.
    pub fn page(&self) -> Result<Page, Failure> {
        Ok(self.lock().as_ref().ok_or_else(closed)?.session.page())
    }

    /// The language on display, as the workbook names it.
    ///
    /// # Errors
    /// As [`Sitting::page`].
    pub fn spoken(&self) -> Result<String, Failure> {
        Ok(self.lock().as_ref().ok_or_else(closed)?.session.language().name().to_owned())
    }

    /// What was answered in an earlier version of the form and does not stand in this one.
    ///
    /// # Errors
    /// As [`Sitting::page`]; [`Failure::Incompatible`] when this device no longer has the version it was given in.
    pub fn stays(&self) -> Result<Vec<StaysView>, Failure> {
        let held = self.lock();
        moving::stays(&self.device, &self.about.instrument, held.as_ref().ok_or_else(closed)?)
    }

    /// Takes back what an earlier version asked: it is no part of what is handed in.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when nothing is kept there; else as [`Sitting::answer`].
    pub fn take_back(&self, path: &str) -> Result<(), Failure> {
        let mut held = self.lock();
        let open = held.as_mut().ok_or_else(closed)?;
        let kept = open.kept.iter().rev().find(|kept| kept.left.path == path);
        let cell = kept
            .map(|kept| kept.left.cell)
            .ok_or_else(|| Failure::Invalid("no answer of an earlier version is kept there".into()))?;
        let line = Line::TakenBack { taken_back: cell };
        let bytes = serde_json::to_vec(&line).map_err(Failure::internal)?;
        self.device.vault.append(&self.draft, &bytes)?;
        open.replay(line).map_err(Failure::invalid)
    }

    /// Words that open this form again on this tablet after it was handed over, and nothing else does. They are given once;
    /// words taken before open nothing any more.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn take_words(&self) -> Result<String, Failure> {
        if self.corrects() {
            return Err(Failure::Invalid("a correction opens with the words of its receipt".into()));
        }
        let held = self.lock();
        held.as_ref().ok_or_else(closed)?;
        leaving::words_for(&self.device, &self.draft)
    }

    /// The languages and variants of the version that is being answered.
    ///
    /// # Errors
    /// As [`Sitting::page`].
    pub fn languages(&self) -> Result<Vec<String>, Failure> {
        let held = self.lock();
        let form = held.as_ref().ok_or_else(closed)?.session.instrument();
        Ok(form.languages().iter().map(|language| language.name().to_owned()).collect())
    }

    /// Gives, changes or (with `None`) clears an answer. When this returns, the answer survives a power cut.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when the question does not take it; storage failures, and then nothing has changed.
    pub fn answer(&self, path: &str, value: Option<Value>) -> Result<OutcomeView, Failure> {
        Ok(self.act(Entry::Answer { path: path.to_owned(), value })?.0.into())
    }

    /// Goes to the next page; when something on this one stands in the way, stays there and shows why.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn next(&self) -> Result<Page, Failure> {
        Ok(self.act(Entry::Next)?.1)
    }

    /// Goes to the page before.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn back(&self) -> Result<Page, Failure> {
        Ok(self.act(Entry::Back)?.1)
    }

    /// Goes to the page of a question, or with an empty path to the check page.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn go_to(&self, path: &str) -> Result<Page, Failure> {
        Ok(self.act(Entry::GoTo(path.to_owned()))?.1)
    }

    /// Goes on in another language or variant; answers stay.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn language(&self, language: &str) -> Result<Page, Failure> {
        Ok(self.act(Entry::Language(Language::new(language)))?.1)
    }

    /// Adds an instance to a repeat.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn add_repeat(&self, path: &str) -> Result<Page, Failure> {
        Ok(self.act(Entry::AddRepeat { path: path.to_owned() })?.1)
    }

    /// Removes an instance of a repeat.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn remove_repeat(&self, path: &str) -> Result<Page, Failure> {
        Ok(self.act(Entry::RemoveRepeat { path: path.to_owned() })?.1)
    }

    /// Seals the answers into the outbox and destroys the draft.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with what still blocks; the draft is kept then, as it is when sealing or storing fails.
    pub fn finish(&self) -> Result<FinishedView, Failure> {
        self.end(Ended::Finished, None, finished)
    }

    /// [`Sitting::finish`] with a receipt: twelve words that the respondent keeps, that are told once and are nowhere else. With them they
    /// find their answers again on this device, see [`Tablet::own_answers`](crate::Tablet::own_answers).
    ///
    /// # Errors
    /// As [`Sitting::finish`]; [`Failure::Invalid`] for a form that is no response.
    pub fn finish_with(&self, kind: ReceiptKind) -> Result<(FinishedView, Zeroizing<String>), Failure> {
        let receipt = Receipt::generate(&mut OsEntropy);
        let view = self.end(Ended::Finished, Some((&receipt, kind)), finished)?;
        Ok((view, receipt.words()))
    }

    /// What stands in the way of finishing; nothing is changed.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with what blocks; [`Failure::Closed`].
    pub fn check(&self) -> Result<(), Failure> {
        finished(&self.lock().as_ref().ok_or_else(closed)?.session).map(drop)
    }

    /// Whether this corrects a response that was handed in: see [`Tablet::correct_own`](crate::Tablet::correct_own).
    #[must_use]
    pub fn corrects(&self) -> bool {
        own::corrects(&self.about)
    }

    /// Hands in what was corrected, signed by the receipt that these words are. Whether anything differs from what was handed in
    /// before; if not, nothing is sent.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with what still blocks, for other words than those of the response, and for a form that corrects none; the
    /// draft is kept then.
    pub fn finish_correction(&self, words: &str) -> Result<bool, Failure> {
        let mut held = self.lock();
        let open = held.as_ref().ok_or_else(closed)?;
        let answers = finished(&open.session)?;
        let differs = own::correct(&self.device, &self.draft, &self.about, &open.session, &answers, words)?;
        *held = None;
        Ok(differs)
    }

    /// Stop, and keep what was answered.
    ///
    /// # Errors
    /// As [`Sitting::finish`], but no question blocks.
    pub fn stop_keeping(&self) -> Result<FinishedView, Failure> {
        self.end(Ended::Stopped, None, |session| Ok(session.stop()))
    }

    /// [`Sitting::stop_keeping`] with a receipt, as [`Sitting::finish_with`] gives one.
    ///
    /// # Errors
    /// As [`Sitting::finish_with`], but no question blocks.
    pub fn stop_keeping_with(&self, kind: ReceiptKind) -> Result<(FinishedView, Zeroizing<String>), Failure> {
        let receipt = Receipt::generate(&mut OsEntropy);
        let view = self.end(Ended::Stopped, Some((&receipt, kind)), |session| Ok(session.stop()))?;
        Ok((view, receipt.words()))
    }

    /// Stop, and throw everything away: the draft's key is destroyed first. It counts as stopped, unless it corrects what was handed
    /// in, which then stays as it was.
    ///
    /// # Errors
    /// [`Failure::Closed`] when it was ended already; storage failures.
    pub fn throw_away(&self) -> Result<(), Failure> {
        let mut session = self.lock();
        session.as_ref().ok_or_else(closed)?;
        if self.corrects() {
            drop(session);
            return self.discard();
        }
        let phase = leaving::phase(&self.device, &self.about.ward)?;
        self.device.vault.stop(&self.draft, &phase)?;
        *session = None;
        Ok(())
    }

    /// Throws everything away and counts nothing.
    pub(crate) fn discard(&self) -> Result<(), Failure> {
        let mut session = self.lock();
        session.as_ref().ok_or_else(closed)?;
        self.device.vault.discard(&self.draft)?;
        *session = None;
        Ok(())
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn draft(&self) -> &DraftId {
        &self.draft
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act(&self, entry: Entry) -> Result<(Outcome, Page), Failure> {
        self.act_by(entry, |device, draft, line, _| device.vault.append(draft, line).map(drop))
    }

    /// Does one thing; `keep` puts its line into the journal, with what belongs to it.
    pub(crate) fn act_by(
        &self,
        entry: Entry,
        keep: impl FnOnce(&Device, &DraftId, &[u8], &Open) -> Result<(), VaultError>,
    ) -> Result<(Outcome, Page), Failure> {
        let mut held = self.lock();
        let open = held.as_mut().ok_or_else(closed)?;
        let act = Box::new(Act { entry, at: self.device.now()? });
        let outcome = open.session.apply(&act.entry, &act.at).map_err(Failure::invalid)?;
        let bytes = serde_json::to_vec(&Line::Act(act)).map_err(Failure::internal)?;
        if let Err(error) = keep(&self.device, &self.draft, &bytes, open) {
            // The journal is what counts: back to what it says.
            *held = replay(&self.device, &self.draft).ok().map(|(_, open)| open);
            return Err(error.into());
        }
        Ok((outcome, open.session.page()))
    }

    fn end(
        &self,
        ended: Ended,
        receipt: Option<(&Receipt, ReceiptKind)>,
        answers: impl FnOnce(&Session) -> Result<Answers, Failure>,
    ) -> Result<FinishedView, Failure> {
        if self.corrects() {
            return Err(Failure::Invalid("a correction is handed in with the words of its receipt".into()));
        }
        let mut held = self.lock();
        let open = held.as_ref().ok_or_else(closed)?;
        let answers = answers(&open.session)?;
        let view = finish::finish(&self.device, &self.draft, &self.about, open, answers, ended, receipt)?;
        *held = None;
        drop(held);
        self.device.notifier.changed([view.record.clone()]);
        Ok(view)
    }
}

/// The answers of a form that nothing blocks.
fn finished(session: &Session) -> Result<Answers, Failure> {
    session.finish().map_err(|problems| {
        let problems: Vec<_> =
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        Failure::Invalid(problems.join("\n"))
    })
}

pub(crate) fn closed() -> Failure {
    Failure::Closed("these answers were finished or thrown away".into())
}

/// What a draft's session was opened with.
pub(crate) fn opening(meta: &DraftMeta) -> Result<Opening, Failure> {
    let now: Zoned = meta.opened.parse().map_err(|_| Failure::Corrupt("a draft's opening time".into()))?;
    Ok(Opening { language: Some(Language::new(&meta.language)), now, seed: meta.seed })
}

fn opened(instrument: Arc<Instrument>, meta: &DraftMeta) -> Result<Session, Failure> {
    Session::open(instrument, opening(meta)?).map_err(Failure::invalid)
}

/// The session that a draft's journal gives, in the version it was begun with or moved to.
pub(crate) fn replay(device: &Device, draft: &DraftId) -> Result<(DraftMeta, Open), Failure> {
    let (meta, lines) = device.vault.draft(draft)?;
    let form = device.joined()?.version_of(device, &meta.instrument, &meta.version)?;
    let form = form.ok_or_else(|| {
        Failure::Incompatible(
            "this draft was begun with a version of its form that this device was never given".into(),
        )
    })?;
    let damaged = || Failure::Corrupt("a draft's journal".into());
    let mut open = Open { session: opened(form, &meta)?, kept: Vec::new() };
    for bytes in &lines {
        let line: Line = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        open.replay(line).map_err(|_| damaged())?;
    }
    Ok((meta, open))
}
