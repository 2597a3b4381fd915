//! The program's side of one decoding process.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::WORKER_COMMAND;
use super::protocol::{self, Failure, GREETING, News, Order, Pictures};
use crate::photo::PhotoError;

/// How long a process may take to start.
const STARTING: Duration = Duration::from_secs(20);
/// How long a file may take to be read.
const READING: Duration = Duration::from_secs(600);
/// How long a process that was killed may take to end; where a disk holds it up, it is left to the system.
const DYING: Duration = Duration::from_secs(2);
/// Between two looks at whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How much of its last words is looked at.
const MOST_LAST_WORDS: u64 = 4096;

/// A running process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    orders: ChildStdin,
    /// Orders under way, for the thread that reads what the process says.
    expected: Sender<Arc<Order>>,
    heard: Receiver<Heard>,
    last_words: File,
}

/// What was heard of a process.
#[derive(Debug)]
enum Heard {
    Greeting,
    Begun,
    Answer(Result<Pictures, Failure>),
}

/// Why a process is no more.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was killed for taking too long.
    TookTooLong,
    /// It died; how.
    Died(String),
}

impl Process {
    /// Starts `program` as a decoding process and waits for its greeting.
    ///
    /// # Errors
    /// A program that cannot be started, or does not answer as this one would.
    pub(super) fn start(program: &Path, memory_bytes: u64) -> io::Result<Process> {
        let last_words = tempfile::tempfile()?;
        let mut child = Command::new(program)
            .arg(WORKER_COMMAND)
            .arg(memory_bytes.to_string())
            // One thread is enough for one photo, and memory that is only reserved counts against the limit.
            .env("RAYON_NUM_THREADS", "1")
            .env("MIMALLOC_ARENA_RESERVE", "32MiB")
            // Its last line is to say why it gave up.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(last_words.try_clone()?)
            .spawn()?;
        let (Some(orders), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no input and output"));
        };
        let (expected, awaited) = bounded(1);
        let (says, heard) = bounded(2);
        std::thread::Builder::new()
            .name("puma-decoded".to_owned())
            .spawn(move || listen(output, &awaited, &says))?;
        let mut process = Process {
            child,
            orders,
            expected,
            heard,
            last_words,
        };
        match process.heard.recv_timeout(STARTING) {
            Ok(Heard::Greeting) => Ok(process),
            Ok(_) => Err(io::Error::other("it is another program")),
            Err(_) => Err(io::Error::other(process.end())),
        }
    }

    /// Has an order carried out; decoding may take as long as `time`.
    ///
    /// # Errors
    /// The process is no more.
    pub(super) fn ask(
        &mut self,
        order: &Order,
        time: Duration,
    ) -> Result<Result<Pictures, PhotoError>, Ended> {
        if self.expected.send(Arc::new(order.clone())).is_err()
            || protocol::send(&mut self.orders, order).is_err()
        {
            return Err(Ended::Died(self.end()));
        }
        let mut patience = READING;
        loop {
            match self.heard.recv_timeout(patience) {
                Ok(Heard::Answer(answer)) => return Ok(order.answer(answer)),
                Ok(_) => patience = time,
                Err(RecvTimeoutError::Timeout) => {
                    self.end();
                    return Err(Ended::TookTooLong);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Ended::Died(self.end())),
            }
        }
    }

    /// Ends it if it still runs, and tells how it ended.
    fn end(&mut self) -> String {
        // One that has died by itself is not harmed.
        let _ = self.child.kill();
        let since = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status.to_string(),
                Ok(None) if since.elapsed() < DYING => std::thread::sleep(LOOK_EVERY),
                Ok(None) => break "it does not end".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        match self.last_words() {
            Some(words) => format!("{status}, saying \"{words}\""),
            None => status,
        }
    }

    /// The last line that it wrote to stderr: mostly why Rust's runtime gave up, which may add how to learn more.
    fn last_words(&mut self) -> Option<String> {
        let length = self.last_words.seek(SeekFrom::End(0)).ok()?;
        let start = length.saturating_sub(MOST_LAST_WORDS);
        self.last_words.seek(SeekFrom::Start(start)).ok()?;
        let mut words = Vec::new();
        self.last_words.read_to_end(&mut words).ok()?;
        let words = String::from_utf8_lossy(&words);
        let telling = |line: &&str| !line.trim().is_empty() && !line.starts_with("note:");
        let last = words.lines().rfind(telling)?;
        Some(last.trim().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads what a process says until it says nothing more.
fn listen(output: ChildStdout, awaited: &Receiver<Arc<Order>>, says: &Sender<Heard>) {
    let mut output = BufReader::new(output);
    if !matches!(protocol::receive::<String>(&mut output), Ok(word) if word == GREETING)
        || says.send(Heard::Greeting).is_err()
    {
        return;
    }
    for order in awaited {
        if answer(&mut output, &order, says).is_err() {
            return;
        }
    }
}

/// Passes on what a process says to one order.
fn answer(output: &mut impl Read, order: &Order, says: &Sender<Heard>) -> io::Result<()> {
    loop {
        let heard = match protocol::receive(output)? {
            News::Begun => Heard::Begun,
            News::Pictures { main, beside } => {
                let main = protocol::receive_pixels(output, main, order)?;
                let beside = protocol::receive_pixels(output, beside, order)?;
                Heard::Answer(Ok(Pictures { main, beside }))
            }
            News::Failed(failure) => Heard::Answer(Err(failure)),
        };
        let is_last = matches!(heard, Heard::Answer(_));
        says.send(heard).map_err(io::Error::other)?;
        if is_last {
            return Ok(());
        }
    }
}
