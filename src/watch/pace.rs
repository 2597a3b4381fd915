use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How soon changes are told, and how often the disk is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Changes are told when none came for so long: files that are being copied are not done yet.
    pub quiet: Duration,
    /// They wait no longer than this, even if more come all the time.
    pub longest: Duration,
    /// What cannot be watched is looked through this often.
    pub every: Duration,
    /// Whether folders are there is looked up this often.
    pub look: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            quiet: Duration::from_millis(1500),
            longest: Duration::from_secs(10),
            every: Duration::from_secs(600),
            look: Duration::from_secs(5),
        }
    }
}

/// More changed folders than this are not told one by one.
const MOST_FOLDERS: usize = 1000;

/// Changed folders that wait for a quiet moment.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    folders: Vec<PathBuf>,
    /// When the first and the last change came.
    since: Option<(Instant, Instant)>,
}

impl Waiting {
    /// Notes a change in a folder below `root`.
    pub fn add(&mut self, folder: PathBuf, root: &Path, now: Instant) {
        let first = self.since.map_or(now, |(first, _)| first);
        self.since = Some((first, now));
        if self.folders.iter().any(|known| folder.starts_with(known)) {
            return;
        }
        self.folders.retain(|known| !known.starts_with(&folder));
        self.folders.push(folder);
        if self.folders.len() > MOST_FOLDERS {
            self.folders.retain(|known| !known.starts_with(root));
            self.folders.push(root.to_owned());
        }
    }

    /// When they should be told.
    pub fn due(&self, pace: &Pace) -> Option<Instant> {
        self.since
            .map(|(first, last)| (last + pace.quiet).min(first + pace.longest))
    }

    /// Takes all, if it is time.
    pub fn take_if_due(&mut self, pace: &Pace, now: Instant) -> Vec<PathBuf> {
        if self.due(pace).is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.since = None;
        std::mem::take(&mut self.folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(waiting: &mut Waiting, now: Instant) -> Vec<PathBuf> {
        waiting.take_if_due(&Pace::default(), now)
    }

    #[test]
    fn changes_wait_for_a_quiet_moment_but_not_for_ever() {
        let (mut waiting, start) = (Waiting::default(), Instant::now());
        let after = |ms| start + Duration::from_millis(ms);
        for ms in (0..9_900).step_by(300) {
            waiting.add("/a/b".into(), Path::new("/a"), after(ms));
            assert!(taken(&mut waiting, after(ms)).is_empty());
        }
        assert_eq!(taken(&mut waiting, after(10_000)), [PathBuf::from("/a/b")]);
        assert!(taken(&mut waiting, after(60_000)).is_empty());
        waiting.add("/a/c".into(), Path::new("/a"), after(61_000));
        assert!(taken(&mut waiting, after(62_400)).is_empty());
        assert_eq!(taken(&mut waiting, after(62_500)).len(), 1);
    }

    #[test]
    fn folders_inside_others_and_very_many_are_told_as_one() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        for folder in ["/a/b/c", "/a/b", "/a/b/d", "/a/bc"] {
            waiting.add(folder.into(), Path::new("/a"), now);
        }
        let later = now + Duration::from_secs(5);
        assert_eq!(
            taken(&mut waiting, later),
            [PathBuf::from("/a/b"), PathBuf::from("/a/bc")]
        );
        for number in 0..=MOST_FOLDERS {
            waiting.add(format!("/a/{number}").into(), Path::new("/a"), now);
        }
        assert_eq!(taken(&mut waiting, later), [PathBuf::from("/a")]);
    }
}
