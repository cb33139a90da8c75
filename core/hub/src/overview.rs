//! What a hub holds, for whoever runs it.

use std::path::Path;

use nightjar_seal::{Roster, ScopeTag, StudyTag};
use rusqlite::params;

use crate::database::FILE;
use crate::{Failure, RESPONSES, copies};

/// One study at a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyOverview {
    /// Its tag.
    pub tag: StudyTag,
    /// What people call it, as the founding entry says in clear.
    pub title: String,
    /// Devices that may connect.
    pub devices: u64,
    /// Devices that were put out.
    pub put_out: u64,
    /// Its logs.
    pub scopes: Vec<ScopeOverview>,
}

/// One log at a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeOverview {
    /// `responses`, `ward`, or the beginning of its tag.
    pub name: String,
    /// Envelopes, those erased with them.
    pub envelopes: u64,
    /// Bytes of what is held of them.
    pub bytes: u64,
    /// Records that were taken out.
    pub taken_out: u64,
    /// Seconds since 1970-01-01 UTC at which the last envelope came.
    pub last: Option<u64>,
}

/// What the hub in `data` holds, which may be running.
///
/// # Errors
/// [`Failure::NotAHub`], [`Failure::Database`].
pub fn overview(data: &Path) -> Result<Vec<StudyOverview>, Failure> {
    let file = data.join(FILE);
    let connection = copies::read(&file)?;
    let broken = |source| Failure::Database { file: file.clone(), source };
    let run = || -> rusqlite::Result<Vec<StudyOverview>> {
        let mut studies = Vec::new();
        let mut tags = connection.prepare("SELECT DISTINCT study FROM roster ORDER BY study")?;
        for tag in tags.query_map([], |row| row.get::<_, [u8; 16]>(0))? {
            let tag = tag?;
            let mut entries =
                connection.prepare("SELECT entry FROM roster WHERE study = ?1 ORDER BY place")?;
            let entries = entries.query_map([tag], |row| row.get(0))?.collect::<Result<Vec<Vec<u8>>, _>>()?;
            let roster = Roster::read(entries.iter().map(Vec::as_slice)).ok();
            let members = || roster.iter().flat_map(|roster| roster.members().values());
            let mut scopes = Vec::new();
            let mut logs = connection.prepare(
                "SELECT scope.tag, scope.sequence, (SELECT coalesce(sum(length(bytes)), 0) FROM log WHERE log.scope = scope.id),
                        (SELECT count(*) FROM erased WHERE erased.scope = scope.id),
                        (SELECT received FROM log WHERE log.scope = scope.id ORDER BY sequence DESC LIMIT 1)
                 FROM scope WHERE study = ?1 ORDER BY tag",
            )?;
            let mut rows = logs.query(params![tag])?;
            while let Some(row) = rows.next()? {
                scopes.push(ScopeOverview {
                    name: name(&StudyTag(tag), ScopeTag(row.get(0)?)),
                    envelopes: row.get(1)?,
                    bytes: row.get(2)?,
                    taken_out: row.get(3)?,
                    last: row.get(4)?,
                });
            }
            scopes.sort_by(|a, b| a.name.cmp(&b.name));
            studies.push(StudyOverview {
                tag: StudyTag(tag),
                title: roster.as_ref().map(|roster| roster.title().to_owned()).unwrap_or_default(),
                devices: members().filter(|member| member.revoked.is_none()).count() as u64,
                put_out: members().filter(|member| member.revoked.is_some()).count() as u64,
                scopes,
            });
        }
        Ok(studies)
    };
    run().map_err(broken)
}

fn name(study: &StudyTag, scope: ScopeTag) -> String {
    let known = [RESPONSES, "ward"].into_iter().find(|name| ScopeTag::of(study, name) == scope);
    known.map_or_else(|| scope.to_string().chars().take(8).collect(), str::to_owned)
}
