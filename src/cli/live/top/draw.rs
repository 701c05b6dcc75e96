//! Puts the scene on the screen. What is from elsewhere is made harmless first.

use hzscript::live::{LogLine, Service, ServiceEvent, Task};
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Clear, Paragraph, Row, Table, Wrap};

use super::scene::Scene;
use super::view::{Panel, View};
use crate::cli::live::show;
use crate::cli::render::escape;

/// The keys, as they are told.
const KEYS: [(&str, &str); 9] = [
    ("q", "end"),
    ("tab", "the next list"),
    ("up, down", "choose; in the log go back and forth"),
    ("enter", "of a service: only that one; of a task: all of it"),
    ("l", "the log large or small"),
    ("f", "show only what has a text in it"),
    ("s", "sort the tasks otherwise"),
    ("esc", "show everything again"),
    ("?", "these keys"),
];

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, scene: &Scene, view: &mut View, now: Timestamp) {
    let services = u16::try_from(scene.services.len()).unwrap_or(u16::MAX).clamp(1, 6) + 2;
    let [top, services, tasks, events, log, bottom] = if view.large_log {
        Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(services),
            Constraint::Length(0),
            Constraint::Length(0),
            Constraint::Min(3),
            Constraint::Length(1),
        ])
    } else {
        Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(services),
            Constraint::Fill(3),
            Constraint::Fill(2),
            Constraint::Fill(3),
            Constraint::Length(1),
        ])
    }
    .areas(frame.area());
    header(frame, top, scene);
    services_table(frame, services, scene, view, now);
    if tasks.height > 0 {
        tasks_table(frame, tasks, scene, view, now);
    }
    if events.height > 0 {
        events_list(frame, events, scene, view);
    }
    log_lines(frame, log, scene, view);
    footer(frame, bottom, scene, view);
    if view.help {
        help(frame);
    } else if view.detail
        && let Some(task) = view.chosen_task(scene)
    {
        detail(frame, task);
    }
}

/// What is drawn as text, without colours.
pub fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    let row = |cells: &[ratatui::buffer::Cell]| {
        cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    };
    rows.map(row).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

fn safe(text: &str) -> String {
    escape::line(text).into_owned()
}

/// A list's frame, brighter when keys are for it.
fn block(title: String, is_chosen: bool) -> Block<'static> {
    let style = if is_chosen { Style::new().fg(Color::Cyan) } else { dim() };
    Block::new()
        .borders(Borders::TOP)
        .border_style(style)
        .title(Span::styled(title, style.add_modifier(Modifier::BOLD)))
}

fn header(frame: &mut Frame<'_>, area: Rect, scene: &Scene) {
    let at = match scene.at {
        Some(at) => at.strftime("%H:%M:%S UTC").to_string(),
        None => "asking…".to_owned(),
    };
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(14)]).areas(area);
    frame.render_widget(Paragraph::new(Span::styled(safe(&scene.header), bold())), left);
    frame.render_widget(Paragraph::new(Span::styled(at, dim())).right_aligned(), right);
}

fn services_table(frame: &mut Frame<'_>, area: Rect, scene: &Scene, view: &mut View, now: Timestamp) {
    let row = |service: &Service| {
        let style = match service.is_steady() {
            true => Style::new().fg(Color::Green),
            false => Style::new().fg(Color::Yellow),
        };
        let since = service.deployments.first().and_then(|one| one.updated.or(one.created));
        let only = if view.only.as_ref() == Some(&service.name) { "▸ " } else { "" };
        Row::new([
            Cell::new(safe(&format!("{only}{}", service.name))),
            Cell::new(Span::styled(show::tasks(service), style)),
            Cell::new(safe(&service.definition)),
            Cell::new(safe(&show::rollout(service))),
            Cell::new(Span::styled(show::ago(since, now), dim())),
        ])
    };
    let widths =
        [Constraint::Fill(2), Constraint::Length(17), Constraint::Fill(2), Constraint::Fill(3), Constraint::Length(10)];
    let title = match &view.only {
        Some(only) => format!("Services: only {} ", safe(only)),
        None => "Services ".to_owned(),
    };
    let headings = Row::new(["SERVICE", "TASKS", "TASK DEFINITION", "DEPLOYMENT", "CHANGED"]).style(dim());
    let table = Table::new(scene.services.iter().map(row), widths)
        .header(headings)
        .block(block(title, view.panel == Panel::Services))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    frame.render_stateful_widget(table, area, &mut view.services);
}

fn tasks_table(frame: &mut Frame<'_>, area: Rect, scene: &Scene, view: &mut View, now: Timestamp) {
    let tasks = view.shown_tasks(scene);
    let row = |task: &&Task| {
        let style = match (task.is_running(), task.help.is_some()) {
            (true, _) => Style::new().fg(Color::Green),
            (false, true) => Style::new().fg(Color::Red),
            (false, false) => Style::new().fg(Color::Yellow),
        };
        let since = task.stopped.or(task.stopping).or(task.started).or(task.created);
        Row::new([
            Cell::new(show::short(&safe(&task.id))),
            Cell::new(safe(task.service.as_deref().unwrap_or_default())),
            Cell::new(Span::styled(safe(&show::state(task)), style)),
            Cell::new(safe(task.address.as_deref().unwrap_or_default())),
            Cell::new(safe(task.zone.as_deref().unwrap_or_default())),
            Cell::new(Span::styled(show::ago(since, now), dim())),
            Cell::new(safe(task.stopped_reason.as_deref().unwrap_or_default())),
        ])
    };
    let widths = [
        Constraint::Length(12),
        Constraint::Fill(2),
        Constraint::Length(18),
        Constraint::Length(15),
        Constraint::Length(11),
        Constraint::Length(10),
        Constraint::Fill(3),
    ];
    let title = format!("Tasks by {} ", view.order.word());
    let headings = Row::new(["TASK", "SERVICE", "STATE", "ADDRESS", "ZONE", "SINCE", "WHY IT STOPPED"]).style(dim());
    let table = Table::new(tasks.iter().map(row), widths)
        .header(headings)
        .block(block(title, view.panel == Panel::Tasks))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = view.tasks;
    frame.render_stateful_widget(table, area, &mut state);
    view.tasks = state;
}

