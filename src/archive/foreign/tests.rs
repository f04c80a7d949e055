use std::io::{Seek as _, Write as _};

use super::*;
use crate::archive::fixture::{FILE, PROGRAM, gzip, tar_of, zip_of};

const BOUNDS: Bounds = Bounds { files: 20, file_bytes: 1 << 20, bytes: 2 << 20, depth: 4, ratio: 50 };

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

/// What comes out: path, executable, contents.
fn unpacked(bytes: &[u8], packing: Packing) -> Result<Vec<(String, bool, Vec<u8>)>, String> {
    let mut files = Vec::new();
    let outcome = each(file_of(bytes), packing, &BOUNDS, &mut |path, executable, bytes| {
        files.push((path.to_owned(), executable, bytes.to_vec()));
        Ok(())
    });
    outcome.map(|()| files).map_err(|error| error.to_string())
}

fn short(files: &[(String, bool, Vec<u8>)]) -> Vec<(&str, bool, &[u8])> {
    files.iter().map(|(path, executable, bytes)| (path.as_str(), *executable, bytes.as_slice())).collect()
}

#[track_caller]
fn refused(bytes: &[u8], packing: Packing, why: &str) {
    let told = unpacked(bytes, packing).expect_err(why);
    assert!(told.contains(why), "{told} ({why})");
}

/// Something that does not pack well.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

#[test]
fn files_of_a_zip_keep_their_exec_bits_and_its_links_are_texts() {
    let zip = zip_of(&[
        ("tool/", 0o040_755, b""),
        ("tool/run.sh", PROGRAM, b"#!/bin/sh\n"),
        ("./tool//README.md", FILE, b"read"),
        ("tool/no-mode", 0, b"x"),
        ("tool/link", 0o120_777, b"../../etc/passwd"),
        ("tool/.git/config", FILE, b"[core]"),
    ]);
    let files = unpacked(&zip, Packing::Zip).unwrap();
    assert_eq!(
        short(&files),
        [
            ("tool/run.sh", true, &b"#!/bin/sh\n"[..]),
            ("tool/README.md", false, b"read"),
            ("tool/no-mode", false, b"x"),
            ("tool/link", false, b"../../etc/passwd"),
        ]
    );
}

#[test]
fn files_of_a_package_come_out_under_their_long_names() {
    let long = format!("package/{}.md", "x".repeat(150));
    let pax = format!("{} path={long}\n", long.len() + 10);
    let tar = tar_of(&[
        ("pax_global_header", b'g', 0o666, b"52 comment=0123456789012345678901234567890123456789\n"),
        ("./", b'5', 0o755, b""),
        ("package/package.json", b'0', 0o644, b"{}"),
        ("package/bin/run", b'0', 0o755, b"#!"),
        ("PaxHeader/x", b'x', 0o644, pax.as_bytes()),
        ("package/short", b'0', 0o644, b"long"),
        ("././@LongLink", b'L', 0o644, b"package/gnu\0"),
        ("package/cut", b'0', 0o644, b"gnu"),
    ]);
    let files = unpacked(&gzip(&tar), Packing::TarGz).unwrap();
    assert_eq!(
        short(&files),
        [
            ("package/package.json", false, &b"{}"[..]),
            ("package/bin/run", true, b"#!"),
            (long.as_str(), false, b"long"),
            ("package/gnu", false, b"gnu"),
        ]
    );
}

/// Names that would lie elsewhere, had they been written to a disk: in both packings, also where a header
/// says them.
#[test]
fn a_name_that_leads_elsewhere_costs_the_whole_archive() {
    for (name, why) in [
        ("../x", "leads out"),
        ("a/../../x", "leads out"),
        ("a/..", "leads out"),
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("C:x", "absolute"),
        ("..\\x", "backslash"),
        ("a\\b", "backslash"),
        ("a\nb", "control"),
        ("a/b/c/d/e/f/g", "too deep"),
    ] {
        refused(&zip_of(&[("a/fine", FILE, b"x"), (name, FILE, b"x")]), Packing::Zip, why);
        refused(&gzip(&tar_of(&[(name, b'0', 0o644, b"x")])), Packing::TarGz, why);
        refused(&gzip(&tar_of(&[(name, b'5', 0o755, b"")])), Packing::TarGz, why);
        let pax = format!("{} path={name}\n", name.len() + 8 + usize::from(name.len() + 8 > 9));
        let long = format!("{name}\0");
        for (kind, header) in [(b'x', &pax), (b'L', &long)] {
            let tar = tar_of(&[("h", kind, 0o644, header.as_bytes()), ("fine", b'0', 0o644, b"x")]);
            // A line break ends what a pax header says of a name.
            if !(kind == b'x' && name.contains('\n')) {
                refused(&gzip(&tar), Packing::TarGz, why);
            }
        }
    }
    let long = format!("{}\0", "x".repeat(5_000));
    let tar = tar_of(&[("h", b'L', 0, long.as_bytes()), ("cut", b'0', 0, b"x")]);
    refused(&gzip(&tar), Packing::TarGz, "more than 4,096 bytes");
    refused(&zip_of(&[(&long[..5_000], FILE, b"x")]), Packing::Zip, "more than 4,096 bytes");
    refused(&zip_of(&[("", FILE, b"x")]), Packing::Zip, "no name");
    refused(&zip_of(&[("a", FILE, b"x"), ("./a", FILE, b"y")]), Packing::Zip, "there twice");
    refused(&gzip(&tar_of(&[("a", b'0', 0, b"x"), ("a", b'0', 0, b"y")])), Packing::TarGz, "there twice");
}

