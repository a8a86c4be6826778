//! A child process, connections to it and pipes; every wait has a deadline.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::iter;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tokio::net::TcpSocket;

/// How long a process may take altogether. Generous: it ends hangs, it measures nothing.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A running program, killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    pid: Pid,
    deadline: Instant,
    stdin: Option<ChildStdin>,
    stdout: Lines,
    stderr: Lines,
    exited: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
}

/// A TCP connection whose every wait has a deadline.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// A port of loopback where connections are refused. It is bound, so that nobody else gets it while this lives,
/// and nobody listens.
pub(crate) fn refusing() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

/// A port of loopback for a program that cannot choose one by itself: nobody else is given it while this lives. Who
/// asks for it by its number and lets it be used again (`SO_REUSEADDR`) gets it, as Linux has it.
pub(crate) fn kept_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}

/// Opens a named pipe for writing, as soon as somebody reads from it.
#[track_caller]
pub(crate) fn open_pipe(path: &Path) -> File {
    let (sender, opened) = channel();
    let pipe = path.to_owned();
    // On a thread, which stays behind where nobody ever reads.
    thread::spawn(move || sender.send(File::options().write(true).open(pipe)));
    let Ok(opened) = opened.recv_timeout(DEADLINE) else { panic!("nobody reads from {}", path.display()) };
    opened.unwrap()
}

/// Whether nothing is left of a process, but perhaps that nobody has waited for it yet.
#[track_caller]
pub(crate) fn is_gone(id: &str) -> bool {
    let id: i32 = id.parse().unwrap();
    let state = if cfg!(target_os = "linux") {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Behind the name of the program, in parentheses.
        stat.rsplit(") ").next().unwrap_or_default().to_owned()
    } else {
        let listed = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap()
    };
    let state = state.trim_start();
    state.is_empty() || state.starts_with('Z')
}

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    /// What had not been read before.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts `command` with all three streams piped.
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self {
            pid: Pid::from_raw(i32::try_from(child.id()).unwrap()),
            deadline: Instant::now() + DEADLINE,
            stdin: child.stdin.take(),
            stdout: Lines::read(child.stdout.take().unwrap()),
            stderr: Lines::read(child.stderr.take().unwrap()),
            exited: reap(child),
            status: None,
            name,
        }
    }

    /// Writes `text` to its standard input.
    #[track_caller]
    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        stdin.write_all(text.as_ref()).and_then(|()| stdin.flush()).unwrap();
    }

    /// Writes all of `bytes` from a thread, so that a child that writes more than it reads cannot block us,
    /// then closes its standard input. A child that stops reading is no error.
    pub(crate) fn feed(&mut self, bytes: Vec<u8>) {
        let mut stdin = self.stdin.take().expect("standard input is open");
        thread::spawn(move || stdin.write_all(&bytes));
    }

    /// Closes its standard input.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Its process id.
    pub(crate) fn id(&self) -> Pid {
        self.pid
    }

    /// Sends it a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        signal::kill(self.pid, signal).unwrap_or_else(|error| panic!("{}: {signal}: {error}", self.name));
    }

    /// The next line of its standard output, without the line feed.
    #[track_caller]
    pub(crate) fn stdout_line(&mut self) -> String {
        self.line_of(|process| &mut process.stdout)
    }

    /// The next line of its standard error, without the line feed.
    #[track_caller]
    pub(crate) fn stderr_line(&mut self) -> String {
        self.line_of(|process| &mut process.stderr)
    }

    /// Reads standard output up to the first line that contains `text`, and returns that line.
    #[track_caller]
    pub(crate) fn stdout_until(&mut self, text: &str) -> String {
        until(text, || self.stdout_line())
    }

    /// Reads standard error up to the first line that contains `text`, and returns that line.
    #[track_caller]
    pub(crate) fn stderr_until(&mut self, text: &str) -> String {
        until(text, || self.stderr_line())
    }

    /// The same, with more time to end.
    pub(crate) fn extended_by(mut self, more: Duration) -> Self {
        self.deadline += more;
        self
    }

    /// Closes its standard input and waits for its end.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> Finished {
        self.close_stdin();
        self.wait()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> Finished {
        let stdout = self.stdout.rest(self.deadline);
        let stderr = self.stderr.rest(self.deadline);
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Ok(status) = self.exited.recv_timeout(left) else {
            panic!("{} did not end in time\nstdout:\n{stdout}\nstderr:\n{stderr}", self.name);
        };
        self.status = Some(status);
        Finished { status, stdout, stderr }
    }

    #[track_caller]
    fn line_of(&mut self, stream: impl Fn(&mut Self) -> &mut Lines) -> String {
        let deadline = self.deadline;
        match stream(self).next(deadline) {
            Ok(line) => line.trim_end_matches(['\r', '\n']).to_owned(),
            Err(why) => {
                let soon = Instant::now() + Duration::from_secs(1);
                let (stdout, stderr) = (self.stdout.rest(soon), self.stderr.rest(soon));
                panic!("{}: no further line: {why}\nstdout:\n{stdout}\nstderr:\n{stderr}", self.name)
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody has waited for it yet, so the pid is still its own or it is being reaped this instant.
        if self.status.is_none() && self.exited.try_recv().is_err() {
            signal::kill(self.pid, Signal::SIGKILL).ok();
            self.exited.recv_timeout(DEADLINE).ok();
        }
    }
}

fn until(text: &str, next_line: impl FnMut() -> String) -> String {
    iter::repeat_with(next_line)
        .find(|line| line.contains(text))
        .expect("there is always a next line, or a panic")
}

/// Waits for `child` on a thread, since the standard library has no wait with a deadline.
fn reap(mut child: Child) -> Receiver<ExitStatus> {
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(child.wait().expect("a child can be waited for")));
    receiver
}

/// One of a child's output streams, read by a thread as fast as it comes.
#[derive(Debug)]
struct Lines(Receiver<String>);

impl Lines {
    fn read(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
                line.clear();
            }
        });
        Self(receiver)
    }

    fn next(&mut self, deadline: Instant) -> Result<String, RecvTimeoutError> {
        self.0.recv_timeout(deadline.saturating_duration_since(Instant::now()))
    }

    /// Everything up to the end of the stream, or to the deadline.
    fn rest(&mut self, deadline: Instant) -> String {
        iter::from_fn(|| self.next(deadline).ok()).collect()
    }
}
