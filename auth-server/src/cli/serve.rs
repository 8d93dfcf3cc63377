//! `serve`: answer until a signal comes.
use super::{Ended, say};
use crate::{Backing, Server, log, settings::Settings, shutdown};
use std::sync::Arc;

/// On the store that the settings name, unless one is given.
pub async fn serve(settings: Settings, store: Option<Arc<dyn Backing>>) -> Ended<()> {
    log::start(&settings.log);
    let (docs, scheme) = (settings.docs, if settings.tls.files().is_some() { "https" } else { "http" });
    let server = match store {
        Some(store) => Server::bind_on(settings, store).await?,
        None => Server::bind(settings).await?,
    };
    let here = format!("{scheme}://{}", server.address());
    let page = if docs { format!(" (the API, to look at and to try out: {here}/api/docs)") } else { String::new() };
    say(&format!("Listening on {here}{page}"))?;
    Ok(server.run(shutdown::signal()).await?)
}
