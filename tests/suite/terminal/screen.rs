//! A person at a terminal: keys go in, a screen comes out.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::termios::LocalFlags;
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::{DEADLINE, connect};

/// Keys that are no characters.
pub(crate) mod key {
    pub(crate) const ENTER: &str = "\r";
    pub(crate) const TAB: &str = "\t";
    pub(crate) const CTRL_C: &str = "\x03";
    pub(crate) const CTRL_D: &str = "\x04";
    pub(crate) const CTRL_R: &str = "\x12";
    pub(crate) const UP: &str = "\x1b[A";
    pub(crate) const RIGHT: &str = "\x1b[C";
}

/// `jobs-sandbox` in a pseudo-terminal of its own, killed and reaped when dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    seen: Arc<Seen>,
    deadline: Instant,
}

struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

const PASTE_ON: &[u8] = b"\x1b[?2004h";

/// How a terminal is set up.
pub(crate) struct Setup<'a> {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) args: &'a [&'a str],
    pub(crate) env: &'a [(&'a str, &'a str)],
    /// A program and its arguments that starts ours.
    pub(crate) under: &'a [String],
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self { columns: 80, rows: 50, args: &[], env: &[], under: &[] }
    }
}

impl Terminal {
    /// A session on the local service, as soon as it prompts; `home` is where it keeps its history.
    pub(crate) fn start(home: &Path, setup: &Setup<'_>) -> Self {
        let terminal = Self::launch(home, setup);
        terminal.wait_for("the first prompt", |screen| last_line(screen) == "MyThing (0 pending)>");
        terminal
    }

    pub(crate) fn launch(home: &Path, setup: &Setup<'_>) -> Self {
        let size = PtySize { rows: setup.rows, cols: setup.columns, ..PtySize::default() };
        let pty = native_pty_system().openpty(size).unwrap();
        let program = env!("CARGO_BIN_EXE_jobs-sandbox");
        let mut words = setup.under.iter().map(String::as_str).chain([program]);
        let mut command = CommandBuilder::new(words.next().expect("there is our program at least"));
        command.args(words);
        command.args(setup.args);
        command.cwd(home);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in
            [("HOME", home.to_str().unwrap()), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8")]
                .iter()
                .chain(setup.env)
        {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        let size = |of| NonZeroU16::new(of).unwrap();
        let parser = vt100::Parser::new(size(setup.rows), size(setup.columns), 0);
        let state = Mutex::new(State { parser, raw: Vec::new(), ended: false });
        let seen = Arc::new(Seen { state, changed: Condvar::new() });
        let output = pty.master.try_clone_reader().unwrap();
        let watching = Arc::clone(&seen);
        thread::spawn(move || watching.watch(output));
        let keys = pty.master.take_writer().unwrap();
        Self { child, keys, master: pty.master, seen, deadline: Instant::now() + DEADLINE }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).unwrap();
    }

    /// Types a command at the prompt and waits for the prompt that follows its output.
    #[track_caller]
    pub(crate) fn command(&mut self, command: &str) {
        let before = prompts(&self.state());
        self.press(command);
        self.press(key::ENTER);
        self.wait("the next prompt", |state| {
            prompts(state) > before && is_prompt(&last_line(&state.parser.screen().contents()))
        });
    }

    /// Waits until the screen is as it should be; returns what is on it then.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        self.wait(what, |state| is_there(&state.parser.screen().contents()));
        self.screen()
    }

    /// Waits until all that was ever written holds this text so often.
    #[track_caller]
    pub(crate) fn wait_for_outputs(&self, text: &str, count: usize) {
        self.wait(&format!("{count} times {text}"), |state| {
            String::from_utf8_lossy(&state.raw).matches(text).count() == count
        });
    }

    #[track_caller]
    fn wait(&self, what: &str, is_there: impl Fn(&State) -> bool) {
        let mut state = self.state();
        while !is_there(&state) {
            let left = self.deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !state.ended, "no {what} on\n{}", state.parser.screen().contents());
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.state().parser.screen().contents()
    }

