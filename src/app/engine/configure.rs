use super::work::{Worker, load};
use super::{Event, Request, Setup};
use crate::model::choose_device;
use crate::settings::Settings;
use anyhow::Context;
use crossbeam_channel::Receiver;

/// What became of changed settings.
#[derive(Clone, Debug)]
pub enum Configured {
    /// They are in force and kept.
    InForce {
        /// What holds now.
        settings: Settings,
        /// Whether the photos have to be looked at again for it.
        rescan: bool,
    },
    /// They cannot be had, for this reason; all stays as it was.
    Refused(String),
}

impl Setup {
    /// The same with what the user changed in the settings; what the command line said otherwise stays.
    fn with(&self, settings: &Settings) -> anyhow::Result<Setup> {
        let mut setup = self.clone();
        if settings.model != self.settings.model {
            setup.model.clone_from(&settings.model);
            setup.backbone = None;
        }
        if settings.device != self.settings.device {
            setup.device = settings.device.parse()?;
        }
        setup.index_kind = settings.index_kind.parse().map_err(anyhow::Error::msg)?;
        setup.domain_rule = settings.domain_rule.parse().map_err(anyhow::Error::msg)?;
        let former_model = setup.settings.former_model.take();
        setup.settings = Settings {
            former_model,
            ..settings.clone()
        };
        Ok(setup)
    }
}

impl Worker<'_> {
    /// Takes changed settings on, or leaves all as it was and says why.
    pub(super) fn configure(&mut self, settings: Settings) {
        let configured = match self.try_configure(&settings) {
            Ok(rescan) => Configured::InForce { settings, rescan },
            Err(error) => Configured::Refused(format!("{error:#}")),
        };
        self.events.send(Event::Configured(configured));
    }

    fn try_configure(&mut self, settings: &Settings) -> anyhow::Result<bool> {
        let mut new = self.setup.with(settings)?;
        let old = &self.setup;
        let other_model =
            new.model != old.model || new.backbone != old.backbone || new.device != old.device;
        let other_rule = new.domain_rule != old.domain_rule;
        let other_files = new.settings.excluded != old.settings.excluded;
        let other_watch = new.settings.watch != old.settings.watch;
        if other_model {
            self.change_model(&mut new)?;
        } else {
            save(old, &new)?;
        }
        if !other_model {
            self.answering.searcher().set_kind(new.index_kind);
        }
        if other_rule {
            self.rule_for_all = Some(new.domain_rule);
        }
        self.setup = new;
        if other_watch {
            self.watch_folders();
        }
        self.refreshing.refresh(true);
        // While nobody watched, something may have changed.
        let begins_to_watch = other_watch && self.setup.settings.watch;
        Ok(other_model || other_rule || other_files || begins_to_watch)
    }
}

/// While the engine cannot start, nothing is answered; other settings may help. `None` when the window ends.
pub(super) fn wait_for_other_settings(
    setup: &Setup,
    requests: &Receiver<Request>,
    events: &super::Events,
) -> Option<Setup> {
    loop {
        match requests.recv() {
            Ok(Request::Configure(settings)) => match setup.with(&settings) {
                Ok(new) => match choose_device(new.device)
                    .map_err(anyhow::Error::from)
                    .and_then(|device| load(&new, &device))
                    .and_then(|_| save(setup, &new))
                {
                    Ok(()) => {
                        let settings = *settings;
                        // The engine that starts now looks through all folders anyway.
                        let rescan = false;
                        let configured = Configured::InForce { settings, rescan };
                        events.send(Event::Configured(configured));
                        return Some(new);
                    }
                    Err(error) => refuse(events, &error),
                },
                Err(error) => refuse(events, &error),
            },
            Ok(Request::Quit) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn refuse(events: &super::Events, error: &anyhow::Error) {
    let reason = format!("{error:#}");
    events.send(Event::Configured(Configured::Refused(reason)));
}

/// Keeps what `new` has changed in the settings of `old`. Whatever else is in their file may be another window's, or the
/// user's own, and stays.
///
/// # Errors
/// A settings file that cannot be read, understood or written.
pub(super) fn save(old: &Setup, new: &Setup) -> anyhow::Result<()> {
    let file = &new.settings_file;
    let keep = || changed(Settings::read(file)?, &old.settings, &new.settings).write(file);
    keep().context("the settings could not be kept")
}

/// The settings in `kept` with what differs between `old` and `new` as it is in `new`.
fn changed(kept: Settings, old: &Settings, new: &Settings) -> Settings {
    fn of<T: Clone + PartialEq>(kept: T, old: &T, new: &T) -> T {
        if old == new { kept } else { new.clone() }
    }
    Settings {
        domain_rule: of(kept.domain_rule, &old.domain_rule, &new.domain_rule),
        index_kind: of(kept.index_kind, &old.index_kind, &new.index_kind),
        device: of(kept.device, &old.device, &new.device),
        model: of(kept.model, &old.model, &new.model),
        // It belongs to the model.
        former_model: if old.model == new.model {
            of(kept.former_model, &old.former_model, &new.former_model)
        } else {
            new.former_model.clone()
        },
        thumbnails: of(kept.thumbnails, &old.thumbnails, &new.thumbnails),
        excluded: of(kept.excluded, &old.excluded, &new.excluded),
        watch: of(kept.watch, &old.watch, &new.watch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Places;

    #[test]
    fn what_another_window_changed_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::under(folder.path());
        let old = Setup::in_places(&places).unwrap();
        let others = Settings {
            watch: false,
            excluded: vec!["theirs".to_owned()],
            ..Settings::default()
        };
        others.save(&places).unwrap();
        let mut new = old.clone();
        new.settings.thumbnails = false;
        save(&old, &new).unwrap();
        let kept = Settings::load(&places).unwrap();
        let expected = Settings {
            thumbnails: false,
            ..others
        };
        assert_eq!(kept, expected);
        // What is changed here counts, whatever the other one wished.
        let mut newer = new.clone();
        newer.settings.excluded = vec!["ours".to_owned()];
        save(&new, &newer).unwrap();
        let kept = Settings::load(&places).unwrap();
        assert_eq!(
            (kept.excluded, kept.watch),
            (vec!["ours".to_owned()], false)
        );
    }

    #[test]
    fn a_settings_file_that_cannot_be_understood_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::under(folder.path());
        let old = Setup::in_places(&places).unwrap();
        let file = places.settings_file();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "watch = perhaps").unwrap();
        let mut new = old.clone();
        new.settings.watch = false;
        let error = format!("{:#}", save(&old, &new).unwrap_err());
        assert!(error.contains("settings.toml"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "watch = perhaps");
    }
}
