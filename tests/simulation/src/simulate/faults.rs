//! What goes wrong with disks, clocks and the hub.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::{Span, Zoned};
use nightjar_seal::EnvelopeId;
use rand::RngExt;

use super::found::Invariant;
use super::line::Face;
use super::template::{now, vault};
use super::unit::{Copied, Kind, Unit, copy_whole, key, state, with};
use super::world::{Logged, World};

impl World {
    /// Devices that may be copied and put back: but for the steward, of whose roster there is one.
    fn copied_devices(&self) -> Vec<usize> {
        self.units.iter().filter(|unit| unit.number > 0 && unit.has_joined).map(|unit| unit.number).collect()
    }

    pub(super) fn copy(&mut self) -> bool {
        let devices = self.copied_devices();
        let Some(unit) = self.any(&devices) else { return false };
        self.copy_this(unit)
    }

    pub(super) fn copy_this(&mut self, unit: usize) -> bool {
        let file = self.file("vault");
        let copied = match self.one_in(2) {
            true => self.units[unit].copy_to(&file),
            false => {
                let own = self.units[unit].own.clone();
                self.units[unit].face().backup(&file).expect("there is room");
                Copied { file, own }
            }
        };
        self.units[unit].copies.push(copied);
        true
    }

    fn copy_of(&mut self) -> Option<(usize, Copied)> {
        let devices = self.copied_devices();
        let copied: Vec<_> =
            devices.into_iter().filter(|unit| !self.units[*unit].copies.is_empty()).collect();
        let unit = self.any(&copied)?;
        let numbers: Vec<_> = (0..self.units[unit].copies.len()).collect();
        let at = self.any(&numbers)?;
        Some((unit, self.units[unit].copies[at].clone()))
    }

    /// What only this device held is gone with its disk.
    fn put_back(&mut self, unit: usize, copied: &Copied, put: impl FnOnce(&Path, &Path)) {
        let faces = self.faces();
        let before = self.model.carried(&bytes_of(&mut self.units[unit]));
        let elsewhere = self.held(Some(unit), &faces);
        self.evaluator_put_back |= self.units[unit].kind == Kind::Evaluator;
        self.units[unit].close();
        put(&copied.file, &self.units[unit].path.clone());
        self.units[unit].own.clone_from(&copied.own);
        let after = self.model.carried(&bytes_of(&mut self.units[unit]));
        self.is_durable(unit);
        let gone: Vec<EnvelopeId> =
            before.into_iter().filter(|id| !after.contains(id) && !elsewhere.contains(id)).collect();
        self.found.add("write gone with the only disk", gone.len() as u64);
        self.model.lost.extend(gone);
    }

