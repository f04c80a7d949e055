//! Parts, snapshots and packs, judged by git.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::domain::feed::served::Bytes;
use crate::domain::repository::oid::Oid;
use crate::git::Repository;
use crate::git::fixture::{World, git};
use crate::git::upload_pack::{Band, Filter, ObjectKind};

/// Parts in a folder of their own.
struct Shelf {
    folder: TempDir,
    world: World,
}

impl Shelf {
    /// An upstream of which some files are stored as deltas, as a fetch leaves them.
    fn new() -> Self {
        let world = World::new();
        for n in 0..20 {
            let lines: Vec<_> =
                (0..200).map(|line| format!("line {line} of all, and {}\n", line * 7)).collect();
            let text = lines.concat();
            world.write(&format!("p/skills/s{n}/SKILL.md"), format!("{text}{n}\n"));
        }
        world.write("p/run.sh", "#!/bin/sh\n");
        world.commit("plugins");
        world.fetch(&crate::git::Pin::Default).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), world }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A part of files: text of ours, or `=PATH` for the upstream's own.
    fn part(&self, name: &str, files: &[(&str, &str)]) -> Arc<Part> {
        let source = |text: &&str| match text.strip_prefix('=') {
            Some(path) => Bytes::Blob(self.world.id(&format!("HEAD:{path}"))),
            None => Bytes::Made(text.as_bytes().to_vec()),
        };
        let files: Vec<(&str, Bytes)> = files.iter().map(|(path, text)| (*path, source(text))).collect();
        let path = self.path(name);
        let repository = Repository::open(&self.world.repo()).unwrap();
        let mut copier = Copier::new(Packs::map(&self.world.repo()), repository.reader());
        let mut out = PartWriter::new(fs::File::create(&path).unwrap()).unwrap();
        let files = files.iter().map(|(path, bytes)| (*path, path.ends_with(".sh"), bytes));
        let root = write_folder(&mut out, &mut copier, files).unwrap();
        out.finish(&root, b"about it").unwrap();
        Arc::new(Part::open(&path).unwrap())
    }

    fn snapshot(&self, name: &str, plugins: &[(&str, Arc<Part>)]) -> Snapshot {
        let path = self.path(name);
        let mut out = PartWriter::new(fs::File::create(&path).unwrap()).unwrap();
        let folders: Vec<_> =
            plugins.iter().map(|(name, part)| (format!("plugins/{name}"), part.root())).collect();
        let catalog = format!("{{\"plugins\": {}}}\n", plugins.len());
        let files = [(".claude-plugin/marketplace.json", catalog.as_bytes())];
        let tip = write_head(&mut out, &files, &folders, "View of a test").unwrap();
        out.finish(&tip, b"").unwrap();
        let head = Arc::new(Part::open(&path).unwrap());
        Snapshot::new(std::iter::once(head).chain(plugins.iter().map(|(_, part)| Arc::clone(part))).collect())
            .unwrap()
    }

    /// A view of two plugins that share files.
    fn two(&self) -> Snapshot {
        let a =
            [("skills/s/SKILL.md", "=p/skills/s1/SKILL.md"), ("run.sh", "=p/run.sh"), ("LICENSE", "=a.txt")];
        let b = [
            ("skills/s/SKILL.md", "=p/skills/s2/SKILL.md"),
            ("LICENSE", "=a.txt"),
            (".claude-plugin/plugin.json", "{}\n"),
        ];
        self.snapshot("head", &[("a", self.part("a", &a)), ("b", self.part("b", &b))])
    }

    /// Objects that git finds in a pack, which it takes strictly.
    fn indexed(&self, pack: &[u8]) -> usize {
        let path = self.path("sent.pack");
        fs::write(&path, pack).unwrap();
        let told = git(self.folder.path(), &["index-pack", "--strict", path.to_str().unwrap()]);
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        let told = git(self.folder.path(), &["verify-pack", "-v", path.to_str().unwrap()]);
        String::from_utf8_lossy(&told.stdout)
            .lines()
            .filter(|line| line.contains(" blob ") || line.contains(" tree ") || line.contains(" commit "))
            .count()
    }
}

