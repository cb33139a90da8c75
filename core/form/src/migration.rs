//! A draft moves to another version of its form: checked first, naming what cannot come along, and keeping it.
//!
//! Nothing is guessed. An answer comes along to the item of the same identity, in the instance with the same numbers, as
//! an entry that the new version takes: the new draft is a journal like any other. What the new version does not take is
//! left behind with the reason; whoever calls stores it beside the draft, so that nothing a person said is lost.

mod counts;
mod plan;
mod reason;
mod resume;

use std::fmt;
use std::sync::Arc;

use jiff::Zoned;
use serde::{Deserialize, Serialize};

pub use reason::Reason;

use crate::{CellKey, Entry, Instrument, ItemKey, ItemKind, Opening, Refusal, Session, Value};
use plan::Plan;

/// An answer that did not come along. `Debug` does not show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// The item it was given to, and the instance of a repeat around it: that of the new session, where it has the repeat.
    pub cell: CellKey,
    /// The innermost repeat it stood in.
    pub repeat: Option<ItemKey>,
    /// The numbers of the instances around it, outermost first.
    pub numbers: Vec<usize>,
    /// Where it stood in the old version, with the numbers of instances.
    pub path: String,
    /// The answer.
    pub value: Value,
    /// Whether the old version would have handed it in: it was asked, and no filter took it away.
    pub asked: bool,
    /// Why it did not come along; of a question with several ticks, those that could did.
    pub reason: Reason,
}

impl LeftBehind {
    /// Whether it is part of a response that another version finishes: that version does not ask it, the one it was given
    /// in would have handed it in, and the instance around it is still there or the whole repeat is gone.
    #[must_use]
    pub fn is_part_of(&self, session: &Session) -> bool {
        let form = session.instrument();
        let there = match (self.cell.instance, self.repeat) {
            (Some(instance), Some(repeat)) => {
                plan::repeat_of(form, repeat).is_none() || session.numbers_of(instance).is_some()
            }
            _ => true,
        };
        let not_asked = form.item(&self.cell.item).is_none_or(|item| item.kind() == ItemKind::Note);
        self.asked && there && not_asked
    }
}

/// A draft in a new version of its form, and what stayed behind.
///
/// ```
/// # use nightjar_form::*;
/// # fn show(old: &Session, opening: Opening, new: std::sync::Arc<Instrument>) -> Result<Session, Refusal> {
/// let migration = Migration::check(old, opening, new, &[])?;
/// if !migration.is_whole() {
///     // Show the report to a person, and store what stays behind beside the draft.
///     println!("{migration}");
///     let _kept = migration.left_behind();
/// }
/// Ok(migration.session())
/// # }
/// ```
#[derive(Clone)]
pub struct Migration {
    session: Session,
    opening: Opening,
    entries: Vec<Entry>,
    carried: usize,
    left_behind: Vec<LeftBehind>,
    earlier: Vec<Option<LeftBehind>>,
    same_language: bool,
}

impl fmt::Debug for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migration")
            .field("carried", &self.carried)
            .field("left_behind", &self.left_behind)
            .field("same_language", &self.same_language)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Migration {
    /// One line for what comes along, one for each answer that does not: places and reasons, no answers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answers come along, {} do not", self.carried, self.left_behind.len())?;
        for left in &self.left_behind {
            write!(f, "\n{}: {}", left.path, left.reason)?;
        }
        if self.same_language {
            Ok(())
        } else {
            f.write_str("\nthe new version does not speak the language on display")
        }
    }
}

impl Migration {
    /// Tries the move and says what it does. The old session stays as it is.
    ///
    /// `opening` is the draft's own: the same clock and seed give instances the keys they had. Its language is replaced by
    /// the one on display, where the new version speaks it, and by the new version's default where it does not.
    ///
    /// `earlier`: what earlier moves left behind. Where the new version takes it again it comes along, unless something else
    /// was answered meanwhile; [`Migration::earlier`] has the rest.
    ///
    /// The new session shows the page that the old one showed or, if that comes first, the first question that differs.
    ///
    /// # Errors
    /// [`Refusal`] when the new version cannot be opened.
    pub fn check(
        old: &Session,
        opening: Opening,
        new: Arc<Instrument>,
        earlier: &[LeftBehind],
    ) -> Result<Migration, Refusal> {
        let language =
            new.language(old.language().name()).or_else(|| new.language(old.language().code())).cloned();
        let same_language = language.is_some();
        let opening = Opening { language, ..opening };
        let mut plan = Plan::new(old, &new);
        // An answer that breaks a rule it did not break before is left behind; what depended on it is tried again.
        let mut tried = plan.attempt(opening.clone())?;
        for _ in 0..plan::MOST_ATTEMPTS {
            if !plan.forbid_broken(&tried) {
                break;
            }
            tried = plan.attempt(opening.clone())?;
        }
        let earlier = plan.earlier(&mut tried, earlier);
        let left_behind = plan.left_behind(&tried);
        let plan::Attempt { mut session, mut entries, carried, .. } = tried;
        resume::see(old, &mut session, &mut entries, false);
        resume::place(old, &left_behind, &mut session, &mut entries);
        Ok(Migration { session, opening, entries, carried, left_behind, earlier, same_language })
    }

    /// What does not come along, in order of the old form.
    #[must_use]
    pub fn left_behind(&self) -> &[LeftBehind] {
        &self.left_behind
    }

    /// For each of what earlier moves left behind, what still is: `None` where it came along now.
    #[must_use]
    pub fn earlier(&self) -> &[Option<LeftBehind>] {
        &self.earlier
    }

    /// How many answers come along.
    #[must_use]
    pub fn carried(&self) -> usize {
        self.carried
    }

    /// Whether everything comes along.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.left_behind.is_empty()
    }

    /// Whether the new version speaks the language that was on display.
    #[must_use]
    pub fn same_language(&self) -> bool {
        self.same_language
    }

    /// What the new draft starts from.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The journal of the new draft; each entry at the time [`Migration::at`] gives.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The clock of the entries: that of the old draft's last.
    #[must_use]
    pub fn at(&self) -> &Zoned {
        self.session.clock()
    }

    /// The session in the new version; the one that its opening and its entries give.
    #[must_use]
    pub fn session(self) -> Session {
        self.session
    }
}
