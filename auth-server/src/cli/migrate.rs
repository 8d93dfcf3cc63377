//! `migrate`: the version of the database's schema. A server goes forward by itself when it starts.
use super::Ended;
use crate::{
    compose::database,
    settings::{Settings, value::Store},
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
    /// Go forward, to the newest version or to the one that is named.
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
}

impl Migrate {
    /// Does it.
    pub fn run(self, settings: &Settings) -> Ended {
        let path = match settings.store {
            Store::Sqlite => database(settings),
        };
        let steps = match self.action {
            Action::Status if !path.exists() => {
                return Ok("There is no database yet: `migrate up`, or a start, makes it.".to_owned());
            }
            Action::Status => migrate::status(&path)?,
            Action::Up { revision } => migrate::up(&path, revision)?,
            Action::Down { revision } => migrate::down(&path, revision)?,
        };
        Ok(steps.iter().map(line).collect())
    }
}

fn line(step: &Step) -> String {
    format!("{:>4}  {:<24} {}\n", step.version, step.name, if step.applied { "applied" } else { "not applied" })
}
