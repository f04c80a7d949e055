//! `agnes setup`

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::ops::ControlFlow;

use serde_json::json;

use super::asking::{credential, named, yes};
use super::here::place;
use crate::analyst::setup::{By, Checked, Choice, Outcome, Wishes, carry_out, check};
use crate::analyst::state::{Channel, Scope, State};
use crate::analyst::undo::undo;
use crate::analyst::{Place, Snag};
use crate::cli::args::{Channel as GivenChannel, Global, Plugins, Scope as GivenScope, SetupArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::said::{self, Said, count, line};

pub(in crate::cli) fn run(args: &SetupArgs, global: &Global) -> Result<Said, Failure> {
    if args.print {
        return super::print::run(args, global);
    }
    let place = place()?;
    let tell = |text: &str| {
        if !global.quiet && !global.json {
            said::talk(&line(text));
        }
    };
    if args.undo {
        return take_back(&place, args, global, &tell);
    }
    let wishes = Wishes {
        credential: credential(&place, global, &args.login, true)?,
        scope: args.scope.map(|scope| match scope {
            GivenScope::User => Scope::User,
            GivenScope::Project => Scope::Project,
        }),
        channel: match args.channel {
            None => By::AsBefore,
            Some(GivenChannel::Auto) => By::First,
            Some(GivenChannel::Git) => By::This(Channel::Git),
            Some(GivenChannel::Clone) => By::This(Channel::Clone),
            Some(GivenChannel::Zip) => By::This(Channel::Zip),
        },
        hook: args.hook,
    };
    let found = check(&place, wishes)?;
    tell(&greeting(&found));
    match decided(&place, args, &found, &tell) {
        Ok(ControlFlow::Continue(choice)) => {
            carry_out(&place, &found, &choice, &tell).map(|it| told(&it)).map_err(Into::into)
        }
        other => {
            found.withdraw(&place);
            other.map(|stopped| stopped.break_value().unwrap_or_else(Said::nothing))
        }
    }
}

/// Which plugins there are to be; or what there is to say instead, where nothing is to be done.
fn decided(
    place: &Place,
    args: &SetupArgs,
    found: &Checked,
    tell: &dyn Fn(&str),
) -> Result<ControlFlow<Said, Choice>, Failure> {
    let choice = chosen(args.plugins, found)?;
    let plan = found.plan(place, &choice);
    for (i, step) in plan.iter().enumerate() {
        tell(&format!("{}. {step}", i + 1));
    }
    if args.dry_run {
        let said = Said::done(&json!({"plan": plan}), "Nothing was done: this was a dry run.");
        return Ok(ControlFlow::Break(said));
    }
    if args.yes || agreed("Do that?", "agnes setup --yes")? {
        return Ok(ControlFlow::Continue(choice));
    }
    Ok(ControlFlow::Break(Said::nothing().talking("Nothing was done.").exiting(Exit::Failed)))
}

fn greeting(found: &Checked) -> String {
    format!(
        "{} knows you as {}, with {} (git {}, Claude Code {})",
        found.wishes.credential.server,
        found.info.email,
        count(found.info.plugin_count, "plugin"),
        found.git_version,
        found.claude_version,
    )
}

/// Whoever sits there says so; where nobody does, an option has to.
fn agreed(question: &str, instead: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("there is nobody to ask whether to go on: this is no terminal")
            .hinted(instead.to_owned()));
    }
    yes(question)
}

fn chosen(plugins: Option<Plugins>, found: &Checked) -> Result<Choice, Failure> {
    match plugins {
        None => Ok(found.choice_before()),
        Some(Plugins::All) => Ok(Choice::All),
        Some(Plugins::None) => Ok(Choice::None),
        Some(Plugins::Ask) => {
            let mut wanted = BTreeSet::new();
            for name in found.offered() {
                let about = found.info.plugins.iter().find(|plugin| plugin.name == name);
                let about = about.and_then(|plugin| plugin.description.clone()).unwrap_or_default();
                let question = line(&format!("Install {name}? {about}"));
                if agreed(&question, "agnes setup --plugins all, or --plugins none")? {
                    wanted.insert(name);
                }
            }
            Ok(Choice::These(wanted))
        }
    }
}

fn told(outcome: &Outcome) -> Said {
    let name = &outcome.marketplace;
    let installed = outcome.installed.len() as u64;
    let mut said = Said::done(
        outcome,
        line(&format!("Claude Code has the marketplace `{name}`, and {} of it.", count(installed, "plugin"))),
    );
    for failed in &outcome.failed {
        said = said.talking(line(&format!("Not installed or updated: {failed}")));
    }
    if !outcome.failed.is_empty() {
        return said.talking("To try that again: agnes setup").exiting(Exit::Failed);
    }
    if installed == 0 {
        return said.talking("To see what there is: agnes whoami");
    }
    said.talking("Claude Code loads them in sessions that begin from now on.")
}

fn take_back(place: &Place, args: &SetupArgs, global: &Global, tell: &dyn Fn(&str)) -> Result<Said, Failure> {
    let state = State::read(place)?;
    let (server, setup) = state.one(named(global)?.as_ref())?;
    tell(&format!(
        "This removes the marketplace `{}` and its plugins from Claude Code, what git was told about {server}, and \
         your token for it.",
        setup.marketplace
    ));
    if !args.yes && !agreed("Do that?", "agnes setup --undo --yes")? {
        return Ok(Said::nothing().talking("Nothing was done.").exiting(Exit::Failed));
    }
    undo(place, &server, setup, tell).map_err(|snag| Snag {
        hint: snag.hint.or(Some("agnes setup --undo goes on where it stopped".into())),
        ..snag
    })?;
    Ok(Said::done(&json!({"undone": server.to_string()}), "Everything is as it was before."))
}
