use crate::photo::Format;
use jiff::civil::DateTime;
use std::path::{Path, PathBuf};

/// Which photos may be found or listed; all conditions hold together, and an empty one lets everything pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only photos of one of these domains.
    pub domains: Vec<String>,
    /// Only photos in one of these folders, or below it.
    pub folders: Vec<PathBuf>,
    /// Only photos taken (or else changed) at this moment or later.
    pub from: Option<DateTime>,
    /// Only photos taken (or else changed) before this moment.
    pub before: Option<DateTime>,
    /// Only files of one of these formats.
    pub formats: Vec<Format>,
    /// Only files of at least so many bytes.
    pub smallest_bytes: Option<u64>,
    /// Only files of at most so many bytes.
    pub largest_bytes: Option<u64>,
    /// Only photos whose file name or folders contain all these words, capital or not.
    pub name: String,
    /// Only hits with at least this score; without meaning in a list that nobody asked with a picture.
    pub minimum_score: Option<f32>,
}

impl Filter {
    /// Whether every photo passes.
    pub fn is_empty(&self) -> bool {
        let all = Filter {
            name: self.name.trim().to_owned(),
            ..self.clone()
        };
        all == Filter::default()
    }

    /// Whether what is asked of a photo's facts, everything but the score, lets all pass.
    pub(super) fn lets_all_facts_pass(&self) -> bool {
        let facts = Filter {
            minimum_score: None,
            ..self.clone()
        };
        facts.is_empty()
    }

    /// The words sought in names, in small letters.
    pub(super) fn words(&self) -> Vec<String> {
        self.name
            .split_whitespace()
            .map(str::to_lowercase)
            .collect()
    }

    /// Whether photos of a domain pass.
    pub(super) fn wants_domain(&self, domain: &str) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|wanted| wanted == domain)
    }

    /// Whether photos in a folder pass.
    pub(super) fn wants_folder(&self, folder: &Path) -> bool {
        self.folders.is_empty() || self.folders.iter().any(|wanted| folder.starts_with(wanted))
    }

    /// Whether photos of a moment pass.
    pub(super) fn wants_moment(&self, taken: DateTime) -> bool {
        self.from.is_none_or(|from| taken >= from)
            && self.before.is_none_or(|before| taken < before)
    }

    /// Whether files of a format pass.
    pub(super) fn wants_format(&self, format: Option<Format>) -> bool {
        self.formats.is_empty() || format.is_some_and(|format| self.formats.contains(&format))
    }

    /// Whether files of a size pass.
    pub(super) fn wants_bytes(&self, bytes: u64) -> bool {
        self.smallest_bytes.is_none_or(|least| bytes >= least)
            && self.largest_bytes.is_none_or(|most| bytes <= most)
    }
}
