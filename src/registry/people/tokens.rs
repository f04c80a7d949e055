//! Personal access tokens: who has which, until when.
//!
//! A token stands for its user. Users manage their own, administrators everybody's. The token itself is
//! shown once, by [`Registry::create_token`]; what is kept opens nothing.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

use zeroize::Zeroizing;

use super::users::user_row;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::expiry::expiry;
use crate::domain::access::people::TokenName;
use crate::domain::access::secret::Secret;
use crate::domain::access::token::Token;
use crate::domain::note::quoted;
use crate::domain::shell::word;
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::accounts::UserRow;
use crate::store::tokens::TokenRow;

// Whoever tells of tokens has to name them, and the mouths know no hand.
pub use crate::store::tokens::HeldToken;

/// Tokens of one user that may be good at a time. Nobody can use more; a script that makes one for
/// each of its runs can, and is told.
const MOST: usize = 100;

/// Tokens of one user that are no longer good and kept all the same, to be listed.
const MOST_DEAD: usize = 50;

/// Uses that are written with one statement.
const BATCH: usize = 1_000;

/// Between two of those, for whoever waits for the database meanwhile.
const PAUSE: Duration = Duration::from_millis(2);

/// What a token is called that was given no name.
const NAMELESS: &str = "token";

/// What is given to create one. Texts are as they were typed.
#[derive(Debug, Default)]
pub struct NewToken {
    /// An id or e-mail address. Absent: whoever asks.
    pub user: Option<String>,
    pub name: Option<String>,
    /// `90d`, `12h`, an RFC 3339 time or a date. Absent: good until it is revoked.
    pub expires: Option<String>,
}

/// A token that was created.
#[derive(Debug, Clone)]
pub struct NewlyCreated {
    pub token: HeldToken,
    /// To be shown this once.
    pub secret: Secret,
}

/// Whose tokens to list.
#[derive(Debug, Clone, Default)]
pub enum Whose {
    /// Those of whoever asks; the operator, who has none, sees everybody's.
    #[default]
    Own,
    /// An id or e-mail address.
    Of(String),
    Everybody,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn tokens(&self, caller: &Caller, whose: &Whose) -> Result<Vec<HeldToken>> {
        let key = match (whose, caller) {
            (Whose::Of(key), _) => Some(key.trim()),
            (Whose::Own, Caller::User { id, .. }) => Some(id.as_str()),
            (Whose::Own | Whose::Everybody, _) => None,
        };
        match key {
            Some(key) => caller.may_manage_tokens_of(key)?,
            None => caller.may(Right::Administer)?,
        }
        let mut tokens = {
            let store = self.store();
            match key {
                Some(key) => store.tokens_of(&user_row(&store, key)?.id)?,
                None => store.tokens()?,
            }
        };
        // What is not written yet is nevertheless so.
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        for token in &mut tokens {
            token.row.last_used_at = token.row.last_used_at.max(uses.get(&token.row.id).copied());
        }
        Ok(tokens)
    }

