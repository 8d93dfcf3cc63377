//! `restore`: a backup in the place of the database. Everybody signs in again.
use super::{Ended, backup::AZURE, confirm};
use crate::{
    keys::RootFile,
    settings::{Settings, value::Store},
    store::sqlite_file,
};
use auth_core::keys::SealedKeys;
use auth_sqlite::Restored;
use conf::Conf;
use std::path::{Path, PathBuf};

/// Put a backup in the place of the database; the server must be stopped. Everybody signs in again.
#[derive(Conf)]
pub struct Restore {
    /// What `backup` has written.
    #[conf(pos)]
    pub file: PathBuf,
    /// Do not ask.
    #[conf(long)]
    pub yes: bool,
}

impl Restore {
    /// Asks, does it, and tells what was done and what is lost.
    pub fn run(self, settings: &Settings) -> Ended {
        if settings.store == Store::Cosmos {
            return Err(AZURE.into());
        }
        let database = sqlite_file(settings);
        if !self.yes {
            let (file, database) = (self.file.display(), database.display());
            confirm(&format!(
                "This puts {file} in the place of {database}. Everybody signs in again, and what has changed in accounts \
                 since the backup is lost."
            ))?;
        }
        // Where there is no secret, nobody can say of any keys that they are worth nothing.
        let secret = RootFile::of(settings).server_secret(settings).ok();
        let keeps = |keys: &SealedKeys| secret.as_ref().is_none_or(|secret| keys.open(secret).is_ok());
        Ok(tell(&auth_sqlite::restore(&self.file, &database, &keeps)?, &database))
    }
}

fn tell(Restored { accounts, replaced }: &Restored, database: &Path) -> String {
    let kept = match replaced {
        Some(path) => format!(
            "The database as it was before is kept in {}: remove it when nobody will ask for anything in it.",
            path.display()
        ),
        None => "There was nothing in the database before.".to_owned(),
    };
    format!(
        "{} is restored, with the accounts as they were when the backup was made: {accounts}.\n\
         Everybody signs in again: all sessions have ended, all codes are dead, and mails that waited are not sent. \
         Services that check access tokens by themselves take those that are out until they expire.\n\
         Lost is what has changed since the backup: new accounts must be made again, deleted ones are back, names, \
         passwords, roles and disabled accounts are as they were.\n\
         {kept}",
        database.display()
    )
}
