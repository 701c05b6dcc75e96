//! Progress of a run: lines as steps begin and end, and on a terminal a spinner for each that is running.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hzscript::event::Event;
use hzscript::model::{Address, Formed};
use hzscript::plan::{Action, Counts};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::escape;
use super::palette::Palette;
use super::plan::{colored, sign};

/// How often spinners turn.
const TICK: Duration = Duration::from_millis(120);

/// The repetition of a call from which on it is told.
const WORTH_TELLING: u32 = 2;

/// What is known of the run, from its events.
#[derive(Debug)]
pub struct Progress {
    bars: Option<Bars>,
    palette: Palette,
    verbose: bool,
    executing: bool,
    retries: HashMap<Address, u32>,
    missing: BTreeMap<Address, Address>,
    missed: BTreeMap<Address, Address>,
}

/// What stands at the bottom of the terminal.
#[derive(Debug)]
struct Bars {
    multi: MultiProgress,
    total: Option<ProgressBar>,
    running: HashMap<Address, (ProgressBar, String)>,
}

impl Progress {
    /// Progress shown by bars, or without any.
    pub fn new(multi: Option<MultiProgress>, palette: Palette, verbose: bool) -> Self {
        let bars = multi.map(|multi| Bars { multi, total: None, running: HashMap::new() });
        Self {
            bars,
            palette,
            verbose,
            executing: false,
            retries: HashMap::new(),
            missing: BTreeMap::new(),
            missed: BTreeMap::new(),
        }
    }

    /// Whether steps are being executed.
    pub fn is_executing(&self) -> bool {
        self.executing
    }

    /// What each step that was not begun would have needed.
    pub fn missing(&self) -> &BTreeMap<Address, Address> {
        &self.missing
    }

    /// What each step would have needed that was not begun before the run was rolled back.
    pub fn missed(&self) -> &BTreeMap<Address, Address> {
        // It may not have come to that.
        if self.missed.is_empty() { &self.missing } else { &self.missed }
    }

    /// Takes an event in; the answer is what to print.
    pub fn receive(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Executing { .. } => self.executing = true,
            Event::Executed { .. } => self.end(),
            Event::RollingBack { .. } => self.missed = std::mem::take(&mut self.missing),
            Event::StepSkipped { address, because, .. } => {
                self.missing.insert(address.clone(), because.clone());
            }
            Event::StepRetrying { address, .. } => {
                let retries = self.retries.entry(address.clone()).or_default();
                *retries += 1;
                if *retries < WORTH_TELLING && !self.verbose {
                    return None;
                }
            }
            _ => {}
        }
        let shown = self.bars.as_mut().is_some_and(|bars| bars.show(event, self.palette));
        if shown { None } else { told(event, self.palette) }
    }

    /// Takes the bars away.
    pub fn end(&mut self) {
        self.executing = false;
        if let Some(bars) = &mut self.bars {
            bars.running.drain().for_each(|(_, (bar, _))| bar.finish_and_clear());
            if let Some(total) = bars.total.take() {
                total.finish_and_clear();
            }
        }
    }
}

impl Bars {
    /// Shows the event at the bottom; whether that is enough.
    fn show(&mut self, event: &Event, palette: Palette) -> bool {
        match event {
            Event::Executing { steps } => {
                let total = self.multi.add(ProgressBar::new(*steps as u64).with_style(total_style(palette)));
                total.enable_steady_tick(TICK);
                self.total = Some(total);
                true
            }
            Event::StepStarted { address, action } => {
                let bar = ProgressBar::new_spinner().with_style(step_style(palette));
                let bar = match &self.total {
                    Some(total) => self.multi.insert_before(total, bar),
                    None => self.multi.add(bar),
                };
                let head = format!("{address} {}", doing(*action));
                bar.set_message(head.clone());
                bar.enable_steady_tick(TICK);
                self.running.insert(address.clone(), (bar, head));
                true
            }
            Event::StepWaiting { address, summary } => match self.running.get(address) {
                Some((bar, head)) => {
                    bar.set_message(format!("{head}: {}", escape::line(summary)));
                    true
                }
                None => false,
            },
            Event::StepDone { address, .. } | Event::StepFailed { address, .. } => {
                if let Some((bar, _)) = self.running.remove(address) {
                    bar.finish_and_clear();
                }
                self.advance();
                false
            }
            Event::StepSkipped { .. } => {
                self.advance();
                false
            }
            _ => false,
        }
    }

