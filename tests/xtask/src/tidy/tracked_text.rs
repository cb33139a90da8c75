//! No file names a package registry's host (mirrors differ from place to place) or a path of somebody's machine.

use super::Problem;
use super::tracked::Tracked;

/// Hosts, in two parts so that this file does not break the rule itself.
const HOSTS: [(&str, &str); 12] = [
    ("crates", ".io/"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("pypi", ".org"),
    ("files.pythonhosted", ".org"),
    ("repo.maven.apache", ".org"),
    ("repo1.maven", ".org"),
    ("registry.npmjs", ".org"),
    ("proxy.golang", ".org"),
    ("deb.debian", ".org"),
    ("security.debian", ".org"),
    ("snapshot.debian", ".org"),
];

/// Folders of machines, in two parts for the same reason.
const FOLDERS: [(&str, &str); 4] = [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/Use", "rs/")];

/// Cargo writes the registry's name into its lock file; the name is part of every package's identity.
const EXEMPT: [&str; 1] = ["Cargo.lock"];

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| !EXEMPT.contains(&file.path.as_str())) {
        for (number, line) in file.text.as_deref().unwrap_or_default().lines().enumerate() {
            let place = format!("{}:{}", file.path, number + 1);
            problems.extend(of_line(&place, line));
        }
    }
    problems
}

fn of_line(place: &str, line: &str) -> Option<Problem> {
    let host = HOSTS.iter().map(|(a, b)| format!("{a}{b}")).find(|host| line.contains(host));
    if let Some(host) = host {
        let what = format!("names the registry host {host}");
        return Some(Problem::error(place, what, "leave hosts to the configuration of each machine"));
    }
    let folder = FOLDERS.iter().map(|(a, b)| format!("{a}{b}")).find(|folder| has_folder(line, folder))?;
    let what = format!("names the machine path {folder}");
    Some(Problem::error(place, what, "use a path from the checkout or from the environment"))
}

/// Whether an absolute path in the line begins with the folder; `a/work/b` is none.
fn has_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || "/._-}$*)".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str) -> bool {
        !check(&[Tracked::text("README.md", text)]).is_empty()
    }

    #[test]
    fn hosts_and_machine_paths_are_found() {
        for (a, b) in HOSTS {
            assert!(finds(&format!("a line\nsee https://{a}{b}/x")), "{a}{b}");
        }
        for (a, b) in FOLDERS {
            assert!(finds(&format!("cd \"{a}{b}main\"")), "{a}{b}");
        }
    }

    #[test]
    fn relative_paths_and_other_hosts_are_not() {
        assert!(!finds(&format!("a{}{}b", "/wo", "rk/")));
        assert!(!finds("xmlns=\"http://maven.apache.org/POM/4.0.0\""));
        assert!(!finds("published to crates.io"));
    }

    #[test]
    fn the_place_is_the_line() {
        let problems = check(&[Tracked::text("a.md", format!("one\n{}{}x", "/ro", "ot/"))]);
        assert_eq!(problems[0].place, "a.md:2");
    }
}
