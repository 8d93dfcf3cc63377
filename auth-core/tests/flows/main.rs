//! The flows against a world in memory: each end of each flow is reached.
mod admin;
mod away;
mod change;
mod clock;
mod enumeration;
mod faults;
mod limits;
mod login;
mod outbox;
mod person;
mod refresh;
mod register;
mod reset;
mod sessions;
