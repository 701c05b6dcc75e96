//! What is drawn, and what keys do to it.

use hzscript::live::{Container, Deployment, LogLine, Service, ServiceEvent, Task};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::draw;
use super::scene::{Asked, LINES, Scene};
use super::view::{Flow, View};

fn at(text: &str) -> Timestamp {
    format!("2026-11-24T{text}Z").parse().expect("a time")
}

fn now() -> Timestamp {
    at("12:00:00")
}

fn service(name: &str, running: u32) -> Service {
    let deployment = Deployment {
        id: "ecs-svc/1".to_owned(),
        status: "PRIMARY".to_owned(),
        definition: format!("{name}:2"),
        desired: 3,
        running,
        pending: 3 - running,
        failed: 0,
        rollout: Some(if running == 3 { "COMPLETED" } else { "IN_PROGRESS" }.to_owned()),
        reason: None,
        created: Some(at("11:58:00")),
        updated: Some(at("11:58:00")),
    };
    let event = ServiceEvent {
        id: format!("{name}-1"),
        service: name.to_owned(),
        time: Some(at("11:58:01")),
        message: format!("(service {name}) has started 3 tasks.\u{1b}[2J"),
    };
    Service {
        name: name.to_owned(),
        arn: String::new(),
        cluster: "main".to_owned(),
        status: "ACTIVE".to_owned(),
        desired: 3,
        running,
        pending: 3 - running,
        definition: format!("{name}:2"),
        launch_type: None,
        created: None,
        deployments: vec![deployment],
        events: vec![event],
        subnets: Vec::new(),
        security_groups: Vec::new(),
        registries: Vec::new(),
        target_groups: Vec::new(),
        exec: false,
    }
}

fn task(id: &str, service: &str, status: &str, stopped: Option<&str>) -> Task {
    let container = Container {
        name: "member".to_owned(),
        image: "hazelcast/hazelcast:5.5.10".to_owned(),
        status: status.to_owned(),
        exit_code: stopped.map(|_| 1),
        reason: None,
        health: "UNKNOWN".to_owned(),
        runtime_id: None,
        exec_agent: None,
    };
    Task {
        id: id.repeat(16),
        arn: String::new(),
        cluster: "main".to_owned(),
        service: Some(service.to_owned()),
        definition: format!("{service}:2"),
        status: status.to_owned(),
        desired_status: if stopped.is_some() { "STOPPED" } else { "RUNNING" }.to_owned(),
        health: "UNKNOWN".to_owned(),
        launch_type: None,
        capacity_provider: None,
        zone: Some("eu-west-1a".to_owned()),
        address: Some("10.0.1.5".to_owned()),
        interface: None,
        subnet: None,
        cpu: None,
        memory: None,
        started_by: None,
        exec: false,
        created: Some(at("11:58:02")),
        connected: None,
        pull_started: None,
        pull_stopped: None,
        started: Some(at("11:59:00")),
        stopping: None,
        execution_stopped: None,
        stopped: stopped.map(at),
        stop_code: None,
        stopped_reason: stopped.map(|_| "Essential container in task exited; member: exit code 1".to_owned()),
        help: stopped.map(|_| "the program ended: the container's log says why".to_owned()),
        containers: vec![container],
    }
}

fn line(number: usize, message: &str) -> LogLine {
    LogLine {
        id: number.to_string(),
        time: at("11:59:30"),
        group: "/ecs/members".to_owned(),
        stream: "hz/member/a1".to_owned(),
        service: Some("members".to_owned()),
        container: "member".to_owned(),
        task: "a1".repeat(16),
        message: message.to_owned(),
    }
}

