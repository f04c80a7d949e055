//! Completions and manual pages, made from the command line itself.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::Command;
use clap::builder::Resettable;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::command;
use super::exit::{Exit, Failure};
use super::said::Said;

pub(super) fn completions(shell: Shell) -> Said {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command(), "agnes", &mut out);
    Said::raw(out)
}

pub(super) fn man(dir: Option<&Path>) -> Result<Said, Failure> {
    let pages = pages();
    let Some(dir) = dir else {
        let first = pages.into_iter().next().map(|(_, page)| page);
        return Ok(Said::raw(first.unwrap_or_default()));
    };
    let failed = |why| Failure::new(Exit::Failed, format!("`{}` cannot be written to: {why}", dir.display()));
    fs::create_dir_all(dir).map_err(failed)?;
    for (name, page) in &pages {
        fs::write(dir.join(name), page).map_err(failed)?;
    }
    Ok(Said::raw(Vec::new()))
}

/// File names and pages, `agnes.1` first. No date in them: the same program, the same pages.
pub(super) fn pages() -> Vec<(String, Vec<u8>)> {
    let mut top = command().disable_help_subcommand(true);
    top.build();
    let mut pages = Vec::new();
    add(&top, "agnes", &mut pages);
    pages
}

/// After a command's own options, and before `--help`, which is clap's 999.
const EVERYWHERE: usize = 500;

fn add(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) {
    let mut page = Vec::new();
    // What stands after the help has sections of its own here, which keep their lines.
    let after = command.get_after_long_help().map(ToString::to_string);
    let mut order = EVERYWHERE;
    let shown = command.clone().display_name(name.to_owned()).after_long_help(Resettable::Reset);
    let shown = shown.mut_args(|argument| {
        order += 1;
        if argument.is_global_set() { argument.display_order(order) } else { argument }
    });
    let man = Man::new(shown)
        .title(name.to_uppercase())
        .date("")
        .source(concat!("agnes ", env!("CARGO_PKG_VERSION")))
        .manual("Agnes manual");
    // Writing to memory does not fail.
    let _ = man.render(&mut page);
    page.extend_from_slice(sections(&after.unwrap_or_default()).as_bytes());
    pages.push((format!("{name}.1"), page));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        add(below, &format!("{name}-{}", below.get_name()), pages);
    }
}

/// `Heading:` and the indented lines below it, as sections that are not filled. A paragraph that is indented
/// from its first line on belongs to the section before.
fn sections(text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let lines = if paragraph.starts_with(' ') {
            out.push_str(".sp\n.nf\n");
            paragraph
        } else {
            let (heading, lines) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
            let _ = writeln!(out, ".SH {:?}\n.nf", heading.trim_end_matches(':').to_uppercase());
            lines
        };
        for line in lines.lines() {
            // A dot or an apostrophe would begin a request, a bare dash may become another character.
            let line = line.strip_prefix("  ").unwrap_or(line).replace('\\', "\\e").replace('-', "\\-");
            let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
            let _ = writeln!(out, "{guard}{line}");
        }
        out.push_str(".fi\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lists_the_exit_codes_line_by_line() {
        let (name, page) = pages().remove(0);
        let page = String::from_utf8(page).unwrap();
        assert_eq!(name, "agnes.1");
        assert!(
            page.contains(".SH \"EXIT STATUS\"\n.nf\n0  done, or it was so already\n1  failed"),
            "{page}"
        );
        assert!(page.contains(".SH \"ENVIRONMENT\"") && !page.contains("EXTRA"));
    }

    #[test]
    fn a_page_is_of_the_programs_version_and_names_its_own_options_first() {
        let pages = pages();
        let (_, page) = pages.iter().find(|(name, _)| name == "agnes-group-add.1").unwrap();
        let page = String::from_utf8(page.clone()).unwrap();
        let source = concat!("\"agnes ", env!("CARGO_PKG_VERSION"), "\" \"Agnes manual\"\n");
        assert!(page.lines().any(|line| format!("{line}\n").ends_with(source)), "{page}");
        let synopsis = page.lines().find(|line| line.starts_with("\\fBagnes group add")).unwrap();
        let at = |option: &str| synopsis.find(option).unwrap();
        assert!(at("description") < at("data\\-dir") && at("server\\-ca") < at("help"), "{synopsis}");
    }

    #[test]
    fn what_is_hidden_has_no_page() {
        let command =
            Command::new("x").subcommand(Command::new("shown")).subcommand(Command::new("y").hide(true));
        let mut pages = Vec::new();
        add(&command, "x", &mut pages);
        assert_eq!(pages.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x.1", "x-shown.1"]);
    }

    #[test]
    fn an_indented_paragraph_belongs_to_the_section_before() {
        let expected = ".SH \"A\"\n.nf\nx\n.fi\n.sp\n.nf\nOn b:\ny\n.fi\n";
        assert_eq!(sections("A:\n  x\n\n  On b:\n  y"), expected);
    }

    #[test]
    fn lines_are_not_taken_for_requests() {
        assert_eq!(sections("A b:\n  .x -y"), ".SH \"A B\"\n.nf\n\\&.x \\-y\n.fi\n");
    }
}
