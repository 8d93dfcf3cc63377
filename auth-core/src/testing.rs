//! For tests, here and in every adapter: the contract that each store must keep, stores in memory, and [`World`]: a
//! clock that stands still, dice that are loaded, a post office that keeps everything.
mod broken;
pub mod contract;
mod fakes;
mod faulty;
mod memory;
mod recorder;
mod world;

pub use self::{
    broken::{Broken, Fault},
    fakes::*,
    faulty::{Faulty, Mishap, Plan},
    memory::{Memory, Tables},
    recorder::Recorder,
    world::World,
};

/// A stored password hash (PHC string) as the hasher understands it, or `None` if it does not take it; nothing is hashed.
pub fn stored_hash(text: &str) -> Option<String> {
    crate::password::understood(text)
}