    fn advance(&self) {
        if let Some(total) = &self.total {
            total.inc(1);
        }
    }
}

fn total_style(palette: Palette) -> ProgressStyle {
    let template = if palette.is_colored() {
        "  {bar:24.green/dim} {pos}/{len} steps, {elapsed}"
    } else {
        "  {bar:24} {pos}/{len} steps, {elapsed}"
    };
    style(ProgressStyle::default_bar(), template).progress_chars("━╸─")
}

fn step_style(palette: Palette) -> ProgressStyle {
    let template = if palette.is_colored() {
        "  {spinner:.cyan} {elapsed:>4} {wide_msg}"
    } else {
        "  {spinner} {elapsed:>4} {wide_msg}"
    };
    style(ProgressStyle::default_spinner(), template).tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

/// The style with a template, or as it was should the template be none.
fn style(plain: ProgressStyle, template: &str) -> ProgressStyle {
    plain.clone().template(template).unwrap_or(plain)
}

/// What is printed of an event, if anything.
fn told(event: &Event, palette: Palette) -> Option<String> {
    let signed = |action: Action| colored(action, &format!("{:>3}", sign(action)), palette);
    Some(match event {
        Event::Printed { text, .. } => escape::lines(text),
        Event::Reading { resources: 0 } | Event::Executing { .. } | Event::Executed { .. } => return None,
        Event::Reading { resources } => {
            let what = if *resources == 1 { "resource" } else { "resources" };
            palette.dim(&format!("reading {resources} {what}"))
        }
        Event::WaitingForLock { holder, .. } => {
            palette.yellow(&format!("waiting for the lock of {}", escape::line(holder)))
        }
        Event::RollingBack { serial, counts } => {
            let to = match serial {
                Some(serial) => format!("to serial {serial}"),
                None => "to the empty stack that it began with".to_owned(),
            };
            let Counts { create, update, replace, delete, .. } = counts;
            let what = format!("{create} to create, {update} to update, {replace} to replace, {delete} to delete");
            palette.yellow(&format!("the run failed: rolling back {to}: {what}"))
        }
        Event::Recovered { address, id } => {
            palette.yellow(&format!("found {address} ({}), which an interrupted run had made", escape::line(id)))
        }
        Event::StepStarted { address, action } => format!("{} {address} {}", signed(*action), doing(*action)),
        Event::StepWaiting { address, summary } => palette.dim(&format!("  … {address}: {}", escape::line(summary))),
        Event::StepNews { address, text } => format!("    {address}: {}", escape::line(text)),
        Event::StepFormed { address, formed } => {
            let text = format!("    {address}: {}", escape::line(&formed.to_string()));
            match formed {
                Formed::Together { .. } => palette.green(&text),
                Formed::Skipped { .. } => palette.dim(&text),
                Formed::Unseen { .. } => palette.yellow(&text),
            }
        }
        Event::StepRetrying { address, reason, after } => {
            palette.dim(&format!("    {address}: once more in {}: {}", elapsed(*after), escape::line(reason)))
        }
        Event::StateRetrying { reason, after } => palette.yellow(&format!(
            "  the state cannot be written, once more in {}: {}",
            elapsed(*after),
            escape::line(&reason.replace("file://", ""))
        )),
        Event::StepDone { address, action, id, elapsed: took, settling } => {
            let how = if *settling { "accepted, still settling" } else { done(*action) };
            let id = if id.is_empty() { String::new() } else { format!(" ({})", escape::line(id)) };
            format!("{} {address} {how} in {}{}", palette.green("  ✔"), elapsed(*took), palette.dim(&id))
        }
        Event::StepFailed { address, action, reason, .. } => {
            format!("{} {address} not {}: {}", palette.red("  ✘"), done(*action), escape::line(reason))
        }
        Event::StepSkipped { address, action, because } => {
            palette.dim(&format!("  ○ {address} not {}: it needs {because}", done(*action)))
        }
    })
}

/// What is being done to a resource.
fn doing(action: Action) -> &'static str {
    match action {
        Action::NoOp => "being left alone",
        Action::Settle => "settling",
        Action::Import => "being taken over",
        Action::Create => "creating",
        Action::Update => "updating",
        Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => "replacing",
        Action::Delete => "deleting",
        Action::Forget => "being forgotten",
    }
}

