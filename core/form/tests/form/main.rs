//! The reader and the engine, driven from outside with workbooks made on the spot.

mod advice;
mod answering;
mod bounded;
mod difference;
mod divergences;
mod entities;
mod expressions;
mod faults;
mod fhir;
mod files;
mod fixture;
mod hostile;
mod hostile_xforms;
mod languages;
mod migration;
mod paper;
mod reading;
mod repeats;
mod replay;
mod submissions;
mod tables;
mod xform_out;
mod xforms;
