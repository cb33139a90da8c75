//! A disk that is watched beneath SQLite: what was written and what was synced, in order; and a write that fails.
//!
//! A VFS over the system's own, made the default of this process by [`watch`]. The files are real and locks are the
//! system's; writes, cuts, syncs and deletions are noted before they are passed on, for files whose name says that they
//! belong to a database under a folder that is watched. From the notes, [`Tape::after`] gives the disk as a power cut may
//! leave it.

#![expect(unsafe_code, reason = "a VFS is a table of C functions")]

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};

use rusqlite::ffi;

/// One thing that happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes were written at a place.
    Write {
        /// From the start of the file, in bytes.
        at: usize,
        /// What was written.
        bytes: Vec<u8>,
    },
    /// The file was cut or stretched to a length in bytes.
    Truncate(usize),
    /// Everything before is on the disk.
    Sync,
    /// The file was removed.
    Delete,
}

/// What happened to the files of a folder, in order.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Files as they were when the watching began, and steps with the file's name.
    begun_with: BTreeMap<String, Vec<u8>>,
    steps: Vec<(String, Step)>,
}

/// What becomes of steps that were not synced when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// None of them is there.
    Nothing,
    /// All are.
    Everything,
    /// All are, but of the last write only so many bytes.
    Torn(usize),
    /// Those of which the bit is set, as a disk that writes in an order of its own: bit 0 is the oldest, and they repeat.
    Some(u64),
}

impl Tape {
    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many writes were not synced after so many steps.
    #[must_use]
    pub fn unsynced(&self, steps: usize) -> usize {
        self.open_steps(steps).len()
    }

    /// Writes the files, as a power cut after so many steps may leave them, into a folder.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn after(&self, steps: usize, cut: Cut, folder: &Path) {
        let open = self.open_steps(steps);
        let last = open.iter().rev().find(|at| matches!(self.steps[**at].1, Step::Write { .. })).copied();
        let mut files = self.begun_with.clone();
        for (at, (name, step)) in self.steps[..steps].iter().enumerate() {
            let place = open.binary_search(&at);
            let kept = match (place, cut) {
                (Err(_), _) => usize::MAX,
                (Ok(_), Cut::Nothing) => 0,
                (Ok(_), Cut::Everything) => usize::MAX,
                (Ok(_), Cut::Torn(bytes)) => {
                    if Some(at) == last {
                        bytes
                    } else {
                        usize::MAX
                    }
                }
                (Ok(place), Cut::Some(mask)) => match mask >> (place % 64) & 1 {
                    1 => usize::MAX,
                    _ => 0,
                },
            };
            if kept > 0 {
                apply(&mut files, name, step, kept);
            }
        }
        for (name, bytes) in files {
            std::fs::write(folder.join(name), bytes).expect("the folder can be written");
        }
    }

    /// The steps that no sync of their file followed. A deletion counts as made: what it removes must not be needed.
    fn open_steps(&self, steps: usize) -> Vec<usize> {
        let mut synced: HashMap<&str, usize> = HashMap::new();
        for (at, (name, step)) in self.steps[..steps].iter().enumerate() {
            if matches!(step, Step::Sync | Step::Delete) {
                synced.insert(name, at);
            }
        }
        let is_open = |at: &usize| {
            let (name, step) = &self.steps[*at];
            !matches!(step, Step::Sync | Step::Delete)
                && synced.get(name.as_str()).is_none_or(|sync| at > sync)
        };
        (0..steps).filter(is_open).collect()
    }
}

fn apply(files: &mut BTreeMap<String, Vec<u8>>, name: &str, step: &Step, most: usize) {
    match step {
        Step::Write { at, bytes } => {
            let bytes = &bytes[..bytes.len().min(most)];
            let file = files.entry(name.to_owned()).or_default();
            if file.len() < at + bytes.len() {
                file.resize(at + bytes.len(), 0);
            }
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Step::Truncate(length) => files.entry(name.to_owned()).or_default().resize(*length, 0),
        Step::Sync => {}
        Step::Delete => drop(files.remove(name)),
    }
}

/// Which step fails, as a disk with a bad sector or a full quota does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The how manieth write, cut or sync from now on, from 0.
    pub after: u64,
    /// Whether all later ones fail too.
    pub stays: bool,
    /// Whether it says that there is no room, instead of that it does not work.
    pub full: bool,
}

#[derive(Default)]
struct Watched {
    folder: Option<PathBuf>,
    tape: Tape,
    fault: Option<Fault>,
    failed: u64,
    /// Open files by address: their name and the system's own functions.
    open: HashMap<usize, (PathBuf, usize)>,
}

