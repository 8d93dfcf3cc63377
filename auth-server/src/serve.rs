//! HTTP/1.1, over TLS or not, on the connections that the door lets in, until it is time to stop; then to the end what was accepted.
use crate::{
    connection::{Connection, Door, Work},
    tls::Tls,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use poem::{
    Endpoint, Request, Response,
    http::{HeaderValue, header::CONNECTION, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

/// No request of this API has a head, or a piece of a body, that needs more.
const BUFFER: usize = 64 * 1024;
/// A request that was on its way when it was time to stop is still taken from a connection that was kept.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// How long accepted requests may take to finish.
const REQUESTS: Duration = Duration::from_secs(7);

/// How far the end has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    /// Each answer is the last on its connection.
    LastAnswers,
    /// Whoever has asked nothing is cut off.
    Closed,
}

/// Answers by `endpoint`, over TLS if there is any, until `stop`. Then nobody is let in any more, each connection gets the answers that are due on
/// it, and what takes longer than seven seconds is cut off.
pub async fn serve<E>(mut door: Door, tls: Option<Tls>, endpoint: E, stop: impl Future<Output = ()>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let (endpoint, stages) = (Arc::new(endpoint), watch::Sender::new(Stage::Open));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            // A defect outside of a request ends its connection alone; the panic was logged.
            Some(_ended) = connections.join_next() => {}
            connection = door.accept() => {
                connections.spawn(converse(connection, tls.clone(), endpoint.clone(), stages.subscribe()));
            }
        }
    }
    stages.send_replace(Stage::LastAnswers);
    for connection in door.close() {
        connections.spawn(converse(connection, tls.clone(), endpoint.clone(), stages.subscribe()));
    }
    if timeout(LAST_WORDS, all_of(&mut connections)).await.is_err() {
        stages.send_replace(Stage::Closed);
        if timeout(REQUESTS, all_of(&mut connections)).await.is_err() {
            tracing::warn!(connections = connections.len(), "requests that took too long are cut off");
            connections.shutdown().await;
        }
    }
}

