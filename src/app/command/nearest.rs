//! The closest known word to an unknown one.

use super::table::commands;

pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|near| format!(", did you mean {near}?")).unwrap_or_default()
}

pub(super) fn advice(nearest: Option<&'static str>) -> String {
    match nearest {
        Some(near) => format!("did you mean {near}? (help lists the commands)"),
        None => "help lists the commands".to_owned(),
    }
}

/// What people type who are used to other programs.
const SYNONYMS: [(&str, &str); 4] = [("q", "quit"), ("?", "help"), ("h", "help"), ("ls", "list-jobs")];

/// Operations of AWS's that are no commands here. None of our commands does what they do, however similar its name:
/// update-thing changes a thing, not its group.
const ELSEWHERE: [&str; 15] = [
    "attach-thing-principal",
    "create-dynamic-thing-group",
    "create-thing-type",
    "delete-dynamic-thing-group",
    "delete-thing-type",
    "deprecate-thing-type",
    "describe-thing-group",
    "describe-thing-type",
    "detach-thing-principal",
    "list-thing-groups-for-thing",
    "list-thing-principals",
    "list-thing-types",
    "update-dynamic-thing-group",
    "update-thing-group",
    "update-thing-groups-for-thing",
];

/// The operation of AWS's, not a command here, that has this name.
pub(super) fn elsewhere(word: &str) -> Option<&'static str> {
    ELSEWHERE.into_iter().find(|operation| *operation == word)
}

pub(super) fn nearest_command(word: &str) -> Option<&'static str> {
    let synonym = SYNONYMS.iter().find(|(synonym, _)| *synonym == word).map(|(_, command)| *command);
    let all = || commands().map(|spec| spec.name).chain(ELSEWHERE);
    synonym.or_else(|| nearest(word, all()).filter(|name| elsewhere(name).is_none()))
}

/// The candidate that is most similar to `word`, if it is similar enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 80 {
        return None;
    }
    candidates
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
