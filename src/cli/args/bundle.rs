//! A user's bundle: writing it, and checking one.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(in crate::cli) struct BuildZipArgs {
    /// An e-mail address or id
    #[arg(long, value_name = "USER")]
    pub user: String,
    /// Where to: a file, or `-` for stdout
    #[arg(long, short, value_name = "FILE", default_value = "agnes-marketplace.zip")]
    pub output: PathBuf,
    /// Write to this file where everything in it comes from, for `agnes verify`. Called
    /// `.agnes-provenance.json` and beside the ZIP, it is found there
    #[arg(long, value_name = "FILE")]
    pub provenance: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// The ZIP
    #[arg(value_name = "FILE")]
    pub bundle: PathBuf,
    /// Its provenance [default: .agnes-provenance.json beside it]
    #[arg(long, value_name = "FILE")]
    pub provenance: Option<PathBuf>,
    /// The upstream with this address is in this folder: a git repository that has the commit
    #[arg(long, value_name = "URL=REPOSITORY")]
    pub source: Vec<String>,
}
