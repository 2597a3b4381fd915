//! The `puma` program: without a subcommand it opens the window.

use std::process::ExitCode;

fn main() -> ExitCode {
    puma::cli::main()
}
