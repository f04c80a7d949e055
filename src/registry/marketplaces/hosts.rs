//! What administrators say of the hosts that plugins are fetched from.
//!
//! Marketplaces themselves are not concerned: each of them was registered by somebody who named its address.
//! What their catalogs point to was named by strangers.

use std::sync::{Arc, PoisonError};

use super::overlay;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::secret::Secret;
use crate::domain::note::quoted;
use crate::domain::upstream::host::{Host, HostRule, Hosts, Rule};
use crate::registry::{Error, Registry, Result};
use crate::store::Store;

/// What is given to change what is said of a host: absent stays.
#[derive(Debug, Default)]
pub struct EditHost {
    /// `Some(None)` takes the rule back.
    pub rule: Option<Option<Rule>>,
    pub ssh: Option<bool>,
    /// Empty: it is forgotten.
    pub token: Option<Secret>,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn list_hosts(&self, caller: &Caller) -> Result<Vec<HostRule>> {
        caller.may(Right::Administer)?;
        Ok(self.hosts()?.0.clone())
    }

    /// Says something of a host. Syncs go by it from then on.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn edit_host(&self, caller: &Caller, host: &str, edit: &EditHost) -> Result<HostRule> {
        caller.may(Right::Administer)?;
        let host: Host = host.parse().map_err(Error::invalid)?;
        let token = edit.token.as_ref().map(|text| match text.expose().trim() {
            "" => Ok(None),
            _ => overlay::checked(text).map(Some),
        });
        let token = token.transpose()?;
        let store = self.store();
        let before = rule_of(&store, &host)?;
        let mut now = before.clone().unwrap_or_else(|| HostRule {
            host: host.clone(),
            rule: None,
            ssh: false,
            token_env: None,
        });
        if let Some(rule) = edit.rule {
            now.rule = rule;
            now.ssh &= rule == Some(Rule::Allow);
        }
        if let Some(ssh) = edit.ssh {
            now.ssh = ssh;
        }
        if now.ssh && now.rule != Some(Rule::Allow) {
            return Err(Error::invalid(format!("`{host}` cannot be reached over ssh without being allowed")));
        }
        // ssh goes to whatever address the name leads to, with the keys of whoever runs this.
        let opens_ssh = now.ssh && !before.as_ref().is_some_and(|before| before.ssh);
        if opens_ssh && !matches!(caller, Caller::Operator { .. }) {
            return Err(Error::Invalid {
                message: format!("ssh to `{host}` cannot be allowed from afar"),
                hint: Some(format!("in the operator's shell on the server: agnes host allow {host} --ssh")),
            });
        }
        let variable = match (&token, &now.token_env) {
            (None, _) | (Some(None), None) => None,
            (Some(None), Some(variable)) => Some(variable.clone()),
            (Some(Some(_)), _) => Some(host.token_variable().ok_or_else(|| {
                Error::invalid(format!(
                    "`{host}` can have no token: that needs a name of letters, digits, `-` and `.`"
                ))
            })?),
        };
        if let Some(token) = &token {
            now.token_env = if token.is_some() { variable.clone() } else { None };
        }
        store.transaction(|store| {
            if (now.rule, now.ssh, &now.token_env) == (None, false, &None) {
                store.remove_host(&host.to_string())?;
            } else {
                store.put_host(&now)?;
            }
            for (action, detail) in acts(before.as_ref(), &now, token.as_ref()) {
                self.record(store, caller, action, &host.to_string(), detail)?;
            }
            // A variable belongs to one host for ever, so whatever the commit comes to, a token that is there
            // is that host's.
            match (&variable, &token) {
                (Some(variable), Some(token)) => self.set_token(variable, token.as_ref()),
                _ => Ok::<_, Error>(()),
            }
        })?;
        self.forget_hosts();
        Ok(now)
    }

    /// Takes back all that was said of a host, and its token.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn forget_host(&self, caller: &Caller, host: &str) -> Result<()> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let found = host.parse::<Host>().ok().map(|host| rule_of(&store, &host)).transpose()?.flatten();
        let Some(before) = found else {
            let known = store.hosts()?.0.iter().map(|rule| rule.host.to_string()).collect();
            let name = quoted(host).trim_matches('`').to_owned();
            return Err(Error::NotFound { what: "host", name, known });
        };
        let host = before.host.clone();
        store.transaction(|store| {
            store.remove_host(&host.to_string())?;
            self.record(store, caller, "host.forget", &host.to_string(), None)?;
            match &before.token_env {
                Some(variable) => self.set_token(variable, None),
                None => Ok::<_, Error>(()),
            }
        })?;
        self.forget_hosts();
        Ok(())
    }

    /// All that is said of hosts. Read once: nobody else changes it while we have the registry.
    pub(in crate::registry) fn hosts(&self) -> Result<Arc<Hosts>> {
        let held = || self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hosts) = &*held() {
            return Ok(Arc::clone(hosts));
        }
        // The store is held until it is remembered, so that no edit comes in between.
        let store = self.store();
        let hosts = Arc::new(store.hosts()?);
        *held() = Some(Arc::clone(&hosts));
        Ok(hosts)
    }

    /// The next one reads them anew.
    fn forget_hosts(&self) {
        *self.hosts.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn rule_of(store: &Store, host: &Host) -> Result<Option<HostRule>> {
    Ok(store.hosts()?.0.into_iter().find(|rule| rule.host == *host))
}

/// What the audit log is told.
fn acts<'a>(
    before: Option<&HostRule>,
    now: &HostRule,
    token: Option<&Option<Secret>>,
) -> Vec<(&'a str, Option<&'a str>)> {
    let mut acts = Vec::new();
    let said = before.map_or((None, false), |before| (before.rule, before.ssh));
    if said != (now.rule, now.ssh) {
        acts.push(match now.rule {
            Some(Rule::Allow) => ("host.allow", now.ssh.then_some("also over ssh")),
            Some(Rule::Deny) => ("host.deny", None),
            None => ("host.forget", Some("its rule")),
        });
    }
    match token {
        Some(Some(_)) => acts.push(("host.token", Some("set"))),
        Some(None) if before.is_some_and(|before| before.token_env.is_some()) => {
            acts.push(("host.token", Some("forgotten")));
        }
        _ => {}
    }
    acts
}
