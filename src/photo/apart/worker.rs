//! The other side: the process that decodes.

use std::io::{self, BufWriter, Write};

use crossbeam_channel::{Sender, bounded};

use super::protocol::{self, GREETING, News, Order, Pictures};

/// Decodes what is asked for on stdin and answers on stdout until stdin is closed, with at most so many bytes of address
/// space.
///
/// # Errors
/// Answers that cannot be written.
pub fn serve(memory_bytes: u64) -> io::Result<()> {
    limit_memory(memory_bytes);
    // Decoders' panics are caught and told in the answer.
    std::panic::set_hook(Box::new(|_| ()));
    let (sender, orders) = bounded(1);
    std::thread::spawn(move || listen(&sender));
    let mut out = BufWriter::new(io::stdout().lock());
    protocol::send(&mut out, &GREETING)?;
    for order in orders {
        carry_out(&order, &mut out)?;
    }
    Ok(())
}

/// Takes orders, also while one is carried out: when the program is gone, so is this process, whatever it is doing.
fn listen(orders: &Sender<Order>) {
    let mut input = io::stdin().lock();
    while let Ok(order) = protocol::receive(&mut input) {
        if orders.send(order).is_err() {
            break;
        }
    }
    std::process::exit(0);
}

fn carry_out(order: &Order, out: &mut impl Write) -> io::Result<()> {
    let mut told = Ok(());
    let result = order.carry_out(|| told = protocol::send(out, &News::Begun));
    told?;
    match result {
        Ok(Pictures { main, beside }) => {
            let news = News::Pictures {
                main: main.dimensions(),
                beside: beside.dimensions(),
            };
            protocol::send(out, &news)?;
            out.write_all(&main)?;
            out.write_all(&beside)?;
            out.flush()
        }
        Err(error) => protocol::send(out, &News::Failed(error.into())),
    }
}

#[cfg(unix)]
fn limit_memory(bytes: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    if let Err(error) = setrlimit(Resource::As, limit) {
        tracing::warn!("the memory of this process cannot be limited: {error}");
    }
}

#[cfg(not(unix))]
fn limit_memory(_: u64) {}
