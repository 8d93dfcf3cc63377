//! Mails as files.
mod letters;

use auth_core::{
    ports::{Delivery, Mail, Transport},
    value::MailId,
};
use auth_mail::{FileTransport, testing::ReadMail};
use letters::*;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

type Told = Arc<Mutex<Vec<PathBuf>>>;

fn into(folder: &Path) -> (FileTransport, Told) {
    let told = Told::default();
    let tell = Arc::clone(&told);
    let transport = FileTransport::new(composer(wording()), folder, move |path: &Path| {
        tell.lock().unwrap().push(path.to_owned());
    });
    (transport, told)
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_mail_is_a_file_that_a_mail_program_reads_and_the_caller_is_told_where() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data/mail");
    let (transport, told) = into(&folder);
    assert_eq!(transport.deliver(ID, &letter("ru", confirm(10))).await.unwrap(), Delivery::Accepted);

    let name = "20260102T030405Z-abababababababababababababababab.eml";
    assert_eq!(names(&folder), [name]);
    assert_eq!(told.lock().unwrap()[..], [folder.join(name)]);
    let mail = ReadMail::parse(&fs::read(folder.join(name)).unwrap()).unwrap();
    assert_eq!(mail.to, ["Ann@example.org"]);
    assert_eq!(mail.subject, "Søren & Co: подтвердите регистрацию");
    assert_eq!(mail.code(), Some(CODE));
    assert_eq!(mail.header("Message-ID"), Some("<abababababababababababababababab@mail.example>"));
    assert_eq!(mail.header("Date"), Some("Fri, 02 Jan 2026 03:04:05 +0000"));
    assert_eq!(mail.header("Content-Language"), Some("ru"));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("mail");
    let (transport, told) = into(&folder);
    let _ = transport.deliver(ID, &letter("en", reset(10))).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&told.lock().unwrap()[0])), (0o700, 0o600));
}

#[tokio::test]
async fn one_mail_is_one_file_however_often_and_they_sort_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let (transport, told) = into(folder.path());
    let mut later = letter("en", confirm(10));
    later.written_at = NOW + Duration::from_secs(1);
    let _ = transport.deliver(MailId::from_bytes([0; 16]), &later).await.unwrap();
    let early = letter("en", confirm(10));
    let (first, second) = tokio::join!(transport.deliver(ID, &early), transport.deliver(ID, &early));
    assert_eq!((first.unwrap(), second.unwrap()), (Delivery::Accepted, Delivery::Accepted));

    assert_eq!(told.lock().unwrap().len(), 3);
    let [first, second] = &names(folder.path())[..] else { panic!("two files") };
    assert!(first.ends_with("abab.eml") && second.ends_with("0000.eml"));
}

#[tokio::test]
async fn nothing_is_no_file_and_a_folder_that_cannot_be_is_an_error() {
    let parent = tempfile::tempdir().unwrap();
    let (transport, told) = into(&parent.path().join("mail"));
    assert_eq!(transport.deliver(ID, &letter("en", Mail::Nothing)).await.unwrap(), Delivery::Accepted);
    assert!(names(parent.path()).is_empty());

    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let (transport, _) = into(&file);
    assert!(transport.deliver(ID, &letter("en", confirm(10))).await.is_err());
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_time_that_no_calendar_has_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (transport, _) = into(folder.path());
    for at in [i64::MIN, -1, i64::MAX] {
        let mut letter = letter("en", reset(10));
        letter.written_at.0 = at;
        assert_eq!(transport.deliver(ID, &letter).await.unwrap(), Delivery::Accepted, "{at}");
    }
}
