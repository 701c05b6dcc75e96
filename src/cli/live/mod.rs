//! The commands about what runs, over [`hzscript::live`]: one file a command, and what they have in common: [`place`]
//! finds the cluster and its services, [`change`] asks before something is changed and waits until it is done, [`show`]
//! has the words.

mod change;
pub mod enter;
pub mod events;
pub mod logs;
pub mod members;
mod place;
mod show;
pub mod status;
pub mod tasks;
pub mod top;
pub mod trace;

pub use change::{redeploy, scale, stop};
