use std::process::Command;

use super::*;

const ROUNDS: usize = 25;

/// Names the overlay for a process that is to write to it.
const ASKED: &str = "AGNES_TEST_OVERLAY";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// Sets, rotates and clears one token, again and again, and leaves it set.
fn write_often(path: &Path, variable: &str) {
    let patience = Duration::from_secs(60);
    for round in 0..ROUNDS {
        change(path, variable, Some(&secret(&format!("{variable}-{round}"))), patience).unwrap();
        let lines = read(path).unwrap();
        let mine: Vec<_> = lines.iter().filter(|line| line.starts_with(&format!("{variable}="))).collect();
        assert_eq!(mine, [&format!("{variable}={variable}-{round}")], "nobody else takes it away");
        if round + 1 < ROUNDS {
            change(path, variable, None, patience).unwrap();
        }
    }
}

/// Not a test of its own: what the next one runs as another process.
#[test]
fn as_another_process() {
    if let Ok(asked) = std::env::var(ASKED) {
        let (path, variable) = asked.split_once('|').unwrap();
        write_often(Path::new(path), variable);
    }
}

/// Two servers by mistake, a script that rotates tokens, an editor that saves: all write at the same time.
/// Whoever reads in between sees a whole file, for its owner alone; in the end every change is there.
#[test]
fn many_write_at_once_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env_overlay");
    fs::write(&path, "# an operator's own line\nOTHER=kept\n").unwrap();
    let program = std::env::current_exe().unwrap();
    // Without the name of the crate, which test names do not have.
    let (_, here) = module_path!().split_once("::").unwrap();
    let processes: Vec<_> = (0..3)
        .map(|n| {
            Command::new(&program)
                .args(["--exact", &format!("{here}::as_another_process")])
                .env(ASKED, format!("{}|PROCESS_{n}", path.display()))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let path = path.as_path();
    std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..3).map(|n| scope.spawn(move || write_often(path, &format!("THREAD_{n}")))).collect();
        let mut looks = 0;
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            let text = fs::read_to_string(path).unwrap();
            assert!(text.starts_with("# an operator's own line\nOTHER=kept\n"), "{text}");
            assert!(text.ends_with('\n'), "{text}");
            looks += 1;
        }
        assert!(looks > 0);
    });
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let mut lines = read(path).unwrap();
    lines[2..].sort();
    let last = ROUNDS - 1;
    let expected: Vec<_> = ["PROCESS", "THREAD"]
        .iter()
        .flat_map(|kind| (0..3).map(move |n| format!("{kind}_{n}={kind}_{n}-{last}")))
        .collect();
    assert_eq!(lines[2..], expected);
    for name in [".env_overlay", ".env_overlay.lock"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "nothing half-written is left");
}

/// A process was killed while it wrote; what it left is neither read nor kept, whatever mode it has.
#[test]
fn what_a_killed_writer_left_is_in_nobodys_way() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env_overlay");
    fs::write(&path, "A=1\n").unwrap();
    let new = beside(&path, ".new");
    fs::write(&new, "A=1\nB=hal").unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o644)).unwrap();
    change(&path, "C", Some(&secret("3")), Duration::ZERO).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nC=3\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!new.exists());
}

#[test]
fn who_does_not_let_go_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env_overlay");
    let held = turn(&path, Duration::ZERO).unwrap();
    let error = change(&path, "A", Some(&secret("hunter2")), Duration::from_millis(30)).unwrap_err();
    assert!(error.to_string().ends_with(".env_overlay` is being changed by another program"), "{error}");
    assert!(error.hint().unwrap().ends_with(".env_overlay.lock"));
    assert!(!path.exists());
    drop(held);
    change(&path, "A", Some(&secret("1")), Duration::ZERO).unwrap();
    // What changes nothing waits for nobody.
    assert!(changed(&read(&path).unwrap(), "A", Some(&secret("1"))).is_none());
    assert!(changed(&read(&path).unwrap(), "B", None).is_none());
}
