//! Real conversations with a mail server on loopback that does as it is told.
mod letters;

use auth_core::{
    ports::{Delivery, Mail, Transport, Unavailable},
    value::{Login, MailId},
};
use auth_mail::{
    SmtpError, SmtpTransport, SmtpUrl, Wording,
    testing::{Reply, SinkBuilder, SmtpSink, greylist, refuse},
};
use letters::*;
use std::{
    error::Error,
    io,
    sync::{Arc, Mutex},
};

const USER: &str = "mailer@example.org";
const PASSWORD: &str = "p/ss:w@rd %ä";
const TO: &str = "Ann@example.org";

/// A sender that trusts the sink's authority, if it has one.
fn sender(sink: &SmtpSink) -> SmtpTransport {
    sender_to(sink, sink.url())
}

fn sender_to(sink: &SmtpSink, url: &str) -> SmtpTransport {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    let authority = sink.write_authority(&authority).is_ok().then_some(authority);
    SmtpTransport::new(composer(wording()), SmtpUrl::parse(url).unwrap(), authority.as_deref()).unwrap()
}

async fn send(sender: &SmtpTransport) -> Result<Delivery, Unavailable> {
    sender.deliver(ID, &letter("en", reset(10))).await
}

async fn send_to(sink: SinkBuilder) -> (Result<Delivery, Unavailable>, SmtpSink) {
    let sink = sink.start().await.unwrap();
    let delivery = send(&sender(&sink)).await;
    (delivery, sink)
}

/// Why it failed, in full.
fn reason(delivery: Result<Delivery, Unavailable>) -> String {
    delivery.expect_err("it did not fail").source().expect("a reason").to_string()
}

/// The verbs that the sink heard.
fn verbs(sink: &SmtpSink) -> Vec<String> {
    let verb = |(_, line): (bool, String)| line.split([' ', ':']).next().unwrap_or_default().to_owned();
    sink.commands().into_iter().map(verb).collect()
}

#[tokio::test] // K-32
async fn a_mail_goes_out_by_tls_and_by_starttls() {
    for sink in [SmtpSink::tls(), SmtpSink::starttls()] {
        let (delivery, sink) = send_to(sink.credentials(USER, PASSWORD)).await;
        assert_eq!(delivery.unwrap(), Delivery::Accepted);
        let [received] = &sink.received()[..] else { panic!("one mail, once") };
        assert_eq!((received.from.as_str(), &received.to[..]), ("no-reply@mail.example", &[TO.to_owned()][..]));
        assert_eq!((received.encrypted, received.user.as_deref()), (true, Some(USER)));
        assert!(
            sink.commands()
                .iter()
                .all(|(encrypted, line)| { *encrypted || line.starts_with("EHLO") || line == "STARTTLS" })
        );

        let mail = sink.take(TO).await.unwrap();
        assert_eq!((mail.from.as_str(), &mail.to[..]), ("no-reply@mail.example", &[TO.to_owned()][..]));
        assert_eq!(mail.subject, "Søren & Co: choose a new password");
        assert_eq!(mail.code(), Some(CODE));
        assert!(mail.html.contains(CODE) && mail.html.starts_with("<!DOCTYPE html>"));
    }
}

#[tokio::test] // K-32
async fn another_hosts_certificate_is_refused() {
    for sink in [SmtpSink::tls(), SmtpSink::starttls()] {
        let (delivery, sink) = send_to(sink.certificate_for("mail.example").credentials(USER, PASSWORD)).await;
        let reason = reason(delivery);
        assert!(reason.contains("certificate"), "{reason}");
        assert!(!verbs(&sink).iter().any(|verb| verb == "AUTH" || verb == "MAIL"));
    }
}

#[tokio::test] // K-32
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let sink = SmtpSink::tls().credentials(USER, PASSWORD).start().await.unwrap();
    let stranger = SmtpSink::tls().start().await.unwrap();
    let strangers_url = stranger.url().to_owned();
    for sender in [
        sender_to(&stranger, sink.url()),
        SmtpTransport::new(composer(wording()), sink.url().parse().unwrap(), None).unwrap(),
    ] {
        let reason = reason(send(&sender).await);
        assert!(reason.contains("certificate"), "{reason}");
    }
    assert!(sink.commands().is_empty() && sink.received().is_empty());
    assert_eq!(send(&sender_to(&stranger, &strangers_url)).await.unwrap(), Delivery::Accepted);
}

#[tokio::test] // K-32
async fn without_starttls_nothing_is_said() {
    let sink = SmtpSink::plain().start().await.unwrap();
    let url = format!("smtp://user:password@localhost:{}", sink.port());
    let reason = reason(send(&sender_to(&sink, &url)).await);
    assert!(reason.contains("STARTTLS"), "{reason}");
    assert!(verbs(&sink).iter().all(|verb| verb == "EHLO" || verb == "QUIT"), "{:?}", sink.commands());
}

