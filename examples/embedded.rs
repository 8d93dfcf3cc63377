//! The flows in a plain `main`, over stores in memory: register, confirm, log in, refresh, log out.
//!
//! `cargo run -p examples --bin embedded`
#![expect(clippy::print_stdout, reason = "it tells its reader what happens")]

use auth_core::{accounts::*, testing::World, value::*};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let world = World::default();
    let (accounts, caller) = (world.accounts(), World::caller());
    let password = || Password::parse(Secret::new("a quiet green harbour".to_owned()));

    let (login, email) = ("ann".parse()?, "ann@example.org".parse()?);
    let issued = accounts.register(&caller, Registration { login, email, password: password()? }).await?;
    let code = world.mailed_code();
    println!("mailed to ann@example.org: {}", code.expose());

    let user = accounts.confirm(&caller, issued.id, code).await?;
    println!("confirmed: {} is {}", user.login, user.id);

    let attempt = LoginAttempt { identifier: Identifier::parse("ann"), password: password()?, device: None };
    let tokens = accounts.login(&caller, attempt).await?;
    let who = accounts.authenticate(tokens.access_token.expose()).await?;
    println!("logged in: {} on session {}", who.user.login, who.session.id);

    let tokens = accounts.refresh(&tokens.refresh_token).await?;
    println!("refreshed: the next access token lives {} s", tokens.expires_in.as_secs());

    accounts.logout(tokens.access_token.expose()).await?;
    println!("logged out: {}", accounts.authenticate(tokens.access_token.expose()).await.unwrap_err());
    Ok(())
}
