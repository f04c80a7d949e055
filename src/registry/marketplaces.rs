//! Registering marketplaces, changing and removing them.

use std::collections::HashMap;
use std::fs;
use std::io;

use super::{Error, Registry, Result, overlay};
use crate::domain::caller::{Caller, Right};
use crate::domain::names::is_client_name;
use crate::domain::note::Note;
use crate::domain::people::Email;
use crate::domain::slug::Slug;
use crate::domain::upstream::{Pin, UpstreamUrl};
use crate::domain::version::Versions;
use crate::store::marketplaces::MarketplaceRow;

/// A marketplace with what is not in its row.
#[derive(Debug, Clone)]
pub struct Marketplace {
    pub row: MarketplaceRow,
    pub has_token: bool,
    pub plugin_count: u64,
    pub versions: Versions,
    pub notes: Vec<Note>,
}

/// What is given to register one. Texts are as they were typed.
#[derive(Debug, Default)]
pub struct NewMarketplace {
    pub url: String,
    pub slug: Option<String>,
    pub name: Option<String>,
    pub branch: Option<String>,
    pub reference: Option<String>,
    pub description: Option<String>,
    pub token: Option<String>,
    pub curator_name: Option<String>,
    pub curator_email: Option<String>,
    pub name_prefix: Option<String>,
    pub versions: Option<Versions>,
}

/// What is given to change one: absent stays, empty clears.
#[derive(Debug, Default)]
pub struct EditMarketplace {
    pub name: Option<String>,
    pub url: Option<String>,
    pub branch: Option<String>,
    pub reference: Option<String>,
    pub description: Option<String>,
    pub token: Option<String>,
    pub curator_name: Option<String>,
    pub curator_email: Option<String>,
    pub name_prefix: Option<String>,
    pub versions: Option<Versions>,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn marketplaces(&self, caller: &Caller) -> Result<Vec<Marketplace>> {
        caller.may(Right::Administer)?;
        let (rows, counts) = {
            let store = self.store();
            (store.marketplaces()?, store.plugin_counts()?)
        };
        let counts: HashMap<_, _> = counts.into_iter().collect();
        rows.into_iter()
            .map(|row| {
                let count = counts.get(&row.id).copied().unwrap_or_default();
                self.with_facts(row, count)
            })
            .collect()
    }

