use std::io::{self, Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::compress::{Entry, Fill, Part, compress};
use super::join::joined;
use super::*;
use crate::domain::loud::have;

fn entries(names: &[(&str, bool, usize)]) -> Vec<Entry<Vec<u8>>> {
    let words = |n: usize| (0..n).map(|i| b"lorem ipsum dolor\n"[i * i % 18]).collect::<Vec<u8>>();
    names
        .iter()
        .map(|(path, executable, size)| Entry {
            path: (*path).to_owned(),
            executable: *executable,
            size: *size as u64,
            source: words(*size),
        })
        .collect()
}

fn make(folder: &Path, name: &str, entries: Vec<Entry<Vec<u8>>>, threads: usize) -> PathBuf {
    let part = Part { path: folder.join(name), entries };
    compress(std::slice::from_ref(&part), threads, &|| -> Fill<'_, Vec<u8>> {
        Box::new(|source, buffer| {
            buffer.extend_from_slice(source);
            Ok(())
        })
    })
    .unwrap();
    part.path
}

fn sample(folder: &Path, threads: usize) -> Vec<u8> {
    let small = make(
        folder,
        "a",
        entries(&[("plugins/a/run.sh", true, 40), ("plugins/a/ünï.md", false, 0)]),
        threads,
    );
    let large: Vec<_> = (0..9).map(|i| (format!("plugins/b/{i}.txt"), false, 700_000)).collect();
    let large: Vec<_> = large.iter().map(|(path, exec, size)| (path.as_str(), *exec, *size)).collect();
    let large = make(folder, "b", entries(&large), threads);
    joined(".claude-plugin/marketplace.json", b"{}\n", [small.as_path(), large.as_path()]).unwrap()
}

#[test]
fn the_same_entries_make_the_same_bytes_however_the_work_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let one = sample(folder.path(), 1);
    for threads in [2, 3, 8] {
        assert!(sample(folder.path(), threads) == one, "{threads} threads");
    }
    let golden = crate::domain::digest::Digest::of(&one).to_string();
    assert_eq!(
        golden, "44f370cc1da649506d87247bfb137995657a245cac9e8bbd175ab089d80cd826",
        "another compressor, another level or another container: is that meant?"
    );
}

#[test]
fn other_programs_read_it() {
    if !have(["unzip"], "other_programs_read_it") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    std::fs::write(&path, sample(folder.path(), 2)).unwrap();
    let unzip = Command::new("unzip").arg("-tqq").arg(&path).output().unwrap();
    assert!(unzip.status.success(), "{}", String::from_utf8_lossy(&unzip.stderr));
    let listing = Command::new("unzip").args(["-Z", "-T"]).arg(&path).output().unwrap();
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    assert!(
        listing
            .lines()
            .any(|line| line.starts_with("-rwxr-xr-x") && line.contains("19800101.000000 plugins/a/run.sh")),
        "{listing}"
    );
    assert!(
        listing.lines().any(|line| line.starts_with("-rw-r--r--") && line.contains("plugins/b/8.txt")),
        "{listing}"
    );
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted);
    let mut text = Vec::new();
    archive.by_name("plugins/b/3.txt").unwrap().read_to_end(&mut text).unwrap();
    assert_eq!(text.len(), 700_000);
}

/// More files than the end record of old can count: ZIP64 (APPNOTE 4.4.21 to 4.4.24). Other programs read that, too.
#[test]
fn more_files_than_sixteen_bits_count() {
    const MANY: usize = 66_000;
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<_> = (0..MANY).map(|i| format!("plugins/a/{i:05}")).collect();
    let names: Vec<_> = names.iter().map(|name| (name.as_str(), false, 1)).collect();
    let part = make(folder.path(), "a", entries(&names), 2);
    join::check(&part).unwrap();
    let path = folder.path().join("x.zip");
    let bytes = joined(".claude-plugin/marketplace.json", b"{}\n", [part.as_path()]).unwrap();
    std::fs::write(&path, &bytes).unwrap();
    join::check(&path).unwrap();
    assert_eq!(zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap().len(), MANY + 1);
    if have(["unzip"], "more_files_than_sixteen_bits_count") {
        let unzip = Command::new("unzip").arg("-tqq").arg(&path).output().unwrap();
        assert!(unzip.status.success(), "{}", String::from_utf8_lossy(&unzip.stderr));
    }
    if have(["python3"], "more_files_than_sixteen_bits_count") {
        let ask = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); n = z.namelist(); print(len(n), z.read(n[-1]))";
        let python = Command::new("python3").args(["-c", ask]).arg(&path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&python.stdout), format!("{} b'l'\n", MANY + 1));
    }
    // Cut off in its directory, or right before its end.
    for missing in [1_000_000, 22, 1] {
        std::fs::write(&path, &bytes[..bytes.len() - missing]).unwrap();
        assert!(matches!(join::check(&path), Err(ArchiveError::Damaged { .. })), "{missing}");
    }
}

