//! What people read, `README.md` and `.github/docs`: what it tells them to type works as it stands.
//!
//! [`page`] reads the pages, [`section`] hands out their blocks, [`checkout`] is where those are run. A block of a
//! language that [`pages`] does not run for all of them at once belongs to the test that opens its section.

mod aws;
mod checkout;
mod ci;
mod devices;
mod first_steps;
mod page;
mod pages;
mod policies;
mod programs;
mod scripts;
mod section;
mod service;
mod transcript;
mod troubleshooting;

pub(crate) use checkout::Checkout;
pub(crate) use section::Section;
