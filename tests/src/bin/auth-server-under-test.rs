//! The server's own program, built with the tests so that they never meet yesterday's.

fn main() -> std::process::ExitCode {
    auth_server::cli::main()
}
