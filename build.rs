//! Tells a program that links a prebuilt DuckDB where to find it at run time.
//!
//! Only without the feature `bundled`, which puts DuckDB into the program itself.

use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");

    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() || env::var_os("CARGO_CFG_UNIX").is_none() {
        return;
    }
    // Unset: the library is the system's, and the loader finds it by itself.
    let Ok(dir) = env::var("DUCKDB_LIB_DIR") else { return };
    // Absolute, because the loader takes a relative path from wherever the program is started.
    let dir = fs::canonicalize(&dir).unwrap_or_else(|error| panic!("DUCKDB_LIB_DIR is `{dir}`: {error}"));

    // Binaries, tests, examples and benches alike. First the place where `make install` puts the
    // library, so that an installed program outlives `make clean`; then where it was built from.
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib/agnes");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", dir.display());
}
