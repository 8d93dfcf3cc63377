//! `migrate`: the version of the database's schema. A server goes forward by itself when it starts.
use super::Ended;
use crate::{
    settings::{Settings, value::Store},
    store::sqlite_file,
};
use auth_sqlite::migrate::{self, Step};
use conf::{Conf, Subcommands};

/// The version of the database's schema. A server goes forward by itself when it starts.
#[derive(Conf)]
pub struct Migrate {
    /// What to do.
    #[conf(subcommands)]
    pub action: Action,
}

/// What to do with the schema.
#[derive(Subcommands)]
pub enum Action {
    /// Show every version, and which the database has.
    Status,
    /// Go forward, to the newest version or to the one that is named; with the store cosmos, make and mend the containers.
    Up {
        /// The version to go to.
        #[conf(pos)]
        revision: Option<u32>,
    },
    /// Go back, one version or to the one that is named. What only the newer schema holds is lost: make a backup first.
    Down {
        /// The version to go to.
        #[conf(pos)]
        revision: Option<u32>,
    },
    /// With the store cosmos: print a Bicep template that makes the account, its database and its containers.
    Bicep,
}

impl Migrate {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Ended {
        match settings.store {
            Store::Sqlite => self.file(settings),
            Store::Cosmos => self.containers(settings).await,
        }
    }

    fn file(self, settings: &Settings) -> Ended {
        let path = sqlite_file(settings);
        let steps = match self.action {
            Action::Status if !path.exists() => {
                return Ok("There is no database yet: `migrate up`, or a start, makes it.".to_owned());
            }
            Action::Status => migrate::status(&path)?,
            Action::Up { revision } => migrate::up(&path, revision)?,
            Action::Down { revision } => migrate::down(&path, revision)?,
            Action::Bicep => return Err("a template is for the store cosmos: add --store cosmos".into()),
        };
        Ok(steps.iter().map(line).collect())
    }

    #[cfg(feature = "cosmos")]
    async fn containers(self, settings: &Settings) -> Ended {
        use auth_cosmos::{State, Throughput};
        let account = || crate::store::cosmos::account(settings);
        let found = match self.action {
            Action::Bicep => return Ok(auth_cosmos::bicep()),
            Action::Status => auth_cosmos::status(&account()?).await?,
            Action::Up { revision: None } => {
                let throughput = match settings.cosmos.cosmos_throughput {
                    0 => Throughput::Serverless,
                    most => Throughput::Autoscale(most),
                };
                auth_cosmos::provision(&account()?, throughput).await?
            }
            Action::Up { revision: Some(_) } | Action::Down { .. } => {
                return Err("containers have no versions: `migrate up` makes and mends them".into());
            }
        };
        let line = |found: &auth_cosmos::Found| {
            let state = match found.state {
                State::There => "there",
                State::Missing => "missing",
                State::Otherwise => "otherwise",
                State::Made => "made",
                State::Mended => "mended",
            };
            format!("{:<10} {state:<8} {}\n", found.name, found.holds)
        };
        Ok(found.iter().map(line).collect())
    }

    #[cfg(not(feature = "cosmos"))]
    async fn containers(self, settings: &Settings) -> Ended {
        Ok(settings.cosmos.check().map(|()| String::new())?)
    }
}

fn line(step: &Step) -> String {
    format!("{:>4}  {:<24} {}\n", step.version, step.name, if step.applied { "applied" } else { "not applied" })
}
