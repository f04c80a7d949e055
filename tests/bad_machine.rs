//! Machines on which something is in the way: full disks, damaged files, other programs, other versions,
//! and no terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::good::{ADA, Good, harmless};
use crate::support::namespace::in_namespace;
use crate::support::terminal::in_terminal;
use crate::support::web::{Reply, Server};
use crate::support::{Ran, World, have, sha256, signal};

/// Ended with the test, whatever becomes of that.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn code(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A server that never answers, registered as the marketplace `hangs`.
fn hanging(world: &World) -> Server {
    let server = Server::http(|_| {
        let mut reply = Reply::new(200, "text/plain", "");
        reply.hang = true;
        reply
    });
    world.agnes(&["marketplace", "add", &format!("{}/x", server.url), "--slug", "hangs"]);
    server
}

fn until_asked(server: &Server) {
    let start = Instant::now();
    while server.seen().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "the sync never asked");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_data_folder_that_is_none() {
    let world = World::new();
    fs::write(world.path("file"), "").unwrap();
    let home = world.home().display();
    let says = |dir: &str, stderr: &str| {
        assert_eq!(world.refused(1, &["--data-dir", &format!("{home}/{dir}"), "user", "list"]), stderr);
    };
    says("file", &format!("error: `{home}/file` is not a folder: File exists (os error 17)\n"));
    says("file/data", &format!("error: `{home}/file/data` cannot be made: Not a directory (os error 20)\n"));
    fs::create_dir(world.path("odd")).unwrap();
    fs::write(world.path("odd/state"), "").unwrap();
    says("odd", &format!("error: `{home}/odd/state` is not a folder: File exists (os error 17)\n"));
}

#[test]
fn a_data_folder_that_cannot_be_written_to() {
    let good = Good::new();
    let script = format!(
        "mkdir '{home}/ro'; mount -t tmpfs tmpfs '{home}/ro'; cp -a '{home}/data' '{home}/ro/'; mount -o remount,ro '{home}/ro'
         for args in 'user list' 'marketplace sync' 'grant Admin up/alpha' 'build-zip --user {ADA} -o {home}/b.zip'; do
             IFS=' '; set +e; \"$AGNES\" --data-dir '{home}/ro/data' $args; echo \"status $?\"; set -e
         done
         set +e; \"$AGNES\" --data-dir '{home}/ro/new' user list; echo \"status $?\"",
        home = good.world.home().display(),
    );
    // The home has a space in its name, and the shell above splits words.
    let script = script.replace(&format!("-o {}/b.zip", good.world.home().display()), "-o b.zip");
    let Some(ran) = in_namespace(&good.world, &script, "a_data_folder_that_cannot_be_written_to") else {
        return;
    };
    let home = good.world.home().display();
    assert_eq!(ran.text(), "status 1\n".repeat(5), "{}", ran.stderr);
    let hint = "hint: run as the user who owns the data folder, or choose another with --data-dir\n";
    let one = format!(
        "error: `{home}/ro/data/state` cannot be written to: read-only filesystem or storage medium\n{hint}"
    );
    let new = format!("error: `{home}/ro/new` cannot be made: Read-only file system (os error 30)\n{hint}");
    assert_eq!(ran.stderr, format!("{}{new}", one.repeat(4)));
    good.still_builds();
}

