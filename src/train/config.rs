use super::TrainError;
use super::loss::LossKind;
use super::method::Method;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Photos in a chunk, at least, where the ViT is trained.
const TRAINED_CHUNK: usize = 16;

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Halved at the end of each of five equal stages
    Step,
    /// Linear warm-up over 3 % of the steps, then half a cosine to zero
    Cosine,
}

/// Which photos come into one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Any, each once a pass
    Random,
    /// Several of each class, for losses that compare photos with each other
    PerClass,
    /// As many of each set, however large it is
    Balanced,
}

/// How the head starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum HeadStart {
    /// PyTorch's linear default, as published
    Random,
    /// Principal axes of the start's class tokens on the training photos, centred and partly whitened
    Pca,
}

/// How the pool's keys start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum KeyStart {
    /// Orthogonal rows, as published
    Orthogonal,
    /// Centres of the training photos' queries (spherical k-means)
    Clusters,
}

/// How the pool's prompts start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum PromptStart {
    /// All alike, as published
    Shared,
    /// Each orthogonal rows of its own
    Own,
}

/// How the class proxies start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyStart {
    /// Kaiming uniform over the fan-out, as published
    Random,
    /// The mean embedding of each class before training
    ClassMean,
}

/// Everything that decides a training run; stored in the run folder and in the checkpoint's provenance.
///
/// The defaults are the published setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// What is trained.
    pub method: Method,
    /// Seed of every random number.
    pub seed: u64,
    /// Metric-learning loss.
    pub loss: LossKind,
    /// Passes over the training photos.
    pub passes: usize,
    /// Photos a step.
    pub batch: usize,
    /// Which photos come into one step.
    pub sampling: Sampling,
    /// With [`Sampling::PerClass`]: photos of a class in a step.
    pub per_class: usize,
    /// Photos of a class that are trained on, drawn once by the seed and the class's name, so that a run on some of the
    /// sets has the same photos of them as a run on all; a class that has no more keeps its own; 0 for all.
    pub shots: usize,
    /// Learning rate of the model's parameters.
    pub learning_rate: f64,
    /// With [`Method::FineTuning`]: learning rate of the ViT, the head having `learning_rate`.
    pub backbone_learning_rate: f64,
    /// Learning rate of the class proxies.
    pub proxy_learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// How the learning rates fall.
    pub schedule: Schedule,
    /// Probability with which an adapter's branch is dropped for a sample.
    pub drop: f64,
    /// Prompts `M` in the pool.
    pub pool_size: usize,
    /// Whether queries are standardised by their mean and deviation over the training photos; `false` as published.
    pub standardised_query: bool,
    /// How the pool's keys start.
    pub key_start: KeyStart,
    /// How the pool's prompts start.
    pub prompt_start: PromptStart,
    /// Temperature of a softmax over the similarities that makes the prompts' weights of them; 0 for the similarities
    /// themselves, as published.
    pub prompt_temperature: f64,
    /// What the learning rate of the pool is multiplied by; 1 as published.
    pub pool_rate_factor: f64,
    /// What the learning rate of the pool's prompts is multiplied by besides, so that they learn faster than the keys
    /// and attention vectors that choose them; 1 as published.
    pub prompt_rate_factor: f64,
    /// Tokens `L` of a prompt; of a layer, where the method is visual prompt tuning.
    pub prompt_length: usize,
    /// Rank `r` of the adapters, of LoRA's updates or of AdaptFormer's bottleneck.
    pub rank: usize,
    /// Width `e` of the embedding.
    pub width: usize,
    /// How the head starts.
    pub head_start: HeadStart,
    /// With [`HeadStart::Pca`]: 0 keeps angles about the mean, 1 whitens.
    pub whitening: f64,
    /// How the class proxies start.
    pub proxy_start: ProxyStart,
    /// Weight of staying close to the embeddings that the start gives the evaluation crops; 0 leaves it out.
    pub keep: f64,
    /// Side of the training crops in pixels; positions are interpolated where it is not the model's own.
    pub crop_px: usize,
    /// Smallest part of a photo's area that a crop may show.
    pub crop_area: f64,
    /// Part of each set's training classes that is held out for validation, 0 for none: every `k`-th class by name with
    /// `k = 1 / validation`, from the middle of the first `k` on; where that class has one photo, the next.
    ///
    /// None of a set is held out where it would be one class alone, which cannot be told from another: at 0.1 a set needs
    /// 16 training classes, at 0.25 it needs 6. Where no set has enough, nothing is validated.
    pub validation: f64,
    /// Validations in a row that are no better than the best before, after which the run ends; 0 for never. Needs a set of
    /// which classes are held out.
    pub patience: usize,
    /// Sets left out of training and validation.
    pub without: Vec<String>,
    /// The only sets of training and validation; all where there are none.
    pub only: Vec<String>,
    /// Threads that compute; 0 for all cores.
    pub threads: usize,
    /// Photos that a thread works on at a time; see [`TrainConfig::chunk_size`].
    pub chunk: usize,
    /// Whether activations are computed a second time instead of being kept: memory for one chunk a thread instead of
    /// the whole batch, for one more forward pass.
    pub recompute: bool,
    /// Mixed precision: products of numbers rounded to bf16 and summed in f32, where the device has them.
    pub mixed_precision: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            method: Method::Puma,
            seed: 0,
            loss: LossKind::CurricularFace,
            passes: 100,
            batch: 180,
            sampling: Sampling::Random,
            per_class: 4,
            shots: 0,
            learning_rate: 1e-3,
            backbone_learning_rate: 3e-5,
            proxy_learning_rate: 1.0,
            weight_decay: 1e-4,
            schedule: Schedule::Step,
            drop: 0.5,
            pool_size: 20,
            standardised_query: false,
            key_start: KeyStart::Orthogonal,
            prompt_start: PromptStart::Shared,
            prompt_temperature: 0.0,
            pool_rate_factor: 1.0,
            prompt_rate_factor: 1.0,
            prompt_length: 8,
            rank: 128,
            width: 128,
            head_start: HeadStart::Random,
            whitening: 0.0,
            proxy_start: ProxyStart::Random,
            keep: 0.0,
            crop_px: 224,
            crop_area: 0.2,
            validation: 0.1,
            patience: 0,
            without: Vec::new(),
            only: Vec::new(),
            threads: 0,
            chunk: 6,
            recompute: false,
            mixed_precision: false,
        }
    }
}

