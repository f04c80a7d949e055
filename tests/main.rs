//! Whole-program tests: the built `agnes`, the machine's `git`, and other people's programs as
//! oracles. One binary, so that DuckDB is linked once.

mod support;

mod attacks;
mod backup;
mod bad_arguments;
mod bad_machine;
mod bad_upstreams;
mod beside;
mod bundles;
mod catalog;
mod client;
mod corpus;
mod deployment;
mod determinism;
mod disabling;
mod doors;
mod drift;
mod examples;
mod git;
mod git_attacks;
mod git_client;
mod git_clients;
mod grants;
mod house;
mod kill;
mod manifests;
mod outbound;
mod parity;
mod scripts;
mod secrets;
mod serve;
mod serve_attacks;
mod serve_idle;
mod serve_inputs;
mod serve_kill;
mod serve_secrets;
mod setup;
mod setup_inputs;
mod setup_print;
mod setup_refresh;
mod submodules;
mod switching;
mod tokens;
mod vendoring;
mod verify;
