//! Registering marketplaces, changing and removing them; their plugins, as they are shown and taken out.
//!
//! Where they may be fetched from is decided in `outbound`, whom a token is for in `origin`; `overlay` is the file of
//! tokens, and `upstreams` leads from a row to what the git room needs.

pub mod disabling;
pub mod hosts;
pub(super) mod origin;
mod outbound;
mod overlay;
pub mod plugins;
pub(super) mod upstreams;

use std::fs;
use std::io;

use self::origin::Origin;
use self::outbound::check_door;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::people::Email;
use crate::domain::access::secret::Secret;
use crate::domain::note::{Note, quoted};
use crate::domain::plugin::names::is_client_name;
use crate::domain::plugin::remote::RemoteMode;
use crate::domain::plugin::version::Versions;
use crate::domain::shell::word;
use crate::domain::upstream::network::Outbound;
use crate::domain::upstream::slug::Slug;
use crate::domain::upstream::{Pin, UpstreamUrl};
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::marketplaces::{MarketplaceRow, PluginFacts};
use crate::store::states::StateRow;

/// A marketplace with what is not in its row.
#[derive(Debug, Clone)]
pub struct Marketplace {
    pub row: MarketplaceRow,
    pub has_token: bool,
    pub plugin_count: u64,
    pub versions: Versions,
    pub remote: RemoteMode,
    /// What was fetched last, if that is not what is served.
    pub pending: Option<StateRow>,
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
    pub token: Option<Secret>,
    pub curator_name: Option<String>,
    pub curator_email: Option<String>,
    pub name_prefix: Option<String>,
    pub versions: Option<Versions>,
    pub remote: Option<RemoteMode>,
    pub hold: bool,
}

/// What is given to change one: absent stays, empty clears.
#[derive(Debug, Default)]
pub struct EditMarketplace {
    pub name: Option<String>,
    pub url: Option<String>,
    pub branch: Option<String>,
    pub reference: Option<String>,
    pub description: Option<String>,
    pub token: Option<Secret>,
    pub curator_name: Option<String>,
    pub curator_email: Option<String>,
    pub name_prefix: Option<String>,
    pub versions: Option<Versions>,
    pub remote: Option<RemoteMode>,
    pub hold: Option<bool>,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn marketplaces(&self, caller: &Caller) -> Result<Vec<Marketplace>> {
        caller.may(Right::Administer)?;
        let (rows, states) = {
            let store = self.store();
            (store.marketplaces()?, store.states(None)?)
        };
        Ok(rows.into_iter().map(|row| self.told(row, &states)).collect())
    }

    /// # Errors
    /// See [`Error`].
    pub fn marketplace(&self, caller: &Caller, slug: &str) -> Result<Marketplace> {
        caller.may(Right::Administer)?;
        let (row, states) = {
            let store = self.store();
            let row = row_of(&store, slug)?;
            let states = store.states(Some(&row.id))?;
            (row, states)
        };
        Ok(self.told(row, &states))
    }

