//! What the documents show works.

use crate::support::World;

const README: &str = include_str!("../../README.md");

/// The texts of the fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let opening = format!("```{language}");
    let mut found = Vec::new();
    let mut lines = README.lines();
    while lines.by_ref().any(|line| line == opening) {
        found.push(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"));
    }
    found
}

#[test]
fn the_scripts_of_the_readme_run() {
    let scripts = blocks("rhai");
    assert!(!scripts.is_empty());
    for script in scripts {
        let world = World::new();
        let script = world.script("readme.rhai", &script);
        world.hz(&["run", &script, "--yes"]).succeeds();
        world.hz(&["plan", &script, "--detailed-exitcode"]).exits_with(0);
        world.hz(&["destroy", &script, "--yes"]).succeeds();
        assert_eq!(world.exists(), []);
    }
}

#[test]
fn the_settings_of_the_readme_are_read() {
    let settings = blocks("toml");
    assert!(!settings.is_empty());
    for text in settings {
        let settings: Result<hzscript::local::settings::Settings, _> = toml::from_str(&text);
        assert!(settings.is_ok(), "{settings:?}");
    }
}
