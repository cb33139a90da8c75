//! One scope in the course of a sync.

use nightjar_seal::{Line, Roster};

use crate::Failure;
use crate::event::Event;
use crate::exchange::Comparison;
use crate::plan::ScopePlan;
use crate::wire::{Applied, Begin, Glimpse, Incarnation, Mark, Reason, Shown, Standing, Wish};

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) plan: ScopePlan,
    /// The hub's head, as last heard.
    pub(crate) head: Option<Mark>,
    /// The last place acknowledged in this exchange.
    pub(crate) through: u64,
    /// On which line.
    pub(crate) line: Option<Line>,
    /// Set when a loss was noticed while pushing or pulling, so that a hub cannot keep the exchange in a circle.
    pub(crate) lost: bool,
    /// Whether it is to be compared with what the hub holds, before anything is pushed.
    pub(crate) compares: bool,
    /// Whether that was done or given up in this exchange, and so is not tried again.
    pub(crate) compared: bool,
    pub(crate) comparison: Option<Comparison>,
}

impl Scope {
    pub(crate) fn new(plan: ScopePlan) -> Self {
        let compares = plan.compare;
        Self {
            plan,
            head: None,
            through: 0,
            line: None,
            lost: false,
            compares,
            compared: false,
            comparison: None,
        }
    }

    /// Whether there is nothing (more) to pull.
    pub(crate) fn caught_up(&self) -> bool {
        let nothing = |head: &Mark| match self.plan.memory.pulled {
            Some(pulled) => pulled == *head,
            None => head.sequence == 0,
        };
        !self.plan.pull || self.head.as_ref().is_some_and(nothing)
    }

    /// What a greeting shows of this scope, to a hub of whose life these marks are.
    pub(crate) fn shown(&self, life: Option<Incarnation>) -> Shown {
        let [pulled, pushed] = self.marks(life);
        let glimpse = |mark: Option<Mark>| mark.map(Glimpse::from);
        Shown {
            scope: self.plan.scope,
            pulled: glimpse(pulled),
            pushed: glimpse(pushed),
            heard: self.plan.learn.then_some(self.plan.memory.heard),
            wish: self.plan.pull.then_some(Wish { without: self.plan.without }),
        }
    }

    /// The marks of a life that a greeting shows: of the last pull, and of the last push where that lies beyond it. What was pulled passed
    /// the mark of any push before it.
    fn marks(&self, life: Option<Incarnation>) -> [Option<Mark>; 2] {
        let of_life = |mark: &Mark| Some(mark.incarnation) == life;
        let pulled = self.plan.memory.pulled.filter(of_life);
        let beyond = |mark: &Mark| pulled.is_none_or(|pulled| pulled.sequence < mark.sequence);
        [pulled, self.plan.memory.pushed.filter(of_life).filter(beyond)]
    }

    /// How a hub stands here that says that nothing has changed.
    pub(crate) fn unchanged(&self, life: Incarnation) -> Standing {
        let [pulled, pushed] = self.marks(Some(life));
        let head = pushed.or(pulled).unwrap_or(Mark::start(life));
        Standing { head, holds: true, applied: Vec::new(), batches: Vec::new() }
    }

    /// What the hub's answer to the greeting says about this scope; whether the hub holds what it held.
    pub(crate) fn stand(&mut self, standing: &Standing, roster: &Roster, events: &mut Vec<Event>) -> bool {
        let memory = &self.plan.memory;
        let shown = [memory.pulled, memory.pushed].into_iter().flatten();
        let lost =
            !standing.holds || shown.into_iter().any(|mark| mark.incarnation != standing.head.incarnation);
        let lost = lost && (memory.pulled.is_some() || memory.pushed.is_some());
        if lost {
            events.extend(self.lose());
            // Noticed before anything was pushed or pulled: one more loss may still be noticed on the way.
            self.lost = false;
        }
        self.head = Some(standing.head);
        // A vector that does not verify only means that custody lasts longer.
        let proven = |applied: &Applied| {
            applied.scope() == self.plan.scope
                && roster.evaluators().any(|member| applied.verify(&member.public).is_ok())
        };
        let heard: Vec<_> = standing.applied.iter().filter(|applied| proven(applied)).cloned().collect();
        if !heard.is_empty() && heard.len() == standing.applied.len() {
            let (scope, applied) = (self.plan.scope, Standing::heard(&heard));
            self.plan.memory.heard = applied;
            events.push(Event::Heard { scope, applied });
        }
        events.extend(heard.into_iter().map(Event::Applied));
        !lost
    }

    /// The mark up to which the log was seen: by the last pull, or by a push beyond it.
    pub(crate) fn furthest(&self) -> Option<Mark> {
        let memory = &self.plan.memory;
        [memory.pulled, memory.pushed].into_iter().flatten().max_by_key(|mark| mark.sequence)
    }

    /// The hub does not hold what it held. What of that is missing is found out once: a second time everything is offered.
    pub(crate) fn lose(&mut self) -> Vec<Event> {
        self.lost = true;
        self.compares = !self.compared;
        self.comparison = None;
        (self.through, self.line) = (0, None);
        self.head = None;
        self.plan.memory.pulled = None;
        self.plan.memory.pushed = None;
        self.plan.memory.heard = Begin::default();
        let scope = self.plan.scope;
        let given_up = self.compared.then_some(Event::NotCompared { scope });
        std::iter::once(Event::HubLostData { scope }).chain(given_up).collect()
    }

    /// A refusal that concerns this scope alone; anything else ends the sync.
    pub(crate) fn refused(&self, failure: Failure) -> Result<Event, Failure> {
        match failure {
            // What one scope has no room for hinders neither another nor what comes the other way.
            Failure::Refused(refusal)
                if refusal.reason == Reason::QuotaReached
                    || matches!(refusal.reason.status(), 403 | 409 | 413 | 422) =>
            {
                match refusal.reason {
                    Reason::UnknownDevice => Err(Failure::Refused(refusal)),
                    _ => Ok(Event::ScopeRefused { scope: self.plan.scope, refusal }),
                }
            }
            failure => Err(failure),
        }
    }
}