    /// Registers a marketplace. Nothing is fetched yet.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn add_marketplace(&self, caller: &Caller, new: NewMarketplace) -> Result<Marketplace> {
        caller.may(Right::Administer)?;
        let url: UpstreamUrl = new.url.trim().parse().map_err(Error::invalid)?;
        let public_only = check_door(caller, &url, &self.settings.sync.outbound)?;
        let slug = match new.slug.filter(|slug| !slug.is_empty()) {
            Some(text) => text.parse::<Slug>().map_err(Error::invalid)?,
            None => Slug::suggest(url.as_str()).ok_or_else(|| Error::Invalid {
                message: format!("no slug can be made from `{url}`"),
                hint: Some(format!("agnes marketplace add {} --slug NAME", word(url.as_str()))),
            })?,
        };
        let (branch, reference) = (filled(new.branch), filled(new.reference));
        Pin::new(branch.as_deref(), reference.as_deref()).map_err(Error::invalid)?;
        let token = new.token.filter(|text| !text.expose().trim().is_empty());
        let token = token.map(|text| overlay::checked(&text)).transpose()?;
        if token.is_some() {
            Origin::of(url.as_str()).refuse_useless_token()?;
        }
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
            facts: PluginFacts::default(),
            public_only,
            remote: new.remote.unwrap_or_default().as_str().to_owned(),
            hold: new.hold,
            state: None,
        };
        self.store().transaction(|store| {
            refuse_twins(store, &row, &variable, url.as_str())?;
            store.add_marketplace(&row)?;
            self.record(store, caller, "marketplace.add", &row.id, Some(&row.url))?;
            // Before the row is there for good: whatever an earlier marketplace of that slug left behind
            // must never be sent to this one's host. What is left should the commit fail is a token of
            // nobody, which nothing uses.
            self.set_token(&variable, token.as_ref())
        })?;
        Ok(self.told(row, &[]))
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
        // One lock from reading the row to writing the token: no edit overwrites another, and a sync
        // sees the address and the token of one moment.
        let store = self.store();
        let before = row_of(&store, slug)?;
        let mut row = before.clone();
        let token = match &edit.token {
            None => NewToken::Keep,
            Some(text) if text.expose().trim().is_empty() => NewToken::Clear,
            Some(text) => NewToken::Set(overlay::checked(text)?),
        };
        apply(caller, &self.settings.sync.outbound, edit, &mut row)?;
        let moves = Origin::of(&before.url) != Origin::of(&row.url);
        if matches!(token, NewToken::Set(_)) {
            Origin::of(&row.url).refuse_useless_token()?;
        }
        let variable = row.id.parse::<Slug>().map_err(Error::invalid)?.token_variable();
        let save = |row: &MarketplaceRow| {
            store.transaction(|store| {
                store.edit_marketplace(row)?;
                let mut what = changes(&before, row);
                if !matches!(token, NewToken::Keep) {
                    what.push("token");
                }
                if !what.is_empty() {
                    self.record(store, caller, "marketplace.edit", &row.id, Some(&what.join(", ")))?;
                }
                // Should the commit fail, the same host gets a token that was meant for it.
                match &token {
                    NewToken::Set(token) if !moves => self.set_token(&variable, Some(token)),
                    _ => Ok::<_, Error>(()),
                }
            })
        };
        match &token {
            NewToken::Keep if moves && row.token_env.is_some() => {
                let (old, new) = (Origin::of(&before.url).shown(), Origin::of(&row.url).shown());
                return Err(Error::Conflict {
                    message: format!("the stored token is for `{old}`, and would be sent to `{new}`"),
                    hint: Some(format!(
                        "agnes marketplace edit {} --url {} --token-prompt (or --no-token)",
                        row.id,
                        word(&row.url)
                    )),
                });
            }
            NewToken::Keep => save(&row)?,
            NewToken::Clear => {
                row.token_env = None;
                save(&row)?;
                self.set_token(&variable, None)?;
            }
            // At no moment may the row and the overlay go together wrongly, for a sync after a crash
            // would send one host's token to another: first the new address without a token, then the
            // token, then its name.
            NewToken::Set(token) if moves => {
                row.token_env = None;
                save(&row)?;
                self.set_token(&variable, Some(token))?;
                row.token_env = Some(variable.clone());
                store.edit_marketplace(&row)?;
            }
            NewToken::Set(_) => {
                row.token_env = Some(variable.clone());
                save(&row)?;
            }
        }
        let states = store.states(Some(&row.id))?;
        drop(store);
        Ok(self.told(row, &states))
    }

    /// Removes a marketplace: its rows, the grants that name it, its token and what was fetched.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn remove_marketplace(&self, caller: &Caller, slug: &str) -> Result<String> {
        caller.may(Right::Administer)?;
        // A sync that is under way ends first, or it would bring back what is removed here.
        let _turn = self.take_turn(slug, &|| false)?;
        let row = {
            let store = self.store();
            store.transaction(|store| {
                let row = row_of(store, slug)?;
                store.remove_marketplace(&row.id)?;
                self.record(store, caller, "marketplace.remove", &row.id, Some(&row.url))?;
                // Before it is gone for good: whoever cannot be rid of the token can say so again.
                if let Some(variable) = &row.token_env {
                    self.set_token(variable, None)?;
                }
                Ok::<_, Error>(row)
            })?
        };
        self.forget_standing(&row.id);
        self.tidy_store(&[])?;
        let path = self.folder.repository(&row.id);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::Io { path, doing: "cannot be removed (the marketplace itself is)", source })
            }
            _ => Ok(row.id),
        }
    }

    /// `states` are its own among others', the newest first.
    fn told(&self, row: MarketplaceRow, states: &[StateRow]) -> Marketplace {
        let mut own = states.iter().filter(|state| state.marketplace_id == row.id);
        let served = own.clone().find(|state| Some(state.id) == row.state);
        let pending = own.next().filter(|newest| !served.is_some_and(|served| served.same(newest)));
        let has_token = match &row.token_env {
            // A file that cannot be read does not take the token away; doctor speaks of it.
            Some(variable) => self.token(variable).map_or(true, |token| token.is_some()),
            None => false,
        };
        Marketplace {
            has_token,
            plugin_count: row.facts.all,
            versions: versions_of(&row),
            remote: RemoteMode::of_row(&row.remote),
            pending: pending.cloned(),
            notes: serde_json::from_str(&row.notes).unwrap_or_default(),
            row,
        }
    }
}

