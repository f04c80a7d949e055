//! What can be typed about users, groups, tokens and grants.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum User {
    /// Add a user
    Add {
        /// Their e-mail address
        email: String,
        /// What they are called
        #[arg(long)]
        name: Option<String>,
    },
    /// List users and their groups
    List,
    /// Show one user
    Show {
        /// An e-mail address or id
        user: String,
    },
    /// Remove a user, with memberships and tokens
    Remove {
        /// An e-mail address or id
        user: String,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Group {
    /// Add a group
    Add {
        /// Its name: 1 to 64 characters
        name: String,
        /// One line about it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List groups. Two always exist: Admin and Everyone
    List,
    /// Show one group: its members and what it was granted
    Show {
        /// A name or id
        group: String,
    },
    /// Remove a group, with its memberships and grants
    Remove {
        /// A name or id
        group: String,
    },
    /// Put a user into a group
    Join {
        /// The group's name or id
        group: String,
        /// The user's e-mail address or id
        user: String,
    },
    /// Take a user out of a group
    Leave {
        /// The group's name or id
        group: String,
        /// The user's e-mail address or id
        user: String,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Token {
    /// Make a token and print it, this once
    ///
    /// The token alone goes to stdout. What is kept of it opens nothing.
    Create {
        /// Whose: an e-mail address or id [default: whoever asks; the operator's shell has to say]
        #[arg(long)]
        user: Option<String>,
        /// What it is for, to know it again
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Until when: 90d, 12h, 4w, a date or a time [default: until it is revoked]
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
    },
    /// List tokens, without the tokens themselves
    List {
        /// Of this user: an e-mail address or id [default: of whoever asks; in the operator's shell all]
        #[arg(long, conflicts_with = "all")]
        user: Option<String>,
        /// Of everybody
        #[arg(long)]
        all: bool,
    },
    /// End a token: the next request with it is refused
    Revoke {
        /// Its id, as `agnes token list` shows it
        id: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GrantArgs {
    /// The group's name or id
    pub group: String,
    /// `slug/plugin`, or `slug/*` for all of a marketplace, present and future
    #[arg(required = true, value_name = "RESOURCE")]
    pub resources: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GrantsArgs {
    /// Of this group
    #[arg(long)]
    pub group: Option<String>,
    /// Of all groups that this user is in
    #[arg(long)]
    pub user: Option<String>,
    /// That include this plugin
    #[arg(long, value_name = "SLUG/NAME")]
    pub plugin: Option<String>,
}
