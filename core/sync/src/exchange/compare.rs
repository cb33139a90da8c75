//! The part of a sync in which a device and the hub compare what they hold of a scope, so that only what is missing is offered and pulled
//! again.

use nightjar_seal::EnvelopeId;

use super::{Exchange, Phase};
use crate::event::Event;
use crate::http_message::{Request, Response};
use crate::ranges::{Asking, Differing, IdSet};
use crate::request::answer;
use crate::scope::Scope;
use crate::wire::{self, Begin, Mark, Message, Ranged, Ranges, RangesAsked, RangesTold, Reason, Refusal};
use crate::{Failure, bounds};

/// A comparison while it runs.
#[derive(Debug)]
pub(crate) struct Comparison {
    own: bool,
    up_to: Option<Mark>,
    next: RangesAsked,
    asking: Asking,
    rounds: usize,
}

/// Where a comparison stands after an answer.
enum Heard {
    AskOn,
    /// It is done: the log up to a mark, and the mark up to which everything in it is held here.
    Done {
        up_to: Mark,
        held_to: Mark,
    },
    /// What came cannot be.
    Nonsense,
}

impl Comparison {
    fn begin(ids: Vec<EnvelopeId>, own: bool, up_to: Option<Mark>) -> Result<Self, Failure> {
        let (asking, message) = Asking::begin(IdSet::new(ids.into_iter())?)?;
        Ok(Self { own, up_to, next: RangesAsked::Message(message), asking, rounds: 0 })
    }

    fn question(&self) -> Vec<u8> {
        Ranges { own: self.own, up_to: self.up_to, asked: self.next.clone() }.encode()
    }

    fn hear(&mut self, ranged: Ranged, head: Option<Mark>) -> Heard {
        // What is compared stays the log as it was at the first question, however it grows, in the life that the hub told before.
        let is_other = |mark: Mark| mark.incarnation != ranged.up_to.incarnation;
        if self.up_to.is_some_and(|up_to| up_to != ranged.up_to) || head.is_some_and(is_other) {
            return Heard::Nonsense;
        }
        // A log holds no envelope twice.
        if !self.own && ranged.count != ranged.up_to.sequence {
            return Heard::Nonsense;
        }
        self.up_to = Some(ranged.up_to);
        let (up_to, place) = (ranged.up_to, matches!(self.next, RangesAsked::Place(_)));
        let message = match ranged.told {
            RangesTold::Before(held_to) if place => {
                let fits = held_to.incarnation == up_to.incarnation && held_to.sequence <= up_to.sequence;
                return if fits { Heard::Done { up_to, held_to } } else { Heard::Nonsense };
            }
            RangesTold::Message(message) if !place => message,
            _ => return Heard::Nonsense,
        };
        self.rounds += 1;
        match self.asking.hear(&message) {
            Ok(Some(_)) if self.rounds >= bounds::RANGES_ROUNDS => return Heard::Nonsense,
            Ok(Some(next)) => {
                self.next = RangesAsked::Message(next);
                return Heard::AskOn;
            }
            Ok(None) if self.asking.fits(ranged.count) => {}
            Ok(None) | Err(_) => return Heard::Nonsense,
        }
        let lacking = &self.asking.differing().lacking_here;
        if lacking.is_empty() || self.own {
            return Heard::Done { up_to, held_to: up_to };
        }
        if lacking.len() > bounds::LACKING {
            return Heard::Done { up_to, held_to: Mark::start(up_to.incarnation) };
        }
        self.next = RangesAsked::Place(lacking.iter().copied().collect());
        Heard::AskOn
    }
}

impl Exchange {
    /// Answers [`Step::NeedHeld`](crate::Step::NeedHeld) with the ids of envelopes that are held, each with its place in a chain. `None`: there
    /// is no need to compare now.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] where it was not asked for.
    pub fn supply_held(&mut self, held: Option<Vec<EnvelopeId>>) -> Result<(), Failure> {
        let (Phase::Compare(i), None) = (self.phase, &self.open) else {
            return Err(Failure::Unsendable("what is held was not asked for"));
        };
        let scope = &mut self.scopes[i];
        let comparison = held.map(|held| Comparison::begin(held, !scope.plan.pull, scope.furthest()));
        match comparison.transpose() {
            Ok(Some(comparison)) => scope.comparison = Some(comparison),
            // Too many: everything is offered.
            Ok(None) | Err(_) => {
                scope.compares = false;
                self.phase = Phase::Push(i);
            }
        }
        Ok(())
    }

    /// The next question of a comparison.
    pub(super) fn question(&self, scope: &Scope, comparison: &Comparison) -> Request {
        let path = wire::ranges_path(self.roster.study(), scope.plan.scope);
        Request { path, body: comparison.question(), signed: true }
    }

    pub(super) fn on_ranged(&mut self, response: &Response) -> Result<Vec<Event>, Failure> {
        let Phase::Compare(i) = self.phase else { return Err(Failure::Unasked("nothing was compared")) };
        let scope = &mut self.scopes[i];
        let Some(mut comparison) = scope.comparison.take() else {
            return Err(Failure::Unasked("nothing was compared"));
        };
        let heard = match answer::<Ranged>(response) {
            Ok(ranged) if ranged.asked != Begin::of_all([comparison.question().as_slice()]) => {
                scope.comparison = Some(comparison);
                return Err(Failure::Unasked("the answer is to another question about ranges"));
            }
            Ok(ranged) => comparison.hear(ranged, scope.head),
            // What ends every sync, or passes with time.
            Err(Failure::Refused(refusal)) if ends(&refusal) => {
                scope.comparison = Some(comparison);
                return Err(Failure::Refused(refusal));
            }
            // A hub that does not compare, or says what cannot be: everything is offered.
            Err(_) => Heard::Nonsense,
        };
        if matches!(heard, Heard::AskOn) {
            scope.comparison = Some(comparison);
            return Ok(Vec::new());
        }
        (scope.compares, scope.compared) = (false, true);
        self.phase = Phase::Push(i);
        let tag = scope.plan.scope;
        let Heard::Done { up_to, held_to } = heard else {
            return Ok(vec![Event::NotCompared { scope: tag }]);
        };
        let pulls = scope.plan.pull;
        let memory = &mut scope.plan.memory;
        memory.pushed = Some(up_to);
        if pulls {
            memory.pulled = Some(held_to);
        }
        let Differing { lacking_there, lacking_here } = comparison.asking.differing().clone();
        Ok(vec![Event::Compared {
            scope: tag,
            lacking_there,
            lacking_here: lacking_here.len() as u64,
            pushed: up_to,
            pulled: pulls.then_some(held_to),
        }])
    }
}

fn ends(refusal: &Refusal) -> bool {
    let about_the_device = matches!(
        refusal.reason,
        Reason::UnknownStudy
            | Reason::UnknownDevice
            | Reason::BadSignature
            | Reason::StaleTime
            | Reason::Replayed
    );
    about_the_device || Failure::Refused(refusal.clone()).passes()
}