/// Writes what is given to change into a row.
fn apply(
    caller: &Caller,
    outbound: &Outbound,
    edit: EditMarketplace,
    row: &mut MarketplaceRow,
) -> Result<()> {
    if let Some(text) = edit.url {
        let url: UpstreamUrl = text.trim().parse().map_err(Error::invalid)?;
        // Whoever repeats the address changes nothing, but that the operator vouches for it.
        if url.as_str() != row.url || matches!(caller, Caller::Operator { .. }) {
            row.public_only = check_door(caller, &url, outbound)?;
            row.url = url.to_string();
        }
    }
    if edit.name.is_some() {
        row.name = filled(edit.name).unwrap_or_else(|| row.id.clone());
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
    if let Some(hold) = edit.hold {
        row.hold = hold;
    }
    if let Some(remote) = edit.remote {
        remote.as_str().clone_into(&mut row.remote);
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
    Ok(())
}

/// What becomes of the token.
enum NewToken {
    Keep,
    Clear,
    Set(Secret),
}

pub(super) fn row_of(store: &Store, slug: &str) -> Result<MarketplaceRow> {
    match store.marketplace(slug)? {
        Some(row) => Ok(row),
        None => Err(unknown(slug, &store.marketplaces()?)),
    }
}

pub(super) fn unknown(slug: &str, known: &[MarketplaceRow]) -> Error {
    Error::NotFound {
        what: "marketplace",
        name: quoted(slug).trim_matches('`').to_owned(),
        known: known.iter().map(|row| row.id.clone()).collect(),
    }
}

/// Refuses a slug that is taken, or whose token would be another marketplace's.
fn refuse_twins(store: &Store, row: &MarketplaceRow, variable: &str, url: &str) -> Result<()> {
    let others = store.marketplaces()?;
    let spells_the_same =
        |slug: &str| slug.parse::<Slug>().is_ok_and(|slug| slug.token_variable() == variable);
    for other in &others {
        if other.id == row.id {
            return Err(Error::Exists { what: "marketplace", name: other.id.clone() });
        }
        if spells_the_same(&other.id) {
            return Err(Error::Conflict {
                message: format!(
                    "`{}` and the marketplace `{}` would share the variable {variable}",
                    row.id, other.id
                ),
                hint: Some(format!("agnes marketplace add {} --slug {}-2", word(url), row.id)),
            });
        }
    }
    Ok(())
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
            quoted(&text)
        ))),
        other => Ok(other),
    }
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
        ("remote", before.remote != after.remote),
        ("hold", before.hold != after.hold),
        ("public addresses only", before.public_only != after.public_only),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}
