use std::collections::BTreeSet;

use super::{Family, Policy, Protected, ProtectedRow, Shown};

/// Why a count is kept back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hiding {
    No,
    /// Too small by the policy.
    Primary,
    /// In a group of staff below the minimum.
    SmallGroup,
    /// Beside a suppressed count.
    Secondary,
}

/// One count of a family.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) value: u64,
    /// Whether it is a sum of others; those are kept back last.
    pub(super) is_sum: bool,
    /// For staff, how many people its line is about.
    group: Option<u64>,
}

impl Count {
    pub(super) fn primary(&self, policy: Policy) -> Hiding {
        match self.group {
            Some(people) if people < policy.staff_minimum() => Hiding::SmallGroup,
            _ if policy.count(self.value).is_hidden() => Hiding::Primary,
            _ => Hiding::No,
        }
    }
}

/// Every count of the family as a numbered variable, and the sums between them.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) counts: Vec<Count>,
    pub(super) sums: Vec<(usize, Vec<usize>)>,
    everybody: usize,
    /// Per split and line: how many people.
    bases: Vec<Vec<usize>>,
    blocks: Vec<BlockLayout>,
}

#[derive(Debug)]
struct BlockLayout {
    overall: Vec<usize>,
    /// Per split and line: the cells.
    splits: Vec<Vec<Vec<usize>>>,
}

impl Layout {
    pub(super) fn of(family: &Family) -> Layout {
        let mut layout = Layout::default();
        let Some(first) = family.blocks.first() else { return layout };
        let base_values = first.bases();
        let people: u64 = base_values.first().map_or(0, |lines| lines.iter().sum());
        let group = |base: u64| family.staff.then_some(base);
        layout.everybody = layout.count(people, true, group(people));
        for lines in &base_values {
            let bases: Vec<usize> = lines.iter().map(|&base| layout.count(base, true, group(base))).collect();
            layout.sums.push((layout.everybody, bases.clone()));
            layout.bases.push(bases);
        }
        for block in &family.blocks {
            let at = |line: &[u64], column: usize| line.get(column).copied().unwrap_or(0);
            let total =
                |column| block.splits.first().map_or(0, |lines| lines.iter().map(|l| at(l, column)).sum());
            let overall: Vec<usize> =
                (0..block.columns).map(|c| layout.count(total(c), true, group(people))).collect();
            layout.sums.push((layout.everybody, overall.clone()));
            let mut splits = Vec::with_capacity(block.splits.len());
            for (split, lines) in block.splits.iter().enumerate() {
                let mut numbered = Vec::with_capacity(lines.len());
                for (place, line) in lines.iter().enumerate() {
                    let base = base_values[split][place];
                    let cells: Vec<usize> =
                        (0..block.columns).map(|c| layout.count(at(line, c), false, group(base))).collect();
                    layout.sums.push((layout.bases[split][place], cells.clone()));
                    numbered.push(cells);
                }
                for (column, &total) in overall.iter().enumerate() {
                    layout.sums.push((total, numbered.iter().map(|cells| cells[column]).collect()));
                }
                splits.push(numbered);
            }
            layout.blocks.push(BlockLayout { overall, splits });
        }
        layout
    }

    fn count(&mut self, value: u64, is_sum: bool, group: Option<u64>) -> usize {
        self.counts.push(Count { value, is_sum, group });
        self.counts.len() - 1
    }

    /// The counts that stand in a sum with this one.
    pub(super) fn beside(&self, count: usize) -> BTreeSet<usize> {
        let sums = self.sums.iter().filter(|(total, parts)| *total == count || parts.contains(&count));
        sums.flat_map(|(total, parts)| parts.iter().copied().chain([*total])).collect()
    }

    pub(super) fn print(&self, shown: &dyn Fn(usize) -> Shown) -> Vec<Protected> {
        let row = |cells: &[usize], base: usize| ProtectedRow {
            cells: cells.iter().map(|&i| shown(i)).collect(),
            base: shown(base),
        };
        let print_block = |block: &BlockLayout| Protected {
            overall: row(&block.overall, self.everybody),
            splits: block
                .splits
                .iter()
                .zip(&self.bases)
                .map(|(lines, bases)| {
                    lines.iter().zip(bases).map(|(cells, &base)| row(cells, base)).collect()
                })
                .collect(),
        };
        self.blocks.iter().map(print_block).collect()
    }
}
