//! The evaluation reads the vault through this.

use std::sync::Arc;

use nightjar_evaluate::{Case, Claim, FactConflict, Position, Received, Row, Source, SourceFailure, Stop};
use nightjar_form::{Instrument, Value};
use nightjar_record::study::{Phase, Study};
use nightjar_record::{Contributor, Held, Query};

use crate::device::Device;
use crate::failure::Failure;
use crate::membership::Joined;
use crate::study_pack::StudyPack;

/// A device's records as an evaluation reads them: streamed in bounded batches.
pub(crate) struct VaultSource<'a> {
    pub(crate) device: &'a Device,
    pub(crate) joined: &'a Joined,
    /// Every version of every form that this device was given, older first.
    instruments: Vec<Arc<Instrument>>,
    pub(crate) received: Vec<Received>,
}

impl<'a> VaultSource<'a> {
    pub(crate) fn new(
        device: &'a Device,
        joined: &'a Joined,
        received: Vec<Received>,
    ) -> Result<Self, Failure> {
        let mut instruments: Vec<Arc<Instrument>> = Vec::new();
        for instrument in joined.packs(device)?.into_iter().flat_map(StudyPack::instruments) {
            // A version that came back is as new as where it came back.
            instruments.retain(|known| known.hash() != instrument.hash());
            instruments.push(Arc::clone(instrument));
        }
        Ok(Self { device, joined, instruments, received })
    }

