//! What is broken or suspicious in a data folder, and what to do about it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;

use crate::domain::access::caller::{Caller, Right};
use crate::domain::feed::view::Why;
use crate::domain::note::Note;
use crate::domain::plugin::remote::{FAILED, Vendored};
use crate::domain::shell::{word, words};
use crate::domain::upstream::slug::Slug;
use crate::git;
use crate::registry::folder::too_open;
use crate::registry::marketplaces::upstreams::served_commit;
use crate::registry::people::grants::Filter;
use crate::registry::sync::finding::KEPT;
use crate::registry::views::UserView;
use crate::registry::{Registry, Result};
use crate::store::accounts::ADMIN;
use crate::store::marketplaces::MarketplaceRow;
use crate::store::plugins::PluginRow;

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
        let readable = self.check_overlay(&marketplaces, &mut findings);
        for row in &marketplaces {
            self.check_marketplace(row, readable, &mut findings);
            self.check_states(row, &mut findings)?;
        }
        self.check_plugins(&mut findings)?;
        self.check_disabled(&mut findings)?;
        self.check_store(&mut findings)?;
        self.check_access(caller, &mut findings)?;
        self.check_files(&marketplaces, &mut findings);
        findings.sort_by_key(|finding| finding.severity);
        Ok(findings)
    }

    /// Whether the file with the tokens can be read.
    fn check_overlay(&self, marketplaces: &[MarketplaceRow], findings: &mut Vec<Finding>) -> bool {
        let path = self.folder.overlay();
        let variables = match self.overlay_variables() {
            Ok(variables) => variables,
            Err(error) => {
                findings.push(Finding {
                    severity: Severity::Broken,
                    code: "tokens-unreadable",
                    message: format!("no token can be used: {error}"),
                    hint: Some(
                        "it holds a line NAME=value for each token; mend it, or move it away and give the \
                         tokens anew: agnes marketplace edit SLUG --token-prompt"
                            .into(),
                    ),
                });
                return false;
            }
        };
        let hosts = self.hosts().unwrap_or_default();
        let of_hosts = hosts.0.iter().filter_map(|host| host.token_env.as_deref());
        let of_marketplaces = marketplaces.iter().filter_map(|row| row.token_env.as_deref());
        let used: HashSet<&str> = of_marketplaces.chain(of_hosts).collect();
        for variable in variables {
            let is_ours = ["AGNES_MARKETPLACE_", "AGNES_HOST_"].iter().any(|ours| variable.starts_with(ours));
            if is_ours && !used.contains(variable.as_str()) {
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code: "token-of-nobody",
                    message: format!(
                        "{variable} is kept in `{}`, and no marketplace or host uses it",
                        path.display()
                    ),
                    hint: Some(format!("sed -i '/^{variable}=/d' {}", word(&path.display().to_string()))),
                });
            }
        }
        true
    }

    fn check_marketplace(&self, row: &MarketplaceRow, readable_tokens: bool, findings: &mut Vec<Finding>) {
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
            // Then the failure says it.
            None if row.last_error.is_some() => {}
            None => findings.push(Finding {
                severity: Severity::Suspicious,
                code: "never-synced",
                message: format!("`{slug}` was never synced, so nothing of it is served"),
                hint: sync.clone(),
            }),
            Some(at) if self.now() - at > STALE => findings.push(Finding {
                severity: Severity::Suspicious,
                code: "stale",
                message: format!(
                    "`{slug}` was last synced at {}; does cron run `agnes marketplace sync`?",
                    crate::domain::time::rfc3339(at)
                ),
                hint: sync.clone(),
            }),
            Some(_) => {}
        }
        if readable_tokens && row.token_env.is_some() && matches!(self.upstream_token(row), Ok(None)) {
            findings.push(Finding {
                severity: Severity::Broken,
                code: "token-missing",
                message: format!("the token of `{slug}` is gone from `{}`", self.folder.overlay().display()),
                hint: Some(format!("agnes marketplace edit {slug} --token-prompt")),
            });
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
    }

    /// What waits is forgotten easily.
    fn check_states(&self, row: &MarketplaceRow, findings: &mut Vec<Finding>) -> Result<()> {
        let states = self.store().states(Some(&row.id))?;
        let served = states.iter().find(|state| Some(state.id) == row.state);
        if let Some(newest) =
            states.first().filter(|newest| !served.is_some_and(|served| served.same(newest)))
        {
            findings.push(Finding {
                severity: Severity::Suspicious,
                code: "waits-for-approval",
                message: format!(
                    "`{}` is on hold: commit {}, fetched at {}, is served to nobody until it is approved",
                    row.id,
                    newest.commit.get(..12).unwrap_or(&newest.commit),
                    crate::domain::time::rfc3339(newest.fetched_at)
                ),
                hint: Some(format!("agnes marketplace diff {0}; agnes marketplace approve {0}", row.id)),
            });
        }
        Ok(())
    }

    /// What was fetched of plugins that lie in other repositories.
    fn check_store(&self, findings: &mut Vec<Finding>) -> Result<()> {
        let origins = self.store().origins(None)?;
        let of_place = |place: Vendored| (place.url.clone(), self.stand_in(&place));
        let origins: BTreeSet<_> = origins.into_iter().map(of_place).collect();
        for (url, commit) in origins {
            let folder = self.folder.vendored(&url);
            if let Err(error) = git::verify(&folder, &commit) {
                git::distrust(&folder);
                findings.push(Finding {
                    severity: Severity::Broken,
                    code: "repository-damaged",
                    message: format!("what was fetched from `{url}` cannot be read: {error}"),
                    hint: Some("agnes marketplace sync".into()),
                });
            }
        }
        Ok(())
    }

    fn check_plugins(&self, findings: &mut Vec<Finding>) -> Result<()> {
        let mut unserved: HashMap<String, Vec<String>> = HashMap::new();
        let mut noted: HashMap<String, Vec<String>> = HashMap::new();
        let (mut failed, mut kept) = (HashMap::new(), HashMap::new());
        let tell = |of: &mut HashMap<String, Vec<(String, String)>>, plugin: &PluginRow, why: &str| {
            let named = (plugin.name.clone(), why.to_owned());
            of.entry(plugin.marketplace_id.clone()).or_default().push(named);
        };
        for plugin in self.store().plugins(None)? {
            let notes: Vec<Note> = serde_json::from_str(&plugin.notes).unwrap_or_default();
            let reason = plugin.reason.as_deref().filter(|why| why.starts_with(FAILED));
            if let Some(why) = reason.filter(|_| plugin.digest.is_none()) {
                tell(&mut failed, &plugin, why);
            } else if let Some(note) = notes.iter().find(|note| note.code == KEPT) {
                tell(&mut kept, &plugin, &note.message);
            } else if plugin.digest.is_none() {
                unserved.entry(plugin.marketplace_id).or_default().push(plugin.name);
            } else if plugin.notes != "[]" {
                noted.entry(plugin.marketplace_id).or_default().push(plugin.name);
            }
        }
        let elsewhere = [
            ("remote-failed", failed, "could not be fetched from where they lie, and are not served"),
            ("remote-kept", kept, "could not be fetched from where they lie, and are served as they were"),
        ];
        for (code, of, told) in elsewhere {
            for (slug, all) in sorted(of) {
                let Some((first, why)) = all.first() else { continue };
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code,
                    message: format!(
                        "{} of `{slug}` {told}, `{first}` for one: {why}",
                        count(all.len(), "plugin")
                    ),
                    hint: Some(format!("agnes marketplace sync {slug}")),
                });
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
        for (slug, names) in sorted(noted) {
            let first = names.first().cloned().unwrap_or_default();
            findings.push(Finding {
                severity: Severity::Suspicious,
                code: "served-with-notes",
                message: format!(
                    "{} of `{slug}`: something was left out or noted, in `{first}` for one",
                    count(names.len(), "plugin")
                ),
                hint: Some(format!("agnes plugin show {slug}/{first}")),
            });
        }
        Ok(())
    }

    /// What is disabled and not there may be a slip of the keyboard.
    fn check_disabled(&self, findings: &mut Vec<Finding>) -> Result<()> {
        let store = self.store();
        let disabled = store.disabled_plugins(None)?;
        if disabled.is_empty() {
            return Ok(());
        }
        let listed: HashSet<(String, String)> = store.plugin_names()?.into_iter().collect();
        for row in disabled {
            let resource = format!("{}/{}", row.marketplace_id, row.name);
            if !listed.contains(&(row.marketplace_id, row.name)) {
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code: "disabled-unlisted",
                    message: format!(
                        "`{resource}` is disabled, and no plugin at present: nobody gets it if it comes"
                    ),
                    hint: Some(format!("if that is not meant: agnes plugin enable {}", word(&resource))),
                });
            }
        }
        Ok(())
    }

    fn check_access(&self, caller: &Caller, findings: &mut Vec<Finding>) -> Result<()> {
        for grant in self.grants(caller, &Filter::default())? {
            if grant.plugins == 0 {
                findings.push(Finding {
                    severity: Severity::Suspicious,
                    code: "grant-of-nothing",
                    message: format!(
                        "`{}` has a grant of `{}`, which is no plugin at present",
                        grant.row.group_name, grant.row.resource
                    ),
                    hint: Some(format!("agnes revoke {}", words([grant.row.group_name, grant.row.resource]))),
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
        // Many views follow: from memory they cost little each.
        self.hold_access()?;
        let memberships = self.store().memberships()?;
        let (mut collisions, mut seen) = (HashSet::new(), HashSet::new());
        for user in users {
            // Whoever is in the same groups has the same view.
            let mut groups: Vec<_> =
                memberships.get(&user.id).into_iter().flatten().map(String::as_str).collect();
            groups.sort_unstable();
            if !seen.insert(groups) {
                continue;
            }
            let UserView { view, .. } = self.view(caller, &user.id)?;
            for left in view.left_out.iter().filter(|left| left.why == Why::SameName) {
                if collisions.insert((left.slug.clone(), left.plugin.clone())) {
                    findings.push(Finding {
                        severity: Severity::Suspicious,
                        code: "same-name",
                        message: format!(
                            "`{}/{}` is left out for `{}`: {}",
                            left.slug, left.plugin, user.email, left.reason
                        ),
                        hint: Some(format!("agnes marketplace edit {0} --name-prefix {0}-", left.slug)),
                    });
                }
            }
        }
        Ok(())
    }

    fn check_files(&self, marketplaces: &[MarketplaceRow], findings: &mut Vec<Finding>) {
        let paths = [
            (self.folder.overlay(), 0o177, "600", "others can read the tokens"),
            (self.folder.state(), 0o077, "700", "others can get at the registry and the tokens"),
            (self.folder.marketplaces(), 0o077, "700", "others can read what private upstreams hold"),
        ];
        for (path, loose, right, why) in paths {
            if let Some(mode) = too_open(&path, loose) {
                findings.push(Finding {
                    severity: Severity::Broken,
                    code: "too-open",
                    message: format!("`{}` has mode {mode:o}: {why}", path.display()),
                    hint: Some(format!("chmod {right} {}", word(&path.display().to_string()))),
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
                    hint: Some(format!("rm -r {}", word(&folder.path().display().to_string()))),
                });
            }
        }
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
