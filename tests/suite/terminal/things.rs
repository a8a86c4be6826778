//! Several things in a session at a terminal.

use super::screen::last_line;
use super::{home, session};

#[test]
fn the_prompt_is_that_of_the_thing_that_is_played() {
    let home = home();
    let mut terminal = session(&home);
    terminal.command("create-job Job1 {}");
    terminal.wait_for("what is pending", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.command("thing Pump2");
    assert_eq!(last_line(&terminal.screen()), "Pump2 (0 pending)>");
    terminal.press("thing My\t");
    terminal.wait_for("the completed name", |screen| last_line(screen) == "Pump2 (0 pending)> thing MyThing");
    terminal.press("\r");
    terminal.wait_for("the first thing", |screen| last_line(screen) == "MyThing (1 pending)>");
    terminal.press("quit\r");
    assert_eq!(terminal.exit_code(), 0);
}