    fn each(
        &self,
        query: Query,
        each: &mut dyn FnMut(nightjar_record::Row) -> Result<(), Stop>,
    ) -> Result<(), SourceFailure> {
        let mut query = query;
        loop {
            let batch = self.device.vault.query(&query).map_err(unreadable)?;
            for row in batch.rows {
                each(row)?;
            }
            match batch.next {
                Some(next) => query.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn role(&self, code: &str) -> String {
        self.joined.study().role(code).map_or_else(|| code.to_owned(), |role| role.label.clone())
    }

    fn claim(&self, held: &Held) -> Claim {
        Claim {
            value: held.value.clone(),
            device: self.device_label(&held.from),
            role: self.role(&held.hand.role),
        }
    }

    fn device_label(&self, from: &Contributor) -> String {
        self.joined.label_of(from)
    }

    /// A value of a form in words: the choice's label.
    fn words(&self, form_id: &str, key: nightjar_form::ItemKey, value: &Value) -> String {
        let label = || {
            let instrument = self.joined.pack.instrument(form_id)?;
            let item = instrument.item(&key)?;
            let Value::One(code) = value else { return None };
            let choice = item.choices().iter().find(|choice| choice.code() == code)?;
            Some(choice.label(instrument.default_language()).to_owned())
        };
        label().unwrap_or_else(|| value.to_text())
    }
}

impl Source for VaultSource<'_> {
    fn study(&self) -> &Study {
        self.joined.study()
    }

    fn instruments(&self) -> &[Arc<Instrument>] {
        &self.instruments
    }

    fn rows(
        &self,
        form_id: &str,
        each: &mut dyn FnMut(Row) -> Result<(), Stop>,
    ) -> Result<(), SourceFailure> {
        let provenance = self.joined.study().data;
        let query = Query { instruments: vec![form_id.to_owned()], ..Query::default() };
        self.each(query, &mut |row| {
            let meta = row.meta;
            each(Row {
                trace: row.record.to_string(),
                form_id: meta.instrument,
                version: meta.version,
                ward: Some(meta.ward),
                role: Some(meta.role),
                phase: meta.phase.as_deref().and_then(phase),
                week: meta.week,
                part_of_day: meta.part_of_day,
                language: meta.language,
                cells: row
                    .cells
                    .iter()
                    .map(|cell| (cell.key, cell.values().into_iter().cloned().collect()))
                    .collect(),
                provenance,
            })
        })
    }

    fn cases(&self) -> Result<Vec<Case>, SourceFailure> {
        let study = self.joined.study();
        let cases = self.device.vault.dissensus(None).map_err(unreadable)?;
        let words = |form: &str, purpose, meta: &nightjar_record::Meta, values: &[Value]| -> Vec<String> {
            let key = meta.purposes.get(&purpose);
            values
                .iter()
                .map(|value| key.map_or_else(|| value.to_text(), |key| self.words(form, key.item, value)))
                .collect()
        };
        Ok(cases
            .into_iter()
            .map(|case| {
                let metas = case.positions.iter().map(|position| &position.meta);
                let first = metas.chain(case.outcomes.iter().map(|row| &row.meta)).next().cloned();
                Case {
                    label: case.case,
                    ward: first.as_ref().map(|meta| meta.ward.clone()),
                    phase: first.as_ref().and_then(|meta| meta.phase.as_deref()).and_then(phase),
                    outcomes: case
                        .outcomes
                        .iter()
                        .flat_map(|row| {
                            let key = row.meta.purposes.get(&nightjar_record::Purpose::Outcome);
                            let cell = key.and_then(|key| row.cells.iter().find(|cell| cell.key == *key));
                            let values: Vec<Value> = cell
                                .map(|cell| cell.values().into_iter().cloned().collect())
                                .unwrap_or_default();
                            words(&row.meta.instrument, nightjar_record::Purpose::Outcome, &row.meta, &values)
                        })
                        .collect(),
                    positions: case
                        .positions
                        .iter()
                        .map(|position| {
                            let meta = &position.meta;
                            let said = nightjar_record::Purpose::Voice;
                            let voice = words(&meta.instrument, said, meta, &position.voice);
                            Position {
                                role: voice.first().cloned().unwrap_or_else(|| self.role(&meta.role)),
                                voice: voice_of(study, position.voice.first(), &meta.role),
                                stances: words(
                                    &meta.instrument,
                                    nightjar_record::Purpose::Stance,
                                    meta,
                                    &position.stance,
                                ),
                            }
                        })
                        .collect(),
                    provenance: study.data,
                }
            })
            .collect())
    }

    fn conflicts(&self) -> Result<Vec<FactConflict>, SourceFailure> {
        let study = self.joined.study();
        let mut found = Vec::new();
        let open = Query { conflict: Some(true), ..Query::default() };
        self.each(open, &mut |row| {
            for conflict in &row.conflicts {
                found.push(FactConflict {
                    form_id: row.meta.instrument.clone(),
                    cell: conflict.cell,
                    ward: Some(row.meta.ward.clone()),
                    claims: conflict.values.iter().map(|held| self.claim(held)).collect(),
                    settled: None,
                    provenance: study.data,
                });
            }
            Ok(())
        })?;
        for settled in self.settled().map_err(unreadable)? {
            found.push(settled);
        }
        Ok(found)
    }

    fn received(&self) -> Vec<Received> {
        self.received.clone()
    }
}

impl VaultSource<'_> {
    /// Conflicts that a person has settled, from the history of the records that hold a settlement.
    fn settled(&self) -> Result<Vec<FactConflict>, Failure> {
        let study = self.joined.study();
        let mut found = Vec::new();
        let mut facts = Vec::new();
        let natures = vec![nightjar_record::Nature::Fact, nightjar_record::Nature::Outcome];
        let query = Query { natures, ..Query::default() };
        let read = self.each(query, &mut |row| {
            facts.push(row.record);
            Ok(())
        });
        read.map_err(|failure| Failure::Internal(failure.to_string()))?;
        for id in facts {
            let record = self.joined.reading(|reading| self.device.vault.record(&id, reading))?;
            let Some(meta) = record.meta() else { continue };
            for settlement in record.settlements() {
                found.push(FactConflict {
                    form_id: meta.instrument.clone(),
                    cell: settlement.cell,
                    ward: Some(meta.ward.clone()),
                    claims: settlement.settled.iter().map(|held| self.claim(held)).collect(),
                    settled: Some(Claim {
                        value: settlement.value.clone(),
                        device: self.device_label(&settlement.from),
                        role: self.role(&settlement.hand.role),
                    }),
                    provenance: study.data,
                });
            }
        }
        Ok(found)
    }
}

/// Whose voice a position is: the study's role with the code that the position names, else the role that entered it.
fn voice_of(study: &Study, said: Option<&Value>, entered: &str) -> nightjar_record::study::Voice {
    let said = match said {
        Some(Value::One(code)) => study.role(code),
        _ => None,
    };
    said.or_else(|| study.role(entered)).map_or(nightjar_record::study::Voice::Other, |role| role.voice)
}

fn phase(code: &str) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| phase.code() == code)
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> SourceFailure {
    SourceFailure::Unreadable(Box::new(error))
}
