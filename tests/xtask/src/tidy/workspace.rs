//! What Cargo knows about the workspace, reduced to what the rules look at.

use std::collections::BTreeMap;
use std::path::Path;

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand, Package};

use crate::checkout::Checkout;
use crate::failure::{At, Failure};

/// The workspace as the rules see it.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) members: Vec<Member>,
    /// Every package of others that any member may pull in.
    pub(super) licensed: Vec<Licensed>,
    pub(super) manifests: Vec<Manifest>,
}

/// A crate of ours.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// Its folder, such as `core/form`.
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
    /// The features that are on unless switched off, with what they switch on.
    pub(super) default_features: Vec<String>,
    /// Every feature, with what it switches on.
    pub(super) features: BTreeMap<String, Vec<String>>,
}

/// A direct dependency as the manifest declares it; for building, running or testing alike.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) optional: bool,
    /// Only for tests, examples and benchmarks.
    pub(super) development: bool,
    pub(super) default_features: bool,
    pub(super) features: Vec<String>,
}

/// A package of others and its licence as an SPDX expression.
#[derive(Debug, Clone)]
pub(super) struct Licensed {
    pub(super) package: String,
    pub(super) licence: Option<String>,
}

/// The text of a member's `Cargo.toml`.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) path: String,
    pub(super) text: String,
}

/// Asks Cargo.
pub(super) fn read(checkout: &Checkout) -> Result<Workspace, Failure> {
    let metadata =
        MetadataCommand::new().current_dir(&checkout.root).features(CargoOpt::AllFeatures).exec().map_err(
            |problem| Failure::NotUnderstood { what: "cargo metadata".into(), problem: problem.to_string() },
        )?;
    let mut workspace = Workspace::default();
    for package in &metadata.packages {
        if metadata.workspace_members.contains(&package.id) {
            workspace.members.push(member(&metadata, package));
            let text =
                std::fs::read_to_string(&package.manifest_path).at("reading", &package.manifest_path)?;
            workspace
                .manifests
                .push(Manifest { path: relative(&metadata, package.manifest_path.as_ref()), text });
        } else {
            let package_name = format!("{} {}", package.name, package.version);
            workspace.licensed.push(Licensed { package: package_name, licence: package.license.clone() });
        }
    }
    Ok(workspace)
}

fn member(metadata: &Metadata, package: &Package) -> Member {
    let manifest = relative(metadata, package.manifest_path.as_ref());
    let dependencies = package.dependencies.iter().map(|dependency| Dependency {
        name: dependency.name.clone(),
        optional: dependency.optional,
        development: dependency.kind == cargo_metadata::DependencyKind::Development,
        default_features: dependency.uses_default_features,
        features: dependency.features.clone(),
    });
    Member {
        name: package.name.to_string(),
        folder: manifest.trim_end_matches("/Cargo.toml").to_owned(),
        dependencies: dependencies.collect(),
        default_features: package.features.get("default").cloned().unwrap_or_default(),
        features: package.features.clone().into_iter().collect(),
    }
}

fn relative(metadata: &Metadata, path: &Path) -> String {
    path.strip_prefix(&metadata.workspace_root).unwrap_or(path).display().to_string()
}