fn sent(pack: &Arc<Pack>, band: Band, at_a_time: usize) -> Vec<u8> {
    let mut stream = PackStream::new(b"before".to_vec(), band, Arc::clone(pack));
    let mut all = Vec::new();
    loop {
        let bytes = stream.next(at_a_time).unwrap();
        if bytes.is_empty() {
            break;
        }
        all.extend(bytes);
    }
    assert_eq!(all.len() as u64, stream.length(), "{band:?} {at_a_time}");
    all
}

fn raw(pack: &Arc<Pack>) -> Vec<u8> {
    sent(pack, Band::Raw, 1 << 20).split_off(b"before".len())
}

fn select_all(snapshot: &Snapshot, had: &[&Snapshot], filter: &str) -> Arc<Pack> {
    let filter = if filter.is_empty() { Filter::default() } else { Filter::parse(filter).unwrap() };
    select(&[(snapshot.tip(), snapshot)], had, &filter).unwrap()
}

#[test]
fn git_takes_the_pack_of_a_snapshot_and_finds_its_files_in_it() {
    let shelf = Shelf::new();
    let snapshot = shelf.two();
    let pack = select_all(&snapshot, &[], "");
    // A commit; the root, `.claude-plugin`, `plugins`; for each plugin its own tree and two; `plugin.json`'s
    // folder; and the five blobs, of which one is in both.
    assert_eq!(shelf.indexed(&raw(&pack)), pack.objects() as usize);
    let clone = shelf.path("clone");
    let clone = clone.to_str().unwrap();
    git(shelf.folder.path(), &["init", "-q", clone]);
    fs::copy(shelf.path("sent.pack"), shelf.path("clone/.git/objects/pack/pack-1.pack")).unwrap();
    git(shelf.folder.path(), &["-C", clone, "index-pack", ".git/objects/pack/pack-1.pack"]);
    let tip = snapshot.tip().to_string();
    let run = |args: &[&str]| {
        let told = git(shelf.folder.path(), &[&["-C", clone], args].concat());
        assert!(told.status.success(), "{args:?}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8_lossy(&told.stdout).into_owned()
    };
    run(&["update-ref", "refs/heads/main", &tip]);
    run(&["fsck", "--strict", "--full"]);
    let listed = run(&["ls-tree", "-r", "--format=%(objectmode) %(path)", &tip]);
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        [
            "100644 .claude-plugin/marketplace.json",
            "100644 plugins/a/LICENSE",
            "100755 plugins/a/run.sh",
            "100644 plugins/a/skills/s/SKILL.md",
            "100644 plugins/b/.claude-plugin/plugin.json",
            "100644 plugins/b/LICENSE",
            "100644 plugins/b/skills/s/SKILL.md",
        ]
    );
    let blob = format!("{tip}:plugins/b/skills/s/SKILL.md");
    assert_eq!(run(&["rev-parse", &blob]).trim(), shelf.world.id("HEAD:p/skills/s2/SKILL.md").to_string());
}

#[test]
fn the_same_contents_make_the_same_commit_wherever() {
    let tip = Shelf::new().two().tip();
    assert_eq!(tip, Shelf::new().two().tip());
    assert_eq!(tip.to_string(), "7f359bf8321734c62135109e75474320249b3a36");
}

#[test]
fn however_it_is_read_the_same_is_sent() {
    let shelf = Shelf::new();
    let snapshot = shelf.two();
    let pack = select_all(&snapshot, &[], "");
    let whole = raw(&pack);
    for at_a_time in [1, 7, 1000, 1 << 20] {
        assert_eq!(raw(&pack), sent(&pack, Band::Raw, at_a_time)[6..], "{at_a_time}");
        for band in [Band::Small, Band::Large] {
            let all = sent(&pack, band, at_a_time);
            let mut rest = &all[b"before".len()..];
            let mut unwrapped = Vec::new();
            while rest != b"0000" {
                let n = usize::from_str_radix(std::str::from_utf8(&rest[..4]).unwrap(), 16).unwrap();
                assert_eq!(rest[4], 1);
                unwrapped.extend_from_slice(&rest[5..n]);
                rest = &rest[n..];
            }
            assert_eq!(unwrapped, whole);
        }
    }
    // Once more from the files, with what the pack ends with to be counted again.
    assert_eq!(raw(&select_all(&shelf.two(), &[], "")), whole);
}

