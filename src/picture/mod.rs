//! Pictures: the resources of a stack with what needs what ([`Graph`]), its network with who may talk to whom
//! ([`Network`]), and a plan as a page for those who review it ([`page`]).
//!
//! Both are made from whatever declares resources ([`Subject`]: a program, a plan, a state), and drawn as a
//! [`draw::Diagram`]: SVG, PNG, mermaid, Graphviz's language; a [`html`] page to look around in; a [`tree`](tree()) for a terminal.
//! No I/O; the same inputs give the same bytes. No secret is in any of them.

pub mod draw;
mod graph;
pub mod html;
mod network;
pub mod page;
mod plain;
mod subject;
mod tree;

pub use draw::{Diagram, Mark};
pub use graph::{Graph, Member, graph_of};
pub use network::{Network, network_of};
pub use subject::Subject;
pub use tree::{outline, tree};