#[tokio::test] // K-32
async fn a_starttls_that_is_refused_is_no_reason_to_go_on_in_plain() {
    for answer in ["454 4.7.0 TLS not available", "502 5.5.2 Not understood"] {
        let script = |step: &str| if step == "STARTTLS" { Reply::Say(answer.to_owned()) } else { Reply::Usual };
        let (delivery, sink) = send_to(SmtpSink::starttls().credentials(USER, PASSWORD).script(script)).await;
        assert!(reason(delivery).starts_with("STARTTLS: "));
        assert!(verbs(&sink).iter().all(|verb| ["EHLO", "STARTTLS", "QUIT"].contains(&verb.as_str())));
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_the_end_of_the_letter() {
    let (delivery, _) = send_to(SmtpSink::plain().script(refuse(TO))).await;
    let reason = "sending: permanent error (550): 5.1.1 [address] Recipient address rejected: User unknown";
    assert_eq!(delivery.unwrap(), Delivery::Rejected(reason.to_owned()));
    for step in ["MAIL", "DATA", "."] {
        let (delivery, sink) = send_to(SmtpSink::plain().script(say_at(step, "554 5.7.1 No"))).await;
        let delivery = delivery.unwrap();
        assert_eq!(delivery, Delivery::Rejected("sending: permanent error (554): 5.7.1 No".to_owned()), "{step}");
        assert!(sink.received().is_empty());
    }
}

#[tokio::test]
async fn what_is_refused_for_now_is_taken_at_another_attempt() {
    let sink = SmtpSink::plain().script(greylist(2)).start().await.unwrap();
    let sender = sender(&sink);
    for _ in 0..2 {
        assert_eq!(reason(send(&sender).await), "sending: transient error (451): 4.7.1 Greylisted, try again later");
    }
    assert_eq!(send(&sender).await.unwrap(), Delivery::Accepted);
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test]
async fn a_relay_that_refuses_us_says_nothing_of_the_letter() {
    for (step, answer) in [
        ("CONNECT", "554 5.7.1 Not from there"),
        ("EHLO", "550 5.7.1 Not you"),
        ("AUTH", "535 5.7.8 Wrong password"),
        ("MAIL", "530 5.7.0 Authentication required"),
        ("CONNECT", "421 4.3.2 Closing"),
        ("DATA", "451 4.3.0 Later"),
        ("MAIL", "nonsense"),
        ("CONNECT", "HTTP/1.1 400 Bad Request"),
    ] {
        let (delivery, sink) = send_to(SmtpSink::tls().credentials(USER, PASSWORD).script(say_at(step, answer))).await;
        assert!(delivery.is_err(), "{step}: {answer}");
        assert!(sink.received().is_empty());
    }
    let sink = SmtpSink::tls().credentials(USER, PASSWORD).start().await.unwrap();
    let sender = sender_to(&sink, &format!("smtps://{}:wrong@localhost:{}", "mailer%40example.org", sink.port()));
    let reason = reason(send(&sender).await);
    assert_eq!(reason, "authentication: permanent error (535): 5.7.8 Authentication credentials invalid");
}

#[tokio::test]
async fn a_relay_that_hangs_up_or_is_not_there_is_tried_again_later() {
    for step in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        let script = move |heard: &str| if heard.starts_with(step) { Reply::HangUp } else { Reply::Usual };
        let (delivery, sink) = send_to(SmtpSink::plain().script(script)).await;
        assert!(delivery.is_err(), "{step}");
        assert!(sink.received().is_empty());
    }
    // A port that is taken, and where nobody listens.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("smtp+plain://{}", socket.local_addr().unwrap());
    let sender = SmtpTransport::new(composer(wording()), url.parse().unwrap(), None).unwrap();
    assert!(reason(send(&sender).await).contains("refused"));
}

/// The clock stands still but when everybody waits: no second passes here.
#[tokio::test(start_paused = true)]
async fn a_relay_that_falls_silent_does_not_hold_us() {
    for (step, reason_given) in [
        ("CONNECT", "connecting: no answer within 10 seconds"),
        ("EHLO", "connecting: no answer within 10 seconds"),
        ("MAIL", "sending: no answer within 60 seconds"),
        (".", "sending: no answer within 60 seconds"),
    ] {
        let script = move |heard: &str| if heard.starts_with(step) { Reply::Silence } else { Reply::Usual };
        let (delivery, _sink) = send_to(SmtpSink::plain().script(script)).await;
        assert_eq!(reason(delivery), reason_given, "{step}");
    }
}

#[tokio::test]
async fn a_conversation_is_kept_for_the_next_letter_and_begun_anew_when_it_is_dead() {
    let mut noops = 0;
    let script = move |step: &str| {
        noops += usize::from(step == "NOOP");
        if step == "NOOP" && noops == 2 { Reply::HangUp } else { Reply::Usual }
    };
    let sink = SmtpSink::tls().script(script).start().await.unwrap();
    let sender = sender(&sink);
    for _ in 0..4 {
        assert_eq!(send(&sender).await.unwrap(), Delivery::Accepted);
    }
    let hellos = verbs(&sink).iter().filter(|verb| *verb == "EHLO").count();
    assert_eq!((sink.received().len(), hellos), (4, 2));
}

#[tokio::test]
async fn sixteen_letters_at_once_are_sixteen_mails() {
    let sink = SmtpSink::plain().start().await.unwrap();
    let sender = Arc::new(sender(&sink));
    let sending: Vec<_> = (0..16)
        .map(|number| {
            let sender = Arc::clone(&sender);
            tokio::spawn(async move {
                sender.deliver(MailId::from_bytes([number; 16]), &letter("ru", confirm(10))).await.unwrap()
            })
        })
        .collect();
    for one in sending {
        assert_eq!(one.await.unwrap(), Delivery::Accepted);
    }
    let mut messages: Vec<_> = sink.received().into_iter().map(|mail| mail.data).collect();
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), 16);
}

