//! The store on the vendor's emulator.
mod account;
mod contract;
mod cost;
mod crash;
mod deadlines;
mod emulator;
mod faults;
mod flows;
mod histories;
mod line;
mod model;
mod numbers;
mod overtaken;
mod people;
mod provision;
mod records;
mod renames;