/// The end of an archive of 5 GiB, as ZIP64 has it: nothing before it takes up room.
#[test]
fn a_part_may_be_larger_than_thirty_two_bits_count() {
    use std::os::unix::fs::FileExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let file = std::fs::File::create(&path).unwrap();
    let mut end = b"PK\x06\x07".to_vec();
    end.resize(20, 0);
    end.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    // The directory's size, and that where it starts is told elsewhere.
    end.extend(1_000_u32.to_le_bytes());
    end.extend(u32::MAX.to_le_bytes());
    end.extend([0, 0]);
    file.write_all_at(&end, 5 << 30).unwrap();
    join::check(&path).unwrap();
    // Without the ZIP64 locator such an end record belongs to no archive.
    file.write_all_at(&[0; 20], 5 << 30).unwrap();
    assert!(matches!(join::check(&path), Err(ArchiveError::Damaged { .. })));
}

/// The compressed bytes are copied under other names, and nothing else is other than if they had been
/// written under those names at once.
#[test]
fn a_part_on_its_own_is_as_if_it_had_been_made_there() {
    let folder = tempfile::tempdir().unwrap();
    let files = |folder: &str| {
        let names = ["a/.x", "a/run.sh", "a/empty", "a/\u{fc}n\u{ef}.md", "a/large"];
        let sizes = [1, 40, 0, 3_000, 3_000_000];
        let names: Vec<_> = names.iter().map(|name| format!("{folder}{name}")).collect();
        let all = names.iter().zip(sizes).map(|(name, size)| (name.as_str(), name.ends_with("sh"), size));
        entries(&all.collect::<Vec<_>>())
    };
    let part = make(folder.path(), "part", files("plugins/"), 2);
    let expected = make(folder.path(), "expected", files(""), 2);
    let lifted = |below: &str| {
        let mut out = std::io::Cursor::new(Vec::new());
        join::lift(&mut out, below, [part.as_path()]).map(|()| out.into_inner())
    };
    assert!(lifted("plugins/").unwrap() == std::fs::read(expected).unwrap());
    let elsewhere = lifted("other/");
    assert!(matches!(&elsewhere, Err(ArchiveError::Damaged { .. })), "{elsewhere:?}");
    std::fs::write(&part, b"PK").unwrap();
    assert!(matches!(lifted("plugins/"), Err(ArchiveError::Damaged { .. })));
}

#[test]
fn a_part_that_was_cut_off_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let part = make(folder.path(), "a", entries(&[("plugins/a/x", false, 10_000)]), 1);
    let bytes = std::fs::read(&part).unwrap();
    std::fs::write(&part, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(join::check(&part), Err(ArchiveError::Damaged { .. })));
    assert!(matches!(joined("x", b"", [part.as_path()]), Err(ArchiveError::Damaged { .. })));
}

/// A disk that fails, when there is room, is not the fault of a part: those would be thrown away and made again.
#[test]
fn a_disk_that_takes_no_more_damages_no_part() {
    struct Failing(u64);
    impl Write for Failing {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(buf.len() as u64).ok_or(io::Error::from_raw_os_error(5))?;
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(0)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let parts: Vec<PathBuf> = ["a", "b", "c"]
        .map(|name| {
            // What does not compress, so that writing begins long before the end.
            let noise = (0..40_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
            let path = format!("plugins/{name}/x");
            make(
                folder.path(),
                name,
                vec![Entry { path, executable: false, size: 160_000, source: noise }],
                1,
            )
        })
        .to_vec();
    for room in [0, 100_000, 300_000] {
        let outcome = join::join(Failing(room), "x", b"y", parts.iter().map(PathBuf::as_path));
        assert!(
            matches!(&outcome, Err(ArchiveError::Write(why)) if why.raw_os_error() == Some(5)),
            "{outcome:?}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let part = Part { path: folder.path().join("a"), entries: entries(&[("x", false, 1)]) };
    let error = compress(&[part], 2, &|| -> Fill<'_, Vec<u8>> { Box::new(|_, _| Err("gone".into())) });
    assert!(matches!(error, Err(ArchiveError::Source(why)) if why == "gone"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Attack: a server that is not what it seems sends archives that would write elsewhere, or leave a symlink
/// through which the next entry does.
#[test]
fn an_archive_that_leads_out_of_its_folder_is_not_unpacked() {
    let home = tempfile::tempdir().unwrap();
    let archive = |write: &dyn Fn(&mut zip::ZipWriter<std::fs::File>)| {
        let file = tempfile::tempfile().unwrap();
        let mut out = zip::ZipWriter::new(file.try_clone().unwrap());
        out.start_file("fine.txt", super::options(false, 1)).unwrap();
        write(&mut out);
        out.finish().unwrap();
        file
    };
    let named =
        |name: &'static str| archive(&move |out| out.start_file(name, super::options(false, 1)).unwrap());
    let link = archive(&|out| out.add_symlink("link", "..", super::options(false, 1)).unwrap());
    let dishonest = [named("../out.txt"), named("/out.txt"), named("a/../../out.txt"), link];
    for (number, archive) in dishonest.into_iter().enumerate() {
        let folder = home.path().join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        match super::unpack::unpack(archive, &folder) {
            Err(_) => {}
            // An absolute name may as well be taken for one inside.
            Ok(()) => assert_eq!(number, 1, "unpacked"),
        }
        assert!(std::fs::read_dir(&folder).unwrap().all(|one| one.unwrap().file_type().unwrap().is_file()));
    }
    let outside: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert!(!outside.contains(&"out.txt".into()), "{outside:?}");
    let honest = archive(&|_| {});
    let folder = home.path().join("honest");
    std::fs::create_dir(&folder).unwrap();
    super::unpack::unpack(honest, &folder).unwrap();
    assert!(folder.join("fine.txt").is_file());
}
