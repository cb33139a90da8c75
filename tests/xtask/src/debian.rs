//! What a Debian host says about itself: which release it is and which mirror it uses.

use std::fs;
use std::path::Path;

/// A Debian host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Debian {
    /// Such as `bookworm`.
    codename: String,
}

/// The Debian this runs on, if it is one.
pub(crate) fn host() -> Option<Debian> {
    parse_release(&fs::read_to_string("/etc/os-release").ok()?)
}

fn parse_release(text: &str) -> Option<Debian> {
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    (value("ID")? == "debian").then_some(())?;
    Some(Debian { codename: value("VERSION_CODENAME")? })
}

impl Debian {
    /// The mirror in the host's own package sources, so that this project names none.
    pub(crate) fn mirror(&self) -> Option<String> {
        let mut texts = vec![fs::read_to_string("/etc/apt/sources.list").unwrap_or_default()];
        let mut more: Vec<_> =
            Path::new("/etc/apt/sources.list.d").read_dir().into_iter().flatten().flatten().collect();
        more.sort_by_key(fs::DirEntry::file_name);
        texts.extend(more.iter().map(|entry| fs::read_to_string(entry.path()).unwrap_or_default()));
        texts.iter().find_map(|text| self.mirror_in(text))
    }

    /// The first HTTP mirror of this release's main suite, from either format of package sources.
    fn mirror_in(&self, text: &str) -> Option<String> {
        self.mirror_in_list(text).or_else(|| self.mirror_in_stanzas(text))
    }

    /// `deb [options] http://mirror/debian bookworm main`
    fn mirror_in_list(&self, text: &str) -> Option<String> {
        text.lines().find_map(|line| {
            let rest = line.trim().strip_prefix("deb ")?.trim_start();
            let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
            let mut words = rest.split_whitespace();
            let (address, suite) = (words.next()?, words.next()?);
            (is_http(address) && suite == self.codename).then(|| address.to_owned())
        })
    }

    /// deb822: stanzas of `Types:`, `URIs:`, `Suites:`.
    fn mirror_in_stanzas(&self, text: &str) -> Option<String> {
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect();
        text.split("\n\n").find_map(|stanza| {
            let words = |name: &str| {
                let line = stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.unwrap_or("").split_whitespace()
            };
            let ours = words("Types").any(|kind| kind == "deb")
                && words("Suites").any(|suite| suite == self.codename)
                && !words("Enabled").any(|enabled| enabled == "no");
            let address = words("URIs").find(|address| is_http(address))?;
            ours.then(|| address.to_owned())
        })
    }
}

fn is_http(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bookworm() -> Debian {
        Debian { codename: "bookworm".into() }
    }

    #[test]
    fn only_debian_is_debian() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert_eq!(parse_release(debian), Some(bookworm()));
        assert_eq!(parse_release("ID=fedora\nVERSION_CODENAME=\"\"\n"), None);
    }

    #[test]
    fn the_mirror_is_found_in_stanzas() {
        let text = "Types: deb\n# a comment\nURIs: http://security.example/debian\nSuites: bookworm-security\n\n\
            Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";
        assert_eq!(bookworm().mirror_in(text).as_deref(), Some("http://mirror.example/debian"));
    }

    #[test]
    fn a_disabled_stanza_is_not_used() {
        let text = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nEnabled: no\n";
        assert_eq!(bookworm().mirror_in(text), None);
    }

    #[test]
    fn the_mirror_is_found_in_lists() {
        let text = "deb cdrom:[Debian]/ bookworm main\n\
            deb http://other.example/apt nodistro main\n\
            deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://mirror.example/debian bookworm main\n";
        assert_eq!(bookworm().mirror_in(text).as_deref(), Some("https://mirror.example/debian"));
    }
}
