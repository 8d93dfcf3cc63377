//! The stores in memory keep the contract.
use auth_core::{contract, testing::Memory};

contract!(users: Memory::default());
contract!(codes: Memory::default());
contract!(sessions: Memory::default());
contract!(counters: Memory::default());
contract!(outbox: Memory::default());
contract!(keys: Memory::default());
contract!(documents: Memory::default());
contract!(records: Memory::default());