    /// Everything that was written, escape sequences included.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.state().raw).into_owned()
    }

    /// Waits until the cursor is in this column.
    #[track_caller]
    pub(crate) fn wait_for_column(&self, column: u16) {
        self.wait("cursor in its column", |state| state.parser.screen().cursor_position().1 == column);
    }

    /// The color of the last place on the screen where `text` begins.
    #[track_caller]
    pub(crate) fn color_of(&self, text: &str) -> vt100::Color {
        let state = self.state();
        let screen = state.parser.screen();
        color_on(screen, text).unwrap_or_else(|| panic!("no {text:?} on\n{}", screen.contents()))
    }

    /// Waits until the last place on the screen where `text` begins has this color: a line is drawn anew with each key.
    #[track_caller]
    pub(crate) fn wait_for_color(&self, text: &str, color: vt100::Color) {
        self.wait(&format!("{text:?} in {color:?}"), |state| {
            color_on(state.parser.screen(), text) == Some(color)
        });
    }

    /// Sends a request to the session's own control plane, as another program would.
    pub(crate) fn operator(&self, method: &str, path: &str, body: &str) {
        let address: SocketAddr = {
            let raw = self.raw();
            let after = raw.split_once("http://").expect("the session says where its control plane is").1;
            let address: String =
                after.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
            address.parse().unwrap()
        };
        let mut stream = connect(address);
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        write!(request, "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Creates a job behind the session's back.
    pub(crate) fn create_job(&self, job: &str) {
        let thing = "arn:aws:iot:us-east-1:123456789012:thing/MyThing";
        self.operator(
            "PUT",
            &format!("/jobs/{job}"),
            &format!(r#"{{"targets":["{thing}"],"document":"{{}}"}}"#),
        );
    }

    /// Waits for its end and returns the exit code.
    #[track_caller]
    pub(crate) fn exit_code(&mut self) -> u32 {
        let mut state = self.state();
        while !state.ended {
            let left = self.deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "still running, with\n{}", state.parser.screen().contents());
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
        drop(state);
        self.child.wait().unwrap().exit_code()
    }

    /// Sends the program a signal, as the kernel does where a window is closed.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        nix::sys::signal::kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Whether the terminal shows what is typed by itself, as a shell wants it to.
    pub(crate) fn echoes(&self) -> bool {
        let modes = self.master.get_termios().expect("the modes of the terminal");
        modes.local_flags.bits() & LocalFlags::ECHO.bits() != 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.seen.state.lock().unwrap()
    }
}

impl Seen {
    fn watch(&self, mut output: Box<dyn Read + Send>) {
        let mut bytes = [0; 4096];
        loop {
            // The end of the child shows as an error of the reader.
            let count = output.read(&mut bytes).unwrap_or(0);
            let mut state = self.state.lock().unwrap();
            state.parser.process(&bytes[..count]);
            state.raw.extend_from_slice(&bytes[..count]);
            state.ended = count == 0;
            drop(state);
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last line of a screen that is not empty.
pub(crate) fn last_line(screen: &str) -> String {
    screen.lines().rev().map(str::trim_end).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

/// The color of the last place on the screen where `text` begins, if it is there.
fn color_on(screen: &vt100::Screen, text: &str) -> Option<vt100::Color> {
    let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
    let found = rows.iter().enumerate().rev().find_map(|(row, line)| Some((row, line.find(text)?)));
    let (row, column) = found?;
    let column = rows[row][..column].chars().count();
    let cell = screen.cell(u16::try_from(row).ok()?, u16::try_from(column).ok()?)?;
    Some(cell.fgcolor())
}

/// How often a line has been asked for: each time the editor switches bracketed paste on.
fn prompts(state: &State) -> usize {
    state.raw.windows(PASTE_ON.len()).filter(|bytes| *bytes == PASTE_ON).count()
}

fn is_prompt(line: &str) -> bool {
    ["MyThing", "Pump2"].iter().any(|thing| line.starts_with(thing)) && line.ends_with('>')
}