/// What was done to a resource.
pub fn done(action: Action) -> &'static str {
    match action {
        Action::NoOp => "left alone",
        Action::Settle => "settled",
        Action::Import => "taken over",
        Action::Create => "created",
        Action::Update => "updated",
        Action::ReplaceCreateFirst | Action::ReplaceDeleteFirst => "replaced",
        Action::Delete => "deleted",
        Action::Forget => "forgotten",
    }
}

/// A duration as people say it.
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        "ecs_service.members".parse().expect("an address")
    }

    fn lines(events: Vec<Event>, verbose: bool) -> String {
        let mut progress = Progress::new(None, Palette::new(false), verbose);
        events.iter().filter_map(|event| progress.receive(event)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_run_without_a_terminal_is_told_in_lines() {
        let at = address();
        let second: Address = "ecs_service.console".parse().expect("an address");
        let events = vec![
            Event::Reading { resources: 3 },
            Event::Recovered { address: at.clone(), id: "arn:x".to_owned() },
            Event::Executing { steps: 2 },
            Event::StepStarted { address: at.clone(), action: Action::Create },
            Event::StepWaiting { address: at.clone(), summary: "2/3 tasks running".to_owned() },
            Event::StepNews { address: at.clone(), text: "(service members)\u{1b}[2J has started 3 tasks".to_owned() },
            Event::StepDone {
                address: at.clone(),
                action: Action::Create,
                id: "arn:x".to_owned(),
                elapsed: Duration::from_millis(3120),
                settling: false,
            },
            Event::StepFailed {
                address: at.clone(),
                action: Action::Update,
                reason: "no such image".to_owned(),
                help: None,
                call: None,
                source: None,
            },
            Event::StepSkipped { address: second, action: Action::Create, because: at },
            Event::Executed { done: 1, failed: 1, skipped: 1, elapsed: Duration::from_secs(65) },
        ];
        insta::assert_snapshot!(lines(events, false), @r"
        reading 3 resources
        found ecs_service.members (arn:x), which an interrupted run had made
          + ecs_service.members creating
          … ecs_service.members: 2/3 tasks running
            ecs_service.members: (service members)\u{1b}[2J has started 3 tasks
          ✔ ecs_service.members created in 3.1 s (arn:x)
          ✘ ecs_service.members not updated: no such image
          ○ ecs_service.console not created: it needs ecs_service.members
        ");
    }

    #[test]
    fn a_call_that_is_repeated_once_is_told_only_when_asked_for() {
        let retry = || Event::StepRetrying {
            address: address(),
            reason: "iam:PassRole: not there yet".to_owned(),
            after: Duration::from_millis(1500),
        };
        assert_eq!(lines(vec![retry()], false), "");
        let told = "    ecs_service.members: once more in 1.5 s: iam:PassRole: not there yet";
        assert_eq!(lines(vec![retry(), retry()], false), told);
        assert_eq!(lines(vec![retry()], true), told);
    }

    #[test]
    fn durations_are_as_exact_as_they_are_short() {
        let shown = [0.04, 9.96, 59.9, 125.0, 3725.0].map(|seconds| elapsed(Duration::from_secs_f64(seconds)));
        assert_eq!(shown, ["0.0 s", "10.0 s", "59 s", "2 min 5 s", "1 h 2 min"]);
    }
}
