//! `agnes host …`

use clap::{Args, Subcommand};

use super::TokenArgs;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Host {
    /// List the hosts of which something is said
    List,
    /// Let plugins be fetched from a host
    ///
    /// As soon as one host is allowed, plugins are fetched from no other, but for the very host that their
    /// marketplace is at.
    Allow {
        /// A name such as `git.example.com`, or with a port
        host: String,
        /// Over ssh too, with the keys of whoever runs agnes (in the operator's shell only)
        #[arg(long)]
        ssh: bool,
    },
    /// Let nothing be fetched from a host, whatever else is said
    Deny {
        /// A name such as `git.example.com`, or with a port
        host: String,
    },
    /// Take back what was said of a host, and its token
    Forget {
        /// As `agnes host list` shows it
        host: String,
    },
    /// Give agnes a token for a host, or take it back
    ///
    /// It is sent to that host over https and nowhere else, for whatever a catalog says lies there: let it
    /// read what everybody may have who is granted a plugin, and no more.
    Token(HostTokenArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HostTokenArgs {
    /// A name such as `git.example.com`, or with a port
    pub host: String,
    #[command(flatten)]
    pub token: TokenArgs,
    /// Forget the token
    #[arg(long, conflicts_with_all = ["token_prompt", "token_stdin", "token_env"])]
    pub no_token: bool,
}
