//! Backups of a running hub, and putting one back.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags, params};

use crate::Failure;
use crate::store::{self, FILE};

/// Pages copied at a time; between two steps the hub may write.
const PAGES: i32 = 1_000;
const PAUSE: Duration = Duration::from_millis(5);

/// Copies the database of the hub in `data`, which may be running, into a new file: one unchanging state of it.
///
/// # Errors
/// [`Failure::NotAHub`], [`Failure::Database`]; [`Failure::Folder`] when the file cannot be written or is there already. No file is
/// left then.
pub fn backup(data: &Path, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        return Err(Failure::Exists { file: to.to_owned() });
    }
    let source = read(&data.join(FILE))?;
    let done = copy(&source, to);
    if done.is_err() {
        let _ = fs::remove_file(to);
    }
    done
}

/// Puts a backup in the place of the database in `data`, where no hub may be running. What is there is moved aside. The log begins a
/// new life: devices notice that it is not the one they knew, and offer again what the backup does not hold.
///
/// # Errors
/// [`Failure::InUse`]; [`Failure::NotAHub`] and [`Failure::Database`] for what is no sound backup, and then nothing is changed.
pub fn restore(data: &Path, from: &Path) -> Result<Restored, Failure> {
    let _lock = store::lock(data)?;
    let source = read(from)?;
    let sound: String = source
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|source| Failure::Database { file: from.to_owned(), source })?;
    if sound != "ok" {
        return Err(Failure::NotAHub { file: from.to_owned(), problem: "this backup is damaged" });
    }
    let (place, new) = (data.join(FILE), data.join("hub.sqlite3.new"));
    let unusable = |source| Failure::Folder { folder: data.to_owned(), source };
    let _ = fs::remove_file(&new);
    copy(&source, &new)?;
    let mut incarnation = [0; 16];
    getrandom::fill(&mut incarnation)?;
    let broken = |source| Failure::Database { file: new.clone(), source };
    let target = Connection::open(&new).map_err(broken)?;
    target.execute("UPDATE hub SET incarnation = ?1", params![incarnation]).map_err(broken)?;
    target.close().map_err(|(_, source)| broken(source))?;
    sync(&new).map_err(unusable)?;
    let mut aside = None;
    if place.exists() {
        let free = (1..).map(|n| data.join(format!("hub.sqlite3.before-{n}"))).find(|path| !path.exists());
        if let Some(free) = free {
            // With its log: what was not yet brought into the file lies there.
            for ending in ["-wal", "-shm"] {
                let (from, to) = (with(&place, ending), with(&free, ending));
                if from.exists() {
                    fs::rename(from, to).map_err(unusable)?;
                }
            }
            fs::rename(&place, &free).map_err(unusable)?;
            aside = Some(free);
        }
    }
    fs::rename(&new, &place).map_err(unusable)?;
    let _ = File::open(data).and_then(|folder| folder.sync_all());
    Ok(Restored { aside })
}

/// Begins a new life of the log in a PostgreSQL database that was put back by its own means (`pg_restore`), where no hub may be running.
/// Devices notice it, and offer again what the backup does not hold.
///
/// # Errors
/// [`Failure::Postgres`], [`Failure::Unfit`].
pub fn renew(url: &str) -> Result<(), Failure> {
    store::renew(url)
}

/// What restoring did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the database that was there is now.
    pub aside: Option<std::path::PathBuf>,
}

fn with(path: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens a hub's database to read it.
pub(crate) fn read(file: &Path) -> Result<Connection, Failure> {
    let broken = |source| Failure::Database { file: file.to_owned(), source };
    if !file.is_file() {
        return Err(Failure::NotAHub { file: file.to_owned(), problem: "there is no hub's database" });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(file, flags).map_err(broken)?;
    let _ = source.busy_timeout(Duration::from_secs(10));
    store::recognise(&source, file)?;
    Ok(source)
}

fn copy(source: &Connection, to: &Path) -> Result<(), Failure> {
    let broken = |source| Failure::Database { file: to.to_owned(), source };
    let unusable = |source| Failure::Folder { folder: to.to_owned(), source };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(to).map_err(unusable)?);
    let mut target = Connection::open(to).map_err(broken)?;
    Backup::new(source, &mut target)
        .and_then(|backup| backup.run_to_completion(PAGES, PAUSE, None))
        .map_err(broken)?;
    target.close().map_err(|(_, source)| broken(source))?;
    sync(to).map_err(unusable)
}

fn sync(file: &Path) -> std::io::Result<()> {
    fs::OpenOptions::new().write(true).open(file)?.sync_all()
}
