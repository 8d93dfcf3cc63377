//! One conversation of the sink with a client, as RFC 5321 has it.
use super::{Received, Reply, Security, Shared, lock};
use base64::prelude::{BASE64_STANDARD, Engine};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream},
    net::TcpStream,
};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub(super) struct Conversation {
    stream: BufStream<Box<dyn Stream>>,
    shared: Arc<Shared>,
    encrypted: bool,
    is_unheard: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

impl Conversation {
    /// Until the client or the script ends it.
    pub(super) async fn run(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
        let stream = BufStream::new(Box::new(stream) as Box<dyn Stream>);
        let mut it =
            Self { stream, shared, encrypted: false, is_unheard: false, user: None, from: None, to: Vec::new() };
        if it.shared.security == Security::Tls {
            it = it.secured().await?;
        }
        if it.agreed("CONNECT").await? {
            it.say("220 localhost ESMTP sink").await?;
        }
        while let Some(line) = it.line().await? {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            lock(&it.shared.lines).push((it.encrypted, line.clone()));
            if !it.agreed(&line).await? {
                continue;
            }
            match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "EHLO" => it.say_what_it_can().await?,
                "STARTTLS" if it.offers_starttls() => {
                    it.say("220 2.0.0 Go ahead").await?;
                    it = it.secured().await?;
                }
                "AUTH" => it.authenticate(&line).await?,
                "MAIL" => it.begin(&line).await?,
                "RCPT" => {
                    it.to.push(address(&line));
                    it.say("250 2.1.5 Ok").await?;
                }
                "DATA" => it.receive().await?,
                "NOOP" => it.say("250 2.0.0 Ok").await?,
                "RSET" => {
                    (it.from, it.to) = (None, Vec::new());
                    it.say("250 2.0.0 Ok").await?;
                }
                "QUIT" => return it.say("221 2.0.0 Bye").await,
                _ => it.say("502 5.5.2 Not understood").await?,
            }
        }
        Ok(())
    }

    /// Asks the script. `true`: go on as usual. `Err`: hang up.
    async fn agreed(&mut self, step: &str) -> io::Result<bool> {
        let reply = (lock(&self.shared.script))(step);
        match reply {
            Reply::Usual => Ok(true),
            Reply::UsualAfter(told) => {
                told.notified().await;
                Ok(true)
            }
            Reply::UsualUnheard => {
                self.is_unheard = true;
                Ok(true)
            }
            Reply::Say(line) => self.say(&line).await.map(|()| false),
            Reply::HangUp => Err(io::ErrorKind::ConnectionAborted.into()),
            Reply::Silence => std::future::pending().await,
        }
    }

    fn offers_starttls(&self) -> bool {
        self.shared.security == Security::StartTls && !self.encrypted
    }

    async fn say_what_it_can(&mut self) -> io::Result<()> {
        let starttls = if self.offers_starttls() { "250-STARTTLS\r\n" } else { "" };
        let auth = if self.shared.credentials.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
        self.say(&format!("250-localhost\r\n{starttls}{auth}250 8BITMIME")).await
    }

    async fn authenticate(&mut self, line: &str) -> io::Result<()> {
        let expected = self.shared.credentials.clone().filter(|(user, password)| {
            let answer = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
            line.strip_prefix("AUTH PLAIN ") == Some(answer.as_str())
        });
        match expected {
            Some((user, _)) => {
                self.user = Some(user);
                self.say("235 2.7.0 Welcome").await
            }
            None => self.say("535 5.7.8 Authentication credentials invalid").await,
        }
    }

    async fn begin(&mut self, line: &str) -> io::Result<()> {
        if self.offers_starttls() || (self.shared.credentials.is_some() && self.user.is_none()) {
            return self.say("530 5.7.0 Not like this").await;
        }
        (self.from, self.to) = (Some(address(line)), Vec::new());
        self.say("250 2.1.0 Ok").await
    }

    async fn receive(&mut self) -> io::Result<()> {
        let Some(from) = self.from.take().filter(|_| !self.to.is_empty()) else {
            return self.say("503 5.5.1 Nobody to send it to").await;
        };
        self.say("354 Go ahead").await?;
        let mut data = Vec::new();
        loop {
            let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line == b".\r\n" {
                break;
            }
            data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let to = std::mem::take(&mut self.to);
        if self.agreed(".").await? {
            let received = Received { from, to, data, encrypted: self.encrypted, user: self.user.clone() };
            lock(&self.shared.received).push(received);
            self.shared.arrived.notify_waiters();
            self.say("250 2.0.0 Taken").await?;
        }
        Ok(())
    }

    async fn secured(mut self) -> io::Result<Self> {
        let acceptor = self.shared.acceptor.clone().ok_or(io::ErrorKind::Unsupported)?;
        let stream = acceptor.accept(self.stream.into_inner()).await?;
        self.stream = BufStream::new(Box::new(stream));
        self.encrypted = true;
        Ok(self)
    }

    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let length = self.stream.read_until(b'\n', &mut line).await?;
        Ok((length > 0).then_some(line))
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        if self.is_unheard {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
