//! The git channel: who may have which objects, and what is done about a damaged cache.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::domain::access::caller::Caller;
use crate::domain::repository::oid::Oid;
use crate::registry::channel::{Fetched, Protocol, Request, parse};
use crate::registry::settings::CacheSettings;
use crate::registry::testing::{Fixture, operator, texts};
use crate::registry::views::Glance;
use crate::registry::{Registry, Settings};

pub(super) fn fixture() -> Fixture {
    fixture_with(Settings::default())
}

fn fixture_with(settings: Settings) -> Fixture {
    let fixture = Fixture::with(settings);
    fixture.registry.hold_access().unwrap();
    fixture.market("tools", &[("x", "of x"), ("y", "of y")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    fixture.admit("grace@example.com", "G", &["tools/x"]);
    fixture
}

pub(super) fn caller(registry: &Registry, email: &str) -> Caller {
    let user = registry.users(&operator()).unwrap().into_iter().find(|user| user.row.email == email).unwrap();
    Caller::User { id: user.row.id, email: user.row.email, admin: false }
}

pub(super) fn tip(registry: &Registry, email: &str) -> Oid {
    let (caller, glance) = prepared(registry, email);
    let tip = registry.tip(&caller, &glance).unwrap().unwrap();
    assert_eq!(registry.known_tip(&caller, &glance).unwrap(), Some(tip));
    tip
}

/// Somebody whose view is there.
pub(super) fn prepared(registry: &Registry, email: &str) -> (Caller, Glance) {
    let caller = caller(registry, email);
    let glance = registry.work_out_glance(&caller).unwrap();
    assert!(registry.prepare(&caller, &glance).unwrap());
    (caller, glance)
}

/// All that is sent, or the words of the refusal.
pub(super) fn fetch(
    registry: &Registry,
    email: &str,
    wants: &[Oid],
    haves: &[Oid],
) -> Result<Vec<u8>, String> {
    let (caller, glance) = prepared(registry, email);
    let line = |text: String| format!("{:04x}{text}", text.len() + 4);
    let wanted = wants.iter().map(|id| line(format!("want {id}\n")));
    let had = haves.iter().map(|id| line(format!("have {id}\n")));
    let body = [line("command=fetch".into()), "0001".into()].into_iter().chain(wanted).chain(had);
    let body = body.chain([line("done\n".into()), "0000".into()]).collect::<String>();
    let Ok(Request::Fetch(request)) = parse(Protocol::V2, body.as_bytes()) else { panic!("{body}") };
    match registry.fetch(&caller, &glance, &request).unwrap() {
        Fetched::Refused(refusal) => Err(refusal.to_string()),
        // It was removed since it was prepared: once more, as the door does it.
        Fetched::Missing => fetch(registry, email, wants, haves),
        Fetched::Stream(mut stream) => {
            let mut all = Vec::new();
            loop {
                let bytes = stream.next(1 << 16).map_err(|error| error.to_string())?;
                if bytes.is_empty() {
                    return Ok(all);
                }
                all.extend(bytes);
            }
        }
    }
}

/// How many objects are in an answer's pack.
fn objects(sent: &[u8]) -> u32 {
    let at = sent.windows(8).position(|window| window == b"PACK\0\0\0\x02").unwrap() + 8;
    u32::from_be_bytes(sent[at..at + 4].try_into().unwrap())
}

pub(super) fn files(fixture: &Fixture, folder: &str) -> Vec<PathBuf> {
    let folder = fixture.registry.folder().git_cache().join(folder);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_same_view_is_one_commit_for_whoever_has_it() {
    let fixture = fixture();
    let ada = tip(&fixture.registry, "ada@example.com");
    assert_ne!(ada, tip(&fixture.registry, "grace@example.com"));
    fixture.registry.grant(&operator(), "G", &texts(&["tools/y"])).unwrap();
    assert_eq!(tip(&fixture.registry, "grace@example.com"), ada);
    assert_eq!((files(&fixture, "views").len(), files(&fixture, "parts").len()), (2, 2));
}

#[test]
fn what_is_sent_from_memory_is_what_is_sent_from_files() {
    let none = CacheSettings { memory_bytes: 0, ..Settings::default().cache };
    for cache in [Settings::default().cache, none] {
        let fixture = fixture_with(Settings { cache, ..Settings::default() });
        let tip = tip(&fixture.registry, "ada@example.com");
        let sent = || fetch(&fixture.registry, "ada@example.com", &[tip], &[]).unwrap();
        let first = sent();
        assert_eq!([sent(), sent()], [first.clone(), first]);
    }
}

#[test]
fn a_clone_that_began_before_a_change_ends_as_it_began() {
    let fixture = fixture();
    let before = tip(&fixture.registry, "ada@example.com");
    let whole = fetch(&fixture.registry, "ada@example.com", &[before], &[]).unwrap();
    fixture.publish_plugins("tools", &[("x", "changed")]);
    fixture.sync("tools").unwrap();
    let after = tip(&fixture.registry, "ada@example.com");
    assert_ne!(before, after);
    assert_eq!(fetch(&fixture.registry, "ada@example.com", &[before], &[]).unwrap(), whole);
    // And one who has it is sent what differs: the commit, the catalog, four trees above the plugin, its
    // manifest and three trees of its own, and the skill.
    let difference = fetch(&fixture.registry, "ada@example.com", &[after], &[before]).unwrap();
    assert!(objects(&difference) < objects(&whole), "{} {}", objects(&difference), objects(&whole));
    assert_eq!(objects(&fetch(&fixture.registry, "ada@example.com", &[after], &[after]).unwrap()), 0);
}

/// Attack: somebody whose grant was taken back has written down which commit they had, and asks for it.
#[test]
fn what_was_revoked_cannot_be_fetched_by_the_commit_of_before() {
    let fixture = fixture();
    let before = tip(&fixture.registry, "ada@example.com");
    fixture.registry.revoke(&operator(), "A", &texts(&["tools/*"])).unwrap();
    let refused = format!("upload-pack: not our ref {before}");
    assert_eq!(fetch(&fixture.registry, "ada@example.com", &[before], &[]), Err(refused));
    // With a part of it granted, the old view has still more than that.
    fixture.registry.grant(&operator(), "A", &texts(&["tools/x"])).unwrap();
    assert!(fetch(&fixture.registry, "ada@example.com", &[before], &[]).is_err());
    fixture.registry.grant(&operator(), "A", &texts(&["tools/y"])).unwrap();
    assert!(fetch(&fixture.registry, "ada@example.com", &[before], &[]).is_ok());
}

/// Attack: a plugin was disabled because it does harm, and somebody's client still knows the commit, and the
/// objects by their ids, from before: one that fetches lazily asks for nothing else.
#[test]
fn what_was_disabled_cannot_be_fetched_by_the_commit_or_the_ids_of_before() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let (x, y) = (skill(registry, "x"), skill(registry, "y"));
    let before = ["ada@example.com", "grace@example.com"].map(|email| {
        let tip = tip(registry, email);
        assert!(fetch(registry, email, &[tip], &[]).is_ok() && fetch(registry, email, &[x], &[]).is_ok());
        (email, tip)
    });
    registry.disable_plugin(&operator(), "tools", "x", None).unwrap();
    for (email, old) in before {
        let now = tip(registry, email);
        assert_ne!(now, old);
        for id in [old, x] {
            let refused = format!("upload-pack: not our ref {id}");
            assert_eq!(fetch(registry, email, &[id], &[]), Err(refused.clone()));
            assert_eq!(fetch(registry, email, &[now, id], &[]), Err(refused));
        }
    }
    // What else they had goes on; and all of it is there again when it is enabled.
    assert!(fetch(registry, "ada@example.com", &[y], &[]).is_ok());
    registry.enable_plugin(&operator(), "tools", "x").unwrap();
    for (email, old) in before {
        assert_eq!(tip(registry, email), old);
        assert!(fetch(registry, email, &[x], &[]).is_ok());
    }
}

/// The id of a plugin's only skill.
fn skill(registry: &Registry, name: &str) -> Oid {
    registry.plugin(&operator(), "tools", name).unwrap().content.files["skills/s/SKILL.md"].blob
}

/// Attack: Grace has heard which commit Ada's view is. She asks for it, and says that she has it, to learn
/// from what is left out or acknowledged whether it exists.
#[test]
fn the_commits_of_others_do_not_exist() {
    let fixture = fixture();
    let (ada, grace) =
        (tip(&fixture.registry, "ada@example.com"), tip(&fixture.registry, "grace@example.com"));
    let nobody = Oid([7; 20]);
    let told = |id: Oid| fetch(&fixture.registry, "grace@example.com", &[id], &[]).unwrap_err();
    assert_eq!(told(ada).replace(&ada.to_string(), ""), told(nobody).replace(&nobody.to_string(), ""));
    let sent = |have: Oid| fetch(&fixture.registry, "grace@example.com", &[grace], &[have]).unwrap();
    assert_eq!(sent(ada), sent(nobody));
}

#[test]
fn what_somebody_was_told_outlives_the_process() {
    let fixture = fixture();
    let before = tip(&fixture.registry, "ada@example.com");
    fixture.publish_plugins("tools", &[("x", "changed"), ("y", "of y")]);
    fixture.sync("tools").unwrap();
    let fixture = fixture.reopened("this boot\n");
    fixture.registry.hold_access().unwrap();
    assert!(fetch(&fixture.registry, "ada@example.com", &[before], &[]).is_ok());
    let after = tip(&fixture.registry, "ada@example.com");
    let difference = fetch(&fixture.registry, "ada@example.com", &[after], &[before]).unwrap();
    assert!(
        objects(&difference) < objects(&fetch(&fixture.registry, "ada@example.com", &[after], &[]).unwrap())
    );
    // After the machine was started anew the cache is not trusted.
    let fixture = fixture.reopened("another boot\n");
    fixture.registry.hold_access().unwrap();
    assert!(fetch(&fixture.registry, "ada@example.com", &[before], &[]).is_err());
    assert_eq!(tip(&fixture.registry, "ada@example.com"), after);
}

#[test]
fn what_is_damaged_in_the_cache_is_made_again() {
    let fixture = fixture();
    let ada = tip(&fixture.registry, "ada@example.com");
    let whole = fetch(&fixture.registry, "ada@example.com", &[ada], &[]).unwrap();
    let mut fixture = fixture;
    for folder in ["views", "parts"] {
        for damage in ["cut", "changed", "gone"] {
            for path in files(&fixture, folder) {
                let mut bytes = fs::read(&path).unwrap();
                match damage {
                    "cut" => fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
                    "changed" => {
                        bytes[30] ^= 1;
                        fs::write(&path, &bytes).unwrap();
                    }
                    _ => fs::remove_file(&path).unwrap(),
                }
            }
            fixture = fixture.reopened("this boot\n");
            fixture.registry.hold_access().unwrap();
            let again = fetch(&fixture.registry, "ada@example.com", &[ada], &[]);
            assert_eq!(again.as_ref(), Ok(&whole), "{folder} {damage}");
        }
    }
    // Behind the back of a process that has it in memory: that transfer fails, the next one does not.
    for path in files(&fixture, "parts") {
        fs::remove_file(path).unwrap();
    }
    assert!(fetch(&fixture.registry, "ada@example.com", &[ada], &[]).is_err());
    assert_eq!(fetch(&fixture.registry, "ada@example.com", &[ada], &[]), Ok(whole));
}

/// An operator removes all of the caches, again and again, while views are made, opened and sent.
#[test]
fn what_is_made_or_sent_is_not_pruned() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let emails = ["ada@example.com", "grace@example.com"];
    let whole = emails.map(|email| fetch(registry, email, &[tip(registry, email)], &[]));
    let mut pruned = 0;
    std::thread::scope(|scope| {
        let whole = &whole;
        let serve = |number| {
            scope.spawn(move || {
                for round in 0..100_usize {
                    let who = (number + round) % 2;
                    let ask = || {
                        let (caller, glance) = prepared(registry, emails[who]);
                        registry.tip(&caller, &glance).unwrap()
                    };
                    let tip = std::iter::repeat_with(ask).flatten().next().unwrap();
                    let sent = fetch(registry, emails[who], &[tip], &[]);
                    assert!(sent == whole[who], "round {round}: {:?}", sent.err());
                    let zip = registry.my_bundle(&caller(registry, emails[who])).unwrap();
                    assert_eq!(zip.open().unwrap().metadata().unwrap().len(), zip.size);
                }
            })
        };
        let serving = [0, 1, 2, 3].map(serve);
        while serving.iter().any(|one| !one.is_finished()) {
            pruned += registry.prune(&operator(), true).unwrap().files;
        }
    });
    assert!(pruned > 100, "{pruned}");
}

#[test]
fn the_cache_is_bounded_by_size_and_age() {
    let cache = CacheSettings { max_bytes: 1, max_age: Duration::from_secs(3_600), memory_bytes: 0 };
    let fixture = fixture_with(Settings { cache, ..Settings::default() });
    let ada = tip(&fixture.registry, "ada@example.com");
    tip(&fixture.registry, "grace@example.com");
    assert_eq!(files(&fixture, "parts").len(), 2, "made just now, they stay");
    let old = || {
        for path in [files(&fixture, "parts"), files(&fixture, "views")].concat() {
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(1_200)).unwrap();
        }
    };
    old();
    let pruned = fixture.registry.prune(&operator(), false).unwrap();
    assert_eq!(pruned.files, 0, "they are at hand");
    let pruned = fixture.registry.prune(&operator(), true).unwrap();
    assert_eq!(pruned.files, 4);
    assert!(pruned.bytes > 0);
    assert_eq!(tip(&fixture.registry, "ada@example.com"), ada);
    let fixture = fixture.reopened("this boot\n");
    for path in [files(&fixture, "parts"), files(&fixture, "views")].concat() {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(1_200)).unwrap();
    }
    assert_eq!(fixture.registry.prune(&operator(), false).unwrap().files, 3);
}
