//! Completions and manual pages, made from the command line itself.

use std::fs;
use std::path::Path;

use clap::Command;
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

fn add(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) {
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_uppercase())
        .date("")
        .manual("Agnes manual")
        .render(&mut page);
    pages.push((format!("{name}.1"), page));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        add(below, &format!("{name}-{}", below.get_name()), pages);
    }
}
