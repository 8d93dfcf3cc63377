//! The store on a real file: across restarts, versions, copies, locks, full disks and kill -9.
mod backup;
mod crash;
#[cfg(unix)]
mod disk;
mod faults;
mod migrations;
mod place;
mod records;
mod reopen;
mod restore;
mod sweep;
