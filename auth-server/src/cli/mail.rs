//! `mail`: what is on its way, and what was given up and why (K-31). The letters themselves stay sealed.
use super::{Ended, user::time_of};
use crate::{compose::House, log, settings::Settings};
use auth_core::ports::{Entry, OutboxStore};
use std::fmt::Write;

/// How many of those that were given up are listed.
const LISTED: usize = 100;

/// Tells of the outbox of the settings' data folder; a server may be running on it.
pub async fn show(settings: Settings) -> Ended {
    log::start(&settings.log);
    let house = House::open(&settings).await?;
    let told = tell(house.outbox.as_ref()).await;
    house.store.close().await;
    told
}

async fn tell(outbox: &dyn OutboxStore) -> Ended {
    let (waiting, dead) = (outbox.waiting().await?, outbox.dead(LISTED).await?);
    let mut told = format!("waiting   {waiting}\ngiven up  {}\n", dead.len());
    for Entry { id, attempts, expires_at, dead, .. } in dead {
        let (until, why) = (time_of(expires_at), dead.unwrap_or_default());
        writeln!(told, "{id}  worth sending until {until}, tried {attempts} times: {why}")?;
    }
    Ok(told)
}
