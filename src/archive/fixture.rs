//! Archives as their authors would not have made them, byte by byte.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

pub(crate) const FILE: u32 = 0o100_644;
pub(crate) const PROGRAM: u32 = 0o100_755;

/// A ZIP (see PKWARE's APPNOTE.TXT) of names, Unix modes and contents.
pub(crate) fn zip_of(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, mode, contents) in entries {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(contents).unwrap();
        let packed = packed.finish().unwrap();
        let at = u32::try_from(out.len()).unwrap();
        let mut common = Vec::new();
        // Needs version 2.0, has UTF-8 names, is deflated, was made at the beginning of time.
        for short in [20_u16, 0x0800, 8, 0, 0x21] {
            common.extend(short.to_le_bytes());
        }
        let mut sum = flate2::Crc::new();
        sum.update(contents);
        common.extend(sum.sum().to_le_bytes());
        for size in [packed.len(), contents.len()] {
            common.extend(u32::try_from(size).unwrap().to_le_bytes());
        }
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.bytes());
        out.extend(packed);
        directory.extend(b"PK\x01\x02");
        // Made on Unix.
        directory.extend([20, 3]);
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (at, length) = (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([length.to_le_bytes(), at.to_le_bytes()].concat());
    out.extend([0, 0]);
    out
}

/// A tar (see POSIX.1-2017, pax) of names, kinds, modes and contents.
pub(crate) fn tar_of(entries: &[(&str, u8, u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, mode, contents) in entries {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, &format!("{mode:07o}\0"));
        put(124, &format!("{:011o}\0", contents.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(257, "ustar\x0000");
        header[156] = *kind;
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(*contents);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.extend([0; 1024]);
    out
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A package as npm packs it: everything in one folder.
pub(crate) fn package_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let named: Vec<_> = files.iter().map(|(path, bytes)| (format!("package/{path}"), *bytes)).collect();
    let entries: Vec<_> = named
        .iter()
        .map(|(path, bytes)| {
            let mode = if bytes.starts_with(b"#!") { 0o755 } else { 0o644 };
            (path.as_str(), b'0', mode, *bytes)
        })
        .collect();
    gzip(&tar_of(&entries))
}
