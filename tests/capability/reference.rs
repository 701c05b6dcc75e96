//! The reference: every entry has an example, which plans as it stands there; and `hzscript docs` shows all of it.

use hzscript::kinds;
use hzscript::reference::{Entry, Found, Reference, Section};

use crate::support::{Stack, World};

/// What some examples look up.
const SHARED: &str = r#"network(#{ name: "shared", natGateways: 0 });"#;

#[tokio::test(start_paused = true)]
async fn every_entry_has_an_example_that_plans() {
    let stack = Stack::new().await;
    stack.beside("before").runs(SHARED).await;
    let mut wrong = Vec::new();
    for entry in Reference::new().entries() {
        let name = &entry.heading.name;
        let Some(example) = &entry.example else {
            wrong.push(format!("{name} has no example"));
            continue;
        };
        if entry.heading.summary.is_empty() {
            wrong.push(format!("{name} has no summary"));
        }
        if !example.contains(name.as_str()) {
            wrong.push(format!("the example of {name} does not have it"));
        }
        let program = stack.program(example).await;
        let declares = program.resources.iter().any(|resource| resource.address.kind().as_str() == name);
        if entry.heading.section == Section::Builder && !declares {
            wrong.push(format!("the example of {name} declares none"));
        }
        let planned = stack.engine.look().await.expect("begun").plan(&program).await;
        // Of a kind without code it is known that planning refuses it, and nothing else in its example.
        let refused = entry.heading.type_name.as_deref().is_some_and(|kind| kinds::by_type(kind).is_none());
        match planned {
            Ok(plan) if plan.is_empty() => wrong.push(format!("the example of {name} does nothing")),
            Err(error) if !refused => wrong.push(format!("the example of {name}: {error:?}")),
            Ok(_) | Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_read_of_a_schema_is_told() {
    let reference = Reference::new();
    let entry = reference.entry("ecs_service").expect("an entry");
    assert_eq!(reference.entry("AWS::ECS::Service").as_ref(), Some(&entry));
    let property = |entry: &Entry, name: &str| {
        entry.properties.iter().find(|one| one.names == [name]).cloned().unwrap_or_else(|| panic!("no {name}"))
    };
    let cluster = property(&entry, "cluster");
    assert!(cluster.replaces && !cluster.required, "{cluster:?}");
    assert!(property(&entry, "launchType").choices.contains(&r#""FARGATE""#.to_owned()));
    assert!(property(&entry, "deploymentController").refused, "its code does not send it");
    let network = property(&reference.entry("ec2_subnet").expect("an entry"), "vpcId");
    assert!(network.required && network.replaces, "{network:?}");
    assert_eq!(network.takes, "an `ec2_vpc`, or its id");
    assert!(entry.attributes.iter().any(|name| name == "serviceArn"));

    let found = |path: &str| reference.find(path);
    match found("ecs_service.networkConfiguration.awsvpcConfiguration.subnets") {
        Ok(Found::Property { path, property, .. }) => {
            assert_eq!(path, "ecs_service.networkConfiguration.awsvpcConfiguration.subnets");
            assert!(property.required, "{property:?}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(found("AWS::ECS::Service.NetworkConfiguration"), Ok(Found::Property { .. })));
    assert!(matches!(found("ecs_service.serviceArn"), Ok(Found::Attribute { .. })));
    assert!(matches!(found("role.add_to_policy"), Ok(Found::Entry(_))));
    let meant = |path: &str| found(path).expect_err("it is nothing").meant;
    assert_eq!(meant("ecs_servic").as_deref(), Some("ecs_service"));
    assert_eq!(meant("AWS::ECS::Servic").as_deref(), Some("AWS::ECS::Service"));
    assert_eq!(meant("ecs_service.desiredcount").as_deref(), Some("ecs_service.desiredCount"));
    assert_eq!(meant("vpc").as_deref(), Some("existing_vpc").filter(|_| false), "several end so");
    assert_eq!(meant("weather"), None);
}

#[test]
fn docs_shows_one_lists_all_and_finds_words() {
    let world = World::new();
    let all = world.hz(&["docs"]).succeeds();
    for heading in Reference::new().headings() {
        assert!(all.stdout.contains(&heading.name), "{}\n{}", heading.name, all.stdout);
    }
    let one = world.hz(&["docs", "hazelcast_cluster"]).succeeds();
    let one = one.told("desiredCount").told("managementCenter").told("Returns").told("Example");
    assert!(one.stdout.lines().all(|line| line.chars().count() <= 110), "{}", one.stdout);
    world.hz(&["docs", "ecs_service.networkConfiguration"]).succeeds().told("awsvpcConfiguration");
    world.hz(&["docs", "AWS::ECS::Service"]).succeeds().told("ecs_service(name, properties, options)");
    world.hz(&["docs", "hazelcast_clustr"]).exits_with(1).told("did you mean `hazelcast_cluster`?");
    world.hz(&["docs", "ecs_service.desiredCont"]).exits_with(1).told("ecs_service.desiredCount");
    world.hz(&["docs", "--search", "NAT gateway"]).succeeds().told("ec2_nat_gateway").told("network");
    world.hz(&["docs", "--search", "zeppelin"]).exits_with(1).told("zeppelin");
}

#[test]
fn docs_are_written_as_markdown_and_as_a_page() {
    let world = World::new();
    world.hz(&["docs", "--html", "--out", "reference.html"]).succeeds().told("written to reference.html");
    let page = std::fs::read_to_string(world.path().join("reference.html")).expect("written");
    let markdown = world.hz(&["docs", "--markdown"]).succeeds().stdout;
    for heading in Reference::new().headings() {
        assert!(page.contains(&format!("<article id=\"{}\">", heading.name)), "{}", heading.name);
        assert!(page.contains(&format!("<a href=\"#{0}\">{0}</a>", heading.name)), "{}", heading.name);
        assert!(markdown.contains(&format!("\n## {}\n", heading.name)), "{}", heading.name);
    }
    assert_eq!(page.matches("<script").count(), 1, "its own and no other");
    assert!(!page.contains("src=") && !page.contains("url("), "nothing is fetched");
    let one = world.hz(&["docs", "ecs_service.networkConfiguration", "--markdown"]).succeeds().stdout;
    assert!(one.starts_with("# ecs_service.networkConfiguration\n"), "{one}");
}