    pub(super) fn restore(&mut self) -> bool {
        let Some((unit, copied)) = self.copy_of() else { return false };
        self.put_back(unit, &copied, |from, to| {
            if let Some(aside) = key().restore(from, to).expect("it is put back") {
                for ending in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(with(&aside, ending));
                }
            }
        });
        true
    }

    /// As an image of the whole disk puts it back: the file is the same one.
    pub(super) fn restore_beneath(&mut self) -> bool {
        let Some((unit, copied)) = self.copy_of() else { return false };
        self.put_back(unit, &copied, |from, to| {
            fs::write(to, fs::read(from).expect("it is there")).expect("there is room");
            for ending in ["-wal", "-shm"] {
                let _ = fs::remove_file(with(to, ending));
            }
        });
        true
    }

    /// One vault is put to use twice.
    pub(super) fn clone_one(&mut self) -> bool {
        let devices = self.copied_devices();
        let Some(unit) = self.any(&devices) else { return false };
        self.clone_this(unit).is_some()
    }

    /// The number of the second device that uses a vault, if there is room for one more.
    pub(super) fn clone_this(&mut self, unit: usize) -> Option<usize> {
        let number = self.units.len();
        if number >= 24 {
            return None;
        }
        let path = vault(self.folder.path(), number);
        self.units[unit].close();
        copy_whole(&self.units[unit].path, &path);
        let original = &self.units[unit];
        let (kind, label, tag) = (original.kind, original.label.clone(), original.tag);
        let mut copy = Unit::new(number, kind, &label, &path, tag, now(), self.line.end(number));
        copy.own.clone_from(&original.own);
        copy.is_revoked = original.is_revoked;
        self.units.push(copy);
        Some(number)
    }

    pub(super) fn hub_ends(&mut self) -> bool {
        let mut inner = self.line.inner();
        inner.faces[0].stop();
        inner.faces[0].start(None);
        true
    }

    pub(super) fn hub_backup(&mut self) -> bool {
        let file = self.file("hub");
        let folder = self.line.inner().faces[0].folder.clone();
        nightjar_hub::backup(&folder, &file).expect("there is room");
        self.hub_copies.push(file);
        true
    }

    pub(super) fn hub_restore(&mut self) -> bool {
        let numbers: Vec<_> = (0..self.hub_copies.len()).collect();
        let Some(at) = self.any(&numbers) else { return false };
        let copy = self.hub_copies[at].clone();
        let before = self.model.carried(&whole(&self.log_of(0)));
        let others: Vec<_> = self.faces().into_iter().skip(1).collect();
        let elsewhere = self.held(None, &others);
        {
            let renews = self.plan.renews;
            let mut inner = self.line.inner();
            let face = &mut inner.faces[0];
            face.stop();
            let file = face.file();
            if renews {
                let restored = nightjar_hub::restore(&face.folder, &copy).expect("it is put back");
                if let Some(aside) = restored.aside {
                    let _ = fs::remove_file(aside);
                }
            } else {
                put_beneath(&copy, &file);
            }
            face.start(None);
        }
        let after = self.model.carried(&whole(&self.log_of(0)));
        let gone: Vec<_> =
            before.into_iter().filter(|id| !after.contains(id) && !elsewhere.contains(id)).collect();
        self.none_let_go_of(&gone);
        self.found.add("write gone with the only disk", gone.len() as u64);
        self.model.lost.extend(gone);
        true
    }

    /// Of what is gone with the hub's disk nobody has let go: its bytes would be there, or with an evaluator, if none of them was put back.
    fn none_let_go_of(&mut self, gone: &[EnvelopeId]) {
        if self.evaluator_put_back {
            return;
        }
        let mut let_go = BTreeSet::new();
        for unit in &mut self.units {
            let released = unit.envelopes().into_iter().filter(|(_, stored)| stored.state == state::RELEASED);
            let_go.extend(released.map(|(id, _)| id).filter(|id| gone.contains(id)));
        }
        self.holds(let_go.is_empty(), Invariant::NothingMissing, || {
            format!("{} envelopes that only the hub had were let go of", let_go.len())
        });
    }

    /// The hub is put back to a copy from before evaluators told it what they have applied; all else in its log stays.
    pub(super) fn forget_applied(&mut self) {
        self.end_equivocation();
        self.line.calm();
        self.hub_ends();
        self.write_fact();
        for kind in [Kind::Tablet, Kind::Evaluator] {
            if kind == Kind::Evaluator {
                self.hub_backup();
            }
            for unit in self.living() {
                if self.units[unit].kind == kind {
                    let _ = self.units[unit].face().sync();
                }
            }
        }
        self.hub_copies = self.hub_copies.pop().into_iter().collect();
        self.hub_restore();
    }

    /// From now on some devices see another log than the others, under the same name.
    pub(super) fn equivocate(&mut self) -> bool {
        if self.faces().len() > 1 {
            return false;
        }
        let number = self.random.random::<u32>();
        let folder = self.folder.path().join(format!("other-hub-{number}"));
        fs::create_dir(&folder).expect("there is room");
        let data = self.line.inner().faces[0].folder.clone();
        // An old copy, or one of now.
        let copies: Vec<_> = (0..self.hub_copies.len()).collect();
        let old = if self.one_in(2) { self.any(&copies) } else { None };
        match old {
            Some(at) => {
                fs::copy(&self.hub_copies[at], folder.join("hub.sqlite3")).expect("there is room");
            }
            None => nightjar_hub::backup(&data, &folder.join("hub.sqlite3")).expect("there is room"),
        }
        let units: Vec<_> = (0..self.units.len()).collect();
        for unit in units {
            if self.one_in(2) {
                self.line.inner().sees.insert(unit, 1);
            }
        }
        self.line.inner().faces.push(Face::open(&folder, None));
        self.hub_lied = true;
        true
    }

    pub(super) fn end_equivocation(&mut self) -> bool {
        if self.faces().len() < 2 {
            return false;
        }
        let before = self.model.carried(&whole(&self.log_of(1)));
        let elsewhere = self.held(None, &[0]);
        let mut inner = self.line.inner();
        inner.sees.clear();
        let mut other = inner.faces.remove(1);
        drop(inner);
        other.stop();
        let gone: Vec<_> = before.into_iter().filter(|id| !elsewhere.contains(id)).collect();
        self.found.add("write gone with the only disk", gone.len() as u64);
        self.model.lost.extend(gone);
        true
    }

    /// The hub has no room left, or some again.
    pub(super) fn hub_full(&mut self) -> bool {
        let mut inner = self.line.inner();
        let face = &mut inner.faces[0];
        face.stop();
        let bytes = fs::metadata(face.file()).map_or(0, |about| about.len());
        face.start(Some(bytes.max(4096)));
        true
    }

    pub(super) fn clock_jumps(&mut self) -> bool {
        let Some(unit) = self.anybody() else { return false };
        let to = match self.random.random_range(0..3) {
            0 => "1970-01-02T03:04[Europe/London]".parse::<Zoned>().expect("a time"),
            1 => "2099-06-07T08:09[Europe/London]".parse::<Zoned>().expect("a time"),
            _ => now(),
        };
        self.units[unit].clock.set(to);
        self.units[unit].believe();
        true
    }

    pub(super) fn month_passes(&mut self) -> bool {
        for unit in &self.units {
            let later = unit.clock.now().checked_add(Span::new().days(31));
            if let Ok(later) = later {
                unit.clock.set(later);
            }
        }
        true
    }
}

fn bytes_of(unit: &mut Unit) -> BTreeSet<EnvelopeId> {
    unit.envelopes().into_iter().filter(|(_, it)| it.has_bytes).map(|(id, _)| id).collect()
}

fn whole(log: &[Logged]) -> BTreeSet<EnvelopeId> {
    log.iter().filter(|(_, is_whole, ..)| *is_whole).map(|(id, ..)| *id).collect()
}

/// Puts an old copy in the place of a hub's database without saying so.
fn put_beneath(copy: &Path, file: &Path) {
    fs::copy(copy, file).expect("there is room");
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(with(file, ending));
    }
}
