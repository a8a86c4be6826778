//! The program from outside: every test here starts the real binary and speaks to it as its users do,
//! over pipes, TLS and HTTP. One binary for all of them, since each would link the whole program again.
//!
//! A module a subject; what they share is in [`support`].

#![allow(clippy::unwrap_used, reason = "a test may unwrap, and its helpers too")]

mod access_key;
mod aws_clients;
mod bad_input;
mod bursts;
mod client;
mod clock;
mod container;
mod contributing;
mod credentials;
mod crowds;
mod device;
mod device_policies;
mod device_programs;
mod documents;
mod encryption;
mod env_file;
mod examples;
mod expectations;
mod fault_injected;
mod fault_settings;
mod faults;
mod files;
mod fleet;
mod foreign_services;
mod habits;
mod health;
mod hostile_broker;
mod http;
mod https;
mod identity_files;
mod imports;
mod json_schema;
mod kept_identity;
mod kept_state;
mod key_material;
mod kills;
mod launcher;
mod limits;
mod lost_answers;
mod module_pages;
mod network;
mod operator;
mod plain_words;
mod policies;
mod provision;
mod readme;
mod release;
mod reset;
mod resolver;
mod run;
mod script_language;
mod script_model;
mod scripts;
mod serve;
mod smoke;
mod support;
mod terminal;
mod things;
mod topic_order;
mod topics;
mod trace;
mod until;
mod walkthrough;
mod web_pages;
