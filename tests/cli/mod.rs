//! Tests of `cli`: the program itself, run as a user runs it.
mod bench;
mod decoding;
mod indexing;
mod interrupted;
mod searching;
mod trust;

use crate::pictures;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A home folder and a folder of photos: two domains, a damaged file and a text.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    pub fn new() -> Place {
        let place = Place {
            folder: tempfile::tempdir().unwrap(),
        };
        for name in pictures::GOLDEN {
            pictures::copy(name, &place.photos().join("golden").join(name));
        }
        for seed in 0..4 {
            let path = place.photos().join(format!("rings/{seed}.png"));
            pictures::draw(&path, seed, 64);
        }
        place
    }

    /// With a damaged file and a text among the photos.
    fn with_damage() -> Place {
        let place = Place::new();
        let sound = std::fs::read(pictures::golden("coffee.png")).unwrap();
        let broken = place.photos().join("rings/broken.jpg");
        std::fs::write(broken, &sound[..sound.len() / 3]).unwrap();
        std::fs::write(place.photos().join("rings/list.txt"), "no photo").unwrap();
        place
    }

    pub fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_puma"));
        command
            .env("PUMA_HOME", self.folder.path().join("home"))
            .env_remove("RUST_LOG")
            .current_dir(self.folder.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Runs a command that must succeed and gives what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            errors(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }

    /// Runs a command that must fail with code 1 and gives its complaint.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let complaint = errors(&output);
        assert!(complaint.starts_with("puma: "), "{complaint}");
        complaint
    }
}

pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