/// The disk fills up while Agnes works. Each command says so, and afterwards everything is as it was.
#[test]
fn a_full_disk() {
    let good = Good::new();
    good.upstream.write("plugins/alpha/new.md", "new\n").commit("Something new");
    let home = good.world.home().display();
    let script = format!(
        "cd '{home}'; mkdir small; mount -t tmpfs -o size=30m tmpfs small; cp -a data small/; rm -rf small/data/marketplaces/zip-cache
         run() {{ echo \"$*\"; set +e; \"$AGNES\" --data-dir small/data \"$@\" 2>&1; echo \"status $?\"; set -e; }}
         dd if=/dev/zero of=small/fill bs=4k 2>/dev/null || true
         n=0; while [ $n -lt 60 ] && \"$AGNES\" --data-dir small/data user add u$n@example.com --name \"$(head -c 900 /dev/zero | tr '\\0' x)\" 2>said; do n=$((n+1)); done
         echo LOG; cat said
         run marketplace sync
         run build-zip --user {ADA} -o b.zip
         run user list
         echo token | run marketplace edit up --token-stdin
         rm small/fill
         echo ROOM
         run grants --group Admin
         run build-zip --user {ADA} -o b.zip
         run marketplace sync
         run grant Admin up/alpha
         run doctor
         run build-zip --user {ADA} -o b2.zip
         echo OUTPUT
         dd if=/dev/zero of=small/fill bs=4k 2>/dev/null || true
         run build-zip --user {ADA} -o small/b.zip
         ls -A small"
    );
    let Some(ran) = in_namespace(&good.world, &script, "a_full_disk") else { return };
    let text = ran.text();
    assert_eq!(ran.code, Some(0), "{text}\n{}", ran.stderr);
    let parts: Vec<&str> = text.split("ROOM\n").flat_map(|part| part.split("OUTPUT\n")).collect();
    let [full, room, output] = parts[..] else { panic!("{text}") };
    let hint = "hint: make room on that disk; what was there before is untouched\n";
    // What still fits into the last page of the database's log is kept; then it says so.
    assert!(full.contains(&format!("LOG\nerror: the disk is full\n{hint}")), "{text}");
    assert!(
        full.contains("/small/data/marketplaces/up` is full") || full.contains("error: up: the disk is full"),
        "{text}"
    );
    assert!(full.contains("status 6\n"), "{text}");
    assert!(
        full.contains(&format!("No space left on device (os error 28)\n{hint}status 1\nuser list\n")),
        "{text}"
    );
    assert!(full.contains("\nada@example.com "), "{text}");
    assert!(!text.contains("panicked"), "{text}");

    assert!(room.contains("grants --group Admin\nNo grants."), "{text}");
    assert!(room.contains("1 added") || room.contains("1 updated"), "{text}");
    assert!(room.contains("`Admin` now has up/alpha.\nstatus 0\n"), "{text}");
    assert!(room.contains("0 broken"), "{text}");
    // The bundle that was built in between, from what was there before.
    assert_eq!(sha256(&fs::read(good.world.path("b.zip")).unwrap()), sha256(&good.before));
    assert!(
        output.contains("`small/b.zip` cannot be written: No space left on device")
            && output.contains("status 1\n"),
        "{text}"
    );
    assert!(output.ends_with("\ndata\nfill\n"), "nothing half-written is left: {output}");
}

#[test]
fn a_registry_of_a_later_version_or_of_another_program() {
    let good = Good::new();
    let database = good.world.data().join("state/system.duckdb");
    let sql = |path: &Path, sql: &str| duckdb::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    sql(&database, "INSERT INTO agnes_schema VALUES (99, now()::TIMESTAMP)");
    for args in [&["user", "list"][..], &["marketplace", "sync"], &["build-zip", "--user", ADA], &["doctor"]]
    {
        assert_eq!(
            good.world.refused(1, args),
            "error: the registry has schema 99, and this version of agnes knows 7: agnes is older than its data\n\
             hint: install the version of agnes that made it, or a later one\n"
        );
    }
    sql(&database, "DELETE FROM agnes_schema WHERE version = 99");
    good.still_builds();

    let other = good.world.path("other");
    fs::create_dir_all(other.join("state")).unwrap();
    let theirs = other.join("state/system.duckdb");
    sql(&theirs, "CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (7)");
    let before = fs::read(&theirs).unwrap();
    let stderr = good.world.refused(1, &["--data-dir", other.to_str().unwrap(), "user", "list"]);
    assert_eq!(
        stderr,
        format!(
            "error: `{}` was made by another program: it has a table `users`, but not the one that says which version of agnes made it\n\
             hint: choose another folder with --data-dir\n",
            theirs.display()
        )
    );
    assert!(fs::read(&theirs).unwrap() == before, "nothing of it was changed");
}

#[test]
fn a_registry_that_is_damaged() {
    let good = Good::new();
    let database = good.world.data().join("state/system.duckdb");
    let whole = fs::read(&database).unwrap();
    let mut flipped = whole.clone();
    for at in (12_288..flipped.len()).step_by(7) {
        flipped[at] ^= 0x5a;
    }
    let noise = vec![0x5a; 100_000];
    for damaged in [&b"not a database"[..], b"", &noise, &whole[..whole.len() / 2], &flipped] {
        fs::write(&database, damaged).unwrap();
        let stderr = good.world.refused(1, &["user", "list"]);
        assert!(stderr.contains(database.to_str().unwrap()), "{stderr}");
        assert!(stderr.contains("hint: restore it from a backup, or begin anew: mv "), "{stderr}");
        assert!(fs::read(&database).unwrap() == damaged, "nothing of it was changed");
    }
    fs::write(&database, whole).unwrap();
    good.still_builds();
}

/// Cron's sync is at work when somebody types a command.
#[test]
fn two_commands_at_once() {
    let good = Good::new();
    let server = hanging(&good.world);
    let mut command = good.world.agnes_command(&["marketplace", "sync", "hangs"]);
    command.env("AGNES_SYNC_IDLE_TIMEOUT", "4");
    let mut sync = Running::start(command);
    until_asked(&server);
    let start = Instant::now();
    let held = format!(
        "error: the registry is in use by {} (PID {})\n\
         hint: try again when it is done, or wait longer with --lock-wait SECONDS\n",
        env!("CARGO_BIN_EXE_agnes"),
        sync.0.id()
    );
    for args in [
        &["user", "list"][..],
        &["marketplace", "sync"],
        &["grant", "Admin", "up/alpha"],
        &["build-zip", "--user", ADA],
    ] {
        assert_eq!(good.world.refused(7, &[&["--lock-wait", "0"], args].concat()), held);
    }
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let start = Instant::now();
    assert_eq!(good.world.refused(7, &["--lock-wait", "1", "user", "list"]), held);
    assert!(start.elapsed() >= Duration::from_secs(1));
    // It waits until the first one is done, and then does its work.
    good.world.agnes(&["--lock-wait", "20", "grant", "Admin", "up/alpha"]);
    assert_eq!(sync.code(), Some(6));
    good.still_builds();
}

/// Ctrl-C, or a service manager that stops the machine.
#[test]
fn a_sync_that_is_interrupted() {
    let good = Good::new();
    let server = hanging(&good.world);
    for name in ["INT", "TERM", "KILL"] {
        let before = server.seen().len();
        let mut sync = Running::start(good.world.agnes_command(&["marketplace", "sync", "hangs"]));
        while server.seen().len() == before {
            std::thread::sleep(Duration::from_millis(10));
        }
        signal(sync.0.id(), name);
        assert_ne!(sync.code(), Some(0));
        // Nobody is locked out, and nothing failed that somebody merely stopped.
        assert_eq!(good.world.json(&["marketplace", "show", "hangs"])["last_error"], serde_json::Value::Null);
        good.still_builds();
    }
}

#[test]
fn a_token_file_that_cannot_be_read() {
    let good = Good::new();
    let overlay = good.world.data().join("state/.env_overlay");
    let edit = |input: &str| {
        use std::io::Write as _;
        let mut command = good.world.agnes_command(&["marketplace", "edit", "up", "--token-stdin"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    };
    assert_eq!(edit("token-1").code, Some(0));
    let broken = |make: &dyn Fn()| {
        fs::remove_file(&overlay).unwrap();
        make();
        let why = format!("`{}` cannot be read: ", overlay.display());
        let stderr = good.fails(&[&why]);
        assert!(!stderr.contains("token-1"));
        // What does not need it goes on.
        good.world.agnes(&["marketplace", "list"]);
        let ran = edit("token-2");
        assert!(ran.code == Some(1) && ran.stderr.contains(&why), "{}", ran.stderr);
        let doctor = good.world.run(&["doctor"]);
        assert_eq!(doctor.code, Some(8));
        assert!(doctor.text().contains(&format!("broken: no token can be used: {why}")), "{}", doctor.text());
        assert!(doctor.text().contains("agnes marketplace edit SLUG --token-prompt"), "{}", doctor.text());
        // A marketplace does not go and leave its token behind: it can still be removed later.
        let ran = good.world.run(&["marketplace", "remove", "up"]);
        assert!(ran.code == Some(1) && ran.stderr.contains(&why), "{}", ran.stderr);
        good.world.agnes(&["marketplace", "show", "up"]);
    };
    broken(&|| fs::create_dir(&overlay).unwrap());
    fs::remove_dir(&overlay).unwrap();
    fs::write(&overlay, "").unwrap();
    broken(&|| fs::write(&overlay, b"\xff\xfe=x\n").unwrap());
    // Gone altogether.
    fs::remove_file(&overlay).unwrap();
    good.fails(&["the token of `up` is gone from", "hint: agnes marketplace edit up --token-prompt"]);
    assert_eq!(edit("token-3").code, Some(0));
    good.recovers();
    fs::set_permissions(&overlay, fs::Permissions::from_mode(0o644)).unwrap();
    let doctor = good.world.run(&["doctor"]);
    assert_eq!(doctor.code, Some(8));
    let chmod = format!(
        "`{}` has mode 644: others can read the tokens\n  hint: chmod 600 '{}'",
        overlay.display(),
        overlay.display()
    );
    assert!(doctor.text().contains(&chmod), "{}", doctor.text());
}

/// Packs of a fetched repository, and what else is in there.
fn packs(good: &Good) -> Vec<PathBuf> {
    let folder = good.world.data().join("marketplaces/up/objects/pack");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The disk loses or flips some of what was fetched. Who needs it says which marketplace it is, the
/// doctor finds it, and a sync mends it though the upstream has nothing new.
#[test]
fn a_fetched_repository_that_is_damaged() {
    let good = Good::new();
    let repository = good.world.data().join("marketplaces/up");
    let flip = |path: &Path, from: usize, to: usize| {
        let mut bytes = fs::read(path).unwrap();
        let to = to.min(bytes.len());
        bytes[from..to].iter_mut().for_each(|byte| *byte ^= 0xff);
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let pack = |good: &Good| {
        packs(good).into_iter().find(|path| path.extension().is_some_and(|found| found == "pack")).unwrap()
    };
    let damages: [(&str, &dyn Fn()); 7] = [
        ("no folder", &|| fs::remove_dir_all(&repository).unwrap()),
        ("no objects", &|| fs::remove_dir_all(repository.join("objects")).unwrap()),
        ("no packs", &|| packs(&good).iter().for_each(|path| fs::remove_file(path).unwrap())),
        ("a pack without its index", &|| {
            packs(&good)
                .iter()
                .filter(|path| path.extension().is_some_and(|found| found == "idx"))
                .for_each(|path| fs::remove_file(path).unwrap());
        }),
        ("all of a pack", &|| flip(&pack(&good), 12, usize::MAX)),
        ("half a pack", &|| {
            let path = pack(&good);
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        // Commit and trees are well: only who reads the file sees it.
        ("one file", &|| {
            let id = good.upstream.git(&["rev-parse", "HEAD:plugins/beta/hooks/run.sh"]);
            let path = pack(&good);
            let listed =
                good.upstream.git(&["verify-pack", "-v", path.with_extension("idx").to_str().unwrap()]);
            let line = listed.lines().find(|line| line.starts_with(&id)).unwrap().to_owned();
            let numbers: Vec<usize> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            flip(&path, numbers[2] + 4, numbers[2] + numbers[1]);
        }),
    ];
    for (what, damage) in damages {
        for doctor_first in [false, true] {
            damage();
            fs::remove_dir_all(good.world.data().join("marketplaces/zip-cache")).ok();
            let mended = |ran: &Ran| assert_eq!(ran.code, Some(0), "{what}: {}", ran.stderr);
            if doctor_first {
                let doctor = good.world.run(&["doctor"]);
                assert_eq!(doctor.code, Some(8), "{what}: {}", doctor.text());
                assert!(
                    doctor.text().contains("broken: what `up` serves cannot be read: "),
                    "{what}: {}",
                    doctor.text()
                );
                assert!(
                    doctor.text().contains("hint: agnes marketplace sync up"),
                    "{what}: {}",
                    doctor.text()
                );
            } else {
                let output = good.world.path("b.zip");
                fs::write(&output, "as it was").unwrap();
                let stderr =
                    good.world.refused(1, &["build-zip", "--user", ADA, "-o", output.to_str().unwrap()]);
                let told = stderr.contains("the fetched repository of `up` is damaged: ")
                    || stderr.contains("what was fetched of `up` is gone: ");
                assert!(told, "{what}: {stderr}");
                assert!(stderr.ends_with("hint: agnes marketplace sync up\n"), "{what}: {stderr}");
                harmless(&stderr);
                assert_eq!(fs::read(&output).unwrap(), b"as it was", "{what}");
            }
            mended(&good.sync(&[]));
            good.still_builds();
            mended(&good.world.run(&["doctor"]));
            // And as whole as git wants it.
            let fsck = good
                .world
                .command("git")
                .arg("-C")
                .arg(&repository)
                .args(["fsck", "--strict", "--full"])
                .output()
                .unwrap();
            assert!(fsck.status.success(), "{what}: {}", String::from_utf8_lossy(&fsck.stderr));
        }
    }
}

/// The damage is in a pack that a later fetch does not write anew: what came again must be found before it.
#[test]
fn damage_under_a_pack_of_another_name() {
    let good = Good::new();
    good.upstream.write("plugins/gamma/x.md", "x\n").commit("More");
    assert_eq!(good.sync(&[]).code, Some(0));
    good.still_builds();
    let damaged = packs(&good);
    assert!(damaged.len() >= 4, "two packs with their indices: {damaged:?}");
    for path in damaged.iter().filter(|path| path.extension().is_some_and(|found| found == "pack")) {
        let mut bytes = fs::read(path).unwrap();
        let end = bytes.len() - 20;
        bytes[40..end].iter_mut().for_each(|byte| *byte ^= 0xff);
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::remove_dir_all(good.world.data().join("marketplaces/zip-cache")).unwrap();
    let stderr = good.world.refused(1, &["build-zip", "--user", ADA]);
    assert!(stderr.contains("the fetched repository of `up` is damaged: "), "{stderr}");
    assert_eq!(good.sync(&[]).code, Some(0));
    good.still_builds();
    good.world.agnes(&["doctor"]);
}

/// What is done to a file, and a name for it.
type Damage<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn caches_that_are_damaged_are_made_again() {
    let good = Good::new();
    let cache = good.world.data().join("marketplaces/zip-cache");
    let zips = || -> Vec<PathBuf> {
        ["bundles", "parts"]
            .iter()
            .flat_map(|folder| fs::read_dir(cache.join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    };
    assert!(zips().len() >= 3);
    let damages: [Damage<'_>; 5] = [
        ("empty", &|path| fs::write(path, "").unwrap()),
        ("cut", &|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() * 2 / 3]).unwrap();
        }),
        ("garbage", &|path| fs::write(path, [0x5a; 3000]).unwrap()),
        ("gone", &|path| fs::remove_file(path).unwrap()),
        ("longer", &|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, [bytes.as_slice(), &[0; 77]].concat()).unwrap();
        }),
    ];
    for (what, damage) in damages {
        // All of it; then the parts alone, with no bundle to answer from.
        for only_parts in [false, true] {
            for path in zips() {
                if only_parts && path.parent().unwrap().ends_with("bundles") {
                    fs::remove_file(&path).unwrap();
                } else {
                    damage(&path);
                }
            }
            assert_eq!(
                sha256(&good.world.bundle(ADA)),
                sha256(&good.before),
                "{what}, only parts: {only_parts}"
            );
        }
    }
    fs::remove_dir_all(&cache).unwrap();
    assert_eq!(good.world.bundle(ADA), good.before);
    fs::remove_dir_all(&cache).unwrap();
    fs::write(&cache, "a file").unwrap();
    let stderr = good.world.refused(1, &["build-zip", "--user", ADA]);
    assert!(stderr.contains("zip-cache"), "{stderr}");
    fs::remove_file(&cache).unwrap();
    good.still_builds();
}

/// `agnes plugin list | head -1`, a full disk under a log, descriptors that are closed.
#[test]
fn outputs_that_are_closed_or_full() {
    let good = Good::new();
    let shell = |script: &str| {
        let mut command = good.world.command("bash");
        command.args([
            "-c",
            &format!("set -o pipefail; agnes() {{ '{}' \"$@\"; }}; {script}", env!("CARGO_BIN_EXE_agnes")),
        ]);
        let ran = Ran::from(command.output().unwrap());
        assert!(!ran.stderr.contains("panicked"), "{script}: {}", ran.stderr);
        ran
    };
    // Whoever reads had enough.
    for command in [
        "man",
        "completions bash",
        "--help",
        "plugin show up/alpha",
        "plugin list --json",
        "build-zip --user ada@example.com -o -",
    ] {
        let ran = shell(&format!("agnes {command} | head -c 1 >/dev/null"));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command}");
    }
    for command in ["man", "completions bash", "--help", "plugin list", "user list --json"] {
        let ran = shell(&format!("agnes {command} >/dev/full"));
        let full = "error: cannot write to the standard output: No space left on device (os error 28)\n";
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), full), "{command}");
    }
    let ran = shell("agnes build-zip --user ada@example.com -o - >/dev/full");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("No space left on device"), "{}", ran.stderr);
    // A log that is full changes nothing about the work.
    good.upstream.write("plugins/gamma/x.md", "x\n").commit("More");
    assert_eq!(shell("agnes marketplace sync 2>/dev/full").code, Some(0));
    let commit = good.upstream.git(&["rev-parse", "HEAD"]);
    assert_eq!(good.shown()["last_commit_sha"], commit.as_str());
    for (command, code) in [
        ("nonsense", 2),
        ("user show eve@example.com", 3),
        ("grant Everyone up/alpha", 0),
        ("marketplace sync nope", 3),
    ] {
        assert_eq!(shell(&format!("agnes {command} 2>/dev/full")).code, Some(code), "{command}");
        assert_eq!(shell(&format!("agnes {command} 2>&-")).code, Some(code), "{command}");
    }
    good.still_builds();
}

/// Cron mails what is said, and pipelines read it: colours and cursor movements have no place in either. Nor
/// for somebody who set `NO_COLOR`.
#[test]
fn colours_are_for_terminals() {
    let good = Good::new();
    let commands = [
        &["marketplace", "sync"][..],
        &["--help"],
        &["marketplace", "add", "--help"],
        &["nonsense"],
        &["user", "show", "eve"],
        &["doctor"],
        &["demo"],
    ];
    for args in commands {
        let ran = good.world.run(args);
        assert!(
            !ran.text().contains('\x1b') && !ran.stderr.contains('\x1b'),
            "{args:?}: {}\n{}",
            ran.text(),
            ran.stderr
        );
    }
    if !have(["python3"], "colours_are_for_terminals") {
        return;
    }
    let on_a_terminal = |args: &[&str], no_color: &str| {
        let mut command = good.world.agnes_command(args);
        in_terminal(command.env("TERM", "xterm").env("NO_COLOR", no_color), &[])
    };
    let coloured = on_a_terminal(&["user", "show", "eve"], "");
    assert_eq!(coloured.code, Some(3), "{}", coloured.text());
    assert!(coloured.text().contains("\x1b[1;31merror"), "{:?}", coloured.text());
    for args in [&["user", "show", "eve"][..], &["nonsense"], &["--help"]] {
        let plain = on_a_terminal(args, "1");
        assert!(!plain.text().contains("\x1b["), "{args:?}: {:?}", plain.text());
    }
    // Quiet says nothing of what went well, not even a bar.
    let quiet = on_a_terminal(&["marketplace", "sync", "--quiet"], "");
    assert_eq!((quiet.code, quiet.text().as_str()), (Some(0), ""));
}
