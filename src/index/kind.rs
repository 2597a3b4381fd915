use std::fmt;
use std::str::FromStr;

/// How neighbours are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Whatever is faster for the size: the scan, at every size that was measured (up to a million photos). A graph finds
    /// the nearest of a million sooner, but each answer also counts the scores of all photos, which is the scan itself.
    #[default]
    Auto,
    /// By a scan of all vectors.
    Exact,
    /// By an HNSW graph.
    Hnsw,
}

impl Kind {
    /// Whether a graph is wanted for so many vectors.
    pub fn wants_graph(self, vectors: usize) -> bool {
        match self {
            Kind::Auto | Kind::Exact => false,
            Kind::Hnsw => vectors > 0,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::Auto => "auto",
            Kind::Exact => "exact",
            Kind::Hnsw => "hnsw",
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Kind, String> {
        match text {
            "auto" => Ok(Kind::Auto),
            "exact" => Ok(Kind::Exact),
            "hnsw" => Ok(Kind::Hnsw),
            other => Err(format!("`{other}` is no index; choose auto, exact or hnsw")),
        }
    }
}
