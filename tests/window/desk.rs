use super::{key, patiently};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConfigureWindowAux,
    ConnectionExt as _, EventMask, ImageFormat, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    MOTION_NOTIFY_EVENT, MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// Size of the screen in pixels.
pub const SCREEN_PX: (u16, u16) = (1400, 900);

/// An X server of our own, and what a person in front of it would do and see.
pub struct Desk {
    server: Child,
    /// Its name, such as `:101`.
    pub display: String,
    connection: RustConnection,
    root: Window,
    /// `keysyms[keycode - first]`: what a key gives alone, and with Shift.
    keysyms: Vec<[u32; 2]>,
    first_keycode: u8,
}

impl Desk {
    /// Starts the server on a free display; `None`, and a line that says so, where Xvfb is missing.
    pub fn start() -> Option<Desk> {
        let screen = format!("{}x{}x24", SCREEN_PX.0, SCREEN_PX.1);
        let started = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
            .args(["-screen", "0", &screen])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut server = match started {
            Ok(server) => server,
            Err(error) => {
                eprintln!("skipped: there is no Xvfb ({error}); Debian has it in the package xvfb");
                return None;
            }
        };
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut number)
            .unwrap();
        let display = format!(":{}", number.trim());
        let (connection, screen) =
            patiently(|| x11rb::connect(Some(&display)).ok()).expect("Xvfb answers");
        let root = connection.setup().roots[screen].root;
        let (first, last) = (
            connection.setup().min_keycode,
            connection.setup().max_keycode,
        );
        let mapping = connection
            .get_keyboard_mapping(first, last - first + 1)
            .unwrap()
            .reply()
            .unwrap();
        let keysyms = mapping
            .keysyms
            .chunks(usize::from(mapping.keysyms_per_keycode))
            .map(|of_key| [of_key[0], of_key.get(1).copied().unwrap_or(0)])
            .collect();
        // Wishes to a window manager come to the root window.
        let listen = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        connection
            .change_window_attributes(root, &listen)
            .unwrap()
            .check()
            .unwrap();
        Some(Desk {
            server,
            display,
            connection,
            root,
            keysyms,
            first_keycode: first,
        })
    }

    /// All visible windows that have a title, with it.
    pub fn windows(&self) -> Vec<(Window, String)> {
        let tree = self.connection.query_tree(self.root).unwrap().reply();
        let mut found = Vec::new();
        for window in tree.unwrap().children {
            let facts = self.connection.get_window_attributes(window).unwrap();
            if facts
                .reply()
                .is_ok_and(|facts| facts.map_state == MapState::VIEWABLE)
                && let Some(title) = self.title(window)
            {
                found.push((window, title));
            }
        }
        found
    }

    /// The title of a window, if it has one.
    pub fn title(&self, window: Window) -> Option<String> {
        let name = self.atom("_NET_WM_NAME");
        let property = self
            .connection
            .get_property(false, window, name, AtomEnum::ANY, 0, 1024)
            .unwrap()
            .reply()
            .ok()?;
        (!property.value.is_empty()).then(|| String::from_utf8_lossy(&property.value).into_owned())
    }

    /// Hands the keyboard to a window, as a window manager would.
    pub fn focus(&self, window: Window) {
        self.connection
            .set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)
            .unwrap()
            .check()
            .unwrap();
    }

    /// Presses one key while others are held.
    pub fn press(&self, held: &[u32], keysym: u32) {
        for &holding in held {
            self.fake(KEY_PRESS_EVENT, self.keycode(holding).0);
        }
        let (code, shifted) = self.keycode(keysym);
        let shift = self.keycode(key::SHIFT).0;
        if shifted {
            self.fake(KEY_PRESS_EVENT, shift);
        }
        self.fake(KEY_PRESS_EVENT, code);
        self.fake(KEY_RELEASE_EVENT, code);
        if shifted {
            self.fake(KEY_RELEASE_EVENT, shift);
        }
        for &holding in held.iter().rev() {
            self.fake(KEY_RELEASE_EVENT, self.keycode(holding).0);
        }
    }

    /// Types a line of printable ASCII.
    pub fn write(&self, text: &str) {
        for letter in text.chars() {
            assert!(letter.is_ascii_graphic(), "{text} cannot be typed");
            self.press(&[], u32::from(letter));
        }
    }

    /// What is to be seen: four bytes a pixel, blue first.
    pub fn screenshot(&self) -> Vec<u8> {
        self.area(0, 0, SCREEN_PX.0, SCREEN_PX.1)
    }

    /// What is to be seen of a part of the screen, which costs less.
    pub fn area(&self, left: i16, top: i16, width: u16, height: u16) -> Vec<u8> {
        self.connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                self.root,
                left,
                top,
                width,
                height,
                !0,
            )
            .unwrap()
            .reply()
            .unwrap()
            .data
    }

    /// Keeps what is to be seen, for whoever looks why a test failed.
    pub fn keep_screenshot(&self) -> std::path::PathBuf {
        let (width, height) = (u32::from(SCREEN_PX.0), u32::from(SCREEN_PX.1));
        let pixels = self.screenshot();
        let rgb = pixels
            .chunks(4)
            .flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]);
        let image = image::RgbImage::from_raw(width, height, rgb.collect()).unwrap();
        let name = format!("screen{}.png", self.display.replace(':', "-"));
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        image.save(&file).unwrap();
        file
    }

    /// Whether a wish came to bring a window to the front since the last look.
    pub fn wished_to_front(&self, window: Window) -> bool {
        let activate = self.atom("_NET_ACTIVE_WINDOW");
        let mut wished = false;
        while let Some(event) = self.connection.poll_for_event().unwrap() {
            if let Event::ClientMessage(message) = event {
                wished |= message.type_ == activate && message.window == window;
            }
        }
        wished
    }

    /// Makes a window so wide and high, as a hand on its corner does.
    pub fn resize(&self, window: Window, (width, height): (u32, u32)) {
        let size = ConfigureWindowAux::new().width(width).height(height);
        let asked = self.connection.configure_window(window, &size).unwrap();
        asked.check().unwrap();
    }

    /// Width and height of a window.
    pub fn size(&self, window: Window) -> (u32, u32) {
        let place = self.connection.get_geometry(window).unwrap().reply();
        place.map_or((0, 0), |place| (place.width.into(), place.height.into()))
    }

    /// Asks a window to close, as the cross in its corner does.
    pub fn close(&self, window: Window) {
        let data = [self.atom("WM_DELETE_WINDOW"), 0, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, self.atom("WM_PROTOCOLS"), data);
        self.connection
            .send_event(false, window, EventMask::NO_EVENT, message)
            .unwrap()
            .check()
            .unwrap();
    }

    fn atom(&self, name: &str) -> Atom {
        let asked = self.connection.intern_atom(false, name.as_bytes()).unwrap();
        asked.reply().unwrap().atom
    }

    /// The key that gives `keysym`, and whether Shift has to be held.
    fn keycode(&self, keysym: u32) -> (u8, bool) {
        let with = |shift: usize| {
            self.keysyms
                .iter()
                .position(|of_key| of_key[shift] == keysym)
        };
        let (place, shifted) = match (with(0), with(1)) {
            (Some(place), _) => (place, false),
            (None, Some(place)) => (place, true),
            (None, None) => panic!("no key gives keysym {keysym:#x}"),
        };
        (self.first_keycode + u8::try_from(place).unwrap(), shifted)
    }

    fn fake(&self, kind: u8, detail: u8) {
        self.connection
            .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, 0, 0, 0)
            .unwrap()
            .check()
            .unwrap();
    }
}

/// Moves the pointer.
pub fn point(connection: &RustConnection, root: Window, x: i16, y: i16) {
    connection
        .xtest_fake_input(MOTION_NOTIFY_EVENT, 0, x11rb::CURRENT_TIME, root, x, y, 0)
        .unwrap()
        .check()
        .unwrap();
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
