//! Where a plan has secrets.

use super::{Change, Difference, Plan};
use crate::model::{Secret, Secrets};

impl Secrets for Difference {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.before.visit_secrets(visit);
        self.after.visit_secrets(visit);
    }
}

impl Secrets for Change {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.differences.visit_secrets(visit);
        self.wanted.visit_secrets(visit);
        self.options.replace_on.visit_secrets(visit);
    }
}

impl Secrets for Plan {
    fn visit_secrets(&mut self, visit: &mut dyn FnMut(&mut Secret)) {
        self.changes.visit_secrets(visit);
        self.outputs.visit_secrets(visit);
        self.program.visit_secrets(visit);
    }
}
