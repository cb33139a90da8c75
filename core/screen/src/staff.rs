//! What the screen keeps for staff while they have it: where they are, whom they have just asked, today's numbers and what goes on
//! beside the pages. All of it is in memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use nightjar::{
    AskState, BundleView, ConflictView, Failure, RecordView, StickView, StudyPack, SyncView, Tablet,
};
use zeroize::Zeroizing;

/// Somebody of the ward's staff at the screen.
pub(crate) struct Staff {
    /// The role they chose; `None` until then.
    pub(crate) role: Option<String>,
    pub(crate) room: Room,
    /// Said once on the next page.
    pub(crate) said: Option<Said>,
}

/// Where they are.
pub(crate) enum Room {
    /// Which role?
    Roles,
    /// Everything there is.
    Home,
    /// The asking list.
    List,
    /// Why was this label not asked?
    Why(String),
    /// One label of the list, and what can be done about it.
    Label(String),
    /// Today's numbers, unfinished answers, talks.
    Numbers,
    /// Records of the ward: a form's, the newest last, after this record.
    Records {
        /// The form.
        form_id: String,
        /// After this record.
        after: Option<String>,
    },
    /// One record, to correct what it says, as it was shown.
    Correct {
        /// Where it stands among the records of its form.
        after: Option<String>,
        /// The record.
        record: Box<RecordView>,
    },
    /// What tablets hold differently, as it was shown.
    Conflicts(Vec<ConflictView>),
    /// Positions beside what was decided.
    Voices,
    /// Sending and receiving.
    Sync,
    /// This tablet, and how it joins a study.
    Tablet,
}

/// What an act of staff came to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// A record was stored.
    Stored,
    /// It was thrown away.
    Thrown,
    /// It waits where it was left.
    Waiting,
    /// It was written down who was asked.
    Noted,
    /// A conflict is settled.
    Settled,
    /// A record was corrected.
    Corrected,
    /// It could not be done, and why.
    Refused(String),
}

impl Staff {
    /// Somebody in a role, at the beginning.
    pub(crate) fn home(role: String, said: Option<Said>) -> Self {
        Self { role: Some(role), room: Room::Home, said }
    }

    /// Whether the page shows how something goes.
    pub(crate) fn watches(&self) -> bool {
        matches!(self.room, Room::Sync | Room::Tablet)
    }
}

/// Whom the tablet was handed to from the asking list, until it is known what came of it. There is no link from here to an answer:
/// this is forgotten before the first one.
pub(crate) struct Asking {
    pub(crate) label: String,
    /// The role of whoever asked.
    pub(crate) role: String,
}

/// What came of asking today.
pub(crate) struct Today {
    day: Date,
    pub(crate) asked: u64,
    pub(crate) declined: u64,
    pub(crate) not_today: u64,
    pub(crate) stopped: u64,
    pub(crate) finished: u64,
    /// What should have been written down about whom was asked, and was not.
    pub(crate) unnoted: u64,
}

impl Today {
    pub(crate) fn of(day: Date) -> Self {
        Self { day, asked: 0, declined: 0, not_today: 0, stopped: 0, finished: 0, unnoted: 0 }
    }

    /// A new day begins with nothing.
    pub(crate) fn on(&mut self, day: Date) -> &mut Self {
        if self.day != day {
            *self = Self::of(day);
        }
        self
    }

    /// What somebody said when they were asked.
    pub(crate) fn said(&mut self, state: AskState) {
        self.asked += 1;
        match state {
            AskState::No | AskState::DoNotAskAgain => self.declined += 1,
            AskState::NotToday => self.not_today += 1,
            AskState::NotYet | AskState::Yes => {}
        }
    }
}

/// What goes on beside the pages, one at a time.
#[derive(Default, Clone)]
pub(crate) struct Work(Arc<Mutex<Job>>);

