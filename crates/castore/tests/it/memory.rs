//! The memory backend.

use std::sync::Arc;

use castore::Memory;

use crate::contract;

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    contract::run(Arc::new(Memory::new())).await;
}
