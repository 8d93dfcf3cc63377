//! The store on the vendor's emulator keeps the contract.
use super::emulator::Emulator;
use auth_core::contract;

mod users {
    use super::*;
    contract!(users: Emulator::start().await.store().await);
}
mod codes {
    use super::*;
    contract!(codes: Emulator::start().await.store().await);
}
mod sessions {
    use super::*;
    contract!(sessions: Emulator::start().await.store().await);
}
mod counters {
    use super::*;
    contract!(counters: Emulator::start().await.store().await);
}
mod keys {
    use super::*;
    contract!(keys: Emulator::start().await.store().await);
}
mod documents {
    use super::*;
    contract!(documents: Emulator::start().await.store().await);
}
mod records {
    use super::*;
    contract!(records: Emulator::start().await.store().await);
}
mod outbox {
    use super::*;
    contract!(outbox: Emulator::start().await.store().await);
}
