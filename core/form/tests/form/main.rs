//! The reader and the engine, driven from outside with workbooks made on the spot.

mod answering;
mod divergences;
mod entities;
mod expressions;
mod faults;
mod files;
mod fixture;
mod hostile;
mod languages;
mod reading;
mod repeats;
mod replay;
mod tables;
