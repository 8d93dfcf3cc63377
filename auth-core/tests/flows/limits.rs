//! The limits, by the numbers that a deployment starts with.
mod calls;
mod codes;
mod logins;
mod mails;
mod programs;

use crate::person::*;
use auth_core::{accounts::*, device_token::DeviceToken, policy::Policy, testing::World};
use std::time::Duration;

/// Somebody in a network where everybody is.
fn caller(last: u8) -> Caller {
    Caller { source: Some([192, 0, 2, last].into()), ..Caller::default() }
}

/// Somebody in a network of their own.
fn elsewhere(n: u16) -> Caller {
    let [high, low] = n.to_be_bytes();
    Caller { source: Some([10, high, low, 1].into()), ..Caller::default() }
}

/// Ann has an account, and what registering counted is over.
async fn registered(world: &World) -> Accounts {
    ann(world, &world.accounts()).await;
    world.clock.advance(Duration::from_hours(24));
    world.accounts_with(Policy::default())
}

/// Somebody who has logged in on this device before.
async fn at_home(accounts: &Accounts, source: Caller) -> Caller {
    let tokens = accounts.login(&source, attempt("ann", GOOD)).await.unwrap();
    let device = DeviceToken::parse(&tokens.device_token.unwrap()).unwrap();
    Caller { device: Some(device), ..source }
}
