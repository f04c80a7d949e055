//! `agnes marketplace diff`: what runs code first, and readable.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use super::args::DiffArgs;
use super::exit::Failure;
use super::said::{Said, count, line, plain, size};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::Call;
use crate::domain::plugin::diff::{Change, Code, CodeDiff, Facts, FileDiff, Text};
use crate::wire::diff::{Affected, Commit, MarketplaceDiff};
use crate::wire::states::Standing;

/// How the parts are told apart: on a terminal only, and not where colours are not wanted.
struct Look {
    added: &'static str,
    removed: &'static str,
    heading: &'static str,
    place: &'static str,
    end: &'static str,
}

const COLOURED: Look =
    Look { added: "\x1b[32m", removed: "\x1b[31m", heading: "\x1b[1m", place: "\x1b[36m", end: "\x1b[0m" };
const BARE: Look = Look { added: "", removed: "", heading: "", place: "", end: "" };

pub(super) fn run(session: &Session, args: &DiffArgs) -> Result<Said, Failure> {
    let call = Call::get(&["api", "marketplaces", &args.slug, "diff"]).asking(&[
        ("from", args.from.as_deref()),
        ("to", args.to.as_deref()),
        ("plugin", args.plugin.as_deref()),
        ("everything", args.everything.then_some("true")),
    ]);
    let found: MarketplaceDiff = session.client.call(call)?;
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let look = if wanted && io::stdout().is_terminal() { &COLOURED } else { &BARE };
    let mut said = Said::answer(&found, text(&found, look));
    if found.from.as_ref().is_some_and(|from| from.state == found.to.state) {
        return Ok(said.talking("Both are the same."));
    }
    if found.to.standing == Standing::Pending {
        let (slug, commit) = (&found.id, found.to.id.get(..12).unwrap_or(&found.to.id));
        said =
            said.talking(format!("It is served to nobody until: agnes marketplace approve {slug} {commit}"));
    }
    if found.plugins.is_empty() && found.renames.is_none() {
        return Ok(said.talking("No plugin differs."));
    }
    if !args.everything && found.plugins.iter().any(|one| one.diff.files.len() > one.diff.code.len()) {
        return Ok(said.talking("Only what runs code is shown as text; --everything shows all of it."));
    }
    Ok(said)
}

fn text(found: &MarketplaceDiff, look: &Look) -> String {
    let commit = |commit: &Commit| {
        let standing = match commit.standing {
            Standing::Pending => "not served yet",
            Standing::Served => "served now",
            Standing::Earlier => "earlier",
        };
        format!("{} ({}; {}, {standing})", commit.id, commit.state, commit.committed_at)
    };
    let none = || "nothing".to_owned();
    let mut out = facts(&[
        ("marketplace", Some(found.id.clone())),
        ("from", Some(found.from.as_ref().map_or_else(none, commit))),
        ("to", Some(commit(&found.to))),
    ]);
    let mut table = Table::new(&["PLUGIN", "CHANGE", "VERSION", "FILES", "RUNS CODE", "WHO HAS IT"]);
    for one in &found.plugins {
        let runs = match one.diff.code.len() {
            0 => "-".to_owned(),
            n => format!("{n} changed"),
        };
        let files = one.diff.files.len() as u64 + one.diff.files_left_out;
        table.row([
            one.diff.name.as_str(),
            word(one.diff.change),
            &versions(one.diff.before.as_ref(), one.diff.after.as_ref()),
            &files.to_string(),
            &runs,
            &whom(one),
        ]);
    }
    if !table.is_empty() {
        let _ = write!(out, "\n{}", table.text());
    }
    for one in &found.plugins {
        plugin(&mut out, one, look);
    }
    if let Some(text) = &found.renames {
        let _ = writeln!(out, "\n{}Former names in the catalog{}", look.heading, look.end);
        shown(&mut out, text, look);
    }
    out
}

fn plugin(out: &mut String, one: &Affected, look: &Look) {
    let diff = &one.diff;
    let _ = writeln!(out, "\n{}{} ({}){}", look.heading, line(&diff.name), word(diff.change), look.end);
    let (before, after) = (diff.before.as_ref(), diff.after.as_ref());
    let was = |told: fn(&Facts) -> Option<String>| {
        let (old, new) = (before.and_then(told), after.and_then(told));
        (old != new)
            .then(|| format!("{} -> {}", old.as_deref().unwrap_or("-"), new.as_deref().unwrap_or("-")))
    };
    out.push_str(&facts(&[
        ("name", was(|facts| Some(facts.name.clone())).filter(|_| before.is_some() && after.is_some())),
        ("not served", was(|facts| facts.reason.clone())),
        (
            "content",
            was(|facts| facts.digest.as_ref().and_then(|digest| digest.get(..12)).map(str::to_owned)),
        ),
        (
            "taken from",
            was(|facts| {
                facts.origin.as_ref().map(|from| format!("{} {} {}", from.url, from.commit, from.path))
            }),
        ),
        ("size", was(|facts| Some(size(facts.bytes)))),
    ]));
    for code in &diff.code {
        let _ = writeln!(
            out,
            "\n{}{} {}: {}{}",
            look.heading,
            sign(code.change),
            kinds(code),
            line(&code.place),
            look.end
        );
        match &code.text {
            Some(text) => shown(out, text, look),
            None => out.push_str("  it is gone\n"),
        }
    }
    if let Some(text) = &diff.entry {
        let _ = writeln!(out, "\n{}~ the entry in the catalog{}", look.heading, look.end);
        shown(out, text, look);
    }
    if diff.files.is_empty() {
        return;
    }
    let mut table = Table::new(&["", "FILE", "SIZE", ""]);
    for file in &diff.files {
        table.row([sign(file.change), &file.path, &sizes(file), bits(file)]);
    }
    let _ = write!(out, "\n{}", table.text());
    if diff.files_left_out > 0 {
        let _ = writeln!(out, "and {} more", count(diff.files_left_out, "file"));
    }
    for file in &diff.files {
        if let Some(text) = &file.text {
            let _ = writeln!(out, "\n{}{} {}{}", look.heading, sign(file.change), line(&file.path), look.end);
            shown(out, text, look);
        }
    }
}

