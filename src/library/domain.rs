use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

/// What makes a domain in a photo library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DomainRule {
    /// The first folder level below a root; photos that lie in the root itself belong to the root.
    #[default]
    Folder,
    /// The root.
    Root,
}

impl DomainRule {
    /// The domain's name of the photo at `relative` below `root`.
    pub fn domain(self, root: &Path, relative: &Path) -> String {
        let mut parts = relative.components();
        if let (DomainRule::Folder, Some(Component::Normal(first)), Some(_)) =
            (self, parts.next(), parts.next())
        {
            return first.to_string_lossy().into_owned();
        }
        match root.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => root.to_string_lossy().into_owned(),
        }
    }
}

impl fmt::Display for DomainRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            DomainRule::Folder => "folder",
            DomainRule::Root => "root",
        })
    }
}

impl FromStr for DomainRule {
    type Err = String;

    fn from_str(text: &str) -> Result<DomainRule, String> {
        match text {
            "folder" => Ok(DomainRule::Folder),
            "root" => Ok(DomainRule::Root),
            other => Err(format!(
                "`{other}` is no domain rule; choose folder or root"
            )),
        }
    }
}