fn watched() -> MutexGuard<'static, Watched> {
    static WATCHED: OnceLock<Mutex<Watched>> = OnceLock::new();
    WATCHED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to watch the files of a folder; what was watched before is forgotten. One folder at a time in a process.
///
/// # Panics
/// When SQLite does not take the VFS, or the folder cannot be read.
pub fn watch(folder: &Path) {
    install();
    let folder = std::fs::canonicalize(folder).expect("the folder is there");
    let files = std::fs::read_dir(&folder).expect("the folder can be read").map(|file| file.expect("a file"));
    let named = |file: std::fs::DirEntry| file.file_name().to_string_lossy().into_owned();
    let begun_with = files
        .filter(|file| is_of_database(&file.path()))
        .map(|file| (std::fs::read(file.path()).expect("the file can be read"), named(file)))
        .map(|(bytes, name)| (name, bytes))
        .collect();
    let mut now = watched();
    now.folder = Some(folder);
    now.tape = Tape { begun_with, steps: Vec::new() };
    (now.fault, now.failed) = (None, 0);
}

/// How many steps there are by now.
#[must_use]
pub fn steps() -> usize {
    watched().tape.len()
}

/// What happened since [`watch`].
#[must_use]
pub fn tape() -> Tape {
    watched().tape.clone()
}

/// Lets a step fail, or (with `None`) none any more.
pub fn fail(fault: Option<Fault>) {
    let mut now = watched();
    (now.fault, now.failed) = (fault, 0);
}

/// How many steps have failed since the last [`fail`].
#[must_use]
pub fn failed() -> u64 {
    watched().failed
}

/// The shared memory of the log is lost in a power cut, and is no part of the disk.
fn is_of_database(path: &Path) -> bool {
    path.is_file() && !path.to_string_lossy().ends_with("-shm")
}

impl Watched {
    fn note(&mut self, path: &Path, step: Step) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if self.folder.as_deref() == path.parent()
            && let Some(name) = name
        {
            self.tape.steps.push((name, step));
        }
    }

    /// Whether this step fails, and how.
    fn fails(&mut self, path: &Path, code: c_int) -> Option<c_int> {
        let fault = self.fault.as_mut().filter(|_| self.folder.as_deref() == path.parent())?;
        let now = fault.after == 0;
        if now {
            self.failed += 1;
            if !fault.stays {
                fault.after = u64::MAX;
            }
        } else if fault.after != u64::MAX {
            fault.after -= 1;
        }
        now.then_some(if fault.full { ffi::SQLITE_FULL } else { code })
    }
}

/// The system's functions, which `pAppData` of ours points to, and our table for each table of theirs.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the default VFS lives as long as the process; ours is leaked to do so too.
        let code = unsafe {
            let system = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(!system.is_null(), "SQLite has a VFS");
            let mut ours = *system;
            ours.zName = c"nightjar-watched".as_ptr();
            ours.pAppData = system.cast();
            ours.pNext = std::ptr::null_mut();
            ours.xOpen = Some(open);
            ours.xDelete = Some(delete);
            // All others get the system's VFS back, whose own data they may look at.
            ours.xAccess = Some(access);
            ours.xFullPathname = Some(full_pathname);
            ffi::sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 1)
        };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the VFS");
    });
}

/// # Safety
/// `vfs` is the one that [`install`] made.
unsafe fn system(vfs: *mut ffi::sqlite3_vfs) -> *mut ffi::sqlite3_vfs {
    // SAFETY: as set in `install`.
    unsafe { (*vfs).pAppData.cast() }
}

/// # Safety
/// As for `xOpen` of SQLite.
unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: passed on as it came; `file` has the size that the system's VFS asks for, which ours repeats.
    unsafe {
        let system = system(vfs);
        let Some(function) = (*system).xOpen else { return ffi::SQLITE_ERROR };
        let code = function(system, name, file, flags, out);
        if code != ffi::SQLITE_OK || name.is_null() {
            return code;
        }
        let path = PathBuf::from(CStr::from_ptr(name).to_string_lossy().into_owned());
        let theirs = (*file).pMethods;
        watched().open.insert(file as usize, (path, theirs as usize));
        (*file).pMethods = methods(theirs);
        code
    }
}

