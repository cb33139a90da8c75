//! One writer whose commits are shared: who waits for it while somebody writes goes on in the same transaction, behind a savepoint of their own,
//! and the last of them commits for all. A commit waits for the disk; many tablets that send little would each wait for all before them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::{Done, Stop};

/// Rows that a shared transaction may have changed before somebody else joins it.
const ROWS: u64 = 4_096;

/// The connection that writes.
pub(crate) struct Writer {
    open: Mutex<Shared>,
    /// Who is about to take the connection.
    waiting: AtomicUsize,
}

struct Shared {
    connection: Connection,
    /// Those whose work is done and not committed, and how many rows had been changed before it.
    group: Option<(Arc<Group>, u64)>,
}

/// What became of a transaction.
#[derive(Default)]
struct Group {
    outcome: Mutex<Option<Result<(), Lost>>>,
    ended: Condvar,
}

/// Why nothing of it was kept.
#[derive(Clone, Copy)]
enum Lost {
    Full,
    Broken,
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Full => Self::Full,
            Lost::Broken => Self::Broken,
        }
    }
}

impl From<Stop> for Lost {
    fn from(stop: Stop) -> Self {
        if matches!(stop, Stop::Full) { Self::Full } else { Self::Broken }
    }
}

impl Writer {
    pub(crate) fn new(connection: Connection) -> Self {
        let open = Mutex::new(Shared { connection, group: None });
        Self { open, waiting: AtomicUsize::new(0) }
    }

    /// Does some work in a transaction, and returns once that is on disk or nothing of the work is kept: also where it says no, since what it
    /// saw may be of others whose work is not on disk before.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Done<T>) -> Done<T> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut shared = self.lock();
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let (done, group) = match catch_unwind(AssertUnwindSafe(|| shared.join(work))) {
            Ok(joined) => joined?,
            Err(panic) => {
                // Who panics in the middle of it must not leave the others waiting.
                shared.lose(Lost::Broken);
                drop(shared);
                resume_unwind(panic)
            }
        };
        // Who waits will come here, too, and see to it that it ends.
        if self.waiting.load(Ordering::SeqCst) == 0 || shared.is_long() {
            shared.end();
        }
        drop(shared);
        group.wait()?;
        done
    }

    /// Does something outside of any transaction.
    pub(crate) fn alone<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let mut shared = self.lock();
        shared.end();
        work(&mut shared.connection)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        let mut shared = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.group.is_none() && !shared.connection.is_autocommit() {
            shared.lose(Lost::Broken);
        }
        shared
    }
}

impl Shared {
    /// Does some work in the transaction that is open, or opens one.
    fn join<T>(&mut self, work: impl FnOnce(&Connection) -> Done<T>) -> Done<(Done<T>, Arc<Group>)> {
        let Some((group, _)) = self.group.clone() else {
            let before = self.connection.total_changes();
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            let done = work(&self.connection);
            if let Err(stop) = done {
                // Nobody else is in it.
                self.lose(Lost::Broken);
                return Err(stop);
            }
            let group = Arc::new(Group::default());
            self.group = Some((group.clone(), before));
            return Ok((done, group));
        };
        let done = match self.connection.execute_batch("SAVEPOINT one") {
            Ok(()) => work(&self.connection),
            Err(error) => Err(error.into()),
        };
        let kept = match &done {
            Ok(_) => self.connection.execute_batch("RELEASE one"),
            Err(_) => self.connection.execute_batch("ROLLBACK TO one; RELEASE one"),
        };
        // A disk that is full or broken takes the whole transaction with it: nobody in it is told that anything was kept.
        if self.connection.is_autocommit() || kept.is_err() {
            let lost = done.as_ref().err().map_or(Lost::Broken, |stop| match stop {
                Stop::Full => Lost::Full,
                _ => Lost::Broken,
            });
            self.lose(lost);
        }
        Ok((done, group))
    }

    fn is_long(&self) -> bool {
        let begun = self.group.as_ref().map(|(_, begun)| *begun);
        begun.is_some_and(|begun| self.connection.total_changes().saturating_sub(begun) >= ROWS)
    }

