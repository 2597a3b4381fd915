//! Which drives do not tell what other computers change on them.

use std::path::{Path, PathBuf};

/// File systems that belong to another computer, by the names that Linux has for them.
const REMOTE: [&str; 16] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "9p",
    "afs",
    "ceph",
    "davfs",
    "vboxsf",
    "virtiofs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.gvfsd-fuse",
    "fuse.davfs2",
];

/// Why a folder has to be looked through from time to time though the system watches it; `None` for a drive of this
/// computer, and where that cannot be told.
pub(super) fn reason(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let real = folder.canonicalize().ok()?;
    let kind = file_system(&mounts, &real)?;
    REMOTE.contains(&kind).then(|| {
        format!("it is a network drive ({kind}), which does not tell what other computers change")
    })
}

/// The kind of file system that a folder lies on, by the lines of `/proc/self/mounts`.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mut found: Option<(PathBuf, &str)> = None;
    for line in mounts.lines() {
        let mut words = line.split(' ');
        let (Some(_), Some(place), Some(kind)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let place = PathBuf::from(place.replace("\\040", " "));
        // Of two in one place the later one covers the other.
        let nearer = found
            .as_ref()
            .is_none_or(|(known, _)| place.starts_with(known));
        if folder.starts_with(&place) && nearer {
            found = Some((place, kind));
        }
    }
    found.map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nbox:/photos /mnt/my\\040photos nfs4 rw 0 0\n\
                      /dev/sdb1 /mnt/my\\040photos/card vfat rw 0 0\ntmpfs /mnt tmpfs rw 0 0\n";
        let kind = |folder: &str| file_system(mounts, Path::new(folder));
        assert_eq!(kind("/home/me"), Some("ext4"));
        assert_eq!(kind("/mnt/my photos/2019"), Some("nfs4"));
        assert_eq!(kind("/mnt/my photos/card/DCIM"), Some("vfat"));
        assert_eq!(kind("/mnt/my"), Some("tmpfs"));
        assert_eq!(file_system("", Path::new("/a")), None);
    }
}
