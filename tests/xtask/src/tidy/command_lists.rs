//! The commands that `core/ARCHITECTURE.md` lists are the commands there are.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::Problem;
use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::command_line;
use crate::failure::{At, Failure};
use crate::process;

const PLACE: &str = "core/ARCHITECTURE.md";

/// The text that lists commands, and the commands that the programs offer.
#[derive(Debug)]
pub(super) struct CommandLists {
    architecture: String,
    /// Program → its commands, such as `nightjar` → `hub serve`.
    programs: Vec<(&'static str, Vec<String>)>,
}

/// Asks the programs; builds `nightjar` for that.
pub(super) fn read(checkout: &Checkout) -> Result<CommandLists, Failure> {
    let path = checkout.root.join(PLACE);
    let architecture = fs::read_to_string(&path).at("reading", &path)?;
    let mut build = cargo(checkout);
    build.args(["build", "--quiet", "--package", "nightjar-cli"]);
    process::run_well("building nightjar", &mut build, &checkout.log("tidy-build")?)?;
    let answer = process::answer(Command::new(checkout.program()).arg("commands"))?;
    let nightjar = answer.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    Ok(CommandLists {
        architecture,
        programs: vec![("nightjar", nightjar), ("xtask", command_line::commands())],
    })
}

pub(super) fn check(lists: &CommandLists) -> Vec<Problem> {
    lists
        .programs
        .iter()
        .flat_map(|(program, offered)| of_program(&lists.architecture, program, offered))
        .collect()
}

fn of_program(architecture: &str, program: &str, offered: &[String]) -> Vec<Problem> {
    let Some(listed) = listed(architecture, program) else {
        let what = format!("has no fenced list after <!-- commands: {program} -->");
        return vec![Problem::error(PLACE, what, "add the list, one command a line")];
    };
    let offered: BTreeSet<&str> = offered.iter().map(String::as_str).collect();
    let not_listed = offered.difference(&listed).map(|command| {
        Problem::error(
            PLACE,
            format!("does not list the command `{command}` of {program}"),
            "add a line for it",
        )
    });
    let not_offered = listed.difference(&offered).map(|command| {
        let what = format!("lists `{command}`, which {program} does not offer");
        Problem::error(PLACE, what, "remove the line, or write the command")
    });
    not_listed.chain(not_offered).collect()
}

/// The commands in the fence after the marker: a line's words up to two spaces, without the program's name.
fn listed<'a>(architecture: &'a str, program: &str) -> Option<BTreeSet<&'a str>> {
    let (_, after) = architecture.split_once(&format!("<!-- commands: {program} -->"))?;
    let fence = after.trim_start().strip_prefix("```")?;
    let (_, body) = fence.split_once('\n')?;
    let end = if body.starts_with("```") { 0 } else { body.find("\n```")? };
    let lines = body.get(..end)?.lines();
    let commands = lines.map(|line| {
        let command = line.split("  ").next().unwrap_or(line).trim();
        let command = command.strip_prefix("cargo ").unwrap_or(command);
        command.strip_prefix(program).map_or(command, str::trim_start)
    });
    Some(commands.filter(|command| !command.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: &str = "# A\n\n<!-- commands: nightjar -->\n```\n\
        nightjar demo        drives a study\n\
        nightjar hub serve   starts a hub\n\
        ```\n\n<!-- commands: xtask -->\n```\n```\n";

    fn problems(program: &'static str, offered: &[&str]) -> Vec<String> {
        let programs = vec![(program, offered.iter().map(|command| (*command).to_owned()).collect())];
        let lists = CommandLists { architecture: ARCHITECTURE.to_owned(), programs };
        check(&lists).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_lists_are_equal_in_any_order() {
        assert_eq!(problems("nightjar", &["hub serve", "demo"]), [""; 0]);
        assert_eq!(problems("xtask", &[]), [""; 0]);
    }

    #[test]
    fn a_command_on_one_side_only_is_found() {
        assert!(
            problems("nightjar", &["hub serve", "demo", "collect"])[0]
                .contains("does not list the command `collect`")
        );
        assert!(problems("nightjar", &["demo"])[0].contains("lists `hub serve`"));
        assert!(problems("xtask", &["tidy"])[0].contains("does not list the command `tidy`"));
    }

    #[test]
    fn a_missing_list_is_found() {
        assert!(problems("another", &[])[0].contains("no fenced list"));
    }
}
