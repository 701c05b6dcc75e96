//! What the state did not know: one line a resource, attributes that AWS tells otherwise below it, and the counts.

use hzscript::plan::refresh::Refresh;

use super::drift;
use super::palette::Palette;

/// All that is to be written down, as lines; without any, only the counts.
pub fn found(refresh: &Refresh, palette: Palette) -> String {
    let mut lines = drift::resources(&refresh.resources, &refresh.unread, palette);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let (gone, known) = (refresh.gone(), refresh.unchanged);
    if refresh.is_none() {
        lines.push(format!("Nothing to refresh: {known} are known as they are."));
    } else {
        let differ = refresh.resources.len() - gone;
        lines.push(format!("Refresh: {differ} known otherwise, {gone} forgotten, {known} as known."));
        lines.push(
            "Before the arrow is what the state knows, after it what AWS tells. AWS is not changed; a run makes what is gone \
             anew while the script declares it."
                .to_owned(),
        );
    }
    if !refresh.drifted.is_empty() {
        let (count, are) = (refresh.drifted.len(), if refresh.drifted.len() == 1 { "is" } else { "are" });
        lines.push(format!(
            "{count} {are} not as the last run asked for, which a refresh leaves so: `hzscript drift` shows how, a run puts it \
             right."
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use hzscript::model::Value;
    use hzscript::plan::Difference;
    use hzscript::plan::drift::Drifted;

    use super::*;

    #[test]
    fn what_is_written_down_is_shown_and_drift_is_left_to_a_run() {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        let drifted = |address: &str, differences: Vec<Difference>| Drifted {
            address: address.parse().expect("an address"),
            kind: "AWS::EC2::EIP".to_owned(),
            id: "id-1".to_owned(),
            gone: differences.is_empty(),
            differences,
        };
        let path = "publicIp".to_owned();
        let difference = Difference { path, before: text("192.0.2.1"), after: text("192.0.2.2"), replaces: false };
        let mut refresh = Refresh {
            resources: vec![drifted("ec2_eip.nat", vec![difference]), drifted("iam_role.task", Vec::new())],
            unchanged: 3,
            drifted: vec!["ecs_service.app".parse().expect("an address")],
            unread: Vec::new(),
        };
        insta::assert_snapshot!(found(&refresh, Palette::new(false)), @r"
          ~ ec2_eip.nat    id-1
                publicIp: 192.0.2.1 → 192.0.2.2
          - iam_role.task  id-1
                it is no longer there

        Refresh: 1 known otherwise, 1 forgotten, 3 as known.
        Before the arrow is what the state knows, after it what AWS tells. AWS is not changed; a run makes what is gone anew while the script declares it.
        1 is not as the last run asked for, which a refresh leaves so: `hzscript drift` shows how, a run puts it right.
        ");
        refresh.resources.clear();
        refresh.drifted.clear();
        insta::assert_snapshot!(found(&refresh, Palette::new(false)), @"Nothing to refresh: 3 are known as they are.");
    }
}