/// The server has escaped what could deceive; a server of somebody else's may not have.
fn shown(out: &mut String, text: &Text, look: &Look) {
    if text.deceptive {
        let _ =
            writeln!(out, "  There are characters in it that hide or disguise text; here they are escaped.");
    }
    for row in text.unified.iter().flat_map(|unified| unified.lines()) {
        let colour = match row.as_bytes().first() {
            Some(b'+') => look.added,
            Some(b'-') => look.removed,
            Some(b'@') => look.place,
            _ => "",
        };
        let end = if colour.is_empty() { "" } else { look.end };
        let row: Vec<String> = row.split('\t').map(plain).collect();
        let _ = writeln!(out, "  {colour}{}{end}", row.join("\t"));
    }
    if let Some(omitted) = &text.omitted {
        let _ = writeln!(out, "  ({})", line(omitted));
    }
}

fn whom(one: &Affected) -> String {
    let who = match one.groups.as_slice() {
        [] => "nobody".to_owned(),
        groups => format!("{} in {}", count(one.users, "user"), groups.join(", ")),
    };
    if one.disabled { format!("nobody: it is disabled (granted to {who})") } else { who }
}

fn versions(before: Option<&Facts>, after: Option<&Facts>) -> String {
    let version =
        |facts: Option<&Facts>| facts.map(|facts| facts.version.clone().unwrap_or_else(|| "-".into()));
    match (version(before), version(after)) {
        (Some(old), Some(new)) if old == new => new,
        (Some(old), Some(new)) => format!("{old} -> {new}"),
        (old, new) => old.or(new).unwrap_or_default(),
    }
}

fn sizes(file: &FileDiff) -> String {
    match (file.before, file.after) {
        (Some(old), Some(new)) if old.size != new.size => format!("{} -> {}", size(old.size), size(new.size)),
        (_, Some(facts)) | (Some(facts), None) => size(facts.size),
        (None, None) => String::new(),
    }
}

fn bits(file: &FileDiff) -> &'static str {
    match (file.before.is_some_and(|facts| facts.executable), file.after) {
        (false, Some(after)) if after.executable && file.before.is_some() => "executable now",
        (true, Some(after)) if !after.executable => "not executable any more",
        (_, Some(after)) if after.executable => "executable",
        _ => "",
    }
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    }
}

fn sign(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Removed => "-",
        Change::Changed => "~",
    }
}

fn kinds(code: &CodeDiff) -> String {
    let told = |kind: &Code| match kind {
        Code::Hook => "hook",
        Code::McpServer => "MCP server",
        Code::LspServer => "LSP server",
        Code::Monitor => "monitor",
        Code::Setting => "setting",
        Code::Shell => "runs a shell",
        Code::Named => "run by a hook or server",
        Code::Executable => "executable",
        Code::Script => "script",
    };
    code.kinds.iter().map(told).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack: an answer that was not escaped, as somebody else's server may give it.
    #[test]
    fn a_terminal_is_safe_from_what_is_shown() {
        let text = Text {
            unified: Some("+a\u{1b}[2J\tb\u{202e}\n".into()),
            omitted: Some("\u{7}".into()),
            deceptive: true,
        };
        let mut out = String::new();
        shown(&mut out, &text, &BARE);
        assert!(out.ends_with("  +a\\u{1b}[2J\tb\\u{202e}\n  (\\u{7})\n"), "{out}");
    }

    #[test]
    fn colours_begin_and_end_with_their_line() {
        let text = Text { unified: Some("@@ -1 +1 @@\n-a\n+b\n c\n".into()), ..Text::default() };
        let mut out = String::new();
        shown(&mut out, &text, &COLOURED);
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(
            lines,
            [
                "  \u{1b}[36m@@ -1 +1 @@\u{1b}[0m",
                "  \u{1b}[31m-a\u{1b}[0m",
                "  \u{1b}[32m+b\u{1b}[0m",
                "   c"
            ]
        );
    }
}
