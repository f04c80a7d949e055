//! The git channel: older views that somebody was told of, and what is remembered of that.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

use super::channel::{caller, fetch, files, fixture, prepared, tip};
use crate::domain::access::caller::Caller;
use crate::domain::repository::oid::Oid;
use crate::registry::Registry;
use crate::registry::testing::{Fixture, operator, texts};

const ADA: &str = "ada@example.com";

/// The commit of before a change, and the fixture after it.
fn changed() -> (Fixture, Oid) {
    let fixture = fixture();
    let before = tip(&fixture.registry, ADA);
    fixture.publish_plugins("tools", &[("x", "changed"), ("y", "of y")]);
    fixture.sync("tools").unwrap();
    (fixture, before)
}

/// Changes what is written beside the objects of a part, as another version might have written it.
fn reword(path: &Path, from: &str, to: &str) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(from.len()).position(|some| some == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    let end = bytes.len() - 12;
    let sum = crc32(&bytes[..end]).to_be_bytes();
    bytes[end..end + 4].copy_from_slice(&sum);
    fs::write(path, bytes).unwrap();
}

/// The crate for it lives in another room.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}

/// Attack: the cache is an earlier version's, which did not write down who gave what. Nobody can be asked.
#[test]
fn what_an_earlier_version_left_is_no_older_view_and_is_made_again() {
    for (folder, from, to) in [("views", "\"files\"", "\"digst\""), ("parts", "\"others\"", "\"nobody\"")] {
        let (fixture, before) = changed();
        let now = tip(&fixture.registry, ADA);
        let whole = fetch(&fixture.registry, ADA, &[now], &[]).unwrap();
        let fixture = fixture.reopened("this boot\n");
        fixture.registry.hold_access().unwrap();
        for path in files(&fixture, folder) {
            reword(&path, from, to);
        }
        let refused = format!("upload-pack: not our ref {before}");
        assert_eq!(fetch(&fixture.registry, ADA, &[before], &[]), Err(refused), "{folder}");
        assert_eq!(fetch(&fixture.registry, ADA, &[now], &[]), Ok(whole), "{folder}");
        assert_eq!(tip(&fixture.registry, ADA), now, "{folder}");
    }
}

/// Attack: somebody asks for ids that nobody has, to have the server read all that they were ever told of.
#[test]
fn older_views_are_looked_at_for_what_they_have() {
    let (fixture, before) = changed();
    let registry = &fixture.registry;
    let old = registry.channel.told(&id(registry)).unwrap().last().unwrap().view;
    tip(registry, ADA);
    registry.channel.let_go();
    assert!(fetch(registry, ADA, &[Oid([7; 20])], &[]).is_err());
    assert!(registry.channel.seen(&old).is_none(), "it takes nobody's place in memory");
    assert!(fetch(registry, ADA, &[before], &[]).is_ok());
    assert!(registry.channel.seen(&old).is_some(), "whoever has it comes again");

    // What was not granted is not even read: it would be found damaged, and removed.
    registry.revoke(&operator(), "A", &texts(&["tools/*"])).unwrap();
    registry.grant(&operator(), "A", &texts(&["tools/y"])).unwrap();
    tip(registry, ADA);
    registry.channel.let_go();
    for path in files(&fixture, "parts") {
        fs::write(path, "nonsense").unwrap();
    }
    prepared(registry, ADA);
    assert_eq!(files(&fixture, "parts").len(), 3);
    assert!(fetch(registry, ADA, &[before], &[]).is_err());
    assert_eq!(files(&fixture, "parts").len(), 3);
}

fn id(registry: &Registry) -> String {
    caller(registry, ADA).own_id().unwrap().to_owned()
}

/// For a moment a file cannot be read. That is no reason to take it for empty, and to write over it.
#[test]
fn what_somebody_was_told_is_not_forgotten_because_it_cannot_be_read() {
    let (fixture, before) = changed();
    let fixture = fixture.reopened("this boot\n");
    let registry = &fixture.registry;
    registry.hold_access().unwrap();
    let path = registry.folder().git_cache().join("users").join(id(registry));
    let aside = fixture.folder.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    fs::create_dir(&path).unwrap();
    let (caller, glance) = prepared(registry, ADA);
    let told = registry.tip(&caller, &glance).unwrap_err().to_string();
    assert!(told.contains("cannot be read"), "{told}");
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    assert!(fetch(registry, ADA, &[before], &[]).is_ok());
    tip(registry, ADA);
    assert!(fetch(registry, ADA, &[before], &[]).is_ok());
    // What is no text at all is a file that a crash left, and nothing.
    let fixture = fixture.reopened("this boot\n");
    fixture.registry.hold_access().unwrap();
    fs::write(&path, [0xff; 64]).unwrap();
    assert!(fetch(&fixture.registry, ADA, &[before], &[]).is_err());
    tip(&fixture.registry, ADA);
}

#[test]
fn of_two_views_that_somebody_is_told_of_at_once_both_are_remembered() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let views = [ADA, "grace@example.com"].map(|email| prepared(registry, email).1);
    for n in 0..50 {
        let caller = Caller::User { id: format!("somebody{n}"), email: String::new(), admin: false };
        let both = Barrier::new(2);
        std::thread::scope(|scope| {
            for view in &views {
                let (caller, both) = (&caller, &both);
                scope.spawn(move || {
                    both.wait();
                    registry.tip(caller, view).unwrap().unwrap();
                });
            }
        });
        let text =
            fs::read_to_string(registry.folder().git_cache().join("users").join(caller.own_id().unwrap()));
        assert_eq!(text.unwrap().lines().count(), 2, "{n}");
    }
}

/// What is answered from memory shows in no file by itself, and the oldest files go first.
#[test]
fn what_was_used_is_not_what_was_not_used_for_longest() {
    let fixture = fixture();
    tip(&fixture.registry, ADA);
    let all = |fixture: &Fixture| [files(fixture, "parts"), files(fixture, "views")].concat();
    let old = |fixture: &Fixture| {
        for path in all(fixture) {
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(1_200)).unwrap();
        }
    };
    let used = |fixture: &Fixture| {
        let age =
            |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap().elapsed().unwrap_or_default();
        all(fixture).into_iter().filter(|path| age(path) < Duration::from_secs(60)).count()
    };
    let registry = &fixture.registry;
    registry.tidy().unwrap();
    old(&fixture);
    registry.tidy().unwrap();
    assert_eq!(used(&fixture), 0, "nobody asked");
    let (ada, glance) = (caller(registry, ADA), registry.work_out_glance(&caller(registry, ADA)).unwrap());
    assert!(registry.known_tip(&ada, &glance).unwrap().is_some());
    registry.tidy().unwrap();
    assert_eq!(used(&fixture), 3);
    old(&fixture);
    let fixture = fixture.reopened("this boot\n");
    fixture.registry.hold_access().unwrap();
    prepared(&fixture.registry, ADA);
    assert_eq!(used(&fixture), 3);
}
