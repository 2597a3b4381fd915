use super::{Profile, View, overall, prompt_chart};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What can keep a figure from being written.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The file's ending names no format that is known here.
    #[error("{0}: figures are written as .svg, .csv or .json")]
    Ending(PathBuf),
    /// The file could not be written.
    #[error("{path}: cannot be written")]
    Write {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The formats a figure can be written in.
#[derive(Clone, Copy)]
enum Format {
    Svg,
    Csv,
    Json,
}

fn format_of(path: &Path) -> Result<Format, FigureError> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("csv") => Ok(Format::Csv),
        Some("json") => Ok(Format::Json),
        _ => Err(FigureError::Ending(path.to_path_buf())),
    }
}

/// Finds out whether [`save`] knows the format of a file before there is anything to save.
///
/// # Errors
/// Fails with [`FigureError::Ending`] if it does not.
pub fn check_ending(path: &Path) -> Result<(), FigureError> {
    format_of(path).map(|_| ())
}

/// Writes profiles in the format that the file's ending names: `.svg` (one view), `.csv` or `.json` (all of them).
///
/// # Errors
/// Fails on another ending or if the file cannot be written.
pub fn save(path: &Path, profiles: &[Profile], view: View) -> Result<(), FigureError> {
    let text = match format_of(path)? {
        Format::Svg => prompt_chart(profiles, view),
        Format::Csv => csv(profiles),
        Format::Json => format!("{:#}\n", json(profiles)),
    };
    std::fs::write(path, text).map_err(|source| FigureError::Write {
        path: path.to_path_buf(),
        source,
    })
}

/// One line a domain and prompt: `domain,photos,prompt,mean,std,centred,standardised`, prompts counted from 1.
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
        for (prompt, (mean, std)) in profile.mean.iter().zip(&profile.std).enumerate() {
            let number = prompt + 1;
            let (centred, standardised) = (centred[prompt], standardised[prompt]);
            text.push_str(&format!(
                "{domain},{count},{number},{mean},{std},{centred},{standardised}\n"
            ));
        }
    }
    text
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
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
