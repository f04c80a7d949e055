use std::time::Instant;

use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::secret::Secret;
use crate::domain::access::token::Token;
use crate::registry::audit::Acts;
use crate::registry::people::authentication::Denied;
use crate::registry::people::tokens::{NewToken, NewlyCreated, Whose};
use crate::registry::testing::{Fixture, operator};
use crate::registry::{Error, Result, Settings};
use crate::store::tokens::TokenRow;

const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    for email in [ADA, GRACE] {
        fixture.registry.add_user(&operator(), email, None).unwrap();
    }
    fixture
}

#[expect(clippy::unnecessary_wraps, reason = "requests have fields that may be absent")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Fixture {
    fn token(&self, user: &str, expires: Option<&str>) -> NewlyCreated {
        let new = NewToken { user: some(user), name: some("laptop"), expires: expires.map(str::to_owned) };
        self.registry.create_token(&operator(), new).unwrap()
    }

    /// The user as they are when they come with a token.
    fn caller(&self, user: &str) -> Caller {
        self.registry.authenticate(&self.token(user, None).secret).unwrap()
    }

    fn ids(&self, caller: &Caller, whose: &Whose) -> Result<Vec<String>> {
        Ok(self.registry.tokens(caller, whose)?.into_iter().map(|token| token.row.id).collect())
    }
}

#[test]
fn a_token_stands_for_its_user_as_they_are_now() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let created = fixture.token("Ada@Example.com", None);
    let id = registry.user(&operator(), ADA).unwrap().row.id;
    let caller = |admin| Caller::User { id: id.clone(), email: ADA.into(), admin };
    assert_eq!(registry.authenticate(&created.secret), Ok(caller(false)));
    registry.join(&operator(), "Admin", ADA).unwrap();
    assert_eq!(registry.authenticate(&created.secret), Ok(caller(true)));
    registry.leave(&operator(), "Admin", ADA).unwrap();
    assert_eq!(registry.authenticate(&created.secret), Ok(caller(false)));
}

#[test]
fn a_token_is_good_until_it_is_revoked_or_expires_or_its_user_goes() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let (one, other) = (fixture.token(ADA, None), fixture.token(ADA, None));
    registry.revoke_token(&operator(), &one.token.row.id).unwrap();
    assert_eq!(registry.authenticate(&one.secret), Err(Denied::Revoked));
    assert!(registry.authenticate(&other.secret).is_ok());
    registry.remove_user(&operator(), ADA).unwrap();
    assert_eq!(registry.authenticate(&other.secret), Err(Denied::Unknown));
    assert!(registry.tokens(&operator(), &Whose::Everybody).unwrap().is_empty());
    // Somebody else comes with the same address: the old token is not theirs.
    registry.add_user(&operator(), ADA, None).unwrap();
    assert_eq!(registry.authenticate(&other.secret), Err(Denied::Unknown));

    // The clock of this world moves a second with each look.
    let short = fixture.token(GRACE, Some("2026-01-01T00:01:00Z"));
    assert!(registry.authenticate(&short.secret).is_ok());
    let outcomes: Vec<_> = (0..60).map(|_| registry.authenticate(&short.secret)).collect();
    assert_eq!(outcomes.last(), Some(&Err(Denied::Expired)));
    let turned = outcomes.iter().position(|one| matches!(one, Err(Denied::Expired))).unwrap();
    assert!(outcomes[turned..].iter().all(|one| matches!(one, Err(Denied::Expired))));
}

/// Somebody tries what might open: nothing, nonsense, a token of their own making with a right checksum,
/// the id and the hash of a token from the list and the database, a token with something around it.
#[test]
fn nothing_but_a_token_opens() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let created = fixture.token(ADA, None);
    let good = created.secret.expose().to_owned();
    let forged = Token::make(&[9; 32]).into_secret();
    assert_eq!(registry.authenticate(&forged), Err(Denied::Unknown));
    let row = created.token.row;
    for wrong in [
        String::new(),
        "admin".into(),
        row.id,
        row.hash.clone(),
        format!("agnes_pat_{}", row.hash),
        format!("{good} "),
        format!("{good}\0"),
        good[..58].to_owned(),
        good.to_lowercase(),
        "' OR 1=1 --".into(),
        "é".repeat(40),
    ] {
        assert_eq!(registry.authenticate(&Secret::new(wrong)), Err(Denied::Malformed));
    }
    assert!(registry.authenticate(&Secret::new(good)).is_ok());
}

