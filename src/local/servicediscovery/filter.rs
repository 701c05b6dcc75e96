//! The filters of Cloud Map's lists.

use jiff::Timestamp;

use super::super::members::Members;
use super::super::service::Fault;

/// A filter: what it is about, and the values it lets through.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) name: &'a str,
    pub(super) values: Vec<&'a str>,
    condition: &'a str,
}

impl<'a> Filter<'a> {
    /// Those of a call, which can be about `names`.
    ///
    /// # Errors
    /// When one is about something else or has no value.
    pub(super) fn read(members: &Members<'a>, names: &[&str]) -> Result<Vec<Self>, Fault> {
        let mut filters = Vec::new();
        for filter in members.structures("Filters")? {
            filter.required("Name")?;
            let name = filter.one_of("Name", names)?.unwrap_or_default();
            let values = filter.texts("Values")?;
            let condition = filter.one_of("Condition", &["EQ", "IN", "BETWEEN", "BEGINS_WITH"])?.unwrap_or("EQ");
            let fits = match condition {
                "IN" => !values.is_empty(),
                "BETWEEN" => values.len() == 2,
                _ => values.len() == 1,
            };
            if !fits || (condition == "BETWEEN") != (name == "UPDATE_DATE") {
                return Err(filter.refuse(format!("The values of the filter {name} do not fit its condition.")));
            }
            filters.push(Self { name, values, condition });
        }
        Ok(filters)
    }

    /// Whether it lets a value through.
    pub(super) fn admits(&self, value: &str) -> bool {
        match self.condition {
            "BEGINS_WITH" => self.values.iter().any(|start| value.starts_with(start)),
            _ => self.values.contains(&value),
        }
    }

    /// Whether a time is between its two values, which are seconds since 1970.
    pub(super) fn spans(&self, time: Timestamp) -> bool {
        let bounds: Vec<f64> = self.values.iter().filter_map(|value| value.parse().ok()).collect();
        let time = super::seconds(time);
        matches!(bounds[..], [from, to] if from <= time && time <= to)
    }
}