fn scene() -> Scene {
    let mut scene = Scene::new("local: the embedded AWS, cluster main".to_owned());
    let services = vec![service("console", 3), service("members", 2)];
    let tasks = vec![
        task("a1", "members", "RUNNING", None),
        task("b2", "members", "STOPPED", Some("11:59:50")),
        task("c3", "members", "STOPPED", Some("11:30:00")),
        task("d4", "console", "PENDING", None),
    ];
    scene.take(Asked { services, tasks }, now());
    scene.line(line(1, "Members {size:2, ver:2} [\n"));
    scene.line(line(2, "\tMember [10.0.1.5]:5701 - \u{7}x this"));
    scene
}

fn drawn(scene: &Scene, view: &mut View, size: (u16, u16)) -> String {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(size.0, size.1));
    let Ok(_) = terminal.draw(|frame| draw::draw(frame, scene, view, now()));
    draw::text(terminal.backend().buffer())
}

fn typed(view: &mut View, scene: &Scene, keys: &[KeyCode]) -> Flow {
    keys.iter().map(|&code| view.key(KeyEvent::new(code, KeyModifiers::NONE), scene)).last().expect("a key")
}

#[test]
fn everything_is_on_the_screen_and_does_no_harm() {
    insta::assert_snapshot!(drawn(&scene(), &mut View::default(), (110, 22)), @r"
    local: the embedded AWS, cluster main                                                             12:00:00 UTC
    Services ─────────────────────────────────────────────────────────────────────────────────────────────────────
    SERVICE                 TASKS             TASK DEFINITION        DEPLOYMENT                         CHANGED
    console                 3/3               console:2              completed                          2 min ago
    members                 2/3 (1 pending)   members:2              in progress                        2 min ago
    Tasks by service ─────────────────────────────────────────────────────────────────────────────────────────────
    TASK         SERVICE         STATE              ADDRESS         ZONE        SINCE      WHY IT STOPPED
    d4d4d4d4d4d4 console         PENDING            10.0.1.5        eu-west-1a  1 min ago
    a1a1a1a1a1a1 members         RUNNING            10.0.1.5        eu-west-1a  1 min ago
    b2b2b2b2b2b2 members         STOPPED            10.0.1.5        eu-west-1a  10 s ago   Essential container in

    Events ───────────────────────────────────────────────────────────────────────────────────────────────────────
    11:58:01 (service console) has started 3 tasks.\u{1b}[2J
    11:58:01 (service members) has started 3 tasks.\u{1b}[2J

    Log ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    11:59:30 a1a1a1a1a1a1 Members {size:2, ver:2} [
    11:59:30 a1a1a1a1a1a1     Member [10.0.1.5]:5701 - \u{7}x this



    q end  tab next  enter choose  l log  f filter  s sort  ? keys
    ");
}

#[test]
fn a_service_is_chosen_and_its_task_shown_in_full() {
    let (scene, mut view) = (scene(), View::default());
    typed(
        &mut view,
        &scene,
        &[KeyCode::Down, KeyCode::Down, KeyCode::Enter, KeyCode::Tab, KeyCode::Down, KeyCode::Down],
    );
    assert_eq!(view.only.as_deref(), Some("members"));
    assert!(!drawn(&scene, &mut view, (110, 22)).contains("d4d4"), "the other service's tasks are left out");
    assert_eq!(typed(&mut view, &scene, &[KeyCode::Enter]), Flow::On);
    insta::assert_snapshot!(drawn(&scene, &mut view, (110, 22)), @r"
    local: the embedded AWS, cluster main                                                             12:00:00 UTC
    Services: only members ───────────────────────────────────────────────────────────────────────────────────────
    SERVICE                 TASKS             TASK DEFINITION        DEPLOYMENT                         CHANGED
    console                 3/3               console:2              completed                          2 min ago
    ▸ members               2/3 (1 pending)   members:2              in progress                        2 min ago
    Tasks by service ─────────────────────────────────────────────────────────────────────────────────────────────
    TASK      ┌ Task b2b2b2b2b2b2 ─────────────────────────────────────────────────────────────────────┐D
    a1a1a1a1a1│state       STOPPED                                                                     │
    b2b2b2b2b2│definition  members:2                                                                   │tainer in
              │at          10.0.1.5, eu-west-1a                                                        │
              │started     2026-11-24 11:59:00Z                                                        │
    Events ───│container   member STOPPED, exit code 1 (hazelcast/hazelcast:5.5.10)                    │──────────
    11:58:01 (│stopped     Essential container in task exited; member: exit code 1                     │
              │help        the program ended: the container's log says why                             │
              └────────────────────────────────────────────────────────────────────────────────────────┘
    Log ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    11:59:30 a1a1a1a1a1a1 Members {size:2, ver:2} [
    11:59:30 a1a1a1a1a1a1     Member [10.0.1.5]:5701 - \u{7}x this



    q end  tab next  enter choose  l log  f filter  s sort  ? keys
    ");
    typed(&mut view, &scene, &[KeyCode::Esc, KeyCode::Esc]);
    assert_eq!((view.detail, view.only), (false, None));
}

#[test]
fn what_is_typed_filters_and_a_letter_of_it_ends_nothing() {
    let (scene, mut view) = (scene(), View::default());
    let keys: Vec<KeyCode> = "fqx thi".chars().map(KeyCode::Char).collect();
    assert_eq!(typed(&mut view, &scene, &keys), Flow::On);
    assert_eq!(view.filter, "qx thi");
    typed(
        &mut view,
        &scene,
        &[KeyCode::Esc, KeyCode::Char('f'), KeyCode::Char('x'), KeyCode::Char(' '), KeyCode::Char('T'), KeyCode::Enter],
    );
    let text = drawn(&scene, &mut view, (110, 22));
    assert!(
        text.contains("Member [10.0.1.5]") && !text.contains("Members {size:2") && !text.contains("a1a1a1a1a1a1 m"),
        "{text}"
    );
    assert!(text.contains("only what has `x T` in it"), "{text}");
    let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!((view.key(control, &scene), typed(&mut view, &scene, &[KeyCode::Char('q')])), (Flow::End, Flow::End));
}

#[test]
fn tasks_are_sorted_and_old_ones_forgotten() {
    let (scene, mut view) = (scene(), View::default());
    let ids = |view: &View| view.shown_tasks(&scene).iter().map(|task| task.id[..2].to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&view), ["d4", "a1", "b2"]);
    typed(&mut view, &scene, &[KeyCode::Char('s'), KeyCode::Char('s')]);
    assert_eq!(ids(&view), ["d4", "a1", "b2"], "PENDING, RUNNING, STOPPED");
    assert!(drawn(&scene, &mut view, (110, 22)).contains("Tasks by state"));
}

#[test]
fn the_log_is_kept_up_to_a_size_and_gone_back_in() {
    let (mut scene, mut view) = (scene(), View::default());
    (0..LINES + 5).for_each(|number| scene.line(line(number, &format!("line {number}."))));
    assert_eq!(scene.lines.len(), LINES);
    typed(&mut view, &scene, &[KeyCode::Char('l'), KeyCode::BackTab, KeyCode::PageUp]);
    let text = drawn(&scene, &mut view, (110, 22));
    assert!(text.contains("Log, 10 lines back") && text.contains("line 494.") && !text.contains("line 495."), "{text}");
    assert!(!text.contains("Tasks by"), "the log is large");
}

#[test]
fn any_size_can_be_drawn_on() {
    let mut scene = scene();
    scene.trouble = Some("ecs:DescribeServices: no answer".to_owned());
    for width in [0, 1, 2, 5, 20, 300] {
        for height in [0, 1, 2, 3, 7, 60] {
            for (help, detail) in [(false, false), (true, false), (false, true)] {
                let mut view = View { help, detail, ..View::default() };
                view.tasks.select(Some(7));
                drawn(&scene, &mut view, (width, height));
            }
        }
    }
}
