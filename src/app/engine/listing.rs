use crate::library::PhotoId;
use crate::search::{self, Filter, Order};

/// Photos shown without a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// All that pass a filter.
    Browse(Browse),
    /// Those of a domain, or of all, that call a prompt most.
    Strongest {
        /// The domain; `None` for the whole library.
        domain: Option<String>,
        /// The prompt's number, from 0.
        prompt: usize,
    },
    /// These, such as those chosen on the map.
    Photos {
        /// What they are, in words.
        title: String,
        /// Their numbers.
        photos: Vec<PhotoId>,
    },
}

/// How the library is browsed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Browse {
    /// In which order.
    pub order: Order,
    /// Which photos.
    pub filter: Filter,
}

/// What the grid shows without a question.
#[derive(Debug)]
pub struct Listing {
    /// Which wish it fulfils.
    pub generation: u64,
    /// The wish.
    pub wanted: Wanted,
    /// What it shows, in words.
    pub title: String,
    /// The photos in their order; cheap however many they are.
    pub photos: search::Listing,
}

impl Listing {
    /// Lists what is wanted.
    pub(super) fn of(searcher: &search::Searcher, generation: u64, wanted: Wanted) -> Listing {
        let photos = match &wanted {
            Wanted::Browse(browse) => searcher.browse(browse.order, &browse.filter),
            Wanted::Strongest { domain, prompt } => {
                searcher.strongest(domain.as_deref(), *prompt, &Filter::default())
            }
            Wanted::Photos { photos, .. } => searcher.listed(photos),
        };
        let title = match &wanted {
            Wanted::Browse(browse) => match browse.order {
                Order::Folder => "All photos by folder".to_owned(),
                Order::Newest => "All photos, the newest first".to_owned(),
                Order::Oldest => "All photos, the oldest first".to_owned(),
            },
            Wanted::Strongest { domain, prompt } => match domain {
                Some(domain) => {
                    format!("Photos of “{domain}” that call prompt {} most", prompt + 1)
                }
                None => format!("Photos that call prompt {} most", prompt + 1),
            },
            Wanted::Photos { title, .. } => title.clone(),
        };
        Listing {
            generation,
            wanted,
            title,
            photos,
        }
    }
}
