/// Tablets of one strength of one medicine issued in two periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Medicine {
    /// Name of the medicine.
    pub drug: String,
    /// Milligrams in one tablet.
    pub strength_mg: f64,
    /// Tablets in the first period.
    pub before: u64,
    /// Tablets in the second period.
    pub after: u64,
}

/// Defined daily dose for adults in milligrams, by mouth (WHO Collaborating Centre for Drug Statistics Methodology,
/// ATC/DDD index: N05CF01 zopiclone 7.5, R06AD02 promethazine 25, N05CD07 temazepam 20, N05CH01 melatonin 2), or
/// `None` for a medicine that is not in this short list.
pub fn defined_daily_dose_mg(drug: &str) -> Option<f64> {
    match drug.trim().to_lowercase().as_str() {
        "zopiclone" => Some(7.5),
        "promethazine" => Some(25.0),
        "temazepam" => Some(20.0),
        "melatonin" => Some(2.0),
        _ => None,
    }
}

/// The same supply counted three ways. A fall in tablets can hide a rise in milligrams.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MedicineTotals {
    /// Tablets before and after.
    pub tablets: (u64, u64),
    /// Milligrams before and after. Only meaningful within one drug.
    pub milligrams: (f64, f64),
    /// Defined daily doses before and after; `None` when a drug has no known dose.
    pub defined_doses: Option<(f64, f64)>,
}

impl MedicineTotals {
    /// Adds up `medicines`.
    pub fn of<'a>(medicines: impl IntoIterator<Item = &'a Medicine>) -> Self {
        let mut totals = MedicineTotals { defined_doses: Some((0.0, 0.0)), ..Default::default() };
        for m in medicines {
            let mg = (m.before as f64 * m.strength_mg, m.after as f64 * m.strength_mg);
            totals.tablets = (totals.tablets.0 + m.before, totals.tablets.1 + m.after);
            totals.milligrams = (totals.milligrams.0 + mg.0, totals.milligrams.1 + mg.1);
            totals.defined_doses = match (totals.defined_doses, defined_daily_dose_mg(&m.drug)) {
                (Some(sum), Some(dose)) => Some((sum.0 + mg.0 / dose, sum.1 + mg.1 / dose)),
                _ => None,
            };
        }
        totals
    }

    /// Change in per cent, after against before; `None` when there was nothing before.
    pub fn change(pair: (f64, f64)) -> Option<f64> {
        (pair.0 > 0.0).then(|| (pair.1 - pair.0) / pair.0 * 100.0)
    }

    /// Change of the tablet count in per cent.
    pub fn tablets_change(&self) -> Option<f64> {
        Self::change((self.tablets.0 as f64, self.tablets.1 as f64))
    }

    /// Change of the milligrams in per cent.
    pub fn milligrams_change(&self) -> Option<f64> {
        Self::change(self.milligrams)
    }

    /// Change of the defined daily doses in per cent.
    pub fn defined_doses_change(&self) -> Option<f64> {
        self.defined_doses.and_then(Self::change)
    }
}
