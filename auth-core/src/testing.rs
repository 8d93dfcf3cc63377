//! For tests, here and in every adapter: the contract that each store must keep, stores in memory, and [`World`]: a
//! clock that stands still, dice that are loaded, a post office that keeps everything.
mod broken;
pub mod contract;
mod fakes;
mod memory;
mod world;

pub use self::{
    broken::{Broken, Fault},
    fakes::*,
    memory::Memory,
    world::World,
};
