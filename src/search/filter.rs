use super::PhotoFacts;
use crate::photo::Format;
use jiff::civil::DateTime;
use std::path::PathBuf;

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

    /// The words sought in names, as [`sought_in`] writes them.
    pub(super) fn words(&self) -> Vec<String> {
        self.name
            .split_whitespace()
            .map(str::to_lowercase)
            .collect()
    }

    /// Whether a photo passes; `name` is what [`sought_in`] gives for it, `words` what [`Filter::words`] does.
    pub(super) fn lets_pass(&self, facts: &PhotoFacts, name: &str, words: &[String]) -> bool {
        let any = |empty: bool, found: bool| empty || found;
        any(
            self.domains.is_empty(),
            self.domains.contains(&facts.domain),
        ) && any(
            self.folders.is_empty(),
            self.folders
                .iter()
                .any(|folder| facts.path.starts_with(folder)),
        ) && self.from.is_none_or(|from| facts.taken >= from)
            && self.before.is_none_or(|before| facts.taken < before)
            && any(
                self.formats.is_empty(),
                facts
                    .format
                    .is_some_and(|format| self.formats.contains(&format)),
            )
            && self.smallest_bytes.is_none_or(|least| facts.bytes >= least)
            && self.largest_bytes.is_none_or(|most| facts.bytes <= most)
            && words.iter().all(|word| name.contains(word.as_str()))
    }
}

/// Where words are sought: the root's name and the way from there to the file, in small letters.
pub(super) fn sought_in(facts: &PhotoFacts) -> String {
    let above = facts.root.parent().unwrap_or(&facts.root);
    let below = facts.path.strip_prefix(above).unwrap_or(&facts.path);
    below.to_string_lossy().to_lowercase()
}
