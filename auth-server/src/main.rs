//! The program: see [`auth_server::cli`].

fn main() -> std::process::ExitCode {
    auth_server::cli::main()
}
