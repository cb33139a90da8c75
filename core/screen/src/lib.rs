//! The ward screen: local pages over the facade. Empty so far; `nightjar collect` asks the same questions in a terminal.
