//! What is broken or suspicious in a data folder, and what to do about it.

use std::collections::{HashMap, HashSet};
use std::fs;

use super::upstreams::served_commit;
use super::views::UserView;
use super::{Registry, Result};
use crate::domain::caller::{Caller, Right};
use crate::domain::note::{Note, shell_word};
use crate::domain::slug::Slug;
use crate::git;
use crate::store::accounts::ADMIN;
use crate::store::marketplaces::MarketplaceRow;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Broken,
    Suspicious,
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
}

/// A marketplace that was not synced for this long is likely one that cron forgot: two days, in
/// microseconds.
const STALE: i64 = 2 * 24 * 3_600 * 1_000_000;

impl Registry {
    /// Looks at everything. Changes nothing, but for not believing any more what it finds damaged.
    ///
    /// # Errors
    /// When the registry itself cannot be read.
    pub fn checkup(&self, caller: &Caller) -> Result<Vec<Finding>> {
        caller.may(Right::Administer)?;
        let mut findings = Vec::new();
        let marketplaces = self.store().marketplaces()?;
        for row in &marketplaces {
            self.check_marketplace(row, &mut findings)?;
        }
        self.check_plugins(&mut findings)?;
        self.check_access(caller, &mut findings)?;
        self.check_files(&marketplaces, &mut findings)?;
        findings.sort_by_key(|finding| finding.severity);
        Ok(findings)
    }

    fn check_marketplace(&self, row: &MarketplaceRow, findings: &mut Vec<Finding>) -> Result<()> {
        let slug = &row.id;
        let sync = Some(format!("agnes marketplace sync {slug}"));
        if let Some(error) = &row.last_error {
            let message = format!("the last sync of `{slug}` failed: {error}");
            findings.push(Finding {
                severity: Severity::Broken,
                code: "sync-failed",
                message,
                hint: sync.clone(),
            });
        }
        match row.last_synced_at {
            None => findings.push(Finding {
                severity: Severity::Suspicious,
                code: "never-synced",
                message: format!("`{slug}` was never synced, so nothing of it is served"),
                hint: sync.clone(),
            }),
            Some(at) if self.now() - at > STALE => findings.push(Finding {
                severity: Severity::Suspicious,
                code: "stale",
                message: format!("`{slug}` was last synced at {}", crate::domain::time::rfc3339(at)),
                hint: Some("does cron run `agnes marketplace sync`? See examples/crontab".into()),
            }),
            Some(_) => {}
        }
        let notes: Vec<Note> = serde_json::from_str(&row.notes).unwrap_or_default();
        if let Some(first) = notes.first() {
            let more = match notes.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            findings.push(Finding {
                severity: Severity::Suspicious,
                code: "manifest-noted",
                message: format!("in the manifest of `{slug}`: {}{more}", first.message),
                hint: Some(format!("agnes marketplace show {slug}")),
            });
        }
        // That the file cannot be read is told once, below.
        if row.token_env.is_some() && matches!(self.upstream_token(row), Ok(None)) {
            findings.push(Finding {
                severity: Severity::Broken,
                code: "token-missing",
                message: format!("the token of `{slug}` is gone from {}", self.folder.overlay().display()),
                hint: Some(format!("agnes marketplace edit {slug} --token-prompt")),
            });
        }
        if let Some(commit) = served_commit(row)
            && let Err(error) = git::verify(&self.folder.repository(slug), &commit)
        {
            // So that the sync that is recommended does not believe what is here.
            git::distrust(&self.folder.repository(slug));
            let message = format!("what `{slug}` serves cannot be read: {error}");
            findings.push(Finding {
                severity: Severity::Broken,
                code: "repository-damaged",
                message,
                hint: sync,
            });
        }
        Ok(())
    }

    fn check_plugins(&self, findings: &mut Vec<Finding>) -> Result<()> {
        let mut unserved: HashMap<String, Vec<String>> = HashMap::new();
        let mut noted: HashMap<String, u64> = HashMap::new();
        for plugin in self.store().plugins(None)? {
            if plugin.digest.is_none() {
                unserved.entry(plugin.marketplace_id).or_default().push(plugin.name);
            } else if plugin.notes != "[]" {
                *noted.entry(plugin.marketplace_id).or_default() += 1;
            }
        }
        for (slug, names) in sorted(unserved) {
            let first = names.first().cloned().unwrap_or_default();
            findings.push(Finding {
                severity: Severity::Suspicious,
                code: "not-served",
                message: format!(
                    "{} of `{slug}` cannot be served, `{first}` for one",
                    count(names.len(), "plugin")
                ),
                hint: Some(format!("agnes plugin list --marketplace {slug}")),
            });
        }
        for (slug, plugins) in sorted(noted) {
            let plugins = usize::try_from(plugins).unwrap_or(usize::MAX);
            findings.push(Finding {
                severity: Severity::Suspicious,
                code: "served-with-notes",
                message: format!(
                    "{} of `{slug}` {} served with something left out or noted",
                    count(plugins, "plugin"),
                    if plugins == 1 { "is" } else { "are" }
                ),
                hint: Some(format!("agnes plugin list --marketplace {slug} --json, at `notes`")),
            });
        }
        Ok(())
    }

