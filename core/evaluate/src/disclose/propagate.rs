/// What an attacker can bound: every count of a family of tables, and the sums that tie them together.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) low: Vec<i64>,
    pub(super) high: Vec<i64>,
    pub(super) sums: Vec<Sum>,
}

/// `total = Σ parts`, by variable number.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) total: usize,
    pub(super) parts: Vec<usize>,
}

/// Larger than any count; sums of a few of them still fit in an `i64`.
pub(super) const UNBOUNDED: i64 = 1 << 40;

impl Bounds {
    pub(super) fn variable(&mut self, low: i64, high: i64) -> usize {
        self.low.push(low);
        self.high.push(high);
        self.low.len() - 1
    }

    /// Narrows every variable by every sum until nothing changes. A variable whose bounds meet is determined.
    pub(super) fn narrow(&mut self) {
        // Narrowing of bounds can creep by one a round; a bound on rounds keeps hostile tables cheap. Stopping early
        // would only leave intervals too wide, so the bound is far beyond what tables of rounded counts need.
        for _ in 0..500 {
            if !self.narrow_once() {
                break;
            }
        }
    }

    fn narrow_once(&mut self) -> bool {
        let mut changed = false;
        for sum in &self.sums {
            let low: i64 = sum.parts.iter().map(|&p| self.low[p]).sum();
            let high: i64 = sum.parts.iter().map(|&p| self.high[p].min(UNBOUNDED)).sum();
            changed |= raise(&mut self.low[sum.total], low) | lower(&mut self.high[sum.total], high);
            let (total_low, total_high) = (self.low[sum.total], self.high[sum.total]);
            for &part in &sum.parts {
                let others_low = low - self.low[part];
                let others_high = high - self.high[part].min(UNBOUNDED);
                changed |= raise(&mut self.low[part], total_low - others_high);
                changed |= lower(&mut self.high[part], total_high - others_low);
            }
        }
        changed
    }
}

fn raise(bound: &mut i64, to: i64) -> bool {
    let higher = to > *bound;
    if higher {
        *bound = to;
    }
    higher
}

fn lower(bound: &mut i64, to: i64) -> bool {
    let smaller = to < *bound;
    if smaller {
        *bound = to;
    }
    smaller
}
