//! What the window has to say: dismissable cards, never in the way of work.

/// How a message is meant, which decides its colour and whether it leaves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Good to know; leaves after some seconds.
    Info,
    /// Something went wrong; stays until it is dismissed.
    Error,
}

/// One card.
#[derive(Clone, Debug)]
pub struct Message {
    /// Unique among all messages of this run.
    pub id: u64,
    /// How it is meant.
    pub kind: Kind,
    /// Whole sentences, with the way out where there is one.
    pub text: String,
    /// egui's clock in seconds when it appeared.
    pub since_s: f64,
}

/// The cards that are shown now, oldest first.
#[derive(Default)]
pub struct Messages {
    shown: Vec<Message>,
    next_id: u64,
}

/// How long an [`Kind::Info`] card stays, in seconds.
const INFO_STAYS_S: f64 = 8.0;
/// More cards than this push the oldest out.
const MOST_SHOWN: usize = 4;

impl Messages {
    /// Shows a card, unless the same text is already shown.
    pub fn add(&mut self, kind: Kind, text: impl Into<String>, now_s: f64) {
        let text = text.into();
        if self.shown.iter().any(|message| message.text == text) {
            return;
        }
        self.next_id += 1;
        self.shown.push(Message {
            id: self.next_id,
            kind,
            text,
            since_s: now_s,
        });
        if self.shown.len() > MOST_SHOWN {
            self.shown.remove(0);
        }
    }

    /// Takes one card away.
    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|message| message.id != id);
    }

    /// Takes away what has been read by now; gives the seconds until the next one leaves.
    pub fn expire(&mut self, now_s: f64) -> Option<f64> {
        self.shown
            .retain(|message| message.kind != Kind::Info || now_s - message.since_s < INFO_STAYS_S);
        self.shown
            .iter()
            .filter(|message| message.kind == Kind::Info)
            .map(|message| INFO_STAYS_S - (now_s - message.since_s))
            .reduce(f64::min)
    }

    /// The cards, oldest first.
    pub fn shown(&self) -> &[Message] {
        &self.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infos_leave_and_errors_stay() {
        let mut messages = Messages::default();
        messages.add(Kind::Info, "Copied.", 0.0);
        messages.add(Kind::Error, "No such file.", 0.0);
        messages.add(Kind::Error, "No such file.", 1.0);
        assert_eq!(messages.shown().len(), 2);
        assert!(messages.expire(7.5).is_some_and(|left| left < 1.0));
        assert!(messages.expire(9.0).is_none());
        assert_eq!(messages.shown().len(), 1);
        let id = messages.shown()[0].id;
        messages.dismiss(id);
        assert!(messages.shown().is_empty());
    }
}