    fn check_access(&self, caller: &Caller, findings: &mut Vec<Finding>) -> Result<()> {
        for grant in self.grants(caller, &super::grants::Filter::default())? {
            if grant.plugins == 0 {
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code: "grant-of-nothing",
                    message: format!(
                        "`{}` has a grant of `{}`, which is no plugin at present",
                        grant.row.group_name, grant.row.resource
                    ),
                    hint: Some(format!(
                        "agnes revoke {} {}",
                        shell_word(&grant.row.group_name),
                        shell_word(&grant.row.resource)
                    )),
                });
            }
        }
        let users = self.store().users()?;
        if !users.is_empty() && self.store().members(ADMIN)?.is_empty() {
            findings.push(Finding {
                severity: Severity::Suspicious,
                code: "no-admin",
                message:
                    "nobody is in `Admin`: this registry can be administered only from this machine's shell"
                        .into(),
                hint: Some("agnes group join Admin USER".into()),
            });
        }
        let mut collisions = HashSet::new();
        for user in users {
            let UserView { view, .. } = self.view(caller, &user.id)?;
            for left in view.left_out.iter().filter(|left| left.reason.contains("has the same name")) {
                if collisions.insert((left.slug.clone(), left.plugin.clone())) {
                    findings.push(Finding {
                        severity: Severity::Suspicious,
                        code: "same-name",
                        message: format!(
                            "`{}/{}` is left out for `{}`: {}",
                            left.slug, left.plugin, user.email, left.reason
                        ),
                        hint: Some(format!("agnes marketplace edit {} --name-prefix PREFIX", left.slug)),
                    });
                }
            }
        }
        Ok(())
    }

    fn check_files(&self, marketplaces: &[MarketplaceRow], findings: &mut Vec<Finding>) -> Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            for (path, loose) in [(self.folder.overlay(), 0o177), (self.folder.state(), 0o077)] {
                let mode = fs::metadata(&path).map_or(0, |facts| facts.permissions().mode() & 0o777);
                if mode & loose != 0 {
                    let right = if loose == 0o177 { "600" } else { "700" };
                    findings.push(Finding {
                        severity: Severity::Broken,
                        code: "too-open",
                        message: format!("`{}` has mode {mode:o}: others can read secrets", path.display()),
                        hint: Some(format!("chmod {right} {}", shell_word(&path.display().to_string()))),
                    });
                }
            }
        }
        let known: HashSet<String> = marketplaces
            .iter()
            .filter_map(|row| row.id.parse::<Slug>().ok())
            .map(|slug| slug.token_variable())
            .collect();
        let variables = self.overlay_variables().unwrap_or_else(|error| {
            findings.push(Finding {
                severity: Severity::Broken,
                code: "overlay-unreadable",
                message: format!("no token can be used: {error}"),
                hint: Some(
                    "it holds a line NAME=value for each token; mend it, or move it away and give the tokens \
                     anew: agnes marketplace edit SLUG --token-prompt"
                        .into(),
                ),
            });
            Vec::new()
        });
        for variable in variables {
            if variable.starts_with("AGNES_MARKETPLACE_") && !known.contains(&variable) {
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code: "token-of-nobody",
                    message: format!(
                        "{variable} is kept in {}, and no marketplace uses it",
                        self.folder.overlay().display()
                    ),
                    hint: Some("take that line out of the file".into()),
                });
            }
        }
        let folders = fs::read_dir(self.folder.marketplaces()).into_iter().flatten().flatten();
        for folder in folders {
            let name = folder.file_name().to_string_lossy().into_owned();
            if name.parse::<Slug>().is_ok() && marketplaces.iter().all(|row| row.id != name) {
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code: "folder-of-nobody",
                    message: format!("`{}` belongs to no marketplace", folder.path().display()),
                    hint: Some(format!("rm -r {}", shell_word(&folder.path().display().to_string()))),
                });
            }
        }
        Ok(())
    }
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn sorted<T>(map: HashMap<String, T>) -> Vec<(String, T)> {
    let mut pairs: Vec<_> = map.into_iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}