    /// Makes a token. The secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn create_token(&self, caller: &Caller, new: NewToken) -> Result<NewlyCreated> {
        let key = holder(caller, new.user)?;
        caller.may_manage_tokens_of(&key)?;
        let now = self.now();
        let given = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|t| !t.is_empty());
        let name = given(new.name).unwrap_or_else(|| NAMELESS.to_owned());
        let name = name.parse::<TokenName>().map_err(Error::invalid)?.into_text();
        let expires =
            given(new.expires).map(|text| expiry(&text, now)).transpose().map_err(Error::invalid)?;
        let mut random = Zeroizing::new([0; 32]);
        if !(self.world.random)(&mut *random) {
            return Err(Error::NoRandomness);
        }
        let token = Token::make(&random);
        let id = self.new_id()?;
        self.store().transaction(|store| {
            let user = user_row(store, &key)?;
            make_room(store, &user, now)?;
            let row = TokenRow {
                id,
                user_id: user.id,
                name,
                hash: token.digest().to_string(),
                created_at: now,
                expires_at: expires,
                last_used_at: None,
                revoked_at: None,
            };
            store.add_token(&row)?;
            self.record(store, caller, "token.create", &user.email, Some(&told(&row)))?;
            let held = store.token(&row.id)?.ok_or(Error::Defect("a token that was just made is gone"))?;
            Ok(NewlyCreated { token: held, secret: token.into_secret() })
        })
    }

    /// Ends a token. Ending it again changes nothing.
    ///
    /// # Errors
    /// See [`Error`]. Another user's token is as little there as one that never was.
    pub fn revoke_token(&self, caller: &Caller, id: &str) -> Result<HeldToken> {
        let id = id.trim();
        let nobodys = || Error::NotFound {
            what: "token",
            name: shown(id),
            // Not told: others' are none of the caller's business.
            known: Vec::new(),
        };
        // The scheduler has none and manages none: it is told so, whatever the id.
        if matches!(caller, Caller::Scheduler) {
            caller.may(Right::Administer)?;
        }
        self.store().transaction(|store| {
            let mut token = store.token(id)?.ok_or_else(nobodys)?;
            caller.may_manage_tokens_of(&token.row.user_id).map_err(|_| nobodys())?;
            if token.row.revoked_at.is_none() {
                let now = self.now();
                store.revoke_token(&token.row, now)?;
                self.record(store, caller, "token.revoke", &token.email, Some(&told(&token.row)))?;
                token.row.revoked_at = Some(now);
            }
            Ok(token)
        })
    }

    /// Notes that a token was used. Nothing is written to the database for it.
    pub(in crate::registry) fn note_use(&self, id: &str, at: i64) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(id) {
            Some(last) => *last = at.max(*last),
            None => {
                uses.insert(id.to_owned(), at);
            }
        }
    }

    /// Writes when tokens were last used, of those that were used since the last time, and says how many
    /// that were. A server calls this now and then and when it ends.
    ///
    /// # Errors
    /// What the database says. Then what was not written is kept for the next time.
    pub fn write_token_uses(&self) -> Result<usize> {
        let taken = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.is_empty() {
            return Ok(0);
        }
        let uses: Vec<(String, i64)> = taken.into_iter().collect();
        // One statement at a time has the database: a grant that comes in between waits for no more.
        for (n, batch) in uses.chunks(BATCH).enumerate() {
            if n > 0 {
                std::thread::sleep(PAUSE);
            }
            let written = self.store().mark_used(batch);
            if let Err(error) = written {
                for (id, at) in &uses[n * BATCH..] {
                    self.note_use(id, *at);
                }
                return Err(error.into());
            }
        }
        Ok(uses.len())
    }
}

/// When tokens were used since that was last written: token id → microseconds since 1970.
pub(in crate::registry) type Uses = HashMap<String, i64>;

/// Whose the new token is to be.
fn holder(caller: &Caller, user: Option<String>) -> Result<String> {
    match (user.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()), caller) {
        (Some(key), _) => Ok(key),
        (None, Caller::User { id, .. }) => Ok(id.clone()),
        (None, Caller::Scheduler) => Ok(String::new()),
        (None, Caller::Operator { .. }) => Err(Error::Invalid {
            message: "whose is the token to be? The operator is no user and has none: `user` is needed"
                .to_owned(),
            hint: Some("agnes token create --user EMAIL".to_owned()),
        }),
    }
}

/// Refuses one token too many, and forgets those that have long been no good.
fn make_room(store: &Store, user: &UserRow, now: i64) -> Result<()> {
    let (good, dead): (Vec<_>, Vec<_>) =
        store.tokens_of(&user.id)?.into_iter().partition(|token| is_good(&token.row, now));
    if good.len() >= MOST {
        return Err(Error::Conflict {
            message: format!("`{}` has {MOST} tokens, which is the most there may be", user.email),
            hint: Some(format!(
                "agnes token list --user {} shows which are not used; agnes token revoke ID",
                word(&user.email)
            )),
        });
    }
    let too_many = dead.len().saturating_sub(MOST_DEAD);
    // The audit log still has them.
    dead.iter().take(too_many).try_for_each(|token| Ok(store.forget_token(&token.row)?))
}

pub(super) fn is_good(row: &TokenRow, now: i64) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|at| now < at)
}

/// For the audit log: what it is called and its id, by which it can be revoked.
fn told(row: &TokenRow) -> String {
    format!("{} ({})", row.id, row.name)
}

/// An id for a message. Whoever pastes the token itself does not get it shown.
fn shown(id: &str) -> String {
    if id.contains(crate::domain::access::token::PREFIX) {
        "(a token, not the id of one)".to_owned()
    } else {
        quoted(id).trim_matches('`').to_owned()
    }
}
