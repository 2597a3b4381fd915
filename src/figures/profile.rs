use std::collections::BTreeMap;

/// How the photos of one domain call the prompts of the pool: one line of the paper's Figure 3.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// The domain's name: a benchmark set, or a folder of a library.
    pub domain: String,
    /// How many photos were averaged.
    pub count: usize,
    /// Mean similarity of each prompt, `[M]`.
    pub mean: Vec<f32>,
    /// Standard deviation of each prompt's similarity over the photos (divided by `count`), `[M]`.
    pub std: Vec<f32>,
}

/// Which values of a profile are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum View {
    /// Mean similarities as they are, as in the paper
    #[default]
    #[value(name = "raw", alias = "mean")]
    Mean,
    /// What is left of them without the mean over all photos
    #[value(name = "relative", alias = "centred")]
    Centred,
    /// The same in standard deviations over all photos
    #[value(name = "deviations", alias = "standardised")]
    Standardised,
}

impl View {
    /// The axis title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mean => "mean similarity",
            Self::Centred => "mean similarity, less the mean over all photos",
            Self::Standardised => "distance from the mean over all photos, in standard deviations",
        }
    }
}

impl Profile {
    /// The values of one view, `[M]`; `overall` is the profile of all photos, from [`overall`].
    pub fn view(&self, view: View, overall: &Self) -> Vec<f32> {
        let means = self.mean.iter().zip(&overall.mean);
        match view {
            View::Mean => self.mean.clone(),
            View::Centred => means.map(|(mean, all)| mean - all).collect(),
            View::Standardised => means
                .zip(&overall.std)
                .map(|((mean, all), &std)| if std == 0.0 { 0.0 } else { (mean - all) / std })
                .collect(),
        }
    }
}

/// Averages prompt similarities `[M]` by domain; the result is sorted by the domain's name.
///
/// Rows that are empty or have another length than the first full one come from another model and are left out.
pub fn profiles<'a>(rows: impl Iterator<Item = (&'a str, &'a [f32])>) -> Vec<Profile> {
    let mut prompts = None;
    let mut moments = BTreeMap::<&str, Moments>::new();
    for (domain, row) in rows.filter(|(_, row)| !row.is_empty()) {
        if *prompts.get_or_insert(row.len()) != row.len() {
            continue;
        }
        let values = row.iter().map(|&value| f64::from(value));
        match moments.get_mut(domain) {
            Some(moments) => moments.add(values),
            None => {
                let mut first = Moments::new(row.len());
                first.add(values);
                moments.insert(domain, first);
            }
        }
    }
    moments
        .into_iter()
        .map(|(domain, moments)| moments.profile(domain))
        .collect()
}

/// The profile of all photos together, each photo counting once; none if there are no photos.
pub fn overall(profiles: &[Profile]) -> Option<Profile> {
    let first = profiles.first()?;
    let mut all = Moments::new(first.mean.len());
    for profile in profiles.iter().filter(|p| p.mean.len() == first.mean.len()) {
        all.merge(profile);
    }
    (all.count > 0).then(|| all.profile("all"))
}

/// Running mean and sum of squared distances from it, `[M]`, in f64 (Welford's method: no cancellation).
struct Moments {
    count: usize,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn new(prompts: usize) -> Self {
        Self {
            count: 0,
            mean: vec![0.0; prompts],
            squares: vec![0.0; prompts],
        }
    }

    fn add(&mut self, values: impl Iterator<Item = f64>) {
        self.count += 1;
        let count = self.count as f64;
        let running = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), value) in running.zip(values) {
            let distance = value - *mean;
            *mean += distance / count;
            *squares += distance * (value - *mean);
        }
    }

    /// Takes in a whole profile at once: Chan, Golub, LeVeque 1979, "Updating formulae", equation 2.1.
    fn merge(&mut self, profile: &Profile) {
        let total = (self.count + profile.count) as f64;
        if profile.count == 0 {
            return;
        }
        let (before, added) = (self.count as f64, profile.count as f64);
        let running = self.mean.iter_mut().zip(&mut self.squares);
        for ((mean, squares), (&value, &std)) in running.zip(profile.mean.iter().zip(&profile.std))
        {
            let distance = f64::from(value) - *mean;
            *mean += distance * added / total;
            *squares += f64::from(std).powi(2) * added + distance.powi(2) * before * added / total;
        }
        self.count += profile.count;
    }

    fn profile(&self, domain: &str) -> Profile {
        let count = self.count as f64;
        Profile {
            domain: domain.to_owned(),
            count: self.count,
            mean: self.mean.iter().map(|&mean| mean as f32).collect(),
            std: self
                .squares
                .iter()
                .map(|squares| (squares / count).sqrt() as f32)
                .collect(),
        }
    }
}
