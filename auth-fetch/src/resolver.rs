//! Names, resolved to global addresses alone: what is connected to is what was looked at.
use crate::address::is_global;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// How many names are looked up at once. The system goes on to look after nobody waits any more, on threads that the stores
/// need, too.
const AT_ONCE: usize = 32;

/// Resolves as the system does, and forgets what is not global.
pub(crate) struct GlobalAddresses(Arc<Semaphore>);

impl Default for GlobalAddresses {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// A name has no global address.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no global address")]
pub(crate) struct NotGlobal(String);

impl Resolve for GlobalAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let room = self.0.clone();
        Box::pin(async move {
            let place = room.acquire_owned().await?;
            let looked_up = spawn_blocking(move || {
                let _place = place;
                // The port is the URL's, for which 0 stands.
                let found: io::Result<Vec<_>> = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
                (name, found)
            });
            let (name, found) = looked_up.await?;
            Ok(global(name.as_str(), found?)?)
        })
    }
}

fn global(name: &str, found: Vec<SocketAddr>) -> Result<Addrs, NotGlobal> {
    let global: Vec<_> = found.into_iter().filter(|address| is_global(address.ip())).collect();
    if global.is_empty() {
        return Err(NotGlobal(name.to_owned()));
    }
    Ok(Box::new(global.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // O-23
    fn of_what_a_name_has_the_global_addresses_are_left() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = addresses(&["10.0.0.1:0", "1.1.1.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0", "[2606:4700::1]:0"]);
        let left: Vec<_> = global("mixed.example", mixed).ok().unwrap().collect();
        assert_eq!(left, addresses(&["1.1.1.1:0", "[2606:4700::1]:0"]));
        assert!(global("inside.example", addresses(&["192.168.0.1:0", "[fe80::1]:0"])).is_err());
        assert!(global("nothing.example", Vec::new()).is_err());
    }
}
