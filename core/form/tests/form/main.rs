//! The reader and the engine, driven from outside with workbooks made on the spot.

mod answering;
mod expressions;
mod fixture;
mod hostile;
mod hostile_xforms;
mod languages;
mod reading;
mod repeats;
mod replay;
mod submissions;
mod xforms;
