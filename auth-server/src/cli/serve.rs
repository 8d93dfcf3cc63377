//! `serve`: answer until a signal comes.
use super::{Ended, say};
use crate::{Server, log, settings::Settings, shutdown};

pub async fn serve(settings: Settings) -> Ended<()> {
    log::start(&settings.log);
    let docs = settings.docs;
    let server = Server::bind(settings).await?;
    let here = format!("http://{}", server.address());
    let page = if docs { format!(" (the API, to look at and to try out: {here}/api/docs)") } else { String::new() };
    say(&format!("Listening on {here}{page}"))?;
    Ok(server.run(shutdown::signal()).await?)
}
