//! The reader and the engine, driven from outside with workbooks made on the spot.

mod advice;
mod answering;
mod difference;
mod divergences;
mod expressions;
mod fhir;
mod fixture;
mod hostile;
mod languages;
mod migration;
mod paper;
mod reading;
mod repeats;
mod replay;
mod xform_out;
