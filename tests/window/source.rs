//! Another program from which a file is dragged: it speaks XDND version 5 and nothing else.

use super::desk::{Desk, point};
use super::patiently;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConnectionExt as _,
    CreateWindowAux, EventMask, GrabMode, PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent,
    SelectionRequestEvent, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Names the address that is dragged; set only for the process that drags.
const ADDRESS: &str = "PUMA_TEST_DRAGGED";
/// Where it is dragged to, as `X,Y` on the screen.
const PLACE: &str = "PUMA_TEST_DRAGGED_TO";

/// A drag under way in another process.
pub struct Drag {
    process: Child,
    said: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

impl Drag {
    /// Starts a process that drags `file` over the place; returns once the window there has taken note of it.
    ///
    /// `caller` is the full name of the test that asks: the process runs it, and it begins with [`drags_instead`].
    pub fn over(desk: &Desk, file: &Path, place: (i16, i16), caller: &str) -> Drag {
        let address = format!("file://{}", file.display()).replace(' ', "%20");
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", caller, "--nocapture"])
            .env("DISPLAY", &desk.display)
            .env(ADDRESS, address)
            .env(PLACE, format!("{},{}", place.0, place.1))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut drag = Drag { process, said };
        drag.hear("hovering");
        drag
    }

    /// Lets go of the button; returns when the window said that it has the file.
    pub fn drop_it(mut self) {
        self.process.stdin.take().unwrap().write_all(b"\n").unwrap();
        self.hear("finished");
        assert!(self.process.wait().unwrap().success());
    }

    fn hear(&mut self, word: &str) {
        let mut heard = Vec::new();
        for line in self.said.by_ref().map_while(Result::ok) {
            if line.contains(word) {
                return;
            }
            heard.push(line);
        }
        panic!("the dragging program never said {word}: {heard:#?}");
    }
}

x11rb::atom_manager! {
    Atoms: AtomCookies {
        XdndAware,
        XdndSelection,
        XdndTypeList,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TEXT_URI_LIST: b"text/uri-list",
        TEXT_PLAIN: b"text/plain",
    }
}

/// The body of the process that [`Drag`] starts; says whether this is one.
pub fn drags_instead() -> bool {
    let (Ok(address), Ok(place)) = (std::env::var(ADDRESS), std::env::var(PLACE)) else {
        return false;
    };
    let (x, y) = place.split_once(',').unwrap();
    let source = Source::new(address);
    let target = source.press_and_move(x.parse().unwrap(), y.parse().unwrap());
    source.hover(target, x.parse().unwrap(), y.parse().unwrap());
    eprintln!("hovering");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    source.let_go(target);
    eprintln!("finished");
    true
}

struct Source {
    connection: RustConnection,
    atoms: Atoms,
    root: Window,
    window: Window,
    address: String,
}

impl Source {
    /// A small window at the edge of the screen that owns what is dragged.
    fn new(address: String) -> Source {
        let (connection, screen) = x11rb::connect(None).unwrap();
        let atoms = Atoms::new(&connection).unwrap().reply().unwrap();
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().unwrap();
        let look = CreateWindowAux::new()
            .override_redirect(1)
            .event_mask(EventMask::BUTTON_PRESS);
        connection
            .create_window(
                0,
                window,
                root,
                0,
                0,
                8,
                8,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &look,
            )
            .unwrap();
        connection.map_window(window).unwrap();
        connection
            .set_selection_owner(window, atoms.XdndSelection, x11rb::CURRENT_TIME)
            .unwrap();
        let types = [atoms.TEXT_URI_LIST, atoms.TEXT_PLAIN];
        let replace = PropMode::REPLACE;
        connection
            .change_property32(replace, window, atoms.XdndTypeList, AtomEnum::ATOM, &types)
            .unwrap()
            .check()
            .unwrap();
        Source {
            connection,
            atoms,
            root,
            window,
            address,
        }
    }

