//! The soak of sync, short: it has to be able to run, and to find nothing.

use nightjar_simulation::sync::sync;

#[test]
fn cut_killed_and_put_back_nothing_is_lost_or_doubled() {
    let found = sync(211, 40, 1);
    assert_eq!((found.lost, found.doubled), (0, 0), "{found:?}");
    assert!(found.cut[0] > 0 && found.cut[1] > 0 && found.failed > 0, "{found:?}");
}
