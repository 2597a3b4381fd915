use super::TrainError;
use super::config::TrainConfig;
use super::event_file::EventFile;
use super::step::Losses;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of one run: configuration, logs, state and checkpoints.
pub struct RunFolder {
    folder: PathBuf,
}

impl RunFolder {
    /// Makes the folder, or opens it where it is.
    ///
    /// # Errors
    /// A folder that already holds a run, unless `resume` says to take it up, or one that cannot be written.
    pub fn open(folder: &Path, resume: bool) -> Result<Self, TrainError> {
        fs::create_dir_all(folder).map_err(|error| TrainError::io(folder, error))?;
        let run = Self {
            folder: folder.to_owned(),
        };
        if run.state().exists() && !resume {
            return Err(TrainError::Config(format!(
                "{} already holds a run: pass --resume to take it up, or another folder with --out",
                folder.display()
            )));
        }
        Ok(run)
    }

    /// Writes the configuration, over the one of a run that is taken up: to be called when nothing speaks against the run.
    pub fn write_config(&self, config: &TrainConfig) -> Result<(), TrainError> {
        let path = self.folder.join("config.toml");
        let text = toml::to_string_pretty(config)
            .map_err(|error| TrainError::Config(error.to_string()))?;
        fs::write(&path, text).map_err(|error| TrainError::io(&path, error))
    }

    /// The optimiser's state with everything that a resumed run needs.
    pub fn state(&self) -> PathBuf {
        self.folder.join("state.safetensors")
    }

    /// The newest model.
    pub fn checkpoint(&self) -> PathBuf {
        self.folder.join("model.safetensors")
    }

    /// The model of the best validation.
    pub fn best(&self) -> PathBuf {
        self.folder.join("best.safetensors")
    }

    /// Where the validations are logged.
    pub fn validations(&self) -> PathBuf {
        self.folder.join("validation.csv")
    }

    /// A new file of scalars for TensorBoard.
    pub fn event_file(&self) -> Result<EventFile, TrainError> {
        EventFile::create(&self.folder)
    }

    /// The log of the steps, a line each; lines of steps that a resumed run does again are cut off.
    pub fn step_log(&self, from_step: usize) -> Result<CsvLog, TrainError> {
        let header =
            "step,pass,learning_rate,total_loss,metric_loss,penalty,keep_distance,pictures_per_s";
        CsvLog::open(self.folder.join("steps.csv"), header, from_step)
    }

    /// The log of the validation, a line each pass.
    pub fn validation_log(&self, from_step: usize) -> Result<CsvLog, TrainError> {
        CsvLog::open(
            self.validations(),
            "step,harmonic_r1,unified_r1,sets",
            from_step,
        )
    }
}

/// A CSV file whose first column is the number of steps done.
pub struct CsvLog {
    path: PathBuf,
    file: File,
    /// The step of the last line that was there when it was opened.
    last: Option<usize>,
}

impl CsvLog {
    fn open(path: PathBuf, header: &str, from_step: usize) -> Result<Self, TrainError> {
        let old = fs::read_to_string(&path).unwrap_or_default();
        let mut text = format!("{header}\n");
        let mut last = None;
        for line in old.lines().skip(1) {
            let step = line
                .split(',')
                .next()
                .and_then(|step| step.parse::<usize>().ok());
            let kept = step.filter(|&step| step <= from_step && from_step > 0);
            if kept.is_some() {
                text.push_str(line);
                text.push('\n');
                last = kept;
            }
        }
        fs::write(&path, text).map_err(|error| TrainError::io(&path, error))?;
        let file = OpenOptions::new().append(true).open(&path);
        match file {
            Ok(file) => Ok(Self { path, file, last }),
            Err(error) => Err(TrainError::io(&path, error)),
        }
    }

    /// Whether the last line that was there when it was opened is that of `step`.
    pub fn ends_at(&self, step: usize) -> bool {
        self.last == Some(step)
    }

    /// Adds a line.
    pub fn line(&mut self, line: &str) -> Result<(), TrainError> {
        writeln!(self.file, "{line}").map_err(|error| TrainError::io(&self.path, error))
    }

    /// Adds the line of a step.
    pub fn step(
        &mut self,
        step: usize,
        pass: f64,
        rate: f64,
        losses: &Losses,
        per_s: f64,
    ) -> Result<(), TrainError> {
        let Losses {
            metric,
            penalty,
            keep,
            total,
        } = losses;
        self.line(&format!(
            "{step},{pass:.3},{rate:e},{total},{metric},{penalty:e},{keep},{per_s:.1}"
        ))
    }
}
