//! Requests of protocol v2: a command, capabilities, and the command's arguments.

use super::fetch::{Dialect, Lines};
use super::packet::{Packet, Packets, hung_up};
use super::refusal::quoted;
use super::{LsRefs, Refusal, Request, ids};

#[derive(Clone, Copy)]
enum Command {
    LsRefs,
    BundleUri,
    Fetch,
}

impl Command {
    fn named(name: &[u8]) -> Result<Self, Refusal> {
        match name {
            b"ls-refs" => Ok(Self::LsRefs),
            b"bundle-uri" => Ok(Self::BundleUri),
            b"fetch" => Ok(Self::Fetch),
            _ => Err(Refusal::of_line("invalid command", name)),
        }
    }
}

pub(super) fn parse(mut packets: Packets<'_>) -> Result<Request, Refusal> {
    let mut command: Option<(Command, &[u8])> = None;
    let mut said_anything = false;
    let has_arguments = loop {
        match packets.next()? {
            Some(Packet::Line(line)) => {
                said_anything = true;
                match line.strip_prefix(b"command=") {
                    None => capability(line)?,
                    Some(name) => {
                        if let Some((_, before)) = command {
                            let [name, before] = [name, before].map(quoted);
                            return Err(Refusal::new(format!(
                                "command {name} requested after already requesting command {before}"
                            )));
                        }
                        command = Some((Command::named(name)?, name));
                    }
                }
            }
            Some(Packet::Flush) | None if !said_anything => return Ok(Request::Nothing),
            Some(Packet::Flush) => break false,
            Some(Packet::Delim) => break true,
            Some(Packet::ResponseEnd) => return Err(Refusal::new("unexpected response end packet")),
            None => return Err(hung_up()),
        }
    };
    // Without arguments, the flush that ends them has been read already.
    let mut arguments = if has_arguments { packets } else { Packets::new(b"0000") };
    match command.map(|(command, _)| command) {
        None => Err(Refusal::new("no command requested")),
        Some(Command::LsRefs) => LsRefs::parse(&mut arguments).map(Request::LsRefs),
        Some(Command::BundleUri) => bundle_uri(&mut arguments),
        Some(Command::Fetch) => fetch(&mut arguments),
    }
}

/// A capability counts only if it was advertised.
fn capability(line: &[u8]) -> Result<(), Refusal> {
    let mut parts = line.splitn(2, |byte| *byte == b'=');
    let (name, value) = (parts.next().unwrap_or_default(), parts.next());
    match (name, value) {
        (b"agent" | b"server-option", _) | (b"object-format", Some(b"sha1")) => Ok(()),
        (b"object-format", value) => Err(other_format(value.unwrap_or_default())),
        _ => Err(Refusal::of_line("unknown capability", line)),
    }
}

pub(super) fn other_format(format: &[u8]) -> Refusal {
    Refusal::new(format!("mismatched object format: server sha1; client {}", String::from_utf8_lossy(format)))
}

fn bundle_uri(packets: &mut Packets<'_>) -> Result<Request, Refusal> {
    match packets.next()? {
        Some(Packet::Flush) => Ok(Request::BundleUri),
        Some(Packet::Line(line)) => Err(Refusal::of_line("bundle-uri: unexpected argument:", line)),
        Some(Packet::Delim | Packet::ResponseEnd) => {
            Err(Refusal::new("bundle-uri: expected flush after arguments"))
        }
        None => Err(hung_up()),
    }
}

fn fetch(packets: &mut Packets<'_>) -> Result<Request, Refusal> {
    let mut lines = Lines::default();
    let (mut done, mut wait) = (false, false);
    loop {
        let line = match packets.next()? {
            Some(Packet::Line(line)) => line,
            Some(Packet::Flush) => break,
            Some(Packet::Delim | Packet::ResponseEnd) => {
                return Err(Refusal::new("expected flush after fetch arguments"));
            }
            None => return Err(hung_up()),
        };
        match line {
            b"done" => done = true,
            b"wait-for-done" => wait = true,
            // Our packs have no deltas and never lean on objects outside them, no progress is told, there are no
            // tags, and nothing is above a snapshot that one could deepen to.
            b"ofs-delta" | b"no-progress" | b"thin-pack" | b"include-tag" | b"deepen-relative" => {}
            _ if lines.depth(line)? => {}
            _ => {
                if let Some(hex) = line.strip_prefix(b"want ") {
                    let id = ids::read(hex).ok_or_else(|| {
                        Refusal::of_line("git upload-pack: protocol error, expected to get oid, not", line)
                    })?;
                    lines.wants.add(id, "want")?;
                } else if let Some(hex) = line.strip_prefix(b"have ") {
                    let id = ids::read(hex)
                        .ok_or_else(|| Refusal::of_line("git upload-pack: expected SHA1 object, got", hex))?;
                    lines.haves.add(id, "have")?;
                } else if let Some(spec) = line.strip_prefix(b"filter ") {
                    lines.filters.add(spec)?;
                } else {
                    return Err(Refusal::of_line("unexpected line:", line));
                }
            }
        }
    }
    Ok(Request::Fetch(lines.into_fetch(Dialect::V2 { done, wait })))
}