async fn all_of(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// One connection, request after request.
async fn converse<E>(connection: Connection, tls: Option<Tls>, endpoint: Arc<E>, mut stages: watch::Receiver<Stage>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let (ends, work) = (connection.ends, connection.work.clone());
    let Some(tls) = tls else { return talk(connection, Scheme::HTTP, ends, work, endpoint, stages).await };
    // Why a handshake fails is the client's affair.
    let greeted = tokio::select! {
        greeted = tls.acceptor().accept(connection) => greeted.ok(),
        _ = stages.wait_for(|stage| *stage == Stage::Closed) => None,
    };
    if let Some(connection) = greeted {
        talk(connection, Scheme::HTTPS, ends, work, endpoint, stages).await;
    }
}

async fn talk<C, E>(
    connection: C,
    scheme: Scheme,
    [here, peer]: [SocketAddr; 2],
    work: Work,
    endpoint: Arc<E>,
    mut stages: watch::Receiver<Stage>,
) where
    C: AsyncRead + AsyncWrite + Unpin,
    E: Endpoint<Output = Response> + 'static,
{
    let stage = stages.clone();
    let service = service_fn(move |request| {
        let request = Request::from((request, LocalAddr(here.into()), RemoteAddr(peer.into()), scheme.clone()));
        let (endpoint, work, stage) = (endpoint.clone(), work.clone(), stage.clone());
        async move {
            let mut response = work.on(endpoint.get_response(request)).await;
            if *stage.borrow() > Stage::Open {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(hyper::Response::from(response))
        }
    });
    let mut http = http1::Builder::new();
    let mut conversation = pin!(http.max_buf_size(BUFFER).serve_connection(TokioIo::new(connection), service));
    // How it ended is the client's affair.
    tokio::select! {
        _ended = &mut conversation => return,
        _ = stages.wait_for(|stage| *stage == Stage::Closed) => conversation.as_mut().graceful_shutdown(),
    }
    let _ = conversation.await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::endpoint::make;
    use std::io;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::{Notify, oneshot},
    };

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    /// A server whose requests are answered once `ready` says so, one at each word.
    struct Slow {
        address: SocketAddr,
        arrived: Arc<Notify>,
        ready: Arc<Notify>,
        stop: oneshot::Sender<()>,
        ended: tokio::task::JoinHandle<()>,
    }

    async fn slow(patience: Duration) -> Slow {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (arrived, ready) = <(Arc<Notify>, Arc<Notify>)>::default();
        let endpoint = make({
            let (arrived, ready) = (arrived.clone(), ready.clone());
            move |_| {
                let (arrived, ready) = (arrived.clone(), ready.clone());
                async move {
                    arrived.notify_one();
                    ready.notified().await;
                    Ok::<_, poem::Error>(Response::builder().body("done"))
                }
            }
        });
        let (stop, stopped) = oneshot::channel();
        let door = Door::new(listener, Some(8), patience);
        let ended = tokio::spawn(serve(door, None, endpoint, async { drop(stopped.await) }));
        Slow { address, arrived, ready, stop, ended }
    }

    async fn answer(client: &mut TcpStream) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"done") {
            assert_ne!(
                client.read_buf(&mut text).await.unwrap(),
                0,
                "cut off after {:?}",
                String::from_utf8_lossy(&text)
            );
        }
        String::from_utf8(text).unwrap()
    }

    async fn is_cut_off(client: &mut TcpStream) {
        let mut text = Vec::new();
        // Its end, or a reset because something that it sent was not read.
        let _ = client.read_to_end(&mut text).await;
        assert!(text.is_empty(), "{:?}", String::from_utf8_lossy(&text));
    }

    #[tokio::test] // H-09
    async fn who_waits_for_an_answer_is_not_idle_and_who_is_idle_afterwards_is_cut_off() {
        let server = slow(Duration::from_millis(50)).await;
        let mut client = TcpStream::connect(server.address).await.unwrap();
        for _ in 0..2 {
            client.write_all(ASK).await.unwrap();
            server.arrived.notified().await;
            // Somebody who came later has been shown out for idleness: so long is this one waiting.
            is_cut_off(&mut TcpStream::connect(server.address).await.unwrap()).await;
            server.ready.notify_one();
            assert!(answer(&mut client).await.starts_with("HTTP/1.1 200"));
        }
        is_cut_off(&mut client).await;
    }

    #[tokio::test] // H-09
    async fn a_head_that_is_never_whole_is_cut_off() {
        let server = slow(Duration::from_millis(50)).await;
        let mut client = TcpStream::connect(server.address).await.unwrap();
        client.write_all(&ASK[..ASK.len() - 2]).await.unwrap();
        is_cut_off(&mut client).await;
    }

    #[tokio::test] // R7
    async fn what_was_accepted_is_answered_and_the_connection_closed() {
        let Slow { address, arrived, ready, stop, ended } = slow(Duration::from_secs(30)).await;
        let mut busy = TcpStream::connect(address).await.unwrap();
        busy.write_all(ASK).await.unwrap();
        arrived.notified().await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        // The system lets this one in and takes its request, and the server has had no time to look.
        let mut late = std::net::TcpStream::connect(address).unwrap();
        io::Write::write_all(&mut late, ASK).unwrap();
        stop.send(()).unwrap();
        late.set_nonblocking(true).unwrap();
        let mut late = TcpStream::from_std(late).unwrap();
        timeout(Duration::from_mins(1), arrived.notified()).await.expect("whom the system has let in is answered");
        assert!(TcpStream::connect(address).await.is_err(), "nobody else is let in");
        is_cut_off(&mut silent).await;
        ready.notify_one();
        ready.notify_one();
        for client in [&mut busy, &mut late] {
            assert!(answer(client).await.contains("connection: close"));
            is_cut_off(client).await;
            ready.notify_one();
        }
        ended.await.unwrap();
    }
}
