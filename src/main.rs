//! The `outflow` program: parse the arguments, run, print the error, give the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    outflow::cli::main()
}
