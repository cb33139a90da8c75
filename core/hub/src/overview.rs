//! What a hub holds, for whoever runs it.

use nightjar_seal::{Roster, ScopeTag, StudyTag};

use crate::store::{self, At, Done, Tx};
use crate::{Failure, RESPONSES};

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

/// What a hub holds, which may be running.
///
/// # Errors
/// [`Failure::NotAHub`], [`Failure::Database`], [`Failure::Postgres`], [`Failure::Unfit`].
pub fn overview(at: &At) -> Result<Vec<StudyOverview>, Failure> {
    store::look(at, |tx| tx.studies()?.into_iter().map(|study| of_study(tx, study)).collect())
}

fn of_study(tx: &mut dyn Tx, tag: StudyTag) -> Done<StudyOverview> {
    let entries = tx.roster(tag, 0)?;
    let roster = Roster::read(entries.iter().map(Vec::as_slice)).ok();
    let members = || roster.iter().flat_map(|roster| roster.members().values());
    let mut scopes = Vec::new();
    for row in tx.scopes(tag)? {
        let story = tx.story(row.id)?;
        scopes.push(ScopeOverview {
            name: name(&tag, row.tag),
            envelopes: row.sequence,
            bytes: story.bytes,
            taken_out: story.taken_out,
            last: story.last,
        });
    }
    scopes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(StudyOverview {
        tag,
        title: roster.as_ref().map(|roster| roster.title().to_owned()).unwrap_or_default(),
        devices: members().filter(|member| member.revoked.is_none()).count() as u64,
        put_out: members().filter(|member| member.revoked.is_some()).count() as u64,
        scopes,
    })
}

fn name(study: &StudyTag, scope: ScopeTag) -> String {
    let known = [RESPONSES, "ward"].into_iter().find(|name| ScopeTag::of(study, name) == scope);
    known.map_or_else(|| scope.to_string().chars().take(8).collect(), str::to_owned)
}
