//! The simulator is not blind: with each safeguard taken away in turn an invariant fails. In a program of its own, whose switches no
//! other test sees.

#![cfg(target_os = "linux")]

use nightjar_simulation::simulate::blind;

#[test]
fn the_absence_of_every_safeguard_is_noticed() {
    let found = blind(60, 1, 4, None, false);
    assert!(found.len() >= 14, "{found:?}");
    let unnoticed: Vec<_> = found.iter().filter(|noticed| noticed.invariant.is_none()).collect();
    assert!(unnoticed.is_empty(), "{unnoticed:?}");
}
