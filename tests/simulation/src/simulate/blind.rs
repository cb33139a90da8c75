//! Each safeguard taken away in turn: a run has to notice.

use nightjar_seal::Safeguard;

use super::found::Invariant;

/// A safeguard, how it is taken away, and what has to be noticed.
#[derive(Clone)]
pub struct Without {
    /// What it is.
    pub name: &'static str,
    /// The switch in the product, where it cannot be taken away from outside.
    pub(super) switch: Option<Safeguard>,
    /// What is done to every vault.
    pub(super) vault: Option<&'static str>,
    /// What is done to the hub's database.
    pub(super) hub: Option<&'static str>,
    /// Whether a hub that is put back says so.
    pub(super) renews: bool,
    /// How many ward records there are.
    pub(super) records: i64,
    /// Of so many acts four end in a crash and one meets a full disk.
    pub(super) calm_acts: u32,
    /// Whether all other steps are drawn less often.
    pub(super) rest_is_rare: bool,
    /// Steps that are drawn more often, or less.
    pub(super) more: &'static [(&'static str, u32)],
    /// Any of these has to be seen not to hold.
    pub notices: &'static [Invariant],
}

const ON: Without = Without {
    name: "",
    switch: None,
    vault: None,
    hub: None,
    renews: true,
    records: 4,
    calm_acts: 60,
    rest_is_rare: false,
    more: &[],
    notices: &[],
};

/// Every safeguard that a run can do without.
#[must_use]
pub fn safeguards() -> Vec<Without> {
    use Invariant as I;
    let inside = |name, switch, more, notices| Without { name, switch: Some(switch), more, notices, ..ON };
    let in_vault = |name, sql, more, notices| Without { name, vault: Some(sql), more, notices, ..ON };
    let at_hub = |name, sql, more, notices| Without { name, hub: Some(sql), more, notices, ..ON };
    vec![
        inside("bodies are sealed", Safeguard::Sealing, &[("response", 30), ("sync", 60)], &[I::NoCanary]),
        at_hub(
            "a push is idempotent on the envelope's id",
            "CREATE TRIGGER forgets AFTER INSERT ON log BEGIN UPDATE log SET envelope = randomblob(32) WHERE at = NEW.at; END;",
            &[("ward record", 30), ("sync", 80)],
            &[I::NothingDoubled],
        ),
        inside(
            "the hub's log is covered by its hash",
            Safeguard::LogHash,
            &[("hub begins to equivocate", 20), ("hub ends to equivocate", 10), ("response", 20), ("ward record", 20)],
            &[I::NothingMissing, I::CursorSkipsNothing, I::Settles],
        ),
        Without {
            name: "a hub that is put back begins a new life of its log",
            renews: false,
            rest_is_rare: true,
            more: &[
                ("sync", 60),
                ("hub backup", 20),
                ("hub restored from an old copy", 20),
                ("hub begins to equivocate", 0),
                ("response", 20),
                ("ward record", 20),
            ],
            notices: &[I::CustodyHeard, I::NothingMissing],
            ..ON
        },
        Without {
            rest_is_rare: true,
            ..inside(
                "a second chain of one line is a fork",
                Safeguard::ForkCheck,
                &[
                    ("copy", 20),
                    ("restore beneath the file", 20),
                    ("bundle export", 25),
                    ("bundle import", 40),
                    ("ward record", 30),
                    ("sync", 15),
                ],
                &[I::Accounted],
            )
        },
        in_vault(
            "a copy of a vault writes on a line of its own",
            "CREATE TRIGGER stays BEFORE INSERT ON setting WHEN NEW.name = 'line' AND EXISTS (SELECT 1 FROM setting WHERE name = 'line')
             BEGIN SELECT RAISE(IGNORE); END;",
            &[("copy", 20), ("restore from an old copy", 15), ("clone", 8), ("ward record", 20)],
            &[I::Settles, I::NothingMissing],
        ),
        inside(
            "every change is by an actor of its own",
            Safeguard::FreshActor,
            &[("copy", 10), ("restore from an old copy", 8), ("clone", 12), ("edit", 60), ("ward record", 10)],
            &[I::Accounted, I::SameState],
        ),
        Without {
            rest_is_rare: true,
            ..inside(
                "what a device wrote after it was put out counts up to its last good place",
                Safeguard::LastGoodPlace,
                &[
                    ("revoke", 12),
                    ("bundle export", 30),
                    ("bundle import", 60),
                    ("ward record", 40),
                    ("edit", 20),
                    ("sync", 30),
                ],
                &[I::RevokedAddsNothing],
            )
        },
        Without {
            calm_acts: 10,
            ..inside(
                "what came is stored before the cursor moves",
                Safeguard::StoreFirst,
                &[("ward record", 40), ("response", 30), ("sync", 80)],
                &[I::CursorSkipsNothing],
            )
        },
        in_vault(
            "what was acknowledged is offered again to a hub that lost it",
            "CREATE TRIGGER keeps BEFORE UPDATE OF state ON outbox WHEN OLD.state = 1 AND NEW.state = 0 BEGIN SELECT RAISE(IGNORE); END;",
            &[("hub backup", 10), ("hub restored from an old copy", 10), ("ward record", 20), ("response", 20)],
            &[I::NothingMissing],
        ),
        in_vault(
            "bytes are kept until hub and evaluator have had them for long enough",
            "CREATE TRIGGER drops AFTER UPDATE OF state ON outbox WHEN NEW.state = 1 BEGIN
               UPDATE envelope SET body = x'', keys = NULL, more = NULL, state = 7 WHERE n = NEW.n AND state = 4;
               UPDATE outbox SET state = 4 WHERE n = NEW.n AND n IN (SELECT n FROM envelope WHERE state = 7);
             END;",
            &[("hub backup", 15), ("hub restored from an old copy", 15), ("response", 40)],
            &[I::NothingMissing],
        ),
        in_vault(
            "a withdrawal wins over what comes after it",
            "CREATE TRIGGER forgets AFTER INSERT ON withdrawn BEGIN DELETE FROM withdrawn WHERE record = NEW.record; END;",
            &[("response", 40), ("withdraw by receipt", 30), ("bundle export", 30), ("bundle import", 40)],
            &[I::StaysErased],
        ),
        at_hub(
            "the hub keeps nothing of what was taken out",
            "CREATE TRIGGER forgets BEFORE INSERT ON erased BEGIN SELECT RAISE(IGNORE); END;
             CREATE TRIGGER stays BEFORE UPDATE OF bytes ON log BEGIN SELECT RAISE(IGNORE); END;",
            &[("response", 30), ("withdraw by receipt", 20), ("sync", 60)],
            &[I::StaysErased],
        ),
        in_vault(
            "a conflict is shown",
            "CREATE TRIGGER hides AFTER INSERT ON record BEGIN UPDATE record SET conflict = 0 WHERE n = NEW.n; END;
             CREATE TRIGGER hides_still AFTER UPDATE ON record WHEN NEW.conflict = 1 BEGIN UPDATE record SET conflict = 0 WHERE n = NEW.n; END;",
            &[("ward record", 30), ("settle", 0)],
            &[I::ConflictsShown, I::SameState],
        ),
    ]
}
