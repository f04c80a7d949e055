//! What is granted, held against what is installed.

use std::collections::BTreeSet;

use serde::Serialize;

use super::claude::Installed;
use crate::wire::views::Info;

/// What differs. Names are the plugins' own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Installed, and of another version than what is granted.
    pub outdated: Vec<String>,
    /// Installed, and not granted any more.
    pub revoked: Vec<String>,
    /// Granted, and not installed.
    pub absent: Vec<String>,
    /// Installed, and switched off.
    pub disabled: Vec<String>,
}

impl Differences {
    #[must_use]
    pub fn between(info: &Info, installed: &[Installed]) -> Self {
        let ours: Vec<_> =
            installed.iter().filter_map(|one| Some((one.of(&info.marketplace_name)?, one))).collect();
        let mut found = Self::default();
        for plugin in &info.plugins {
            match ours.iter().find(|(name, _)| *name == plugin.name) {
                None => found.absent.push(plugin.name.clone()),
                Some((_, one)) => {
                    if plugin.version.is_some() && one.version != plugin.version {
                        found.outdated.push(plugin.name.clone());
                    }
                    if one.enabled == Some(false) {
                        found.disabled.push(plugin.name.clone());
                    }
                }
            }
        }
        let granted: BTreeSet<&str> = info.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        let gone =
            ours.iter().filter(|(name, _)| !granted.contains(name)).map(|(name, _)| (*name).to_owned());
        found.revoked = gone.collect();
        found
    }
}