#[test]
fn who_has_one_snapshot_is_sent_what_differs_in_the_other() {
    let shelf = Shelf::new();
    let before = shelf.two();
    let a = shelf.part(
        "a",
        &[("skills/s/SKILL.md", "=p/skills/s1/SKILL.md"), ("run.sh", "=p/run.sh"), ("LICENSE", "=a.txt")],
    );
    let b = shelf.part(
        "b2",
        &[("skills/s/SKILL.md", "changed\n"), ("LICENSE", "=a.txt"), (".claude-plugin/plugin.json", "{}\n")],
    );
    let after = shelf.snapshot("head2", &[("a", a), ("b", b)]);
    let pack = select_all(&after, &[&before], "");
    // The commit, the trees down to the file, and the file; the catalog is the same.
    assert_eq!(pack.objects(), 7);
    assert_eq!(select_all(&after, &[&after], "").objects(), 0);
    assert_eq!(shelf.indexed(&raw(&select_all(&after, &[&after], ""))), 0);
}

#[test]
fn filters_leave_out_what_they_say() {
    let shelf = Shelf::new();
    let snapshot = shelf.two();
    let count = |filter: &str| select_all(&snapshot, &[], filter).objects();
    let (all, trees, blobs) = (count(""), 10, 6);
    assert_eq!(all, 1 + trees + blobs);
    for (filter, objects) in [
        ("blob:none", 1 + trees),
        ("blob:limit=1k", all - 2),
        ("blob:limit=1m", all),
        ("tree:0", 1),
        ("tree:1", 2),
        ("tree:2", 4),
        ("tree:3", 7),
        ("tree:99", all),
        ("object:type=commit", 1),
        ("object:type=tree", 1 + trees),
        ("object:type=blob", 1 + blobs),
        ("combine:tree:3+blob:none", 6),
    ] {
        assert_eq!(count(filter), objects, "{filter}");
    }
}

#[test]
fn what_a_partial_clone_left_out_can_be_had_by_name() {
    let shelf = Shelf::new();
    let snapshot = shelf.two();
    let blob = shelf.world.id("HEAD:p/skills/s2/SKILL.md");
    let part = shelf.part(
        "b",
        &[
            ("skills/s/SKILL.md", "=p/skills/s2/SKILL.md"),
            ("LICENSE", "=a.txt"),
            (".claude-plugin/plugin.json", "{}\n"),
        ],
    );
    let want = |ids: &[Oid], had: &[&Snapshot], filter: &str| {
        let wants: Vec<_> = ids.iter().map(|id| (*id, &snapshot)).collect();
        select(&wants, had, &Filter::parse(filter).unwrap()).unwrap().objects()
    };
    assert_eq!(want(&[blob], &[], "blob:none"), 1, "whoever names it lacks it");
    assert_eq!(want(&[blob, blob], &[&snapshot], "blob:none"), 1, "even if they say they have all of it");
    assert_eq!(want(&[part.root()], &[], "blob:none"), 4, "its trees");
    assert_eq!(want(&[part.root()], &[], "tree:1"), 1);
    assert_eq!(want(&[part.root(), blob], &[], "tree:1"), 2);
    assert!(!snapshot.has(&shelf.world.id("HEAD:p/skills/s3/SKILL.md")), "what is in no plugin is not there");
}