    /// # Errors
    /// See [`Error`].
    pub fn marketplace(&self, caller: &Caller, slug: &str) -> Result<Marketplace> {
        caller.may(Right::Administer)?;
        let row = self.marketplace_row(slug)?;
        let count = self.store().plugins(Some(&row.id))?.len();
        self.with_facts(row, i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Registers a marketplace. Nothing is fetched yet.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn add_marketplace(&self, caller: &Caller, new: NewMarketplace) -> Result<Marketplace> {
        caller.may(Right::Administer)?;
        let url: UpstreamUrl = new.url.trim().parse().map_err(Error::invalid)?;
        self.check_door(caller, &url)?;
        let slug = match new.slug.filter(|slug| !slug.is_empty()) {
            Some(text) => text.parse::<Slug>().map_err(Error::invalid)?,
            None => Slug::suggest(url.as_str()).ok_or_else(|| Error::Invalid {
                message: format!("no slug can be made from `{url}`"),
                hint: Some(format!("agnes marketplace add {url} --slug NAME")),
            })?,
        };
        let (branch, reference) = (filled(new.branch), filled(new.reference));
        Pin::new(branch.as_deref(), reference.as_deref()).map_err(Error::invalid)?;
        let token =
            new.token.filter(|text| !text.is_empty()).map(|text| overlay::checked(&text)).transpose()?;
        let variable = slug.token_variable();
        let row = MarketplaceRow {
            id: slug.to_string(),
            name: filled(new.name).unwrap_or_else(|| slug.to_string()),
            url: url.to_string(),
            branch,
            reference,
            description: filled(new.description),
            token_env: token.is_some().then(|| variable.clone()),
            registered_by: caller.name().to_owned(),
            registered_at: self.now(),
            last_synced_at: None,
            last_commit_sha: None,
            last_commit_at: None,
            last_error: None,
            curator_name: filled(new.curator_name),
            curator_email: checked_email(filled(new.curator_email))?,
            name_prefix: checked_prefix(filled(new.name_prefix))?,
            versions: new.versions.unwrap_or_default().as_str().to_owned(),
            rules: None,
            renames: "{}".into(),
            notes: "[]".into(),
        };
        self.store().transaction(|store| {
            for other in store.marketplaces()? {
                if other.id == row.id {
                    return Err(Error::Exists { what: "marketplace", name: other.id });
                }
                if other.id.parse::<Slug>().is_ok_and(|slug| slug.token_variable() == variable) {
                    return Err(Error::Conflict {
                        message: format!(
                            "`{slug}` and the marketplace `{}` would share the variable {variable}",
                            other.id
                        ),
                        hint: Some("choose another slug with --slug".into()),
                    });
                }
            }
            // Whatever an earlier marketplace of that slug left behind is not this one's, and must not be
            // sent to it: it goes first, should we be killed in between.
            self.set_token(&variable, None)?;
            store.add_marketplace(&row)?;
            self.record(store, caller, "marketplace.add", &row.id, Some(&row.url))
        })?;
        self.set_token(&variable, token.as_ref())?;
        self.with_facts(row, 0)
    }

    /// # Errors
    /// See [`Error`].
    pub fn edit_marketplace(
        &self,
        caller: &Caller,
        slug: &str,
        edit: EditMarketplace,
    ) -> Result<Marketplace> {
        caller.may(Right::Administer)?;
        let mut row = self.marketplace_row(slug)?;
        let before = row.clone();
        if let Some(text) = edit.url {
            let url: UpstreamUrl = text.trim().parse().map_err(Error::invalid)?;
            self.check_door(caller, &url)?;
            row.url = url.to_string();
        }
        if let Some(name) = filled(edit.name) {
            row.name = name;
        }
        change(&mut row.description, edit.description);
        change(&mut row.curator_name, edit.curator_name);
        if let Some(text) = edit.curator_email {
            row.curator_email = checked_email(filled(Some(text)))?;
        }
        if let Some(text) = edit.name_prefix {
            row.name_prefix = checked_prefix(filled(Some(text)))?;
        }
        if let Some(versions) = edit.versions {
            versions.as_str().clone_into(&mut row.versions);
        }
        // Setting one takes the other's place; giving both is an error.
        match (filled(edit.branch.clone()), filled(edit.reference.clone())) {
            (Some(branch), Some(reference)) => {
                Pin::new(Some(&branch), Some(&reference)).map_err(Error::invalid)?;
            }
            (Some(branch), None) => (row.branch, row.reference) = (Some(branch), None),
            (None, Some(reference)) => (row.branch, row.reference) = (None, Some(reference)),
            (None, None) => {
                change(&mut row.branch, edit.branch);
                change(&mut row.reference, edit.reference);
            }
        }
        Pin::new(row.branch.as_deref(), row.reference.as_deref()).map_err(Error::invalid)?;
        let variable = row.id.parse::<Slug>().map_err(Error::invalid)?.token_variable();
        let token = match edit.token.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(text) => Some(Some(overlay::checked(text)?)),
        };
        if let Some(token) = &token {
            row.token_env = token.is_some().then(|| variable.clone());
        }
        if before.url != row.url
            && token.is_none()
            && row.token_env.is_some()
            && host(&before.url) != host(&row.url)
        {
            return Err(Error::Conflict {
                message: format!(
                    "the stored token is for `{}`, and would be sent to `{}`",
                    host(&before.url),
                    host(&row.url)
                ),
                hint: Some("give the new host's token in the same command, or --no-token".into()),
            });
        }
        if token.is_some() {
            if host(&before.url) == host(&row.url) {
                // Nothing is changed when the new token could not be kept.
                self.overlay_variables()?;
            } else {
                // Should we be killed in between, the old host's token must not meet the new host.
                self.set_token(&variable, None)?;
            }
        }
        let count = self.store().transaction(|store| {
            store.edit_marketplace(&row)?;
            let mut what = changes(&before, &row);
            if token.is_some() {
                what.push("token");
            }
            if !what.is_empty() {
                self.record(store, caller, "marketplace.edit", &row.id, Some(&what.join(", ")))?;
            }
            Ok::<_, Error>(store.plugins(Some(&row.id))?.len())
        })?;
        if let Some(token) = token {
            self.set_token(&variable, token.as_ref())?;
        }
        self.with_facts(row, i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Removes a marketplace: its rows, the grants that name it, its token and what was fetched.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn remove_marketplace(&self, caller: &Caller, slug: &str) -> Result<String> {
        caller.may(Right::Administer)?;
        let row = self.marketplace_row(slug)?;
        let _turn = self.take_turn(&row.id);
        self.store().transaction(|store| {
            store.remove_marketplace(&row.id)?;
            self.record(store, caller, "marketplace.remove", &row.id, Some(&row.url))
        })?;
        if let Some(variable) = &row.token_env {
            self.set_token(variable, None)?;
        }
        let path = self.folder.repository(&row.id);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::Io { path, doing: "cannot be removed (the marketplace itself is)", source })
            }
            _ => Ok(row.id),
        }
    }

