//! The server's own program, built with the tests so that they never meet yesterday's. With `TEST_STORE=memory` in its
//! environment it serves on a store in its memory.
use auth_core::testing::Memory;
use auth_server::cli;
use std::{env, process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    if env::var("TEST_STORE").is_ok_and(|store| store == "memory") {
        return cli::main_on(Arc::new(Memory::default()));
    }
    cli::main()
}