    /// Presses the button on the own window, drags to the place, and gives the window there that takes drops.
    fn press_and_move(&self, x: i16, y: i16) -> Window {
        point(&self.connection, self.root, 4, 4);
        self.button(BUTTON_PRESS_EVENT);
        patiently(|| match self.connection.poll_for_event().unwrap() {
            Some(Event::ButtonPress(_)) => Some(()),
            _ => None,
        })
        .expect("the button goes down");
        self.connection
            .grab_pointer(
                true,
                self.window,
                EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION,
                GrabMode::ASYNC,
                GrabMode::ASYNC,
                x11rb::NONE,
                x11rb::NONE,
                x11rb::CURRENT_TIME,
            )
            .unwrap()
            .reply()
            .unwrap();
        for step in 1..=10 {
            point(&self.connection, self.root, x / 10 * step, y / 10 * step);
        }
        point(&self.connection, self.root, x, y);
        let below = self.connection.query_pointer(self.root).unwrap();
        let target = below.reply().unwrap().child;
        let aware = self
            .connection
            .get_property(false, target, self.atoms.XdndAware, AtomEnum::ANY, 0, 1)
            .unwrap()
            .reply()
            .unwrap();
        let version = aware.value32().and_then(|mut versions| versions.next());
        assert_eq!(version, Some(5), "the window below takes no drops");
        target
    }

    /// Tells the window what comes, hands it the address when it asks, and waits until it would take it.
    fn hover(&self, target: Window, x: i16, y: i16) {
        let atoms = &self.atoms;
        self.tell(
            target,
            atoms.XdndEnter,
            [5 << 24, atoms.TEXT_URI_LIST, atoms.TEXT_PLAIN, 0],
        );
        let place = (u32::from(x as u16) << 16) | u32::from(y as u16);
        let now = x11rb::CURRENT_TIME;
        self.tell(
            target,
            atoms.XdndPosition,
            [0, place, now, atoms.XdndActionCopy],
        );
        let (mut accepted, mut handed_over) = (false, false);
        self.listen(|event| {
            match event {
                Event::SelectionRequest(request) => {
                    self.hand_over(request);
                    handed_over = true;
                }
                Event::ClientMessage(message) if message.type_ == atoms.XdndStatus => {
                    accepted = message.data.as_data32()[1] & 1 == 1;
                    assert!(accepted, "the window does not want the file");
                }
                _ => {}
            }
            accepted && handed_over
        });
    }

    /// Lets go of the button and waits until the window has taken the file.
    fn let_go(&self, target: Window) {
        self.button(BUTTON_RELEASE_EVENT);
        self.connection.ungrab_pointer(x11rb::CURRENT_TIME).unwrap();
        self.tell(target, self.atoms.XdndDrop, [0, x11rb::CURRENT_TIME, 0, 0]);
        self.listen(|event| match event {
            Event::SelectionRequest(request) => {
                self.hand_over(request);
                false
            }
            Event::ClientMessage(message) if message.type_ == self.atoms.XdndFinished => {
                assert_eq!(
                    message.data.as_data32()[1] & 1,
                    1,
                    "the window refused the file"
                );
                true
            }
            _ => false,
        });
    }

    fn hand_over(&self, request: &SelectionRequestEvent) {
        let text = format!("{}\r\n", self.address);
        let known = request.target == self.atoms.TEXT_URI_LIST;
        if known {
            let (window, property) = (request.requestor, request.property);
            self.connection
                .change_property8(
                    PropMode::REPLACE,
                    window,
                    property,
                    request.target,
                    text.as_bytes(),
                )
                .unwrap();
        }
        let reply = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: if known { request.property } else { x11rb::NONE },
        };
        self.connection
            .send_event(false, request.requestor, EventMask::NO_EVENT, reply)
            .unwrap()
            .check()
            .unwrap();
    }

    fn tell(&self, target: Window, what: u32, rest: [u32; 4]) {
        let data = [self.window, rest[0], rest[1], rest[2], rest[3]];
        let message = ClientMessageEvent::new(32, target, what, data);
        self.connection
            .send_event(false, target, EventMask::NO_EVENT, message)
            .unwrap()
            .check()
            .unwrap();
    }

    fn listen(&self, mut done: impl FnMut(&Event) -> bool) {
        patiently(|| {
            let event = self.connection.poll_for_event().unwrap()?;
            done(&event).then_some(())
        })
        .expect("the window answers");
    }

    fn button(&self, kind: u8) {
        self.connection
            .xtest_fake_input(kind, 1, x11rb::CURRENT_TIME, self.root, 0, 0, 0)
            .unwrap()
            .check()
            .unwrap();
    }
}
