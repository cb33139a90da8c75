//! The soak of sync, short: it has to be able to run, and to find nothing.

use nightjar_simulation::sync::{sync, sync_over_postgres};

#[test]
fn cut_killed_put_back_full_and_lied_to_nothing_is_lost_or_doubled() {
    let found = sync(211, 80, 1);
    assert!(found.is_sound(), "{found}");
    assert!(found.cut[0] > 0 && found.cut[1] > 0, "{found}");
    assert!(found.broken[0] > 0 && found.broken[2] > 0 && found.noticed > 0, "{found}");
}

#[test]
fn over_a_database_that_falls_over_nothing_is_lost_or_doubled() {
    let Some(found) = sync_over_postgres(40, 1) else { return };
    assert!(found.is_sound(), "{found}");
    assert!(found.broken[1] > 0, "{found}");
}
