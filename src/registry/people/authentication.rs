//! Who holds a token. Doors ask here; nothing inside a request says who is asking.

use subtle::ConstantTimeEq as _;

use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::domain::access::token::Token;
use crate::domain::digest::Digest;
use crate::domain::feed::view::Glance;
use crate::registry::Registry;
use crate::registry::access::Holder;

/// The variable with the scheduler's token.
pub const SCHEDULER: &str = "SCHEDULER_API_TOKEN";

/// Why a token opens nothing. Outside it is always the same 401; logs and metrics tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Not something we ever made: wrong beginning, wrong length, wrong checksum.
    Malformed,
    /// Well made, and nobody's: never ours, or its user is gone.
    Unknown,
    Expired,
    Revoked,
    /// Nothing is wrong with the token: we cannot tell. Not a 401.
    Unavailable,
}

impl Registry {
    /// The caller whose token that is: a user's personal access token, or the scheduler's.
    ///
    /// # Errors
    /// When it is nobody's, or not any more.
    pub fn authenticate(&self, presented: &Secret) -> Result<Caller, Denied> {
        self.recognise(presented).map(|(caller, _)| caller)
    }

    /// The same, with the caller's view if that is known: of one moment, and with one look.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub fn recognise(&self, presented: &Secret) -> Result<(Caller, Option<Glance>), Denied> {
        if self.is_schedulers(presented) {
            return Ok((Caller::Scheduler, None));
        }
        let digest = Token::parse(presented).map_err(|_| Denied::Malformed)?.digest();
        let Ok(access) = self.keep_access_in_memory() else { return Err(Denied::Unavailable) };
        let (Holder { hash, token, user, email, admin, expires_at, revoked }, glance) =
            access.holder(&digest).ok_or(Denied::Unknown)?;
        // A lookup takes as long as it takes, and might say something about its neighbours; what decides
        // is this.
        if !is_same(&digest, Some(&hash)) {
            return Err(Denied::Unknown);
        }
        if revoked {
            return Err(Denied::Revoked);
        }
        let now = self.now();
        if expires_at.is_some_and(|at| at <= now) {
            return Err(Denied::Expired);
        }
        self.note_use(token, now);
        let caller = Caller::User { id: user.to_owned(), email: email.to_owned(), admin };
        Ok((caller, glance))
    }

    /// Only digests are compared, so that neither time nor memory tells anything of the scheduler's token.
    fn is_schedulers(&self, presented: &Secret) -> bool {
        let expected = self.scheduler.get_or_init(|| {
            // Secrets that come out of files have line feeds at their ends, and headers cannot.
            let token = (self.world.variable)(SCHEDULER).map(Secret::new)?;
            let token = token.expose().trim();
            (!token.is_empty()).then(|| Digest::of(token.as_bytes()))
        });
        is_same(&Digest::of(presented.expose().as_bytes()), expected.as_ref())
    }
}

fn is_same(one: &Digest, other: Option<&Digest>) -> bool {
    other.is_some_and(|other| bool::from(one.as_bytes().ct_eq(other.as_bytes())))
}