#[test]
fn what_is_neither_file_nor_folder_costs_the_whole_archive() {
    for mode in [0o020_666, 0o060_666, 0o010_666, 0o140_666] {
        refused(&zip_of(&[("a", mode, b"")]), Packing::Zip, "neither a file nor a folder");
    }
    for kind in [b'1', b'2'] {
        refused(&gzip(&tar_of(&[("a", kind, 0o777, b"")])), Packing::TarGz, "is a link");
    }
    for kind in [b'3', b'4', b'6', b'S', b'V', b'M'] {
        refused(&gzip(&tar_of(&[("a", kind, 0o666, b"")])), Packing::TarGz, "neither a file nor a folder");
    }
}

#[test]
fn an_archive_cannot_grow_beyond_the_bounds() {
    let zeros = vec![0; 1 << 20];
    refused(&zip_of(&[("a", FILE, &zeros)]), Packing::Zip, "more than 50 times its size");
    let large = noise((1 << 20) + 1);
    refused(&zip_of(&[("a", FILE, &large)]), Packing::Zip, "limits.max_file_bytes");
    refused(&gzip(&tar_of(&[("a", b'0', 0, &large)])), Packing::TarGz, "limits.max_file_bytes");
    let full = &large[..1 << 20];
    let three = [("a", FILE, full), ("b", FILE, full), ("c", FILE, b"x")];
    refused(&zip_of(&three), Packing::Zip, "together");
    // Most of a bomb is what nobody looks at.
    let tar = tar_of(&[("a", b'0', 0, &zeros), ("b", b'0', 0, &zeros), ("c", b'0', 0, b"x")]);
    refused(&gzip(&tar), Packing::TarGz, "together");
    let mut tar = tar_of(&[("a", b'0', 0, b"x")]);
    tar.truncate(tar.len() - 1024);
    tar.extend(tar_of(&[("h", b'g', 0, &vec![b' '; 1 << 20])]));
    refused(&gzip(&tar), Packing::TarGz, "header of more than");

    let names: Vec<String> = (0..21).map(|n| format!("f{n}")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), FILE, &b"x"[..])).collect();
    refused(&zip_of(&files), Packing::Zip, "limits.max_files");
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), b'0', 0, &b"x"[..])).collect();
    refused(&gzip(&tar_of(&files)), Packing::TarGz, "limits.max_files");
    let folders: Vec<String> = (0..2_000).map(|n| format!("f{n}/")).collect();
    let folders: Vec<_> = folders.iter().map(|name| (name.as_str(), 0o040_755, &b""[..])).collect();
    refused(&zip_of(&folders), Packing::Zip, "limits.max_files");
    let folders: Vec<_> = folders.iter().map(|(name, ..)| (*name, b'5', 0o755, &b""[..])).collect();
    let tar = gzip(&tar_of(&[folders.as_slice(), &folders, &folders].concat()));
    assert!(unpacked(&tar, Packing::TarGz).is_err(), "folders alone are work, too");
}

#[test]
fn what_is_damaged_is_said_to_be() {
    let zip = zip_of(&[("a", FILE, b"some words"), ("b", FILE, b"other words")]);
    let tar = gzip(&tar_of(&[("a", b'0', 0o644, b"some words")]));
    for length in 0..zip.len() {
        refused(&zip[..length], Packing::Zip, "damaged");
    }
    for length in (0..tar.len()).step_by(7) {
        refused(&tar[..length], Packing::TarGz, "damaged");
    }
    let mut wrong = zip.clone();
    wrong[33] ^= 1;
    refused(&wrong, Packing::Zip, "damaged");
    let mut plain = tar_of(&[("a", b'0', 0o644, b"x")]);
    plain[0] = b'b';
    refused(&gzip(&plain), Packing::TarGz, "damaged");
    refused(b"<html>not found</html>", Packing::Zip, "damaged");
    refused(b"<html>not found</html>", Packing::TarGz, "damaged");
    let sized = tar_of(&[("h", b'x', 0, b"11 size=99\n"), ("a", b'0', 0, b"x")]);
    refused(&gzip(&sized), Packing::TarGz, "8 GiB");
}

/// Bytes in every place are turned: nothing but an error may come of it.
#[test]
fn no_archive_makes_it_give_up() {
    let zip = zip_of(&[("a/b", FILE, b"some words"), ("c", PROGRAM, b"other words")]);
    let tar =
        tar_of(&[("a/b", b'0', 0o644, b"some words"), ("h", b'x', 0, b"10 path=d\n"), ("c", b'0', 0, b"x")]);
    for (bytes, packing) in [(&zip, Packing::Zip), (&tar, Packing::TarGz)] {
        for at in 0..bytes.len() {
            for turned in [0x00, 0x01, 0x7f, 0xff] {
                let mut other = bytes.clone();
                other[at] = turned;
                let other = if packing == Packing::TarGz { gzip(&other) } else { other };
                drop(unpacked(&other, packing));
            }
        }
    }
}
