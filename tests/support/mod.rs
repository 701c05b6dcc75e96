//! What the tests are written in: [`World`], a folder in which the program is run as a user runs it, and [`Stack`], the
//! engine in process on an embedded AWS in memory, whose clock stands still until everybody waits.

pub mod cases;
pub mod clocked;
pub mod counted;
pub mod failing;
pub mod faults;
pub mod graph;
pub mod interruption;
pub mod inventory;
pub mod moments;
pub mod place;
pub mod random;
pub mod stack;
pub mod ward;
pub mod world;

pub use stack::Stack;
pub use world::World;