    /// Commits what is open, and tells those whose work it is.
    fn end(&mut self) {
        if self.group.is_none() {
            return;
        }
        match self.connection.execute_batch("COMMIT") {
            Ok(()) => self.tell(Ok(())),
            Err(error) => self.lose(Stop::from(error).into()),
        }
    }

    /// Gives up what is open.
    fn lose(&mut self, lost: Lost) {
        if !self.connection.is_autocommit() {
            // Where even this fails, the connection is not used for anything before it has worked.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.tell(Err(lost));
    }

    fn tell(&mut self, outcome: Result<(), Lost>) {
        if let Some((group, _)) = self.group.take() {
            *group.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            group.ended.notify_all();
        }
    }
}

impl Group {
    fn wait(&self) -> Result<(), Stop> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *outcome {
                Some(outcome) => return outcome.map_err(Stop::from),
                None => outcome = self.ended.wait(outcome).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use nightjar_sync::wire::{Reason, Refusal};

    fn writer(file: &std::path::Path) -> Writer {
        let connection = Connection::open(file).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.execute_batch("CREATE TABLE kept (n INTEGER PRIMARY KEY)").unwrap();
        Writer::new(connection)
    }

    fn keep(writer: &Writer, n: i64) -> Done<()> {
        writer.write(|connection| Ok(connection.execute("INSERT INTO kept VALUES (?1)", [n]).map(drop)?))
    }

    fn kept(file: &std::path::Path) -> Vec<i64> {
        let connection = Connection::open(file).unwrap();
        let mut rows = connection.prepare("SELECT n FROM kept ORDER BY n").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn what_was_answered_is_committed_and_what_was_refused_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept.db");
        let writer = writer(&file);
        let start = Barrier::new(16);
        std::thread::scope(|scope| {
            for n in 0..16 {
                let (writer, start, file) = (&writer, &start, &file);
                scope.spawn(move || {
                    start.wait();
                    for round in 0..20 {
                        let n = n * 1_000 + round;
                        let done = writer.write(|connection| {
                            connection.execute("INSERT INTO kept VALUES (?1)", [n])?;
                            match n % 3 {
                                0 => Err(Refusal::new(Reason::Busy, "no").into()),
                                _ => Ok(()),
                            }
                        });
                        assert_eq!(done.is_ok(), n % 3 != 0);
                        assert_eq!(kept(file).contains(&n), done.is_ok(), "seen by another connection: {n}");
                    }
                });
            }
        });
        assert_eq!(
            kept(&file).len(),
            (0..16).flat_map(|n| (0..20).map(move |r| n * 1_000 + r)).filter(|n| n % 3 != 0).count()
        );
    }

    #[test]
    fn a_transaction_that_is_lost_is_lost_for_all_who_share_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept.db");
        let writer = writer(&file);
        // Somebody is about to come, so that what is done now is not committed yet.
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| keep(&writer, 1));
            while writer.open.lock().unwrap().group.is_none() {
                std::thread::yield_now();
            }
            writer.waiting.fetch_sub(1, Ordering::SeqCst);
            let second = writer.write(|connection| {
                connection.execute("INSERT INTO kept VALUES (2)", [])?;
                // As SQLite does where the disk is full.
                connection.execute_batch("ROLLBACK")?;
                Err::<(), _>(Stop::Full)
            });
            assert!(matches!(second, Err(Stop::Full)), "who had no room");
            assert!(matches!(first.join().unwrap(), Err(Stop::Full)), "and who was in it before");
        });
        assert!(kept(&file).is_empty());
        keep(&writer, 3).unwrap();
        assert_eq!(kept(&file), [3], "the next begins anew");
    }

    #[test]
    fn whoever_panics_takes_nobody_with_them_who_comes_later() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept.db");
        let writer = writer(&file);
        let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            writer.write::<()>(|connection| {
                connection.execute("INSERT INTO kept VALUES (1)", [])?;
                panic!("in the middle")
            })
        }));
        assert!(panics.is_err());
        keep(&writer, 2).unwrap();
        assert_eq!(kept(&file), [2]);
    }
}