fn events_list(frame: &mut Frame<'_>, area: Rect, scene: &Scene, view: &View) {
    let shown = |event: &&ServiceEvent| view.of(Some(&event.service)) && view.passes(&event.message);
    let line = |event: &ServiceEvent| {
        let at = event.time.map(|at| at.strftime("%H:%M:%S ").to_string()).unwrap_or_default();
        Line::from(vec![Span::styled(at, dim()), Span::raw(safe(&event.message))])
    };
    let events: Vec<&ServiceEvent> = scene.events.iter().filter(shown).collect();
    let room = usize::from(area.height.saturating_sub(1));
    let lines: Vec<Line<'_>> = events.iter().skip(events.len().saturating_sub(room)).map(|event| line(event)).collect();
    frame.render_widget(Paragraph::new(lines).block(block("Events ".to_owned(), false)), area);
}

fn log_lines(frame: &mut Frame<'_>, area: Rect, scene: &Scene, view: &View) {
    let shown = |line: &&LogLine| view.of(line.service.as_deref()) && view.passes(&line.message);
    let line = |line: &LogLine| {
        let at = line.time.strftime("%H:%M:%S ").to_string();
        let who = format!("{} ", show::short(&safe(&line.task)));
        let text = safe(&show::spaced(line.message.trim_end()));
        Line::from(vec![Span::styled(at, dim()), Span::styled(who, Style::new().fg(Color::Cyan)), Span::raw(text)])
    };
    let lines: Vec<&LogLine> = scene.lines.iter().filter(shown).collect();
    let room = usize::from(area.height.saturating_sub(1));
    let back = view.back.min(lines.len().saturating_sub(room));
    let end = lines.len() - back;
    let from = end.saturating_sub(room);
    let title = match (&scene.log_trouble, back) {
        (Some(trouble), _) => format!("Log: {} ", safe(trouble)),
        (None, 0) => "Log ".to_owned(),
        (None, back) => format!("Log, {back} lines back "),
    };
    let lines: Vec<Line<'_>> = lines[from..end].iter().map(|one| line(one)).collect();
    frame.render_widget(Paragraph::new(lines).block(block(title, view.panel == Panel::Log)), area);
}

fn footer(frame: &mut Frame<'_>, area: Rect, scene: &Scene, view: &View) {
    let text = match (&scene.trouble, view.typing, view.filter.is_empty()) {
        (_, true, _) => {
            Line::from(vec![Span::styled("filter: ", bold()), Span::raw(safe(&view.filter)), Span::raw("▏")])
        }
        (Some(trouble), ..) => Line::styled(safe(trouble), Style::new().fg(Color::Red)),
        (None, false, false) => {
            Line::styled(format!("only what has `{}` in it; esc shows everything", safe(&view.filter)), dim())
        }
        (None, false, true) => Line::styled("q end  tab next  enter choose  l log  f filter  s sort  ? keys", dim()),
    };
    frame.render_widget(Paragraph::new(text), area);
}

/// A box in the middle, above the rest.
fn above(frame: &mut Frame<'_>, title: &str, lines: Vec<Line<'static>>) {
    let area = frame.area();
    let width = area.width.saturating_sub(4).min(90);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let height = wanted.min(area.height.saturating_sub(2));
    let inside = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height.saturating_sub(height)) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, inside);
    let block = Block::bordered().title(title.to_owned()).border_style(Style::new().fg(Color::Cyan));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), inside);
}

fn help(frame: &mut Frame<'_>) {
    let line = |(key, what): (&str, &str)| {
        Line::from(vec![Span::styled(format!("{key:<9} "), bold()), Span::raw(what.to_owned())])
    };
    above(frame, " Keys ", KEYS.map(line).to_vec());
}

fn detail(frame: &mut Frame<'_>, task: &Task) {
    let text =
        |name: &str, value: &str| Line::from(vec![Span::styled(format!("{name:<11} "), dim()), Span::raw(safe(value))]);
    let mut lines = vec![text("state", &show::state(task)), text("definition", &task.definition)];
    let place = [&task.address, &task.zone, &task.subnet, &task.interface];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    lines.push(text("at", &place.join(", ")));
    lines.push(text("started", &show::time(task.started)));
    for container in &task.containers {
        let exit = container.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
        lines.push(text("container", &format!("{} {}{exit} ({})", container.name, container.status, container.image)));
    }
    if let Some(reason) = &task.stopped_reason {
        lines.push(text("stopped", reason));
    }
    if let Some(help) = &task.help {
        lines.push(text("help", help));
    }
    above(frame, &format!(" Task {} ", show::short(&safe(&task.id))), lines);
}
