//! Makes the database and its containers, or tells what is there.
use crate::{
    Error,
    account::Account,
    schema::{self, Schema},
};
use auth_core::{ports::Clock, system::SystemClock};
use azure_data_cosmos::{
    CosmosError, DatabaseClient,
    models::{ContainerProperties, PartitionKeyDefinition, ThroughputProperties},
    options::CreateContainerOptions,
};
use std::sync::Arc;

/// How much a container can do in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throughput {
    /// As much as is asked for, and paid by the request: what the account must be made for.
    Serverless,
    /// Up to so many request units, from a tenth of them on as they are needed: 1,000 or more, in thousands.
    Autoscale(u64),
}

/// A container, and whether it was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: &'static str,
    /// What is kept in it.
    pub holds: &'static str,
    /// Whether it was there before.
    pub there: bool,
}

/// Makes what is missing of the database and its containers. What is there stays, with all that is in it.
///
/// Needs the account's key: the roles that Entra has for data may not do so. For those there is [`bicep`](crate::bicep()).
///
/// # Errors
/// [`Error::Forbidden`], [`Error::Different`], and whatever the database says.
pub async fn provision(account: &Account, throughput: Throughput) -> Result<Vec<Found>, Error> {
    let (client, name) = (account.client(None, &system()).await?, &account.database);
    match client.create_database(name, None).await {
        Err(error) if !error.status().is_conflict() => return Err(Error::of(format!("the database {name}"))(error)),
        _made_or_there => {}
    }
    containers(&client.database_client(name.clone()), throughput).await
}

pub async fn containers(database: &DatabaseClient, throughput: Throughput) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for schema in schema::ALL {
        let options = match throughput {
            Throughput::Serverless => CreateContainerOptions::default(),
            Throughput::Autoscale(most) => {
                CreateContainerOptions::default().with_throughput(ThroughputProperties::autoscale(most, None))
            }
        };
        let there = match database.create_container(schema.properties(), Some(options)).await {
            Ok(_) => false,
            Err(error) if error.status().is_conflict() => true,
            Err(error) => return Err(what(&schema)(error)),
        };
        if there {
            check(database, &schema).await?;
        }
        found.push(Found { name: schema.name, holds: schema.holds, there });
    }
    Ok(found)
}

/// Which containers are there. One that is there and is not as it must be is an error.
///
/// # Errors
/// [`Error::Different`], and whatever the database says.
pub async fn status(account: &Account) -> Result<Vec<Found>, Error> {
    let database = account.client(None, &system()).await?.database_client(account.database.clone());
    let mut found = Vec::new();
    for schema in schema::ALL {
        let there = match check(&database, &schema).await {
            Ok(()) => true,
            Err(Error::Missing(_)) => false,
            Err(error) => return Err(error),
        };
        found.push(Found { name: schema.name, holds: schema.holds, there });
    }
    Ok(found)
}

/// What cannot be changed once it is made, and what would lose or keep data otherwise.
async fn check(database: &DatabaseClient, schema: &Schema) -> Result<(), Error> {
    let container = database.container_client(schema.name, None).await.map_err(what(schema))?;
    let read = container.read(None).await.map_err(what(schema))?;
    let properties: ContainerProperties = read.into_model().map_err(what(schema))?;
    let different = |reason| Err(Error::Different { name: format!("the container {}", schema.name), reason });
    if properties.partition_key != PartitionKeyDefinition::from(schema.partition) {
        return different("it is cut into partitions by something else");
    }
    if properties.default_ttl != schema.properties().default_ttl {
        return different("its documents are kept for another time");
    }
    let included = properties.indexing_policy.map(|policy| policy.included_paths).unwrap_or_default();
    let is_indexed = |path: &str| included.iter().any(|included| included.path == path || included.path == "/*");
    if !schema.indexed.iter().all(|path| is_indexed(path)) {
        return different("what its queries sort by is not indexed");
    }
    Ok(())
}

fn system() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn what(schema: &Schema) -> impl FnOnce(CosmosError) -> Error + use<> {
    Error::of(format!("the container {}", schema.name))
}
