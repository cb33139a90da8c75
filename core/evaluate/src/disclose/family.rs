use super::layout::{Hiding, Layout};
use super::propagate::{Bounds, Sum, UNBOUNDED};
use super::{Policy, Shown};

/// Tables about the same people: questions with their answers as columns, each split by ward group, by role and by
/// phase. They share the line of totals and the number of people in each line, so they are protected together.
///
/// In every block every person is in one column, and in one line of every split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// One question each.
    pub blocks: Vec<Block>,
    /// Whether the people are staff, so that [`Policy::staff_minimum`] holds for each line.
    pub staff: bool,
}

/// Counts of one question: a table for each split, lines of `columns` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Number of columns.
    pub columns: usize,
    /// Tables, lines, counts.
    pub splits: Vec<Vec<Vec<u64>>>,
}

impl Block {
    /// How many people each line of each split is about.
    pub fn bases(&self) -> Vec<Vec<u64>> {
        self.splits.iter().map(|lines| lines.iter().map(|line| line.iter().sum()).collect()).collect()
    }
}

impl Family {
    /// Puts blocks about the same number of people in every line into one family; each block comes with its place in
    /// what was given.
    pub fn group(blocks: Vec<Block>, staff: bool) -> Vec<(Family, Vec<usize>)> {
        let mut families: Vec<(Vec<Vec<u64>>, Family, Vec<usize>)> = Vec::new();
        for (place, block) in blocks.into_iter().enumerate() {
            let bases = block.bases();
            match families.iter_mut().find(|(known, _, _)| *known == bases) {
                Some((_, family, places)) => {
                    family.blocks.push(block);
                    places.push(place);
                }
                None => families.push((bases, Family { blocks: vec![block], staff }, vec![place])),
            }
        }
        families.into_iter().map(|(_, family, places)| (family, places)).collect()
    }
}

/// One question as it may be printed.
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
/// suppressed one out from the sums that tie the tables together (secondary suppression). One result per block.
///
/// The attacker assumed here knows the policy, and knows of each `*` whether it was suppressed for its size or for its
/// neighbours. What such an attacker can bound is found by narrowing the bounds of every count by every sum; while a
/// suppressed count is pinned to one value, the smallest printed count beside it is kept back as well. Everything
/// else the report prints is computed from the printed counts, so it adds nothing.
pub fn protect(policy: Policy, family: &Family) -> Vec<Protected> {
    let layout = Layout::of(family);
    let mut hidden: Vec<Hiding> = layout.counts.iter().map(|count| count.primary(policy)).collect();
    // Every round keeps at least one more count back, so this ends.
    while let Some(next) = secondary(policy, &layout, &hidden) {
        hidden[next] = Hiding::Secondary;
    }
    let shown = |i: usize| match hidden[i] {
        Hiding::No => policy.count(layout.counts[i].value),
        _ => Shown::HIDDEN,
    };
    layout.print(&shown)
}

/// The next count to keep back, if some suppressed count can be worked out.
fn secondary(policy: Policy, layout: &Layout, hidden: &[Hiding]) -> Option<usize> {
    if hidden.iter().all(|&h| h == Hiding::No) {
        return None;
    }
    let mut bounds = Bounds::default();
    for (count, hiding) in layout.counts.iter().zip(hidden) {
        let (low, high) = match hiding {
            Hiding::No => policy.bounds(policy.count(count.value)),
            Hiding::Primary => policy.bounds(Shown::HIDDEN),
            Hiding::SmallGroup => (0, Some(policy.staff_minimum().saturating_sub(1))),
            Hiding::Secondary => (0, None),
        };
        bounds.variable(low as i64, high.map_or(UNBOUNDED, |h| h as i64));
    }
    bounds.sums =
        layout.sums.iter().map(|(total, parts)| Sum { total: *total, parts: parts.clone() }).collect();
    bounds.narrow();
    let pinned = (0..hidden.len()).find(|&i| hidden[i] != Hiding::No && bounds.high[i] <= bounds.low[i])?;
    // First what stands in the same sum as the pinned count, then anything: a pin may come from further away.
    let beside = layout.beside(pinned);
    (0..hidden.len()).filter(|&i| hidden[i] == Hiding::No).min_by_key(|&i| {
        let count = &layout.counts[i];
        (count.value == 0, !beside.contains(&i), count.is_sum, count.value, i)
    })
}
