//! The study pack built into the program is read by a macro, which does not notice new files by itself.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../studies/sleepwell");
}
