//! placeholder
use crate::checkout::Checkout;
use crate::command_line::FuzzArguments;
use crate::failure::Failure;
pub(crate) fn run(_: &Checkout, _: &FuzzArguments) -> Result<bool, Failure> { Ok(false) }