/// One thing that goes on, or what came of the last one.
#[derive(Default, Clone)]
pub(crate) enum Job {
    /// Nothing since the program was started.
    #[default]
    None,
    /// Sending and receiving.
    Syncing,
    /// What came of it.
    Synced(SyncView),
    /// Joining a study.
    Joining,
    /// It has joined.
    Joined,
    /// The hub cannot be reached.
    Offline,
    /// It did not work, and why.
    Failed(String),
    /// Writing to a stick.
    Writing,
    /// It is on the stick, under this name.
    Written(String, BundleView),
    /// Reading from a stick.
    Reading,
    /// What came of it.
    Read(StickView),
    /// Asking the hub for what somebody with words had handed in elsewhere.
    Looking,
    /// It was asked.
    Looked,
}

impl Job {
    pub(crate) fn goes_on(&self) -> bool {
        matches!(self, Self::Syncing | Self::Joining | Self::Writing | Self::Reading | Self::Looking)
    }
}

impl Work {
    /// What goes on, or what came of the last one.
    pub(crate) fn now(&self) -> Job {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn goes_on(&self) -> bool {
        self.now().goes_on()
    }

    /// What came of the last one was seen, and says nothing of what comes.
    pub(crate) fn seen(&self) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !now.goes_on() {
            *now = Job::None;
        }
    }

    /// Writes what others need to a stick, unless something goes on already.
    pub(crate) fn write(&self, tablet: &Tablet, folder: PathBuf) {
        let tablet = tablet.clone();
        self.begin(Job::Writing, move || {
            tablet.write_to_stick(&folder).map(|(name, written)| Job::Written(name, written))
        });
    }

    /// Reads what others have put on a stick, unless something goes on already.
    pub(crate) fn read(&self, tablet: &Tablet, folder: PathBuf) {
        let tablet = tablet.clone();
        self.begin(Job::Reading, move || tablet.read_from_stick(&folder).map(Job::Read));
    }

    /// Asks the hub for what somebody with words had handed in, unless something goes on already.
    pub(crate) fn look(&self, tablet: &Tablet, words: Zeroizing<String>) {
        let tablet = tablet.clone();
        self.begin(Job::Looking, move || tablet.fetch_own(&words).map(|_| Job::Looked));
    }

    /// Joins a study with the steward's bundle on a stick, unless something goes on already.
    pub(crate) fn join_by_stick(
        &self,
        tablet: &Tablet,
        invitation: String,
        pack: StudyPack,
        folder: PathBuf,
    ) {
        let tablet = tablet.clone();
        self.begin(Job::Joining, move || {
            tablet.join_from_stick(&invitation, &pack, &folder).map(|_| Job::Joined)
        });
    }

    /// Sends and receives, unless something goes on already.
    pub(crate) fn sync(&self, tablet: &Tablet) {
        let tablet = tablet.clone();
        self.begin(Job::Syncing, move || tablet.sync().map(Job::Synced));
    }

    /// Joins a study, unless something goes on already.
    pub(crate) fn join(&self, tablet: &Tablet, invitation: String, pack: StudyPack) {
        let tablet = tablet.clone();
        self.begin(Job::Joining, move || tablet.join(&invitation, pack).map(|()| Job::Joined));
    }

    fn begin(&self, job: Job, work: impl FnOnce() -> Result<Job, Failure> + Send + 'static) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.goes_on() {
            return;
        }
        *now = job;
        let shared = Arc::clone(&self.0);
        // On a thread of its own: the pages go on meanwhile, and whoever holds the tablet waits for nothing.
        std::thread::spawn(move || {
            let done = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
                Ok(Ok(done)) => done,
                Ok(Err(Failure::Offline(_))) => Job::Offline,
                Ok(Err(failure)) => Job::Failed(failure.to_string()),
                Err(_) => Job::Failed(Failure::Internal("it broke off".into()).to_string()),
            };
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = done;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_day_begins_with_nothing() {
        let day = jiff::civil::date(2026, 3, 2);
        let mut today = Today::of(day);
        today.said(AskState::No);
        today.said(AskState::NotToday);
        today.said(AskState::Yes);
        let today = today.on(day);
        assert_eq!((today.asked, today.declined, today.not_today), (3, 1, 1));
        let today = today.on(jiff::civil::date(2026, 3, 3));
        assert_eq!((today.asked, today.declined, today.not_today), (0, 0, 0));
    }
}
