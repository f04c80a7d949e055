//! Requests of protocol v0 and v1: wants, with capabilities on them; a flush; haves; a flush or `done`.
//!
//! Over HTTP there is no session, so every request repeats its wants.

use super::fetch::{Acks, Dialect, End, Lines};
use super::packet::{Packet, Packets, bad_length, hung_up};
use super::{Band, Refusal, Request, ids, v2};

/// What a client of v0 can do.
struct Capabilities {
    acks: Acks,
    no_done: bool,
    band: Band,
    filter: bool,
}

pub(super) fn parse(mut packets: Packets<'_>) -> Result<Request, Refusal> {
    let mut lines = Lines::default();
    let mut able = Capabilities { acks: Acks::One, no_done: false, band: Band::Raw, filter: false };
    let mut said_anything = false;
    loop {
        let line = match packets.next()? {
            Some(Packet::Line(line)) => line,
            Some(Packet::Flush) => break,
            None if !said_anything => return Ok(Request::Nothing),
            Some(Packet::Delim) => return Err(bad_length(1)),
            Some(Packet::ResponseEnd) => return Err(bad_length(2)),
            None => return Err(hung_up()),
        };
        said_anything = true;
        if lines.depth(line)? {
            continue;
        }
        if let Some(spec) = line.strip_prefix(b"filter ") {
            if !able.filter {
                return Err(Refusal::new("git upload-pack: filtering capability not negotiated"));
            }
            lines.filters.add(spec)?;
            continue;
        }
        want(line, &mut lines, &mut able)?;
    }
    if !said_anything {
        return Ok(Request::Nothing);
    }
    // Who wants nothing has nothing to negotiate.
    let end = if lines.wants.is_empty() { End::Wants } else { negotiate(&mut packets, &mut lines)? };
    let Capabilities { acks, no_done, band, .. } = able;
    Ok(Request::Fetch(lines.into_fetch(Dialect::V0 { acks, no_done, band, end })))
}

/// Reads a `want` and the capabilities that may follow it.
fn want(line: &[u8], lines: &mut Lines, able: &mut Capabilities) -> Result<(), Refusal> {
    let refuse = || Refusal::of_line("git upload-pack: protocol error, expected to get object ID, not", line);
    let rest = line.strip_prefix(b"want ").ok_or_else(refuse)?;
    let mut words = rest.split(|byte| *byte == b' ');
    let id = words.next().and_then(ids::read).ok_or_else(refuse)?;
    lines.wants.add(id, "want")?;
    for word in words {
        match word {
            b"multi_ack_detailed" => able.acks = Acks::Detailed,
            b"multi_ack" if able.acks == Acks::One => able.acks = Acks::Many,
            b"no-done" => able.no_done = true,
            b"side-band-64k" => able.band = Band::Large,
            b"side-band" if able.band == Band::Raw => able.band = Band::Small,
            b"filter" => able.filter = true,
            // What else there is changes no answer: there are no deltas in our packs, and no progress is told. And
            // git ignores what it does not know. `deepen-relative` says how to read a depth, and asks for none by
            // itself.
            _ => match word.strip_prefix(b"object-format=") {
                None | Some(b"sha1") => {}
                Some(format) => return Err(v2::other_format(format)),
            },
        }
    }
    Ok(())
}

/// Reads what follows the wants.
fn negotiate(packets: &mut Packets<'_>, lines: &mut Lines) -> Result<End, Refusal> {
    let mut first = true;
    loop {
        match packets.next()? {
            Some(Packet::Line(b"done")) => return Ok(End::Done),
            Some(Packet::Line(line)) => {
                let unexpected = || Refusal::of_line("git upload-pack: expected SHA1 list, got", line);
                let hex = line.strip_prefix(b"have ").ok_or_else(unexpected)?;
                lines.haves.add(ids::read(hex).ok_or_else(unexpected)?, "have")?;
            }
            Some(Packet::Flush) => return Ok(End::Haves),
            None if first => return Ok(End::Wants),
            Some(Packet::Delim) => return Err(bad_length(1)),
            Some(Packet::ResponseEnd) => return Err(bad_length(2)),
            None => return Err(hung_up()),
        }
        first = false;
    }
}