#[test]
fn the_scheduler_has_a_token_of_its_own() {
    let fixture = Fixture::in_environment(
        Settings::default(),
        &[("SCHEDULER_API_TOKEN", "a long secret of the scheduler\n")],
    );
    let come = |text: &str| fixture.registry.authenticate(&Secret::new(text.into()));
    let scheduler = come("a long secret of the scheduler").unwrap();
    assert_eq!(scheduler, Caller::Scheduler);
    assert!(scheduler.may(Right::SyncAll).is_ok() && scheduler.may(Right::Administer).is_err());
    for wrong in ["", "a long secret of the schedule", "a long secret of the scheduler\n"] {
        assert_eq!(come(wrong), Err(Denied::Malformed));
    }
    // Where there is none, nothing is it; an empty one is none.
    let without = Fixture::new();
    let empty = Fixture::in_environment(Settings::default(), &[("SCHEDULER_API_TOKEN", " ")]);
    for fixture in [without, empty] {
        for wrong in ["", " "] {
            assert_eq!(fixture.registry.authenticate(&Secret::new(wrong.into())), Err(Denied::Malformed));
        }
    }
}

/// A user tries to see, make and end another's tokens. They learn nothing from it, not even which
/// addresses and ids there are.
#[test]
fn another_users_tokens_are_out_of_reach() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let hers = fixture.token(GRACE, None);
    let ada = fixture.caller(ADA);
    let named = |user: &str| NewToken { user: some(user), ..NewToken::default() };
    for user in [GRACE, "nobody@example.com", ""] {
        let list = fixture.ids(&ada, &Whose::Of(user.into()));
        assert!(matches!(list, Err(Error::Forbidden(_))), "{user}");
    }
    for user in [GRACE, "nobody@example.com"] {
        assert!(matches!(registry.create_token(&ada, named(user)), Err(Error::Forbidden(_))), "{user}");
    }
    assert!(matches!(fixture.ids(&ada, &Whose::Everybody), Err(Error::Forbidden(_))));
    let foreign = registry.revoke_token(&ada, &hers.token.row.id).unwrap_err();
    let absent = registry.revoke_token(&ada, "0123").unwrap_err();
    assert_eq!(foreign.to_string().replace(&hers.token.row.id, "0123"), absent.to_string());
    assert_eq!(absent.to_string(), "there is no token `0123`");
    assert!(registry.authenticate(&hers.secret).is_ok());

    // The scheduler has none and manages none.
    let scheduler = Caller::Scheduler;
    for whose in [Whose::Own, Whose::Of(ADA.into()), Whose::Everybody] {
        assert!(matches!(fixture.ids(&scheduler, &whose), Err(Error::Forbidden(_))));
    }
    for new in [NewToken::default(), named(ADA)] {
        assert!(matches!(registry.create_token(&scheduler, new), Err(Error::Forbidden(_))));
    }
    let refused = registry.revoke_token(&scheduler, &hers.token.row.id).unwrap_err();
    assert!(matches!(refused, Error::Forbidden(_)));
}

#[test]
fn users_manage_their_own_and_administrators_everybodys() {
    let fixture = fixture();
    let registry = &fixture.registry;
    registry.join(&operator(), "Admin", GRACE).unwrap();
    let (ada, grace) = (fixture.caller(ADA), fixture.caller(GRACE));
    let mine = registry.create_token(&ada, NewToken::default()).unwrap();
    assert_eq!((mine.token.email.as_str(), mine.token.row.name.as_str()), (ADA, "token"));
    assert_eq!(fixture.ids(&ada, &Whose::Own).unwrap().len(), 2);
    assert_eq!(fixture.ids(&ada, &Whose::Of(ADA.to_uppercase())).unwrap().len(), 2);
    registry.revoke_token(&ada, &mine.token.row.id).unwrap();
    assert_eq!(registry.authenticate(&mine.secret), Err(Denied::Revoked));

    assert_eq!(fixture.ids(&grace, &Whose::Own).unwrap().len(), 1);
    assert_eq!(fixture.ids(&grace, &Whose::Of(ADA.into())).unwrap().len(), 2);
    for (caller, whose) in [(&grace, Whose::Everybody), (&operator(), Whose::Own)] {
        assert_eq!(fixture.ids(caller, &whose).unwrap().len(), 3);
    }
    let new = NewToken { user: some(ADA), ..NewToken::default() };
    let given = registry.create_token(&grace, new).unwrap();
    registry.revoke_token(&grace, &given.token.row.id).unwrap();
    let unknown = fixture.ids(&grace, &Whose::Of("no@example.com".into()));
    assert!(matches!(unknown, Err(Error::NotFound { what: "user", .. })));
}