impl TrainConfig {
    /// Reads a TOML file; what it does not name has its default.
    ///
    /// # Errors
    /// Names the file, and the field that is unknown or wrong.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(|error| TrainError::io(path, error))?;
        toml::from_str(&text)
            .map_err(|error| TrainError::Config(format!("{}: {error}", path.display())))
    }

    /// Checks every number; the text names the field and what it has to be.
    pub fn validate(&self) -> Result<(), TrainError> {
        let wrong = |text: &str| Err(TrainError::Config(text.to_owned()));
        if self.passes == 0 || self.batch == 0 || self.chunk == 0 {
            return wrong("passes, batch and chunk have to be at least 1");
        }
        if self.sampling == Sampling::PerClass
            && (self.per_class < 2 || !self.batch.is_multiple_of(self.per_class))
        {
            return wrong("per_class has to be at least 2 and to divide batch");
        }
        if self.loss.compares_pairs() && self.sampling != Sampling::PerClass {
            return wrong("this loss compares photos of a class: set sampling to per-class");
        }
        if self.loss.centres() > 1 && self.proxy_start == ProxyStart::ClassMean {
            return wrong("a loss with several centres a class needs proxy_start random");
        }
        if !(0.0..1.0).contains(&self.drop) {
            return wrong("drop has to be at least 0 and below 1");
        }
        if self.patience > 0 && self.validation == 0.0 {
            return wrong("patience needs held-out classes: set validation above 0");
        }
        if !self.only.is_empty() && !self.without.is_empty() {
            return wrong("only and without cannot both name sets");
        }
        if self.method == Method::Linear && self.keep > 0.0 {
            return wrong("keep does nothing for a head on cached class tokens: set it to 0");
        }
        if !(0.0..=0.5).contains(&self.validation) {
            return wrong("validation has to lie between 0 and 0.5");
        }
        if !(self.crop_area > 0.0 && self.crop_area <= 1.0) {
            return wrong("crop_area has to be above 0 and at most 1");
        }
        if !(0.0..=1.0).contains(&self.whitening) {
            return wrong("whitening has to lie between 0 and 1");
        }
        let rates = [
            self.learning_rate,
            self.backbone_learning_rate,
            self.proxy_learning_rate,
            self.weight_decay,
            self.pool_rate_factor,
            self.prompt_rate_factor,
            self.prompt_temperature,
            self.keep,
        ];
        if rates.iter().any(|rate| !rate.is_finite() || *rate < 0.0) {
            return wrong(
                "learning rates, their factor, weight decay, temperature and keep have to be finite and not negative",
            );
        }
        let backbone = self.method == Method::FineTuning && self.backbone_learning_rate > 0.0;
        if self.learning_rate == 0.0 && !backbone {
            return wrong("a learning_rate of 0 trains nothing of the model: set it above 0");
        }
        Ok(())
    }

    /// Whether every training photo is embedded with the start before the first step, which takes a while.
    pub fn measures_start(&self) -> bool {
        self.keep > 0.0
            || self.proxy_start == ProxyStart::ClassMean
            || self.method == Method::Linear
            || (self.head_start == HeadStart::Pca && self.method != Method::Full)
    }

    /// Whether the queries of the training photos are looked at before the first step.
    pub fn measures_queries(&self) -> bool {
        matches!(self.method, Method::Puma | Method::PromptsOnly)
            && (self.standardised_query || self.key_start == KeyStart::Clusters)
    }

    /// Photos that a thread works on at a time: where the ViT is trained at least 16, unless activations are computed again
    /// for the sake of memory. Its weights are packed for each chunk, and their gradients are summed over the chunks.
    pub fn chunk_size(&self) -> usize {
        match self.method.trains_backbone() && !self.recompute {
            true => self.chunk.max(TRAINED_CHUNK),
            false => self.chunk,
        }
    }

    /// Threads that compute, at least one.
    pub fn thread_count(&self) -> usize {
        if self.threads > 0 {
            self.threads
        } else {
            std::thread::available_parallelism().map_or(1, |cores| cores.get())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with the defaults after `change`; nothing where they are still good.
    fn wrong(change: impl Fn(&mut TrainConfig)) -> String {
        let mut config = TrainConfig::default();
        change(&mut config);
        let error = config.validate().err();
        error.map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn sampling_has_to_fit_the_batch_and_the_loss() {
        let per_class = |per_class: usize, batch: usize| {
            wrong(|config| {
                config.sampling = Sampling::PerClass;
                (config.per_class, config.batch) = (per_class, batch);
            })
        };
        assert_eq!(per_class(4, 180), "");
        assert_eq!(per_class(2, 2), "");
        for (photos, batch) in [(1, 180), (0, 180), (7, 180), (4, 2)] {
            assert!(
                per_class(photos, batch).contains("per_class"),
                "{photos} in {batch}"
            );
        }
        for loss in [
            LossKind::Triplet,
            LossKind::Margin,
            LossKind::MultiSimilarity,
        ] {
            for sampling in [Sampling::Random, Sampling::Balanced, Sampling::PerClass] {
                let wrong = wrong(|config| (config.loss, config.sampling) = (loss, sampling));
                let fits = sampling == Sampling::PerClass;
                assert_eq!(wrong.is_empty(), fits, "{loss:?} {sampling:?}: {wrong}");
                assert!(fits || wrong.contains("set sampling to per-class"));
            }
        }
        // Only pair losses and per-class sampling look at it.
        assert_eq!(wrong(|config| config.per_class = 1), "");
    }

    #[test]
    fn several_centres_do_not_start_at_one_mean() {
        for (loss, start, fits) in [
            (LossKind::SoftTriple, ProxyStart::ClassMean, false),
            (LossKind::SoftTriple, ProxyStart::Random, true),
            (LossKind::ProxyAnchor, ProxyStart::ClassMean, true),
        ] {
            let wrong = wrong(|config| (config.loss, config.proxy_start) = (loss, start));
            assert_eq!(wrong.is_empty(), fits, "{loss:?} {start:?}: {wrong}");
            assert!(fits || wrong.contains("proxy_start"));
        }
    }

    #[test]
    fn something_of_the_model_has_to_be_trained() {
        let rates = |method, learning_rate, backbone_learning_rate| {
            wrong(|config| {
                config.method = method;
                config.learning_rate = learning_rate;
                config.backbone_learning_rate = backbone_learning_rate;
            })
        };
        assert!(rates(Method::Puma, 0.0, 1.0).contains("learning_rate"));
        assert!(rates(Method::FineTuning, 0.0, 0.0).contains("learning_rate"));
        assert_eq!(rates(Method::FineTuning, 0.0, 1e-5), "");
        assert_eq!(rates(Method::FineTuning, 1e-3, 0.0), "");
        // A frozen pool, frozen proxies.
        let frozen = |config: &mut TrainConfig| {
            (config.pool_rate_factor, config.proxy_learning_rate) = (0.0, 0.0);
        };
        assert_eq!(wrong(frozen), "");
    }
}
