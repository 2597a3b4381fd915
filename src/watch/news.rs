use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, Event, EventKind};
use std::path::{Path, PathBuf};

/// What the system tells, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Something at this path was made, changed, moved or taken away.
    Changed(PathBuf),
    /// More happened than the system could tell.
    Lost,
    /// It cannot watch what lies at these paths, or anything where none is named; the reason.
    Blind(Vec<PathBuf>, String),
}

/// Sorts what the system tells; that a file was read is no news.
pub(super) fn sorted(told: notify::Result<Event>) -> Vec<News> {
    let event = match told {
        Ok(event) => event,
        Err(error) => return vec![News::Blind(error.paths.clone(), blindness(&error))],
    };
    if event.need_rescan() {
        return vec![News::Lost];
    }
    match event.kind {
        EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write) => Vec::new(),
        _ => event.paths.into_iter().map(News::Changed).collect(),
    }
}

/// Why the system does not watch a folder, in words that go on after "because".
pub(super) fn blindness(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => no_more_watches(),
        // What Linux answers when watches have run out, and when watchers have.
        ErrorKind::Io(error) if error.raw_os_error() == Some(28) => no_more_watches(),
        ErrorKind::Io(error) if error.raw_os_error() == Some(24) => {
            "the system gives no more watchers (fs.inotify.max_user_instances sets how many)"
                .to_owned()
        }
        ErrorKind::Io(error) => format!("the system cannot watch it ({error})"),
        other => format!("the system cannot watch it ({other:?})"),
    }
}

fn no_more_watches() -> String {
    "the system watches no more folders (fs.inotify.max_user_watches sets how many)".to_owned()
}

/// The folder that has to be looked through when something happened at `path` below `root`; `None` for what scans pass
/// over, and for the program's own files.
pub(super) fn folder_of(path: PathBuf, root: &Path, ignored: &[PathBuf]) -> Option<PathBuf> {
    let begins = |with: &PathBuf| {
        let bytes = path.as_os_str().as_encoded_bytes();
        bytes.starts_with(with.as_os_str().as_encoded_bytes())
    };
    if ignored.iter().any(begins) {
        return None;
    }
    let below = path.strip_prefix(root).ok()?;
    let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
    let mut names = below.iter().rev();
    // Of hidden files this one matters: galleries are to pass over its folder.
    if names
        .next()
        .is_some_and(|name| hidden(name) && name != ".nomedia")
        || names.any(hidden)
    {
        return None;
    }
    if below.as_os_str().is_empty() || path.is_dir() {
        return Some(path);
    }
    path.parent().map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, Flag};

    #[test]
    fn reading_is_no_news_and_what_was_lost_is() {
        let event = |kind| Event::new(kind).add_path("/a/b".into());
        let read = AccessKind::Open(AccessMode::Any);
        assert_eq!(sorted(Ok(event(EventKind::Access(read)))), []);
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let made = EventKind::Create(CreateKind::File);
        for kind in [written, made] {
            assert_eq!(sorted(Ok(event(kind))), [News::Changed("/a/b".into())]);
        }
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(sorted(Ok(lost)), [News::Lost]);
    }

    #[test]
    fn watches_that_ran_out_are_named_with_the_way_to_more() {
        let full = || std::io::Error::from_raw_os_error(28);
        for error in [
            notify::Error::new(ErrorKind::MaxFilesWatch),
            notify::Error::io(full()),
        ] {
            let [News::Blind(paths, reason)] = &sorted(Err(error))[..] else {
                panic!("not told")
            };
            assert!(paths.is_empty());
            assert!(reason.contains("max_user_watches"), "{reason}");
        }
    }

    #[test]
    fn hidden_files_and_the_programs_own_are_passed_over() {
        let folder = |path: &str| {
            let ignored = [PathBuf::from("/root/library.sqlite")];
            folder_of(path.into(), Path::new("/root"), &ignored)
        };
        assert_eq!(folder("/root/a/b.jpg"), Some("/root/a".into()));
        assert_eq!(folder("/root/a/.nomedia"), Some("/root/a".into()));
        assert_eq!(folder("/root"), Some("/root".into()));
        for passed_over in [
            "/root/.git/b.jpg",
            "/root/a/.b.jpg",
            "/root/.a/.nomedia",
            "/root/library.sqlite-wal",
            "/elsewhere/b.jpg",
        ] {
            assert_eq!(folder(passed_over), None, "{passed_over}");
        }
    }
}
