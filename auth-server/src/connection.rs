//! Connections: no more than a number at once, no waiting for small packets to grow, and none that is idle or slow.
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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
    stuck: bool,
}

/// How long to wait when the system has no connection to give: it may be out of file handles.
const BREATH: Duration = Duration::from_millis(100);
/// The files that the server has open beside its connections: the store's, the log's, letters on their way.
const OWN_FILES: usize = 64;
/// More connections than this are let in only if that was asked for.
const PLENTY: usize = 10_000;

impl Door {
    /// Lets `most` connections in at once, and shows each out that is idle for `patience`. Unless said, and at most, they
    /// are as many as the process may have files open.
    pub fn new(listener: TcpListener, most: Option<usize>, patience: Duration) -> Self {
        let room = room(open_files());
        if let Some(asked) = most.filter(|most| *most > room) {
            tracing::warn!(asked, room, "the system's limit of open files leaves room for fewer connections");
        }
        let places = most.unwrap_or(PLENTY).min(room).min(Semaphore::MAX_PERMITS);
        Self { listener, places: Arc::new(Semaphore::new(places)), patience, stuck: false }
    }

    /// The next connection, once there is a place for it. To give up waiting loses none.
    pub async fn accept(&mut self) -> Connection {
        let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    if std::mem::take(&mut self.stuck) {
                        tracing::info!("connections are accepted again");
                    }
                    if let Some(here) = ready(&stream) {
                        return Connection::new(stream, [here, peer], self.patience, place);
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.stuck, true) {
                        tracing::error!(reason = %error, "connections cannot be accepted: they wait");
                    }
                    sleep(BREATH).await;
                }
            }
        }
    }

    /// Listens no longer. Whom the system has let in by now is let in here too, if there is a place.
    pub fn close(self) -> Vec<Connection> {
        let mut last = Vec::new();
        let Ok(listener) = self.listener.into_std() else { return last };
        while let Ok(place) = self.places.clone().try_acquire_owned() {
            let Ok((stream, peer)) = listener.accept() else { break };
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream
                && let Some(here) = ready(&stream)
            {
                last.push(Connection::new(stream, [here, peer], self.patience, place));
            }
        }
        last
    }
}

/// Where it arrived, once it does not wait for small packets to grow. One whose peer is gone already has neither.
fn ready(stream: &TcpStream) -> Option<SocketAddr> {
    stream.set_nodelay(true).and_then(|()| stream.local_addr()).ok()
}

/// How many connections can be open beside the server's own files.
fn room(files: Option<u64>) -> usize {
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    files.saturating_sub(OWN_FILES).max(files / 2).max(1)
}

/// How many files the system lets this process have open.
fn open_files() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// A connection whose client must let itself be answered now and then: one that is idle, dribbles its request, or does
/// not read its answer is cut off (H-09). Bytes that come count for nothing; only bytes that go, and a whole request.
pub struct Connection {
    /// Where it arrived, and where it is from.
    pub ends: [SocketAddr; 2],
    /// While a request is worked on, it is not idle.
    pub work: Work,
    stream: TcpStream,
    silence: Pin<Box<Sleep>>,
    patience: Duration,
    _place: OwnedSemaphorePermit,
}

/// Whether a request of a connection is worked on. Clones are the same one.
#[derive(Clone, Default)]
pub struct Work(Arc<AtomicBool>);

impl Work {
    /// Works on one. How long that may take is for the work itself to bound.
    pub async fn on<T>(&self, request: impl Future<Output = T>) -> T {
        self.0.store(true, Ordering::Relaxed);
        let answer = request.await;
        self.0.store(false, Ordering::Relaxed);
        answer
    }

    fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Connection {
    fn new(stream: TcpStream, ends: [SocketAddr; 2], patience: Duration, place: OwnedSemaphorePermit) -> Self {
        Self { ends, work: Work::default(), stream, silence: Box::pin(sleep(patience)), patience, _place: place }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.work.is_under_way() {
            self.listen_anew();
        }
        match self.silence.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    fn written(&mut self, poll: &Poll<io::Result<usize>>) {
        if matches!(poll, Poll::Ready(Ok(1..))) {
            self.listen_anew();
        }
    }

    fn listen_anew(&mut self) {
        self.silence.set(sleep(self.patience));
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
        (Door::new(listener, Some(most), patience), address)
    }

    #[tokio::test] // H-09
    async fn whoever_dribbles_is_cut_off() {
        let (mut door, address) = door(8, Duration::from_millis(50)).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut connection = door.accept().await;
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
        assert!(door.accept().await.stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_place_is_free_again_once_its_connection_is_gone() {
        let (mut door, address) = door(1, Duration::from_secs(30)).await;
        let _clients = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
        let first = door.accept().await;
        assert_eq!(door.places.available_permits(), 0);
        let mut second = Box::pin(door.accept());
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        second.await;
    }

    #[test] // H-09
    fn connections_leave_room_for_the_servers_own_files() {
        for (files, left) in [(Some(0), 1), (Some(60), 30), (Some(1024), 960), (Some(u64::MAX), usize::MAX - OWN_FILES)]
        {
            assert_eq!(room(files), left);
        }
        assert_eq!(room(None), room(Some(u64::MAX)));
    }
}
