//! `hzscript top`: a cluster on the whole screen.
//!
//! [`scene`] is what is shown, [`view`] how somebody looks at it and what keys do to that, [`draw`] puts both on the screen:
//! all of it pure. Here is what goes on beside: asking, following the logs, reading keys. However it ends (q, Ctrl-C,
//! SIGTERM, an error, a panic), the terminal is as it was before.

mod draw;
mod scene;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::StreamExt;
use hzscript::live::{LiveError, LogLine, LogQuery};
use jiff::Timestamp;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::{DefaultTerminal, Terminal};
use tokio::sync::mpsc;

use super::place::Place;
use crate::cli::Tools;
use crate::cli::args::TopArguments;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use scene::{Asked, Scene};
use view::{Flow, View};

/// How far back the log begins.
const SINCE: Duration = Duration::from_secs(600);

/// How often it is looked whether a key was pressed, when none is.
const KEYS: Duration = Duration::from_millis(100);

/// How long to wait before a log that could not be read is read again.
const AGAIN: Duration = Duration::from_secs(5);

/// The size of what `--once` prints, in columns and rows.
const ONCE: (u16, u16) = (120, 40);

/// Shows it until that is ended.
///
/// # Errors
/// When there is no terminal, or nothing can be asked.
pub async fn run(arguments: &TopArguments, tools: &Tools) -> Result<Exit, Error> {
    let usage = |message: &str, help: &str| Error::Usage { message: message.to_owned(), help: Some(help.to_owned()) };
    if arguments.at.output.json {
        return Err(usage("top shows a screen, not JSON", "status, tasks, events, logs and members take --json"));
    }
    let on_terminal = tools.environment.stdout_is_terminal && tools.environment.interactive;
    if !arguments.once && !on_terminal {
        return Err(usage(
            "top needs a terminal, and this is none",
            "--once prints what it would show, once; `hzscript status` and `hzscript logs -f` need no terminal",
        ));
    }
    let place = Arc::new(Place::find(&arguments.at, tools).await?);
    if arguments.once {
        return once(&place, tools).await;
    }
    let failed = |source| Error::Io { what: "use the terminal".to_owned(), source };
    let mut shown = Shown::begin().map_err(failed)?;
    let ended = watch(&place, arguments.interval, &mut shown, tools).await;
    drop(shown);
    ended
}

/// Prints what there is to show.
async fn once(place: &Place, tools: &Tools) -> Result<Exit, Error> {
    let mut scene = Scene::new(place.header());
    let (asked, lines) = tools
        .interrupt
        .cut(async {
            let asked = scene::ask(place).await;
            (asked, place.live.logs(&LogQuery { limit: Some(scene::LINES), ..query(place) }).await)
        })
        .await?;
    scene.take(asked?, Timestamp::now());
    match lines {
        Ok(lines) => lines.into_iter().for_each(|line| scene.line(line)),
        Err(error) => scene.log_trouble = Some(error.to_string()),
    }
    let (width, height) = ONCE;
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = terminal.draw(|frame| draw::draw(frame, &scene, &mut View::default(), Timestamp::now()));
    tools.screen.out(&draw::text(terminal.backend().buffer()));
    Ok(Exit::Success)
}

/// Which lines are shown.
fn query(place: &Place) -> LogQuery {
    LogQuery {
        cluster: place.cluster.clone(),
        service: place.only_service().map(str::to_owned),
        since: Some(Timestamp::now().checked_sub(SINCE).unwrap_or(Timestamp::UNIX_EPOCH)),
        ..LogQuery::default()
    }
}

/// The terminal while it is drawn on.
struct Shown {
    terminal: DefaultTerminal,
    /// Says that keys are no longer read.
    over: Arc<AtomicBool>,
}

impl Shown {
    fn begin() -> std::io::Result<Self> {
        // Also has a panic restore the terminal before it is told.
        let terminal = ratatui::try_init().inspect_err(|_| ratatui::restore())?;
        Ok(Self { terminal, over: Arc::default() })
    }

    /// Reads what is typed, in a thread of its own.
    fn keys(&self) -> mpsc::UnboundedReceiver<Event> {
        let (send, keys) = mpsc::unbounded_channel();
        let over = self.over.clone();
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                match event::poll(KEYS).and_then(|some| if some { event::read().map(Some) } else { Ok(None) }) {
                    Ok(None) => {}
                    Ok(Some(event)) => {
                        if send.send(event).is_err() {
                            break;
                        }
                    }
                    // There is no terminal left.
                    Err(_) => break,
                }
            }
        });
        keys
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        ratatui::restore();
    }
}

/// What comes while it is shown.
enum News {
    Typed(Event),
    Asked(Result<Asked, LiveError>),
    Printed(Result<LogLine, LiveError>),
    /// The terminal has gone.
    Gone,
}

async fn watch(place: &Arc<Place>, interval: Duration, shown: &mut Shown, tools: &Tools) -> Result<Exit, Error> {
    let mut scene = Scene::new(place.header());
    let mut view = View::default();
    let mut keys = shown.keys();
    let (tell, mut asked) = mpsc::channel(1);
    let (print, mut printed) = mpsc::channel(scene::LINES);
    let asking = place.clone();
    let mut work = tokio::task::JoinSet::new();
    work.spawn(async move {
        while tell.send(scene::ask(&asking).await).await.is_ok() {
            tokio::time::sleep(interval).await;
        }
    });
    let following = place.live.follow(LogQuery { limit: Some(scene::LINES), ..query(place) });
    work.spawn(async move {
        let mut following = std::pin::pin!(following);
        while let Some(line) = following.next().await {
            let failed = line.is_err();
            if print.send(line).await.is_err() {
                break;
            }
            if failed {
                tokio::time::sleep(AGAIN).await;
            }
        }
    });
    let failed = |source| Error::Io { what: "draw on the terminal".to_owned(), source };
    loop {
        shown.terminal.draw(|frame| draw::draw(frame, &scene, &mut view, Timestamp::now())).map_err(failed)?;
        let news = tools.interrupt.cut(async {
            tokio::select! {
                typed = keys.recv() => typed.map_or(News::Gone, News::Typed),
                Some(answer) = asked.recv() => News::Asked(answer),
                Some(line) = printed.recv() => News::Printed(line),
            }
        });
        match news.await {
            Err(_) | Ok(News::Gone) => return Ok(Exit::Success),
            Ok(News::Typed(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                if view.key(key, &scene) == Flow::End {
                    return Ok(Exit::Success);
                }
            }
            // What is drawn next has the new size.
            Ok(News::Typed(_)) => {}
            Ok(News::Asked(Ok(asked))) => scene.take(asked, Timestamp::now()),
            // What was seen before stays.
            Ok(News::Asked(Err(error))) => scene.trouble = Some(error.to_string()),
            Ok(News::Printed(Ok(line))) => {
                scene.line(line);
                // Those that are there already are drawn together.
                while let Ok(Ok(line)) = printed.try_recv() {
                    scene.line(line);
                }
            }
            Ok(News::Printed(Err(error))) => scene.log_trouble = Some(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
