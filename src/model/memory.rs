use super::Config;
use super::config::RivalConfig;
use candle_core::Device;

/// Pictures that a GPU is given at once at most: more does not make it faster, but lets others wait.
const MOST: usize = 256;
/// Pictures at once where a device does not say what is free.
const UNKNOWN: usize = 32;
/// Left to the driver, to the libraries' work space and to whatever else draws on the screen.
const RESERVE_BYTES: u64 = 256 << 20;
/// Of what is free beyond that, so much is counted on, in hundredths: memory is handed out in pieces.
const COUNTED_ON_PERCENT: u64 = 75;
/// candle's kernels count values in 32 bits.
const MOST_VALUES: u64 = i32::MAX as u64;

/// What a model takes of a device's memory when it embeds, and so how many pictures it is best given at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// What one picture takes, in bytes, where most of its intermediate values live.
    pub picture_bytes: u64,
    /// What is made of the weights at the first picture, in bytes: their copy in 16 bits.
    pub once_bytes: u64,
    /// Values of the largest tensor that one picture needs.
    largest: u64,
}

impl Footprint {
    /// Of a model of these numbers, computed in f32: in 16 bits it takes about half of it, but may have to be computed
    /// again in f32.
    pub fn of(config: &Config) -> Self {
        let vit = &config.vit;
        let patches = vit.grid() * vit.grid();
        let prompt = config.prompt.as_ref().map_or(0, |prompt| prompt.length);
        let learnt = match config.rival {
            Some(RivalConfig::VisualPrompts { length, .. }) => length,
            _ => 0,
        };
        let n = (1 + prompt + learnt + patches) as u64;
        let tokens = n * vit.width as u64;
        let scores = n * n * vit.heads as u64;
        let hidden = n * vit.mlp_width as u64;
        let pixels = 3 * (vit.image_size * vit.image_size) as u64;
        // Stream, norm, projections before and after their bias, queries, keys, values and scaled queries; scores and
        // weights.
        let attention = 12 * tokens + 2 * scores;
        // Stream and norm; hidden layer, with bias and activated.
        let mlp = 2 * tokens + 3 * hidden;
        // One byte each, as f32, and that in two more arrangements.
        let pixel_bytes = 13 * pixels;
        let parameters = config.total_vit_parameters() + config.trainable_parameters();
        Self {
            picture_bytes: pixel_bytes + 4 * attention.max(mlp),
            once_bytes: 2 * parameters as u64,
            largest: scores.max(hidden).max(3 * tokens).max(pixels),
        }
    }

    /// Pictures at once, at least one, where so many bytes are free beside the weights; `None` where that is not known.
    pub fn pictures_at_once(&self, free_bytes: Option<u64>) -> usize {
        let most = (MOST_VALUES / self.largest.max(1)).min(MOST as u64);
        let fitting = match free_bytes {
            None => UNKNOWN as u64,
            Some(free) => {
                let left = free.saturating_sub(RESERVE_BYTES + self.once_bytes);
                left / 100 * COUNTED_ON_PERCENT / self.picture_bytes.max(1)
            }
        };
        let pictures = fitting.min(most).max(1) as usize;
        // Whole eights suit the matrix units.
        if pictures > 8 {
            pictures / 8 * 8
        } else {
            pictures
        }
    }
}

/// Bytes that are free on a device, where it says so: CUDA's do.
pub(super) fn free_bytes(device: &Device) -> Option<u64> {
    #[cfg(feature = "cuda")]
    if let Device::Cuda(device) = device {
        let stream = device.cuda_stream();
        let (free, _total) = stream.context().mem_get_info().ok()?;
        return Some(free as u64);
    }
    let _ = device;
    None
}
