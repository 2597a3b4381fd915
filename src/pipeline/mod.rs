//! Indexing as one job: scan, decode, embed, store.
//!
//! A scanner thread sends photos through a bounded channel to decoder threads; each gives one evaluation crop; the
//! thread that called [`index`] gathers them into batches, embeds and stores each batch in one transaction. Of photos that
//! hold the same, the model looks at one.

mod control;
mod decode;
mod embedder;
mod job;
mod look;
mod progress;
mod room;
mod source;

pub use control::{Control, Question};
pub use job::{Options, PipelineError, Summary, index};
pub use progress::{Phase, Progress};
