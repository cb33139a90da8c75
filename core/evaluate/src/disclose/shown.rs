use std::fmt;

/// A count that has been through a disclosure policy, or that was published as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown(State);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Exact(u64),
    Rounded(u64),
    Hidden,
    NotKnown,
}

impl Shown {
    pub(super) const HIDDEN: Shown = Shown(State::Hidden);

    pub(super) fn exact(n: u64) -> Shown {
        Shown(State::Exact(n))
    }

    pub(super) fn rounded(n: u64) -> Shown {
        Shown(State::Rounded(n))
    }

    /// A count from a published, cited table: printed as published.
    pub(crate) fn published(n: u64) -> Shown {
        Shown(State::Exact(n))
    }

    /// A count of things that are not people: tablets that reported, items of an instrument, records in conflict.
    pub(crate) fn of_things(n: u64) -> Shown {
        Shown(State::Exact(n))
    }

    /// This count if `shown` holds, kept back otherwise.
    pub(crate) fn only_if(self, shown: bool) -> Shown {
        if shown { self } else { Shown::HIDDEN }
    }

    /// A denominator nobody recorded. Printed "not known", never guessed.
    pub const NOT_KNOWN: Shown = Shown(State::NotKnown);

    /// The printed number, if one is printed.
    pub fn number(self) -> Option<u64> {
        match self.0 {
            State::Exact(n) | State::Rounded(n) => Some(n),
            State::Hidden | State::NotKnown => None,
        }
    }

    /// Whether the policy keeps the count back.
    pub fn is_hidden(self) -> bool {
        self.0 == State::Hidden
    }

    /// Whether the number is printed as counted.
    pub fn is_exact(self) -> bool {
        matches!(self.0, State::Exact(_))
    }

    /// Whether nobody recorded the count.
    pub fn is_not_known(self) -> bool {
        self.0 == State::NotKnown
    }
}

impl fmt::Display for Shown {
    /// The number, `*` when kept back, `not known` when nobody recorded it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            State::Exact(n) | State::Rounded(n) => write!(f, "{n}"),
            State::Hidden => f.write_str("*"),
            State::NotKnown => f.write_str("not known"),
        }
    }
}
