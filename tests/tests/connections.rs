//! Connections: thousands that are idle, none to be had, and clients that never come to an end.
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use tests::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What one idle connection may take.
const KIB_EACH: u64 = 32;

#[tokio::test] // H-09, R6
async fn five_thousand_idle_connections_are_nobodys_business() {
    const IDLE: u64 = 5_000;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("up to the hard limit");
    assert!(limit.maximum.is_none_or(|files| files >= IDLE + 500), "this test needs `ulimit -Hn` of 5500");

    let server = Settings::default().set("IDLE_TIMEOUT", "10m").start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let before = server.status("VmRSS");
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(server.connect().await);
    }
    // They were let in in the order in which they came.
    let _ = server.another_api().me(&tokens.access).await.expect(200);
    let _ = ann.sign_in(&server).await;
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("it runs").count();
    assert!(files as u64 > IDLE, "{files} files");
    let taken = server.status("VmHWM") - before;
    assert!(taken <= IDLE * KIB_EACH, "{taken} KiB for {IDLE} connections");
}

#[tokio::test] // H-09
async fn the_idle_are_cut_off() {
    let server = Settings::default().set("IDLE_TIMEOUT", "1s").start().await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(server.connect().await);
    }
    for connection in &mut idle {
        assert_eq!(until_its_end(connection).await, "");
    }
    let _ = server.api().get("/health/live").await.expect(200);
}

#[tokio::test] // H-09
async fn a_body_that_dribbles_for_ever_is_answered_and_cut_off() {
    let server = Settings::default().set("REQUEST_TIMEOUT", "1s").set("IDLE_TIMEOUT", "10m").start().await;
    let (mut answers, mut body) = server.connect().await.into_split();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
    body.write_all(format!("{head}content-length: 60000000\r\n\r\n").as_bytes()).await.expect("it listens");
    let dribble = tokio::spawn(async move { while body.write_all(b" ").await.is_ok() {} });
    let mut answer = Vec::new();
    // A reset, since not all that was sent was read, is an end too.
    let _ = patience("the end", answers.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
    dribble.await.expect("no panic");
}

#[tokio::test] // H-09
async fn without_file_handles_whoever_is_in_is_served_and_the_others_wait() {
    let server = Settings::default().set("IDLE_TIMEOUT", "5s").start().await;
    let ann = Person::new("ann");
    let tokens = ann.arrive(&server).await;
    let pid = Pid::from_raw(i32::try_from(server.pid()).expect("a pid"));
    let as_it_was = getrlimit_of(&server);
    let open = open_files(&server);
    let no_more = Rlimit { current: (0..1_000).find(|number| !open.contains(number)), ..as_it_was };
    prlimit(pid, Resource::Nofile, no_more).expect("a child of ours");

    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(server.connect().await);
    }
    let _ = server.said(|line| line.contains("connections cannot be accepted")).await;
    // On the connection that is there already.
    let _ = server.api().me(&tokens.access).await.expect(200);
    let _ = ann.sign_in(&server).await;
    let outside = tokio::spawn({
        let api = server.another_api();
        async move { api.get("/health/live").await }
    });
    // Seconds, in which a server that spins does nothing else.
    let before = processor_ticks(&server);
    assert_eq!(until_its_end(&mut crowd[0]).await, "");
    let spent = processor_ticks(&server) - before;
    assert!(spent < 30, "{spent} hundredths of a second of work while there was nothing to do");

    drop(crowd);
    prlimit(pid, Resource::Nofile, as_it_was).expect("a child of ours");
    let _ = patience("whoever waited", outside).await.expect("no panic").expect(200);
    let log = server.log();
    let stuck: Vec<bool> = log
        .lines()
        .filter_map(|line| match line {
            line if line.contains("connections cannot be accepted") => Some(true),
            line if line.contains("connections are accepted again") => Some(false),
            _ => None,
        })
        .collect();
    assert!(stuck.chunks(2).all(|said| said == [true, false]), "each time once: {stuck:?}");
}

async fn until_its_end(connection: &mut TcpStream) -> String {
    let mut said = String::new();
    let _ = patience("to be cut off", connection.read_to_string(&mut said)).await;
    said
}

fn open_files(server: &Server) -> Vec<u64> {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("it runs");
    files.map(|file| file.expect("a file").file_name().to_string_lossy().parse().expect("a number")).collect()
}

fn getrlimit_of(server: &Server) -> Rlimit {
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).expect("it runs");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let mut numbers = line.split_whitespace().skip(3).map(|number| number.parse().ok());
    Rlimit { current: numbers.next().flatten(), maximum: numbers.next().flatten() }
}

/// The processor time of a server, in the kernel's hundredths of a second.
fn processor_ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).expect("it runs");
    let (_, after_name) = stat.rsplit_once(')').expect("a name");
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum()
}
