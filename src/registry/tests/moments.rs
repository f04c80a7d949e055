//! What is kept in memory must be what the database says: whatever was written, in whatever order.

use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::registry::people::tokens::NewToken;
use crate::registry::testing::{Fixture, operator, texts};
use crate::registry::{Error, Registry};

const USERS: [&str; 4] = ["ada@example.com", "grace@example.com", "joan@example.com", "mary@example.com"];
const GROUPS: [&str; 5] = ["Red", "Green", "Blue", "Admin", "Everyone"];
const RESOURCES: [&str; 6] = ["one/*", "one/a", "one/b", "two/*", "two/a", "two/c"];

/// Numbers that look random and are the same each time (a linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Everything a person can be told of themselves, or that they do not exist.
fn told(registry: &Registry, user: &str) -> String {
    match registry.view(&operator(), user) {
        Ok(view) => {
            let mut through: Vec<_> = view.through.iter().collect();
            through.sort();
            let catalog = String::from_utf8(view.view.catalog.clone()).unwrap();
            format!("{} {:?} {through:?} {catalog} {:?}", view.view.digest, view.groups, view.view.left_out)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn after_any_writes_memory_says_what_the_database_says() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    fixture.market("one", &[("a", "1"), ("b", "1")]);
    fixture.market("two", &[("a", "1"), ("c", "1")]);
    registry.hold_access().unwrap();
    let mut tokens: Vec<(String, Secret)> = Vec::new();
    let mut numbers = Numbers(1);
    let op = operator();
    for step in 0..400 {
        let (user, group) = (numbers.one(&USERS), numbers.one(&GROUPS));
        let resource = numbers.one(&RESOURCES).to_owned();
        // Much of it is refused (twice the same, nobody there): that must not show either.
        let _ = match numbers.below(16) {
            0 | 1 => registry.add_user(&op, user, None).map(drop),
            2 => registry.remove_user(&op, user).map(drop),
            3 => registry.add_group(&op, group, None).map(drop),
            4 if numbers.below(3) == 0 => registry.remove_group(&op, group).map(drop),
            4..=6 => registry.join(&op, group, user).map(drop),
            7 => registry.leave(&op, group, user).map(drop),
            8 | 9 => registry.grant(&op, group, &[resource]).map(drop),
            10 => registry.revoke(&op, group, &[resource]).map(drop),
            11 => {
                let new = NewToken { user: Some(user.to_owned()), ..NewToken::default() };
                registry.create_token(&op, new).map(|made| tokens.push((made.token.row.id, made.secret)))
            }
            12 if !tokens.is_empty() => {
                let (id, _) = &tokens[numbers.below(tokens.len())];
                registry.revoke_token(&op, id).map(drop)
            }
            13 => {
                let (slug, name) = resource.split_once('/').unwrap();
                registry.disable_plugin(&op, slug, name, Some(user)).map(drop)
            }
            14 => {
                let (slug, name) = resource.split_once('/').unwrap();
                registry.enable_plugin(&op, slug, name).map(drop)
            }
            _ => {
                let names: Vec<_> = ["a", "b", "c"].into_iter().filter(|_| numbers.below(2) == 0).collect();
                let plugins: Vec<_> = names.into_iter().map(|name| (name, "2")).collect();
                fixture.publish_plugins("one", &plugins);
                fixture.sync("one").map(drop)
            }
        };
        // A view that is remembered must be the same as one that is worked out.
        let remembered: Vec<_> = USERS.map(|user| glance(registry, user)).into();
        // And so must one of which only the name is worked out.
        let named = caller(registry, user).map(|caller| registry.work_out_glance(&caller).unwrap());
        assert!(named.is_none_or(|named| told(registry, user).starts_with(&named.digest.to_string())));
        let in_memory: Vec<_> = USERS.map(|user| told(registry, user)).into();
        let held: Vec<_> = tokens.iter().map(|(_, token)| registry.authenticate(token)).collect();
        for (remembered, told) in remembered.iter().zip(&in_memory) {
            assert!(remembered.as_ref().is_none_or(|digest| told.starts_with(digest)), "step {step}");
        }
        if step % 10 == 0 {
            let present = registry.access().unwrap();
            registry.forget_access();
            let in_database: Vec<_> = USERS.map(|user| told(registry, user)).into();
            assert_eq!(in_memory, in_database, "step {step}");
            let held_there: Vec<_> = tokens.iter().map(|(_, token)| registry.authenticate(token)).collect();
            assert_eq!(held, held_there, "step {step}");
            registry.restore_access(present);
        }
    }
}

/// The view digest that is remembered of a user.
fn glance(registry: &Registry, email: &str) -> Option<String> {
    let caller = caller(registry, email)?;
    registry.my_glance(&caller).unwrap().glance.map(|glance| glance.digest.to_string())
}

fn caller(registry: &Registry, email: &str) -> Option<Caller> {
    let id = registry.user(&operator(), email).ok()?.row.id;
    Some(Caller::User { id, email: email.into(), admin: false })
}

#[test]
fn a_view_stays_remembered_through_what_does_not_concern_it() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    fixture.market("one", &[("a", "1")]);
    fixture.market("two", &[("a", "1")]);
    fixture.admit("ada@example.com", "Red", &["one/a"]);
    fixture.admit("grace@example.com", "Blue", &["two/a"]);
    registry.hold_access().unwrap();
    let of = |email| glance(registry, email);
    assert_eq!(of("ada@example.com"), None, "nobody asked yet");
    told(registry, "ada@example.com");
    let before = of("ada@example.com").unwrap();
    registry.grant(&operator(), "Blue", &texts(&["one/a"])).unwrap();
    registry.join(&operator(), "Blue", "grace@example.com").unwrap();
    fixture.publish_plugins("two", &[("a", "2")]);
    fixture.sync("two").unwrap();
    assert_eq!(of("ada@example.com"), Some(before), "another group, another user, another marketplace");
    registry.grant(&operator(), "Red", &texts(&["two/a"])).unwrap();
    assert_eq!(of("ada@example.com"), None, "her own group");
    told(registry, "ada@example.com");
    fixture.publish_plugins("one", &[("a", "2")]);
    fixture.sync("one").unwrap();
    assert_eq!(of("ada@example.com"), None, "her marketplace");
}

/// Attack: whoever has a token and asks for somebody else's things.
#[test]
fn a_user_has_their_own_view_and_an_operator_none() {
    let fixture = Fixture::new();
    fixture.market("one", &[("a", "1"), ("b", "1")]);
    fixture.admit("ada@example.com", "Red", &["one/a"]);
    fixture.admit("grace@example.com", "Blue", &["one/*"]);
    let registry = &fixture.registry;
    for in_memory in [false, true] {
        if in_memory {
            registry.hold_access().unwrap();
        }
        let ada = registry.user(&operator(), "ada@example.com").unwrap().row;
        let ada = Caller::User { id: ada.id, email: ada.email, admin: false };
        assert_eq!(registry.my_view(&ada).unwrap().view.plugins.len(), 1);
        assert_eq!(registry.my_bundle(&ada).unwrap().plugins, 1);
        assert!(matches!(registry.view(&ada, "grace@example.com"), Err(Error::Forbidden(_))));
        assert!(matches!(registry.bundle(&ada, "grace@example.com"), Err(Error::Forbidden(_))));
        for nobody in [operator(), Caller::Scheduler] {
            assert!(matches!(registry.my_view(&nobody), Err(Error::Nobody(_))));
            assert!(matches!(registry.my_bundle(&nobody), Err(Error::Nobody(_))));
        }
    }
    registry.remove_user(&operator(), "ada@example.com").unwrap();
    let gone = Caller::User { id: "00".repeat(16), email: "ada@example.com".into(), admin: false };
    assert!(matches!(registry.my_view(&gone), Err(Error::NotFound { .. })));
}
