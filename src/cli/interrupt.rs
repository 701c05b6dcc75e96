//! [`Interrupt`]: what Ctrl-C and termination do. The first asks the run to end, the second ends the process.

use std::future::Future;

use hzscript::apply::execute::Stop;
use tokio::sync::watch;

use super::exit::Exit;

/// The user asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

/// Listens for Ctrl-C and for termination.
#[derive(Debug, Clone)]
pub struct Interrupt {
    stop: Stop,
    asked: watch::Receiver<bool>,
}

impl Interrupt {
    /// Begins to listen; `first` is called when it is asked for the first time, and `second` before the process ends
    /// because it was asked for again. Needs a running tokio runtime.
    pub fn listen(first: impl Fn() + Send + 'static, second: impl Fn() + Send + 'static) -> Self {
        let stop = Stop::default();
        let (tell, asked) = watch::channel(false);
        let asking = stop.clone();
        tokio::spawn(async move {
            let mut signals = Signals::new();
            signals.next().await;
            asking.ask();
            first();
            // Nobody need be waiting for it.
            let _ = tell.send(true);
            signals.next().await;
            second();
            std::process::exit(Exit::Interrupted.code());
        });
        Self { stop, asked }
    }

    /// One that nobody asks: Ctrl-C is a key there.
    pub fn never() -> Self {
        // The other end is gone, and nothing comes any more.
        Self { stop: Stop::default(), asked: watch::channel(false).1 }
    }

    /// Listens for Ctrl-C as [`Interrupt::listen`] does, until what it answers is dropped.
    pub fn while_working(first: impl Fn() + Send + 'static, second: impl Fn() + Send + 'static) -> (Self, Listening) {
        let stop = Stop::default();
        let (tell, asked) = watch::channel(false);
        let asking = stop.clone();
        let task = tokio::spawn(async move {
            let mut signals = Signals::of_keys();
            signals.next().await;
            asking.ask();
            first();
            // Nobody need be waiting for it.
            let _ = tell.send(true);
            signals.next().await;
            second();
            std::process::exit(Exit::Interrupted.code());
        });
        (Self { stop, asked }, Listening(task))
    }

    /// What a run is asked with.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Whether it was asked.
    pub fn asked(&self) -> bool {
        self.stop.asked()
    }

    /// Runs what may be dropped at any moment: it is, when asked to end.
    ///
    /// # Errors
    /// [`Interrupted`] when it was dropped.
    pub async fn cut<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        let mut asked = self.asked.clone();
        tokio::select! {
            biased;
            Ok(_) = asked.wait_for(|asked| *asked) => Err(Interrupted),
            done = work => Ok(done),
        }
    }
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Listening(tokio::task::JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ctrl-C and requests to terminate. Where they cannot be listened for, there are none.
struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        Self { streams: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    /// Ctrl-C alone.
    fn of_keys() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self { streams: signal(SignalKind::interrupt()).into_iter().collect() }
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let mut came = false;
            for stream in &mut self.streams {
                came |= matches!(stream.poll_recv(context), std::task::Poll::Ready(Some(())));
            }
            if came { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self {}
    }

    fn of_keys() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
