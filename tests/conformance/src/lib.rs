//! Form and study cases of our own. The study that ships is checked in `tests/`; a runner for batches of cases comes with them.