/// Their functions with ours in place of those that write. One table for each of theirs.
///
/// # Safety
/// `theirs` is a table that SQLite's VFS has set.
unsafe fn methods(theirs: *const ffi::sqlite3_io_methods) -> *const ffi::sqlite3_io_methods {
    static TABLES: OnceLock<Mutex<HashMap<usize, usize>>> = OnceLock::new();
    let mut tables = TABLES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let table = tables.entry(theirs as usize).or_insert_with(|| {
        // SAFETY: a table lives as long as the process.
        let mut ours = unsafe { *theirs };
        ours.xClose = Some(close);
        ours.xWrite = Some(write);
        ours.xTruncate = Some(truncate);
        ours.xSync = Some(sync);
        Box::into_raw(Box::new(ours)) as usize
    });
    *table as *const ffi::sqlite3_io_methods
}

/// Name and functions of an open file.
fn of(file: *mut ffi::sqlite3_file) -> Option<(PathBuf, *const ffi::sqlite3_io_methods)> {
    let now = watched();
    let (path, theirs) = now.open.get(&(file as usize))?;
    Some((path.clone(), *theirs as *const ffi::sqlite3_io_methods))
}

/// # Safety
/// As for `xClose` of SQLite.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let Some((_, theirs)) = of(file) else { return ffi::SQLITE_IOERR_CLOSE };
    watched().open.remove(&(file as usize));
    // SAFETY: the file gets its own functions back before they close it.
    unsafe {
        (*file).pMethods = theirs;
        (*theirs).xClose.map_or(ffi::SQLITE_OK, |function| function(file))
    }
}

/// # Safety
/// As for `xWrite` of SQLite.
unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, data: *const c_void, n: c_int, at: i64) -> c_int {
    let Some((path, theirs)) = of(file) else { return ffi::SQLITE_IOERR_WRITE };
    let (Ok(length), Ok(place)) = (usize::try_from(n), usize::try_from(at)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    let mut now = watched();
    if let Some(code) = now.fails(&path, ffi::SQLITE_IOERR_WRITE) {
        return code;
    }
    // SAFETY: SQLite gives `n` bytes at `data`.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }.to_vec();
    now.note(&path, Step::Write { at: place, bytes });
    drop(now);
    // SAFETY: passed on as it came.
    unsafe { (*theirs).xWrite.map_or(ffi::SQLITE_IOERR_WRITE, |function| function(file, data, n, at)) }
}

/// # Safety
/// As for `xTruncate` of SQLite.
unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let Some((path, theirs)) = of(file) else { return ffi::SQLITE_IOERR_TRUNCATE };
    let mut now = watched();
    if let Some(code) = now.fails(&path, ffi::SQLITE_IOERR_TRUNCATE) {
        return code;
    }
    now.note(&path, Step::Truncate(usize::try_from(size).unwrap_or(0)));
    drop(now);
    // SAFETY: passed on as it came.
    unsafe { (*theirs).xTruncate.map_or(ffi::SQLITE_IOERR_TRUNCATE, |function| function(file, size)) }
}

/// # Safety
/// As for `xSync` of SQLite.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let Some((path, theirs)) = of(file) else { return ffi::SQLITE_IOERR_FSYNC };
    let mut now = watched();
    if let Some(code) = now.fails(&path, ffi::SQLITE_IOERR_FSYNC) {
        return code;
    }
    drop(now);
    // SAFETY: passed on as it came.
    let code = unsafe { (*theirs).xSync.map_or(ffi::SQLITE_IOERR_FSYNC, |function| function(file, flags)) };
    if code == ffi::SQLITE_OK {
        watched().note(&path, Step::Sync);
    }
    code
}

/// # Safety
/// As for `xDelete` of SQLite.
unsafe extern "C" fn delete(vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let system = system(vfs);
        let path = PathBuf::from(CStr::from_ptr(name).to_string_lossy().into_owned());
        let code =
            (*system).xDelete.map_or(ffi::SQLITE_ERROR, |function| function(system, name, sync_folder));
        if code == ffi::SQLITE_OK {
            watched().note(&path, Step::Delete);
        }
        code
    }
}

/// # Safety
/// As for `xAccess` of SQLite.
unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let system = system(vfs);
        (*system).xAccess.map_or(ffi::SQLITE_ERROR, |function| function(system, name, flags, out))
    }
}

/// # Safety
/// As for `xFullPathname` of SQLite.
unsafe extern "C" fn full_pathname(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: passed on as it came.
    unsafe {
        let system = system(vfs);
        (*system).xFullPathname.map_or(ffi::SQLITE_ERROR, |function| function(system, name, room, out))
    }
}