#[test]
fn what_is_wrong_with_a_new_token_is_said() {
    let fixture = fixture();
    let refused = |user: Option<&str>, name: Option<&str>, expires: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let new = NewToken { user: own(user), name: own(name), expires: own(expires) };
        fixture.registry.create_token(&operator(), new).unwrap_err()
    };
    let error = refused(None, None, None);
    assert!(error.to_string().starts_with("whose is the token to be?"), "{error}");
    assert_eq!(error.hint().unwrap(), "agnes token create --user EMAIL");
    assert!(matches!(refused(some("no@example.com").as_deref(), None, None), Error::NotFound { .. }));
    let error = refused(Some(ADA), None, Some("2025-01-01"));
    assert_eq!(error.to_string(), "`2025-01-01` is 2025-01-01T00:00:00Z, which is past");
    assert!(refused(Some(ADA), None, Some("soon")).to_string().contains("`90d`, `12h`"));
    assert!(refused(Some(ADA), Some("a\nb"), None).to_string().contains("1 to 64 visible characters"));
    assert!(fixture.registry.tokens(&operator(), &Whose::Everybody).unwrap().is_empty());
    let created = fixture.token(ADA, Some("90d"));
    assert_eq!(
        created.token.row.expires_at.unwrap() - created.token.row.created_at,
        90 * 24 * 3_600 * 1_000_000
    );
}

#[test]
fn a_user_has_a_hundred_good_tokens_and_no_more() {
    let fixture = fixture();
    let made: Vec<_> = (0..100).map(|_| fixture.token(ADA, None)).collect();
    let one_more = || {
        let new = NewToken { user: some(ADA), ..NewToken::default() };
        fixture.registry.create_token(&operator(), new)
    };
    let error = one_more().unwrap_err();
    assert_eq!(error.to_string(), "`ada@example.com` has 100 tokens, which is the most there may be");
    assert!(error.hint().unwrap().starts_with("agnes token list --user ada@example.com"));
    for token in &made[..60] {
        fixture.registry.revoke_token(&operator(), &token.token.row.id).unwrap();
    }
    one_more().unwrap();
    // Of the revoked ones fifty are kept: a list that only grows would be read by nobody.
    let left = fixture.ids(&operator(), &Whose::Of(ADA.into())).unwrap();
    assert_eq!((left.len(), left.contains(&made[9].token.row.id)), (91, false));
    assert_eq!(fixture.registry.authenticate(&made[10].secret), Err(Denied::Revoked));
    assert_eq!(fixture.registry.authenticate(&made[9].secret), Err(Denied::Unknown));
    assert!(fixture.registry.authenticate(&made[60].secret).is_ok());
}

#[test]
fn who_made_and_ended_which_token_is_recorded_and_the_token_is_not() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let created = fixture.token(ADA, None);
    let id = &created.token.row.id;
    for _ in 0..2 {
        registry.revoke_token(&operator(), id).unwrap();
    }
    let about = Acts { action: some("token"), ..Acts::default() };
    let acts = registry.audit_of(&operator(), 10, &about).unwrap();
    let told: Vec<_> =
        acts.iter().map(|row| format!("{} {} {}", row.actor, row.action, row.resource)).collect();
    assert_eq!(told, [format!("root token.revoke {ADA}"), format!("root token.create {ADA}")]);
    assert!(acts.iter().all(|row| row.detail.as_deref() == Some(&format!("{id} (laptop)"))));

    let secret = created.secret.expose();
    let all = registry.tokens(&operator(), &Whose::Everybody).unwrap();
    assert!(!format!("{created:?} {all:?} {acts:?}").contains(&secret[10..]));
    let pasted = registry.revoke_token(&operator(), secret).unwrap_err();
    assert_eq!(pasted.to_string(), "there is no token `(a token, not the id of one)`");
    let name = NewToken { user: some(ADA), name: some(secret), ..NewToken::default() };
    assert!(!registry.create_token(&operator(), name).unwrap_err().to_string().contains(secret));

    // Nobody who gets hold of the database gets hold of the token.
    let state = registry.folder().state();
    for entry in std::fs::read_dir(state).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(43).any(|window| window == &secret.as_bytes()[10..53]));
    }
}