    pub(super) fn marketplace_row(&self, slug: &str) -> Result<MarketplaceRow> {
        let store = self.store();
        match store.marketplace(slug)? {
            Some(row) => Ok(row),
            None => Err(Error::NotFound {
                what: "marketplace",
                name: crate::domain::note::quoted(slug).trim_matches('`').to_owned(),
                known: store.marketplaces()?.into_iter().map(|row| row.id).collect(),
            }),
        }
    }

    fn with_facts(&self, row: MarketplaceRow, plugins: i64) -> Result<Marketplace> {
        let has_token = match &row.token_env {
            // A file of tokens that cannot be read is for the doctor and for a sync to tell.
            Some(variable) => self.token(variable).is_ok_and(|token| token.is_some()),
            None => false,
        };
        Ok(Marketplace {
            has_token,
            plugin_count: u64::try_from(plugins).unwrap_or_default(),
            versions: versions_of(&row),
            notes: serde_json::from_str(&row.notes).unwrap_or_default(),
            row,
        })
    }

    /// Who comes over https may register https alone; the operator's shell anything.
    fn check_door(&self, caller: &Caller, url: &UpstreamUrl) -> Result<()> {
        match caller {
            Caller::Operator { .. } => Ok(()),
            Caller::User { .. } | Caller::Scheduler if url.as_str().starts_with("https://") => Ok(()),
            Caller::User { .. } | Caller::Scheduler => Err(Error::Invalid {
                message: format!("`{url}` cannot be registered from afar: only https:// addresses can"),
                hint: Some("register it on the server itself, in the operator's shell".into()),
            }),
        }
    }
}

pub(super) fn versions_of(row: &MarketplaceRow) -> Versions {
    if row.versions == Versions::Upstream.as_str() { Versions::Upstream } else { Versions::Content }
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn change(field: &mut Option<String>, given: Option<String>) {
    if given.is_some() {
        *field = filled(given);
    }
}

fn checked_email(text: Option<String>) -> Result<Option<String>> {
    text.map(|text| text.parse::<Email>().map(|email| email.to_string()).map_err(Error::invalid)).transpose()
}

fn checked_prefix(text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if !is_client_name(&text) || text.len() > 32 => Err(Error::invalid(format!(
            "{} cannot stand before plugin names: 1 to 32 letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
            crate::domain::note::quoted(&text)
        ))),
        other => Ok(other),
    }
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The fields that an edit changed, by name: values may be long, and are in the registry.
fn changes(before: &MarketplaceRow, after: &MarketplaceRow) -> Vec<&'static str> {
    let fields = [
        ("name", before.name != after.name),
        ("url", before.url != after.url),
        ("branch", before.branch != after.branch),
        ("ref", before.reference != after.reference),
        ("description", before.description != after.description),
        (
            "curator",
            (&before.curator_name, &before.curator_email) != (&after.curator_name, &after.curator_email),
        ),
        ("name prefix", before.name_prefix != after.name_prefix),
        ("versions", before.versions != after.versions),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}
