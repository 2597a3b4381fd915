use std::path::Path;

/// Names of files and folders that scans pass over, such as `*.tmp` or `Screenshots`.
///
/// `*` stands for any letters and `?` for one; case does not count. A pattern with a slash is compared with the whole
/// path below the root, one without with the name alone; a folder that matches is left out with all that it holds.
/// Besides, scans always pass over hidden files and folders, and folders below a root that hold a file `.nomedia`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    letters: Vec<char>,
    whole_path: bool,
}

impl Exclusions {
    /// Reads patterns; empty ones are passed over.
    pub fn new<Text: AsRef<str>>(patterns: impl IntoIterator<Item = Text>) -> Exclusions {
        let read = |text: Text| {
            let text = text.as_ref().trim().trim_matches('/').to_lowercase();
            (!text.is_empty()).then(|| Pattern {
                whole_path: text.contains('/'),
                letters: text.chars().collect(),
            })
        };
        Exclusions(patterns.into_iter().filter_map(read).collect())
    }

    /// Whether nothing is passed over.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a file or folder at `relative` below a root is passed over.
    pub fn exclude(&self, relative: &Path) -> bool {
        if self.is_empty() {
            return false;
        }
        let lower = |text: std::borrow::Cow<'_, str>| -> Vec<char> {
            text.to_lowercase().replace('\\', "/").chars().collect()
        };
        let name = relative
            .file_name()
            .map(|name| lower(name.to_string_lossy()))
            .unwrap_or_default();
        let whole = lower(relative.to_string_lossy());
        self.0.iter().any(|pattern| {
            let text = if pattern.whole_path { &whole } else { &name };
            matches(&pattern.letters, text)
        })
    }
}

/// Whether `text` matches a pattern of letters, `*` and `?`, in time proportional to both lengths multiplied.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last `*` stands, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match &mut star {
                Some((star_at, taken)) => {
                    *taken += 1;
                    place = *taken;
                    at = *star_at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_people_expect() {
        let exclusions =
            Exclusions::new(["*.TMP", "screenshots", "2019/raw*", "IMG_????.png", " "]);
        for left_out in [
            "a.tmp",
            "b/c.Tmp",
            "Screenshots",
            "phone/Screenshots",
            "2019/raw files",
            "x/img_0001.png",
        ] {
            assert!(exclusions.exclude(Path::new(left_out)), "{left_out}");
        }
        for kept in [
            "a.tmp.jpg",
            "Screenshots old",
            "x/2019/raw",
            "img_001.png",
            "",
        ] {
            assert!(!exclusions.exclude(Path::new(kept)), "{kept}");
        }
        assert!(Exclusions::new(["写*"]).exclude(Path::new("a/写真.jpg")));
        assert!(!Exclusions::default().exclude(Path::new("a")));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern: String = "*a".repeat(40);
        let name = "a".repeat(39) + "b";
        assert!(!Exclusions::new([pattern]).exclude(Path::new(&name)));
    }
}