#[test]
fn the_log_is_narrowed_by_who_what_and_which() {
    let fixture = fixture();
    fixture.token(ADA, None);
    let list = |actor: Option<&str>, action: Option<&str>, resource: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let of = Acts { actor: own(actor), action: own(action), resource: own(resource) };
        let rows = fixture.registry.audit_of(&operator(), 10, &of).unwrap();
        rows.into_iter().map(|row| row.action).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None), ["token.create", "user.add", "user.add"]);
    assert_eq!(list(None, Some("user"), None), ["user.add", "user.add"]);
    assert_eq!(list(None, Some("user.add"), Some(GRACE)), ["user.add"]);
    assert_eq!(list(None, None, Some(ADA)), ["token.create", "user.add"]);
    assert!(list(Some("nobody"), None, None).is_empty());
    assert!(list(None, Some("use"), None).is_empty() && list(None, Some("%"), None).is_empty());
}

#[test]
fn uses_are_noted_at_once_and_written_together() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let (one, other) = (fixture.token(ADA, None), fixture.token(GRACE, None));
    let used = |whose: &NewlyCreated| {
        let all = registry.tokens(&operator(), &Whose::Everybody).unwrap();
        let found = all.into_iter().find(|token| token.row.id == whose.token.row.id).unwrap();
        found.row.last_used_at
    };
    let written =
        |whose: &NewlyCreated| registry.store().token(&whose.token.row.id).unwrap().unwrap().row.last_used_at;
    assert_eq!(registry.write_token_uses().unwrap(), 0);
    assert_eq!(used(&one), None);
    registry.authenticate(&one.secret).unwrap();
    let first = used(&one).unwrap();
    assert_eq!(written(&one), None, "a request writes nothing to the database");
    registry.authenticate(&one.secret).unwrap();
    let second = used(&one).unwrap();
    assert!(second > first);
    assert_eq!(registry.write_token_uses().unwrap(), 1);
    assert_eq!((written(&one), used(&one), used(&other)), (Some(second), Some(second), None));
    assert_eq!(registry.write_token_uses().unwrap(), 0);
    // A refused one is no use.
    registry.revoke_token(&operator(), &other.token.row.id).unwrap();
    registry.authenticate(&other.secret).unwrap_err();
    assert_eq!(registry.write_token_uses().unwrap(), 0);
    // Many at a time, and one whose token is gone.
    for n in 0..2_500 {
        registry.note_use(&format!("{n}"), 1);
    }
    registry.note_use(&one.token.row.id, second + 1);
    assert_eq!(registry.write_token_uses().unwrap(), 2_501);
    assert_eq!(written(&one), Some(second + 1));
}

#[test]
fn the_batch_of_uses_survives_what_the_database_refuses() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let one = fixture.token(ADA, None);
    // A time that no database can hold stands for a disk that is full.
    registry.note_use(&one.token.row.id, i64::MAX);
    assert!(registry.write_token_uses().is_err());
    assert!(registry.write_token_uses().is_err(), "it is kept for the next time");
}

/// `cargo test --lib -- --ignored --nocapture uses_of_a_hundred_thousand`
#[test]
#[ignore = "prints numbers"]
fn uses_of_a_hundred_thousand_tokens_take_as_long_as() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let user = registry.user(&operator(), ADA).unwrap().row.id;
    let ids: Vec<String> = (0..100_000).map(|n| format!("{n:032x}")).collect();
    registry
        .store()
        .transaction::<_, Error>(|store| {
            for id in &ids {
                store.add_token(&TokenRow {
                    id: id.clone(),
                    user_id: user.clone(),
                    name: "t".into(),
                    hash: id.clone(),
                    created_at: 1,
                    expires_at: None,
                    last_used_at: None,
                    revoked_at: None,
                })?;
            }
            Ok(())
        })
        .unwrap();
    for round in 0..2 {
        for id in &ids {
            registry.note_use(id, 2 + round);
        }
        let began = Instant::now();
        assert_eq!(registry.write_token_uses().unwrap(), ids.len());
        println!("all of them: {:?}", began.elapsed());
        registry.note_use(&ids[7], 10 + round);
        let began = Instant::now();
        registry.write_token_uses().unwrap();
        println!("one of them: {:?}", began.elapsed());
    }
}
