//! The store on the vendor's emulator.
mod account;
mod contract;
mod emulator;
mod faults;
mod flows;
mod renames;
