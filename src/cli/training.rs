//! What the commands that train show and listen to.

use super::INTERRUPTED;
use crate::train::Event;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that Ctrl-C sets: the first ends the run after the step under way, a second one at once.
pub fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    })
    .context("Ctrl-C cannot be caught")?;
    Ok(stop)
}

/// A bar of `steps` steps.
pub fn training_bar(steps: usize) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template(
        "{bar:24} {pos}/{len} steps  {msg}  {elapsed} elapsed, {eta} left",
    )?;
    Ok(ProgressBar::new(steps as u64).with_style(style))
}

/// Prints what happened, beside the progress bar.
pub fn show(bar: &ProgressBar, event: Event) {
    let line = |text: String| {
        if bar.is_hidden() {
            eprintln!("{text}");
        } else {
            bar.println(text);
        }
    };
    match event {
        Event::Data {
            samples,
            classes,
            held_out,
            parameters,
            steps,
        } => line(format!(
            "{samples} photos of {classes} classes, {held_out} classes held out; {parameters} parameters, {steps} steps"
        )),
        Event::Resumed { steps } => {
            bar.set_position(steps as u64);
            bar.reset_eta();
            line(format!("going on after {steps} steps"));
        }
        Event::Step {
            step,
            losses,
            pictures_per_s,
        } => {
            bar.set_position(step as u64);
            bar.set_message(format!(
                "loss {:.3}  {pictures_per_s:.1} pictures/s",
                losses.total
            ));
        }
        Event::Failed { path, reason } => line(format!("skipped {}: {reason}", path.display())),
        Event::Checked => {
            line("every trainable tensor has changed, every frozen one is bit-equal".into())
        }
        Event::Validated { step, report, best } => line(format!(
            "after {step} steps, held-out classes: harmonic R@1 {:.1} %, unified {:.1} %{}",
            100.0 * report.harmonic.recall_at[0],
            100.0 * report.unified.recall_at_1(),
            if best { " (best so far)" } else { "" }
        )),
        Event::Lost { validations } => line(format!(
            "ended early: {validations} validations without a better one; the best model is best.safetensors"
        )),
    }
}