#[tokio::test]
async fn nothing_is_dropped_without_a_word() {
    let (sender, sink) = {
        let sink = SmtpSink::plain().start().await.unwrap();
        (sender(&sink), sink)
    };
    assert_eq!(sender.deliver(ID, &letter("en", Mail::Nothing)).await.unwrap(), Delivery::Accepted);
    assert!(sink.commands().is_empty());
}

#[tokio::test] // K-18
async fn no_header_holds_what_a_user_typed_but_the_address() {
    for attempt in ["ann\r\nBcc: eve@example.org", "ann\nbcc", "ann\u{2028}bcc", "=?utf-8?q?ann?="] {
        assert!(Login::parse(attempt).is_err(), "{attempt:?}");
    }
    let sink = SmtpSink::plain().start().await.unwrap();
    let sender = sender(&sink);
    let login = Login::parse("evil.example").unwrap();
    for mail in [Mail::Welcome { login: login.clone() }, Mail::AlreadyRegistered { login }] {
        let _ = sender.deliver(ID, &letter("ru", mail)).await.unwrap();
        let mail = sink.take(TO).await.unwrap();
        assert!(mail.text.contains("evil.example"));
        let expected = [
            "Message-ID",
            "Date",
            "From",
            "To",
            "Subject",
            "Auto-Submitted",
            "Content-Language",
            "Reply-To",
            "MIME-Version",
            "Content-Type",
        ];
        assert_eq!(mail.header_names(), expected);
        for name in expected {
            assert!(!mail.header(name).unwrap().contains("evil"), "{name}");
        }
    }
}

#[tokio::test]
async fn a_mail_is_the_same_at_each_attempt() {
    let sink = SmtpSink::plain().start().await.unwrap();
    for _ in 0..2 {
        assert_eq!(send(&sender(&sink)).await.unwrap(), Delivery::Accepted);
    }
    let [first, second] = &sink.received()[..] else { panic!("two attempts") };
    assert_eq!(first.data, second.data);
    assert!(first.data.is_ascii() && first.data.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
    let raw = String::from_utf8(first.data.clone()).unwrap();
    insta::assert_snapshot!("raw_reset_password", raw.replace("\r\n", "\n"));
}

#[tokio::test]
async fn a_line_that_begins_with_a_dot_arrives_whole() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("en")).unwrap();
    std::fs::write(folder.path().join("en/welcome.txt"), "Hi\n\n{{ login }}\n.\n..\n.hidden\n").unwrap();
    let wording = Wording { folder: Some(folder.path().to_owned()), ..Wording::default() };
    let sink = SmtpSink::plain().start().await.unwrap();
    let sender = SmtpTransport::new(composer(wording), sink.url().parse().unwrap(), None).unwrap();
    let _ = sender.deliver(ID, &letter("en", Mail::Welcome { login: login() })).await.unwrap();
    assert_eq!(sink.take(TO).await.unwrap().text.trim_end(), "ann\n.\n..\n.hidden");
}

#[test]
fn authorities_that_are_none_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.pem");
    let load = || {
        let url = SmtpUrl::parse("smtps://mail.example").unwrap();
        SmtpTransport::new(composer(wording()), url, Some(&path)).err()
    };
    assert!(matches!(load(), Some(SmtpError::Unreadable { .. })));
    std::fs::write(&path, "not a certificate").unwrap();
    assert!(matches!(load(), Some(SmtpError::NoCertificate { .. })));
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(load(), Some(SmtpError::Tls(_))));
}

/// Libraries included: one of them would log each byte that it sends.
#[tokio::test]
async fn no_log_line_holds_a_password_a_code_or_an_address() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log is heard");
    let (delivery, _) = send_to(SmtpSink::starttls().credentials(USER, PASSWORD)).await;
    assert_eq!(delivery.unwrap(), Delivery::Accepted);
    let (delivery, _) = send_to(SmtpSink::tls().credentials(USER, PASSWORD).script(say_at("AUTH", "535 No"))).await;
    assert!(delivery.is_err());
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is heard"));
    for secret in [PASSWORD, CODE, TO, "AUTH", "RCPT", "bWFpbGVy"] {
        assert!(!log.contains(secret), "{secret} in: {log}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn say_at(step: &'static str, answer: &'static str) -> impl FnMut(&str) -> Reply + Send {
    move |heard| if heard.starts_with(step) { Reply::Say(answer.to_owned()) } else { Reply::Usual }
}
