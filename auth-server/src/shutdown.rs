//! When to stop: at the first signal in good order, at the second at once.

/// Waits for SIGTERM or Ctrl-C. From then on another of them ends the process.
pub async fn signal() {
    one().await;
    tracing::info!("stopping: what was accepted is finished; once more to end at once");
    tokio::spawn(async {
        one().await;
        std::process::exit(1);
    });
}

async fn one() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate() => {}
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
