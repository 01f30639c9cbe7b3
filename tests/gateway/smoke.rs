//! One query across departments.

use super::world::World;

#[tokio::test]
async fn districts_with_what_others_know_of_them() {
    let world = World::start("").await;
    let answer = world
        .ask("{ districts { lgdCode name } connectors { name state } }")
        .await;
    println!("{answer:#}");
    let answer = world
        .ask("{ districts { name dggi { composite rank weakest { indicator { name } } } serviceBacklog { pastPsga service { name umang { name } } } } }")
        .await;
    println!("{answer:#}");
}
