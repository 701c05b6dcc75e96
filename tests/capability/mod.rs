mod command_line;
mod contract;
mod documents;
mod executing;
mod first_light;
mod planning;
mod samples;
mod waiting;
