//! What becomes of the real program, with hashes of the real size, when ten times as many logins arrive as it can do, and
//! somebody asks `me` beside each that it can: capacity before, during and after, how fast the rest is refused, and memory.
//!
//! `cargo run --release -p tests --bin overload -- --seconds 60`
//!
//! With two processors or more the server gets all but the last and this program the last, so that neither is measured by
//! the other. Logins arrive at their moments, whether the ones before are answered or not.
#![expect(clippy::print_stdout, reason = "it is what this program is for")]
#![expect(clippy::disallowed_methods, reason = "it measures")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::{cell::RefCell, collections::BTreeMap, io, rc::Rc, time::Duration};
use tests::{Person, Server, Settings, json, patience};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

/// How many times the capacity arrives (R6).
const TIMES: f64 = 10.0;
/// The server is normal again so long after the flood.
const REST: Duration = Duration::from_secs(5);
/// How many callers log in again and again while nothing else happens.
const CALLERS: usize = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 60,
        ["--seconds", seconds] => seconds.parse().expect("a number of seconds"),
        other => panic!("--seconds N, and not {other:?}"),
    };
    LocalSet::new().run_until(measure(Duration::from_secs(seconds))).await;
}

async fn measure(flood: Duration) {
    let [theirs, ours] = processors();
    sched_setaffinity(None, &theirs).expect("processors of ours");
    let server = Settings::default().unset("ARGON2_MEMORY_KIB").unset("ARGON2_PASSES").start().await;
    sched_setaffinity(None, &ours).expect("processors of ours");
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let login = request("POST", "login", "", &json!({ "login": ann.login, "password": ann.password }).to_string());
    let me = request("GET", "me", &format!("authorization: Bearer {}\r\n", tokens.access), "");
    let client = Client::new(&server);

    let alone = (flood / 4).max(REST);
    let before = client.again_and_again(&login, &me, alone).await;
    println!("alone         {before:7.1} logins/s");

    let idle = server.status("VmRSS");
    let began = Instant::now();
    let (logins, checks) =
        tokio::join!(client.arriving(&login, TIMES * before, flood), client.arriving(&me, before, flood),);
    let took = began.elapsed();
    let goodput = f64::from(u32::try_from(logins.of(200).len()).expect("fewer")) / flood.as_secs_f64();
    println!("flooded       {goodput:7.1} logins/s of {:.0} offered, the last answer after {took:.1?}", TIMES * before);
    logins.print("login");
    checks.print("me");
    println!("connections   {}", client.opened());
    println!("memory        {} MiB idle, {} MiB at the peak", idle / 1024, server.status("VmHWM") / 1024);

    sleep(REST).await;
    let after = client.again_and_again(&login, &me, alone).await;
    println!("afterwards    {after:7.1} logins/s, {:.0} % of before", 100.0 * after / before);
    println!("goodput       {:.0} % of the capacity before and after", 200.0 * goodput / (before + after));
}

/// The server's and ours.
fn processors() -> [CpuSet; 2] {
    let all = sched_getaffinity(None).expect("processors of ours");
    let Some(last) = (0..CpuSet::MAX_CPU).rev().find(|number| all.is_set(*number)).filter(|_| all.count() > 1) else {
        return [all, all];
    };
    let (mut theirs, mut ours) = (all, CpuSet::new());
    theirs.unset(last);
    ours.set(last);
    [theirs, ours]
}

fn request(method: &str, route: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} /api/v1/auth/{route} HTTP/1.1\r\nhost: a\r\n{headers}content-type: application/json\r\ncontent-length: \
         {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Connections that are kept; one request at a time on each.
#[derive(Clone)]
struct Client {
    address: String,
    free: Rc<RefCell<Vec<TcpStream>>>,
    opened: Rc<RefCell<usize>>,
}

/// How long each answer took, by its status; 0 is none.
#[derive(Clone, Default)]
struct Answers(Rc<RefCell<BTreeMap<u16, Vec<Duration>>>>);

impl Client {
    fn new(server: &Server) -> Self {
        let address = server.base().strip_prefix("http://").expect("plain HTTP").to_owned();
        Self { address, free: Rc::default(), opened: Rc::default() }
    }

    fn opened(&self) -> usize {
        *self.opened.borrow()
    }

    /// Logins per second of a few callers, each of whom asks `me` after it and waits for both answers.
    async fn again_and_again(&self, login: &[u8], me: &[u8], time: Duration) -> f64 {
        let began = Instant::now();
        let callers = (0..CALLERS).map(|_| {
            let (client, login, me) = (self.clone(), login.to_vec(), me.to_vec());
            tokio::task::spawn_local(async move {
                let mut done = 0;
                while began.elapsed() < time {
                    done += u32::from(client.ask(&login).await.is_ok_and(|status| status == 200));
                    assert_eq!(client.ask(&me).await.expect("an answer"), 200);
                }
                done
            })
        });
        let mut done = 0;
        for caller in callers.collect::<Vec<_>>() {
            done += caller.await.expect("no panic");
        }
        f64::from(done) / began.elapsed().as_secs_f64()
    }

    /// So many requests a second, each at its moment.
    async fn arriving(&self, request: &[u8], rate: f64, time: Duration) -> Answers {
        let (answers, request) = (Answers::default(), Rc::new(request.to_vec()));
        let mut moments = interval(Duration::from_secs_f64(1.0 / rate));
        moments.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let began = Instant::now();
        let mut under_way = tokio::task::JoinSet::new();
        while began.elapsed() < time {
            let moment = moments.tick().await;
            let (client, request, answers) = (self.clone(), request.clone(), answers.clone());
            under_way.spawn_local(async move {
                let status = client.ask(&request).await.unwrap_or(0);
                answers.0.borrow_mut().entry(status).or_default().push(moment.elapsed());
            });
            while under_way.try_join_next().is_some() {}
        }
        patience("the last answers", under_way.join_all()).await;
        answers
    }

    async fn ask(&self, request: &[u8]) -> io::Result<u16> {
        let kept = self.free.borrow_mut().pop();
        let mut stream = if let Some(stream) = kept {
            stream
        } else {
            *self.opened.borrow_mut() += 1;
            TcpStream::connect(&self.address).await?
        };
        stream.write_all(request).await?;
        let mut answer = Vec::with_capacity(2048);
        while !is_whole(&answer) {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        if matches!(status, 429 | 503) && !answer.contains("\r\nretry-after: ") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.free.borrow_mut().push(stream);
        Ok(status)
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0_usize)
}

impl Answers {
    fn of(&self, status: u16) -> Vec<Duration> {
        self.0.borrow().get(&status).cloned().unwrap_or_default()
    }

    fn print(&self, what: &str) {
        for status in self.0.borrow().keys() {
            let mut times = self.of(*status);
            times.sort_unstable();
            let at = |hundredth: usize| times[(times.len() * hundredth / 100).min(times.len() - 1)];
            let (count, middle, last) = (times.len(), at(50), at(99));
            println!("  {what:6} {status:3} {count:7} times, half within {middle:8.1?}, 99 % within {last:8.1?}");
        }
    }
}
