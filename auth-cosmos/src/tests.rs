//! The store on the vendor's emulator.
mod contract;
mod emulator;
mod renames;
