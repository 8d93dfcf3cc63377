//! Makes the database and its containers, mends them, or tells how they are.
use crate::{
    Error,
    account::Account,
    schema::{self, Schema},
};
use auth_core::{ports::Clock, system::SystemClock};
use azure_data_cosmos::{
    DatabaseClient,
    models::{ContainerProperties, PartitionKeyDefinition, ThroughputProperties},
    options::CreateContainerOptions,
};
use std::{sync::Arc, time::Duration};

/// How much a container can do in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throughput {
    /// As much as is asked for, and paid by the request: what the account must be made for.
    Serverless,
    /// Up to so many request units, from a tenth of them on as they are needed: 1,000 or more, in thousands.
    Autoscale(u64),
}

/// A container, and how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: &'static str,
    /// What is kept in it.
    pub holds: &'static str,
    /// How it was found, or what was done about it.
    pub state: State,
}

/// How a container was found, or what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it must be.
    There,
    /// Not there.
    Missing,
    /// It forgets or indexes otherwise than it must.
    Otherwise,
    /// It was missing.
    Made,
    /// It was otherwise.
    Mended,
}

/// Makes what is missing of the database and its containers, and mends how they forget and what they index. All that is in
/// them stays.
///
/// Needs the account's key, unless nothing is to be done: the roles that Entra has for data may not do so. For those there
/// is [`bicep`](crate::bicep()).
///
/// # Errors
/// [`Error::Forbidden`], [`Error::Different`], and whatever the database says.
pub async fn provision(account: &Account, throughput: Throughput) -> Result<Vec<Found>, Error> {
    let (client, name) = (account.client(None, &system(), PATIENCE).await?, &account.database);
    let database = client.database_client(name.clone());
    let found = look_at_all(&database).await?;
    if found.iter().all(|found| found.state == State::There) {
        return Ok(found);
    }
    match client.create_database(name, None).await {
        Err(error) if !error.status().is_conflict() => {
            return Err(Error::of_making(format!("the database {name}"))(error));
        }
        _made_or_there => {}
    }
    put_right(&database, found, throughput).await
}

/// Makes what was found missing of the containers, and mends what was found otherwise.
pub async fn put_right(
    database: &DatabaseClient,
    mut found: Vec<Found>,
    throughput: Throughput,
) -> Result<Vec<Found>, Error> {
    for (found, schema) in found.iter_mut().zip(schema::ALL) {
        match found.state {
            State::Missing => {
                make(database, &schema, throughput).await?;
                found.state = State::Made;
            }
            State::Otherwise => {
                let container = database.container_client(schema.name, None).await;
                let container = container.map_err(Error::of(name(&schema)))?;
                container.replace(schema.properties(), None).await.map_err(Error::of_making(name(&schema)))?;
                found.state = State::Mended;
            }
            State::There | State::Made | State::Mended => {}
        }
    }
    Ok(found)
}

/// How the containers are.
///
/// # Errors
/// [`Error::Different`], and whatever the database says.
pub async fn status(account: &Account) -> Result<Vec<Found>, Error> {
    let client = account.client(None, &system(), PATIENCE).await?;
    look_at_all(&client.database_client(account.database.clone())).await
}

pub async fn look_at_all(database: &DatabaseClient) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for schema in schema::ALL {
        let state = look(database, &schema).await?;
        found.push(Found { name: schema.name, holds: schema.holds, state });
    }
    Ok(found)
}

async fn look(database: &DatabaseClient, schema: &Schema) -> Result<State, Error> {
    let read = async { database.container_client(schema.name, None).await?.read(None).await?.into_model() };
    let held: ContainerProperties = match read.await {
        Ok(held) => held,
        // Whatever the sub-status: where there is no database either, it is another one.
        Err(error) if u16::from(error.status().status_code()) == 404 => return Ok(State::Missing),
        Err(error) => return Err(Error::of(name(schema))(error)),
    };
    if held.partition_key != PartitionKeyDefinition::from(schema.partition) {
        let reason = "it is cut into partitions by something else";
        return Err(Error::Different { name: name(schema), reason });
    }
    // What else an operator has indexed costs more with each write, and is his business; all of it is a default, and nobody's.
    let included = held.indexing_policy.map(|policy| policy.included_paths).unwrap_or_default();
    let is_indexed = |path: &&str| included.iter().any(|included| included.path == **path);
    let as_it_must_be = held.default_ttl == schema.properties().default_ttl
        && schema.indexed.iter().all(is_indexed)
        && !is_indexed(&"/*");
    Ok(if as_it_must_be { State::There } else { State::Otherwise })
}

/// Somebody else may be making it at the same moment.
async fn make(database: &DatabaseClient, schema: &Schema, throughput: Throughput) -> Result<(), Error> {
    let options = match throughput {
        Throughput::Serverless => CreateContainerOptions::default(),
        Throughput::Autoscale(most) => {
            CreateContainerOptions::default().with_throughput(ThroughputProperties::autoscale(most, None))
        }
    };
    match database.create_container(schema.properties(), Some(options)).await {
        Err(error) if !error.status().is_conflict() => Err(Error::of_making(name(schema))(error)),
        _made_or_there => Ok(()),
    }
}

/// Nobody but an operator waits.
const PATIENCE: Duration = Duration::from_secs(30);

fn system() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn name(schema: &Schema) -> String {
    format!("the container {}", schema.name)
}
