use super::propagate::{Bounds, Sum, UNBOUNDED};
use super::{Policy, Shown};

/// Tables of the same people: one question, its answers as columns, split by ward group, by role and by phase. All
/// share the line of totals, so they have to be protected together.
///
/// Every person is in one column, and in one row of every split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Number of columns.
    pub columns: usize,
    /// The tables: rows of counts, each `columns` long.
    pub splits: Vec<Vec<Vec<u64>>>,
    /// Whether the people are staff, so that [`Policy::staff_minimum`] holds for each row.
    pub staff: bool,
}

/// A family as it may be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// The line of totals, the same under every split.
    pub overall: ProtectedRow,
    /// The tables, shaped as they came in.
    pub splits: Vec<Vec<ProtectedRow>>,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedRow {
    /// A count for each column.
    pub cells: Vec<Shown>,
    /// How many people the line is about.
    pub base: Shown,
}

/// Applies the policy to each count (primary suppression), then keeps back further counts until nobody can work a
/// suppressed one out from the sums that tie the tables together (secondary suppression).
///
/// The attacker assumed here knows the policy, and knows of each `*` whether it was suppressed for its size or for its
/// neighbours. What such an attacker can bound is found by narrowing the bounds of every count by every sum; while a
/// suppressed count is pinned to one value, the smallest printed count beside it is kept back as well. Everything
/// else the report prints is computed from the printed counts, so it adds nothing.
///
/// # Panics
/// Never; rows of another length than `columns` are cut or filled with zeros.
pub fn protect(policy: Policy, family: &Family) -> Protected {
    let layout = Layout::of(family);
    let mut hidden: Vec<Hiding> = layout.counts.iter().map(|count| primary(policy, count)).collect();
    if !policy.is_raw() {
        while let Some(next) = secondary(policy, &layout, &hidden) {
            hidden[next] = Hiding::Secondary;
        }
    }
    layout.print(policy, &hidden)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hiding {
    No,
    /// Too small by the policy.
    Primary,
    /// In a group of staff below the minimum: at most that many.
    Group(u64),
    /// Beside a suppressed count.
    Secondary,
}

struct Count {
    value: u64,
    /// Whether it is a sum of others; those are kept back last.
    is_sum: bool,
    /// The largest count its group may have and still be too small, for groups of staff below the minimum.
    small_group: Option<u64>,
}

/// Every count of the family as a numbered variable, and the sums between them.
struct Layout {
    columns: usize,
    counts: Vec<Count>,
    sums: Vec<(usize, Vec<usize>)>,
    overall: Vec<usize>,
    everybody: usize,
    /// Per split and row: the cells, then the base.
    rows: Vec<Vec<(Vec<usize>, usize)>>,
}

impl Layout {
    fn of(family: &Family) -> Layout {
        let columns = family.columns;
        let at = |row: &Vec<u64>, column: usize| row.get(column).copied().unwrap_or(0);
        let column_total =
            |column| family.splits.first().map_or(0, |rows| rows.iter().map(|r| at(r, column)).sum());
        let totals: Vec<u64> = (0..columns).map(column_total).collect();
        let everybody_value: u64 = totals.iter().sum();
        let mut layout =
            Layout { columns, counts: vec![], sums: vec![], overall: vec![], everybody: 0, rows: vec![] };
        let group = |base: u64| family.staff.then_some(base);
        let overall: Vec<usize> =
            totals.iter().map(|&t| layout.count(t, true, group(everybody_value))).collect();
        layout.everybody = layout.count(everybody_value, true, group(everybody_value));
        layout.overall = overall;
        layout.sums.push((layout.everybody, layout.overall.clone()));
        for split in &family.splits {
            let mut rows = Vec::with_capacity(split.len());
            for row in split {
                let base_value = (0..columns).map(|c| at(row, c)).sum();
                let cells: Vec<usize> =
                    (0..columns).map(|c| layout.count(at(row, c), false, group(base_value))).collect();
                let base = layout.count(base_value, true, group(base_value));
                layout.sums.push((base, cells.clone()));
                rows.push((cells, base));
            }
            for column in 0..columns {
                layout
                    .sums
                    .push((layout.overall[column], rows.iter().map(|(cells, _)| cells[column]).collect()));
            }
            layout.sums.push((layout.everybody, rows.iter().map(|&(_, base)| base).collect()));
            layout.rows.push(rows);
        }
        layout
    }

    fn count(&mut self, value: u64, is_sum: bool, small_group: Option<u64>) -> usize {
        self.counts.push(Count { value, is_sum, small_group });
        self.counts.len() - 1
    }

    fn print(&self, policy: Policy, hidden: &[Hiding]) -> Protected {
        let shown = |&i: &usize| match hidden[i] {
            Hiding::No => policy.count(self.counts[i].value),
            _ => Shown::HIDDEN,
        };
        let row = |cells: &[usize], base: usize| ProtectedRow {
            cells: cells.iter().map(shown).collect(),
            base: shown(&base),
        };
        debug_assert!(self.overall.len() == self.columns);
        Protected {
            overall: row(&self.overall, self.everybody),
            splits: self.rows.iter().map(|s| s.iter().map(|(c, b)| row(c, *b)).collect()).collect(),
        }
    }
}

fn primary(policy: Policy, count: &Count) -> Hiding {
    match count.small_group {
        Some(base) if base < policy.staff_minimum() => Hiding::Group(policy.staff_minimum() - 1),
        _ if policy.count(count.value).is_hidden() => Hiding::Primary,
        _ => Hiding::No,
    }
}

/// The next count to keep back, if some suppressed count can be worked out.
fn secondary(policy: Policy, layout: &Layout, hidden: &[Hiding]) -> Option<usize> {
    let mut bounds = Bounds::default();
    for (count, hiding) in layout.counts.iter().zip(hidden) {
        let (low, high) = match hiding {
            Hiding::No => policy.bounds(policy.count(count.value)),
            Hiding::Primary => policy.bounds(Shown::HIDDEN),
            Hiding::Group(most) => (0, Some(*most)),
            Hiding::Secondary => (0, None),
        };
        bounds.variable(low as i64, high.map_or(UNBOUNDED, |h| h as i64));
    }
    bounds.sums =
        layout.sums.iter().map(|(total, parts)| Sum { total: *total, parts: parts.clone() }).collect();
    bounds.narrow();
    let pinned = |i: usize| hidden[i] != Hiding::No && bounds.high[i] <= bounds.low[i];
    let found = (0..hidden.len()).find(|&i| pinned(i))?;
    // First what stands in the same sum as the pinned count, then anything: a pin may come from further away.
    let beside = |i: usize| {
        layout.sums.iter().any(|(total, parts)| {
            let has = |x: usize| *total == x || parts.contains(&x);
            has(i) && has(found)
        })
    };
    (0..hidden.len())
        .filter(|&i| hidden[i] == Hiding::No && layout.counts[i].value > 0)
        .min_by_key(|&i| (!beside(i), layout.counts[i].is_sum, layout.counts[i].value, i))
}
