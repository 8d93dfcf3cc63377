//! The contract on a real account, where the environment names one: `AUTH_COSMOS_TEST_ENDPOINT`, and the account's key in
//! `AUTH_COSMOS_TEST_KEY` or, without it, whoever is logged in to Azure's command line. It makes a database
//! `auth-contract`, and empties it before each clause. Without an account the emulator stands in, so that at least the
//! emptying is shown to work; `scripts/test` says so aloud.
use super::{
    emulator::{Emulator, parts},
    numbers::all,
};
use crate::{Account, CosmosStore, Credential, Throughput, provision, schema};
use auth_core::{contract, value::Secret};
use azure_data_cosmos::DatabaseClient;
use std::env;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_database_that_is_emptied_between_the_clauses_keeps_the_contract() {
    let database = match env::var("AUTH_COSMOS_TEST_ENDPOINT") {
        Ok(endpoint) => real(endpoint).await,
        Err(_) => Emulator::start().await.database(Vec::new()).await,
    };
    contract!(each users: emptied(&database).await);
    contract!(each codes: emptied(&database).await);
    contract!(each sessions: emptied(&database).await);
    contract!(each counters: emptied(&database).await);
    contract!(each outbox: emptied(&database).await);
    contract!(each keys: emptied(&database).await);
    contract!(each records: emptied(&database).await);
}

async fn real(endpoint: String) -> DatabaseClient {
    let credential = match env::var("AUTH_COSMOS_TEST_KEY") {
        Ok(key) => Credential::Key(Secret::new(key)),
        Err(_) => Credential::DeveloperTools,
    };
    let account = Account { endpoint, credential, database: "auth-contract".to_owned(), region: None };
    let found = provision::provision(&account, Throughput::Autoscale(1_000)).await;
    found.expect("the account takes the containers, or has them");
    account.client(None, &parts().clock, parts().patience).await.unwrap().database_client("auth-contract")
}

async fn emptied(database: &DatabaseClient) -> CosmosStore {
    for schema in schema::ALL {
        let container = database.container_client(schema.name, None).await.unwrap();
        for item in all(database, schema).await {
            let partition = item[&schema.partition[1..]].as_str().unwrap().to_owned();
            container.delete_item(partition, item["id"].as_str().unwrap(), None).await.unwrap();
        }
    }
    CosmosStore::over(database, parts()).await.unwrap()
}
