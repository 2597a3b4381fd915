//! Work that goes on beside the questions and lets them pass: the lens and the map.

use super::{Engine, Event, Events, Request};
use crate::app::lens::LensNews;
use crate::app::map::MapNews;
use crate::model::Puma;
use crate::photo::Reader;
use crate::search::{Islands, Lens, LensRequest, Pca, SavedLayout, Searcher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A question is let pass for no longer than this, should its answer never come.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Between two looks at whether the question is answered.
const WAIT: Duration = Duration::from_millis(2);
/// Progress is told no oftener.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// The newest wishes; work on an older one ends.
#[derive(Clone)]
pub(super) struct Newest {
    lens: Arc<AtomicU64>,
    map: Arc<AtomicU64>,
    /// The question asked last.
    asked: Arc<AtomicU64>,
    /// The question answered last.
    answered: Arc<AtomicU64>,
}

impl Newest {
    /// No wishes yet; `asked` counts the questions.
    pub(super) fn new(asked: Arc<AtomicU64>) -> Newest {
        Newest {
            lens: Arc::default(),
            map: Arc::default(),
            asked,
            answered: Arc::default(),
        }
    }

    /// Notes that a question is out no longer.
    pub(super) fn answered(&self, generation: u64) {
        self.answered.store(generation, Ordering::SeqCst);
    }

    /// Ends all work.
    pub(super) fn end_all(&self) {
        self.lens.fetch_add(1, Ordering::SeqCst);
        self.map.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits while a question is out and the work is `wanted`.
    fn let_pass(&self, wanted: &dyn Fn() -> bool) {
        let start = Instant::now();
        while wanted()
            && self.asked.load(Ordering::SeqCst) > self.answered.load(Ordering::SeqCst)
            && start.elapsed() < LONGEST_WAIT
        {
            std::thread::sleep(WAIT);
        }
    }
}

impl Engine {
    /// Looks at an answer through a lens; gives the wish's generation, and ends work on an older one.
    pub fn look(&self, request: LensRequest) -> u64 {
        let generation = self.background.lens.fetch_add(1, Ordering::SeqCst) + 1;
        self.send(Request::Look {
            generation,
            request: Box::new(request),
        });
        generation
    }

    /// Ends work on the lens.
    pub fn end_look(&self) {
        self.background.lens.fetch_add(1, Ordering::SeqCst);
    }

    /// Draws the map of the library anew; gives the wish's generation, and ends work on an older one.
    ///
    /// `from_scratch` lays the islands out even if a layout is kept beside the library.
    pub fn draw_map(&self, from_scratch: bool) -> u64 {
        let generation = self.background.map.fetch_add(1, Ordering::SeqCst) + 1;
        self.send(Request::DrawMap {
            generation,
            from_scratch,
        });
        generation
    }

    /// Ends work on the map.
    pub fn end_map(&self) {
        self.background.map.fetch_add(1, Ordering::SeqCst);
    }
}

/// The engine thread's side: it starts the threads and waits for their end.
pub(super) struct Background {
    newest: Newest,
    /// Of the model it is for; made at the first wish.
    lens: Arc<Mutex<Option<Lens>>>,
    reader: Reader,
    threads: Vec<JoinHandle<()>>,
}

impl Background {
    pub(super) fn new(newest: Newest, reader: Reader) -> Background {
        Background {
            newest,
            lens: Arc::default(),
            reader,
            threads: Vec::new(),
        }
    }

    /// Looks through a lens on a thread of its own.
    pub(super) fn look(
        &mut self,
        generation: u64,
        request: LensRequest,
        puma: Arc<Puma>,
        events: &Events,
    ) {
        let (newest, lens, events) = (self.newest.clone(), Arc::clone(&self.lens), events.clone());
        let reader = self.reader.clone();
        self.spawn("puma-lens", move || {
            // An older wish still holds it; that one ends with its next few pictures.
            let mut lens = lens.lock().unwrap_or_else(PoisonError::into_inner);
            let wanted = || newest.lens.load(Ordering::SeqCst) == generation;
            if !wanted() {
                return;
            }
            let mut told = Instant::now();
            let mut go_on = |done: usize, total: usize| {
                newest.let_pass(&wanted);
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    events.send(Event::Lens(LensNews::Progress {
                        generation,
                        done,
                        total,
                    }));
                }
                wanted()
            };
            let result = match lens.as_mut() {
                Some(lens) if lens.is_of(&puma) => lens.look(&request, &mut go_on),
                _ => Lens::new(puma).and_then(|fresh| {
                    let fresh = lens.insert(fresh.with_reader(reader));
                    fresh.look(&request, &mut go_on)
                }),
            };
            let news = match result {
                Ok(None) => return,
                Ok(Some(answer)) => LensNews::Done {
                    generation,
                    answer: Arc::new(answer),
                },
                Err(error) => LensNews::Failed {
                    generation,
                    reason: error.to_string(),
                },
            };
            events.send(Event::Lens(news));
        });
    }

    /// Draws the map on a thread of its own: the overview at once, the islands when they are laid out.
    pub(super) fn draw_map(
        &mut self,
        generation: u64,
        from_scratch: bool,
        searcher: Searcher,
        events: &Events,
    ) {
        let (newest, events) = (self.newest.clone(), events.clone());
        self.spawn("puma-map", move || {
            let wanted = || newest.map.load(Ordering::SeqCst) == generation;
            if wanted() {
                draw(
                    generation,
                    from_scratch,
                    &searcher,
                    &newest,
                    &wanted,
                    &events,
                );
            }
        });
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) {
        self.threads.retain(|thread| !thread.is_finished());
        match std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
        {
            Ok(thread) => self.threads.push(thread),
            Err(error) => tracing::error!("no thread for {name}: {error}"),
        }
    }

    /// Ends all work and waits for the threads.
    pub(super) fn end(self) {
        self.newest.end_all();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread beside the engine failed");
            }
        }
    }
}

fn draw(
    generation: u64,
    from_scratch: bool,
    searcher: &Searcher,
    newest: &Newest,
    wanted: &(dyn Fn() -> bool + Sync),
    events: &Events,
) {
    let photos = Arc::new(searcher.map_photos());
    let pca = Pca::of(photos.vectors());
    let overview = Arc::new(pca.layout(photos.vectors()));
    events.send(Event::Map(MapNews::Overview {
        generation,
        photos: Arc::clone(&photos),
        layout: overview,
        explained: pca.explained,
    }));
    let file = searcher.map_file();
    let kept = SavedLayout::load(&file).filter(|_| !from_scratch);
    if let Some(layout) = kept.and_then(|kept| kept.layout(&photos)) {
        let layout = Arc::new(layout);
        events.send(Event::Map(MapNews::Islands { generation, layout }));
        return;
    }
    let mut told = Instant::now();
    let mut go_on = |part: f32| {
        newest.let_pass(wanted);
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            events.send(Event::Map(MapNews::Progress { generation, part }));
        }
        wanted()
    };
    let news = match Islands::default().layout(&photos, &mut go_on) {
        Ok(None) => return,
        Ok(Some(layout)) => {
            if let Err(error) = SavedLayout::new(&photos, &layout).save(&file) {
                // It is laid out again at the next start, that is all.
                tracing::warn!("{}: {error}", file.display());
            }
            let layout = Arc::new(layout);
            MapNews::Islands { generation, layout }
        }
        Err(error) => MapNews::Failed {
            generation,
            reason: error.to_string(),
        },
    };
    events.send(Event::Map(news));
}