/// Somebody wants every folder of a deep view by name. Each is looked into once, and not once more for each folder
/// above it.
#[test]
fn every_tree_that_is_wanted_is_read_once() {
    let shelf = Shelf::new();
    let deep: Vec<(String, String)> =
        (0..20).map(|n| (format!("{n}/{}file", "d/".repeat(60)), format!("{n}\n"))).collect();
    let deep: Vec<(&str, &str)> = deep.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let part = shelf.part("deep", &deep);
    let snapshot = shelf.snapshot("head", &[("deep", Arc::clone(&part))]);
    let (head, _) = snapshot.find(&snapshot.tip()).unwrap();
    let trees: Vec<Oid> = snapshot
        .all()
        .filter(|(_, object)| object.kind == ObjectKind::Tree)
        .map(|(_, object)| object.id)
        .collect();
    let number = u32::try_from(trees.len()).unwrap();
    let all = select_all(&snapshot, &[], "").objects();
    assert!(number > 20 * 60);
    let outermost_first = trees.iter().rev().copied().collect();
    for wants in [trees.clone(), outermost_first] {
        let wants: Vec<_> = wants.into_iter().map(|id| (id, &snapshot)).collect();
        for (filter, objects, most) in [
            ("tree:1000", all - 1, number),
            ("blob:none", number, number),
            ("tree:1", number, 0),
            ("tree:2", all - 1, number),
            ("tree:30", all - 1, number),
        ] {
            let before = reads(&part) + reads(head);
            let pack = select(&wants, &[], &Filter::parse(filter).unwrap()).unwrap();
            assert_eq!(pack.objects(), objects, "{filter}");
            assert_eq!(reads(&part) + reads(head) - before, u64::from(most), "{filter}");
        }
    }
}

fn reads(part: &Part) -> u64 {
    part.reads.load(std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn a_damaged_part_is_seen_when_it_is_opened() {
    let shelf = Shelf::new();
    shelf.part("a", &[("run.sh", "=p/run.sh"), ("x", "text\n")]);
    let whole = fs::read(shelf.path("a")).unwrap();
    let bad = shelf.path("bad");
    let opened = |bytes: &[u8]| {
        fs::write(&bad, bytes).unwrap();
        Part::open(&bad)
    };
    assert!(opened(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(matches!(opened(&whole[..length]), Err(PartError::Damaged(_))), "cut to {length}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        assert!(matches!(opened(&bytes), Err(PartError::Damaged(_))), "changed at {at}");
    }
    let more = [whole.as_slice(), b"x"].concat();
    assert!(opened(&more).is_err());
}

#[test]
fn a_part_that_is_cut_off_or_gone_while_it_is_sent_ends_the_sending_and_is_not_trusted_again() {
    let shelf = Shelf::new();
    let damage: [&dyn Fn(&Path); 2] =
        [&|path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(20).unwrap(), &|path| {
            fs::remove_file(path).unwrap();
        }];
    for damage in damage {
        let snapshot = shelf.two();
        damage(&shelf.path("b"));
        let mut stream = PackStream::new(Vec::new(), Band::Large, select_all(&snapshot, &[], ""));
        assert!(snapshot.is_sound());
        let failed = loop {
            match stream.next(1 << 16) {
                Ok(bytes) => assert!(!bytes.is_empty(), "it may not look complete"),
                Err(error) => break error,
            }
        };
        assert!(!snapshot.is_sound(), "{failed}");
    }
}

#[test]
fn what_upstream_has_damaged_is_read_in_the_other_way_which_says_so() {
    let shelf = Shelf::new();
    let pack = fs::read_dir(shelf.world.repo().join("objects/pack")).unwrap();
    let pack =
        pack.map(|file| file.unwrap().path()).find(|path| path.extension().unwrap() == "pack").unwrap();
    let mut bytes = fs::read(&pack).unwrap();
    for byte in &mut bytes[12..].iter_mut().step_by(40) {
        *byte ^= 0xff;
    }
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, bytes).unwrap();
    let repository = Repository::open(&shelf.world.repo()).unwrap();
    let mut copier = Copier::new(Packs::map(&shelf.world.repo()), repository.reader());
    let mut out = PartWriter::new(Vec::new()).unwrap();
    let blob = shelf.world.id("HEAD:p/skills/s2/SKILL.md");
    let told = copier.blob(&blob, &mut out).unwrap_err();
    assert!(matches!(told, WriteError::Read(_)), "{told}");
}
