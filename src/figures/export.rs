use super::png::png;
use super::{Figure, Profile, View, overall};
use crate::files;
use serde_json::json;
use std::path::{Path, PathBuf};

/// What can keep a figure from being written or read.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The file's ending names no format that is known here.
    #[error("{path}: the name must end in {known}")]
    Ending {
        /// The file concerned.
        path: PathBuf,
        /// The endings that are known, in words.
        known: &'static str,
    },
    /// The file could not be written.
    #[error("{path}: cannot be written")]
    Write {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The picture could not be drawn.
    #[error("{path}: cannot be drawn: {reason}")]
    Draw {
        /// The file concerned.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file could not be read.
    #[error("{path}: cannot be read")]
    Read {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds something else than profiles.
    #[error("{path}: holds no prompt similarities: {reason}")]
    Content {
        /// The file concerned.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The formats a figure can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// A picture of pixels.
    #[default]
    Png,
    /// A picture of lines and letters, sharp at any size.
    Svg,
    /// The numbers as a table.
    Csv,
    /// The numbers for programs.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Png, Self::Svg, Self::Csv, Self::Json];
    /// Those that hold numbers.
    pub const NUMBERS: [Self; 2] = [Self::Csv, Self::Json];

    /// The file name's ending without its dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The format that a file's ending names, if it is one of `known`.
    ///
    /// # Errors
    /// Fails with [`FigureError::Ending`] if it is not.
    pub fn of(path: &Path, known: &[Self]) -> Result<Self, FigureError> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let named = |format: &&Self| {
            ending.is_some_and(|ending| ending.eq_ignore_ascii_case(format.ending()))
        };
        let found = known.iter().find(named).copied();
        found.ok_or_else(|| FigureError::Ending {
            path: path.to_path_buf(),
            known: if known.len() == Self::ALL.len() {
                ".png, .svg, .csv or .json"
            } else {
                ".csv or .json"
            },
        })
    }
}

/// Finds out whether [`Figure::save`] knows the format of a file before there is anything to save.
///
/// # Errors
/// Fails with [`FigureError::Ending`] if it does not.
pub fn check_ending(path: &Path) -> Result<(), FigureError> {
    Format::of(path, &Format::ALL).map(|_| ())
}

impl Figure {
    /// Writes the figure in the format that the file's ending names: `.png` and `.svg` draw it, `.csv` and `.json` hold
    /// the numbers of all views in its order.
    ///
    /// # Errors
    /// Fails on another ending, or if the file cannot be drawn or written.
    pub fn save(&self, path: &Path) -> Result<(), FigureError> {
        match Format::of(path, &Format::ALL)? {
            Format::Png => {
                let bytes = self.png().map_err(|reason| FigureError::Draw {
                    path: path.to_path_buf(),
                    reason,
                })?;
                write(path, &bytes)
            }
            Format::Svg => write(path, self.svg().as_bytes()),
            Format::Csv => write(path, csv(&self.profiles).as_bytes()),
            Format::Json => write(path, format!("{:#}\n", json(&self.profiles)).as_bytes()),
        }
    }

    /// The chart as the bytes of a PNG file; the reason in words where it cannot be drawn.
    ///
    /// # Errors
    /// Fails if the picture would be too large.
    pub fn png(&self) -> Result<Vec<u8>, String> {
        png(&self.svg())
    }
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), FigureError> {
    files::replace(path, &[bytes]).map_err(|source| FigureError::Write {
        path: path.to_path_buf(),
        source,
    })
}

/// One line a domain and prompt: `domain,photos,prompt,mean,std,centred,standardised`, prompts counted from 1; a number
/// that is not known is left empty.
pub fn csv(profiles: &[Profile]) -> String {
    let mut text = "domain,photos,prompt,mean,std,centred,standardised\n".to_owned();
    let Some(all) = overall(profiles) else {
        return text;
    };
    for profile in profiles {
        let domain = quoted(&profile.domain);
        let count = profile.count;
        let centred = profile.view(View::Centred, &all);
        let standardised = profile.view(View::Standardised, &all);
        for (prompt, (&mean, &std)) in profile.mean.iter().zip(&profile.std).enumerate() {
            let numbers = [mean, std, centred[prompt], standardised[prompt]].map(number);
            let (number, numbers) = (prompt + 1, numbers.join(","));
            text.push_str(&format!("{domain},{count},{number},{numbers}\n"));
        }
    }
    text
}

/// A number as a field; nothing for none.
pub(super) fn number(value: f32) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

/// `{"overall": PROFILE, "domains": [PROFILE, ..]}`, each domain with its views beside `mean` and `std`.
pub fn json(profiles: &[Profile]) -> serde_json::Value {
    let all = overall(profiles);
    let domains = profiles.iter().map(|profile| {
        let all = all.as_ref().unwrap_or(profile);
        json!({
            "domain": profile.domain,
            "count": profile.count,
            "mean": profile.mean,
            "std": profile.std,
            "centred": profile.view(View::Centred, all),
            "standardised": profile.view(View::Standardised, all),
        })
    });
    let domains = domains.collect::<Vec<_>>();
    json!({ "overall": all, "domains": domains })
}

/// A field as RFC 4180 wants it.
pub(super) fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
