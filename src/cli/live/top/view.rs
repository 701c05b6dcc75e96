//! [`View`]: how somebody looks at the scene, and what keys do to that.

use hzscript::live::{Service, Task};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::widgets::TableState;

use super::scene::Scene;

/// A list that the arrows choose in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Panel {
    /// The services.
    #[default]
    Services,
    /// The tasks.
    Tasks,
    /// The log: the arrows go back in it.
    Log,
}

/// By what tasks are sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By service, then by age.
    #[default]
    Service,
    /// By age, the newest first.
    Newest,
    /// By state.
    State,
    /// By zone.
    Zone,
}

impl Order {
    fn next(self) -> Self {
        match self {
            Self::Service => Self::Newest,
            Self::Newest => Self::State,
            Self::State => Self::Zone,
            Self::Zone => Self::Service,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Newest => "newest",
            Self::State => "state",
            Self::Zone => "zone",
        }
    }
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    On,
    /// It ends.
    End,
}

/// How it is looked at.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The list that keys are for.
    pub panel: Panel,
    /// What is chosen among the services.
    pub services: TableState,
    /// What is chosen among the tasks.
    pub tasks: TableState,
    /// How many lines the log is scrolled back.
    pub back: usize,
    /// Whether the log has most of the screen.
    pub large_log: bool,
    /// Only this service is shown.
    pub only: Option<String>,
    /// Only what has this text in it is shown.
    pub filter: String,
    /// Whether that is being typed.
    pub typing: bool,
    /// How tasks are sorted.
    pub order: Order,
    /// Whether keys are told.
    pub help: bool,
    /// Whether the chosen task is shown in full.
    pub detail: bool,
}

impl View {
    /// Whether a text has what is filtered by in it.
    pub fn passes(&self, text: &str) -> bool {
        self.filter.is_empty() || text.to_lowercase().contains(&self.filter.to_lowercase())
    }

    /// Whether what is of a service is shown.
    pub fn of(&self, service: Option<&str>) -> bool {
        self.only.is_none() || self.only.as_deref() == service
    }

    /// The tasks as they are shown.
    pub fn shown_tasks<'a>(&self, scene: &'a Scene) -> Vec<&'a Task> {
        let passes = |task: &&Task| {
            let texts =
                [Some(&task.id), task.service.as_ref(), task.address.as_ref(), task.zone.as_ref(), Some(&task.status)];
            self.of(task.service.as_deref()) && texts.into_iter().flatten().any(|text| self.passes(text))
        };
        let mut tasks: Vec<&Task> = scene.tasks.iter().filter(passes).collect();
        match self.order {
            Order::Service => tasks.sort_by_key(|task| (&task.service, task.created)),
            Order::Newest => tasks.sort_by_key(|task| std::cmp::Reverse(task.created)),
            Order::State => tasks.sort_by_key(|task| (&task.status, &task.service, task.created)),
            Order::Zone => tasks.sort_by_key(|task| (&task.zone, &task.service, task.created)),
        }
        tasks
    }

    /// What a key does.
    pub fn key(&mut self, key: KeyEvent, scene: &Scene) -> Flow {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Flow::End;
        }
        if self.typing {
            match key.code {
                KeyCode::Char(letter) => self.filter.push(letter),
                KeyCode::Backspace => drop(self.filter.pop()),
                KeyCode::Esc => (self.typing, self.filter) = (false, String::new()),
                KeyCode::Enter => self.typing = false,
                _ => {}
            }
            return Flow::On;
        }
        if self.help || self.detail {
            // Any key closes what lies above.
            (self.help, self.detail) = (false, false);
            return if key.code == KeyCode::Char('q') { Flow::End } else { Flow::On };
        }
        match key.code {
            KeyCode::Char('q') => return Flow::End,
            KeyCode::Char('?') | KeyCode::Char('h') => self.help = true,
            KeyCode::Char('l') => self.large_log = !self.large_log,
            KeyCode::Char('s') => self.order = self.order.next(),
            KeyCode::Char('f') | KeyCode::Char('/') => self.typing = true,
            KeyCode::Esc => (self.filter, self.only, self.back) = (String::new(), None, 0),
            KeyCode::Tab => {
                self.panel = match self.panel {
                    Panel::Services => Panel::Tasks,
                    Panel::Tasks => Panel::Log,
                    Panel::Log => Panel::Services,
                };
            }
            KeyCode::BackTab => {
                self.panel = match self.panel {
                    Panel::Services => Panel::Log,
                    Panel::Tasks => Panel::Services,
                    Panel::Log => Panel::Tasks,
                };
            }
            KeyCode::Up | KeyCode::Char('k') => self.step(-1, scene),
            KeyCode::Down | KeyCode::Char('j') => self.step(1, scene),
            KeyCode::PageUp => self.step(-10, scene),
            KeyCode::PageDown => self.step(10, scene),
            KeyCode::Enter => self.enter(scene),
            _ => {}
        }
        Flow::On
    }

    fn step(&mut self, by: isize, scene: &Scene) {
        let moved = |state: &mut TableState, count: usize| {
            let last = count.saturating_sub(1);
            let next = match state.selected() {
                None => 0,
                Some(at) => at.saturating_add_signed(by).min(last),
            };
            state.select((count > 0).then_some(next));
        };
        match self.panel {
            Panel::Services => moved(&mut self.services, scene.services.len()),
            Panel::Tasks => {
                let count = self.shown_tasks(scene).len();
                moved(&mut self.tasks, count);
            }
            Panel::Log => self.back = self.back.saturating_add_signed(-by).min(scene.lines.len()),
        }
    }

    fn enter(&mut self, scene: &Scene) {
        match self.panel {
            Panel::Services => {
                let chosen = self.services.selected().and_then(|at| scene.services.get(at));
                let chosen = chosen.map(|service: &Service| service.name.clone());
                self.only = if self.only == chosen { None } else { chosen };
            }
            Panel::Tasks => self.detail = self.chosen_task(scene).is_some(),
            Panel::Log => {}
        }
    }

    /// The task that is chosen.
    pub fn chosen_task<'a>(&self, scene: &'a Scene) -> Option<&'a Task> {
        self.tasks.selected().and_then(|at| self.shown_tasks(scene).get(at).copied())
    }
}
