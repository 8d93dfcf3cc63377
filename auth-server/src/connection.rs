//! Connections: no more than a number at once, no waiting for small packets to grow, and none that is idle or slow.
use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};

/// Accepts connections within the bounds.
pub struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Door {
    /// Lets `most` connections in at once, and shows each out to which no byte was written for `patience`.
    pub fn new(listener: TcpListener, most: usize, patience: Duration) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(most)), patience }
    }
}

/// How long to wait when the system has no connection to give: it may be out of file handles.
const BREATH: Duration = Duration::from_millis(100);

impl Acceptor for Door {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr().map(|address| LocalAddr(address.into())).into_iter().collect()
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        let place = self.places.clone().acquire_owned().await.map_err(io::Error::other)?;
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(reason = %error, "a connection could not be accepted");
                    sleep(BREATH).await;
                    continue;
                }
            };
            // A peer that is gone already has neither an address nor an option.
            let (Ok(here), Ok(())) = (stream.local_addr(), stream.set_nodelay(true)) else { continue };
            let connection =
                Connection { stream, silence: Box::pin(sleep(self.patience)), patience: self.patience, _place: place };
            return Ok((connection, LocalAddr(here.into()), RemoteAddr(peer.into()), Scheme::HTTP));
        }
    }
}

/// A connection that must be answered now and then: one that is idle, dribbles its request, or does not read its answer
/// is cut off (H-09). The framework itself puts no bound on how long a request's head may take.
pub struct Connection {
    stream: TcpStream,
    silence: Pin<Box<Sleep>>,
    patience: Duration,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.silence.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    fn written(&mut self, poll: &Poll<io::Result<usize>>) {
        if matches!(poll, Poll::Ready(Ok(1..))) {
            self.silence.set(sleep(self.patience));
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(&poll);
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(&poll);
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn door(most: usize, patience: Duration) -> (Door, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Door::new(listener, most, patience), address)
    }

    #[tokio::test] // H-09
    async fn whoever_dribbles_is_cut_off() {
        let (mut door, address) = door(8, Duration::from_millis(50)).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let (mut connection, ..) = door.accept().await.unwrap();
        let dribble = tokio::spawn(async move { while client.write_all(b"x").await.is_ok() {} });
        let mut buffer = [0; 1024];
        let end = loop {
            match connection.read(&mut buffer).await {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(end.kind(), io::ErrorKind::TimedOut);
        drop(connection);
        dribble.await.unwrap();
    }

    #[tokio::test]
    async fn small_packets_do_not_wait() {
        let (mut door, address) = door(8, Duration::from_secs(30)).await;
        let _client = TcpStream::connect(address).await.unwrap();
        assert!(door.accept().await.unwrap().0.stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_place_is_free_again_once_its_connection_is_gone() {
        let (mut door, address) = door(1, Duration::from_secs(30)).await;
        let _clients = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
        let (first, ..) = door.accept().await.unwrap();
        assert_eq!(door.places.available_permits(), 0);
        let mut second = Box::pin(door.accept());
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        second.await.unwrap();
    }
}
