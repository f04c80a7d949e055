//! The program. Everything it does is in the library, whose rooms can be tested one by one.

use std::process::ExitCode;

fn main() -> ExitCode {
    agnes::cli::main()
}
