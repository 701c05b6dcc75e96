//! Cases of [`super::random_stacks`] that failed once, as it wrote them out.

use super::random_stacks::replay;

#[tokio::test(start_paused = true)]
async fn case_b574ca018624d918() {
    replay(
        r#"{"first":[{"kind":1,"number":0,"mild":1,"hard":1,"named":false,"to":141,"needs":7,"on":1,"renamed":0,"handled":"Plainly"},{"kind":7,"number":0,"mild":1,"hard":1,"named":false,"to":252,"needs":12,"on":0,"renamed":0,"handled":"Plainly"},{"kind":1,"number":1,"mild":1,"hard":1,"named":false,"to":147,"needs":13,"on":1,"renamed":0,"handled":"Plainly"},{"kind":3,"number":1,"mild":1,"hard":0,"named":true,"to":44,"needs":3,"on":0,"renamed":0,"handled":"Plainly"},{"kind":10,"number":2,"mild":2,"hard":1,"named":false,"to":182,"needs":2,"on":0,"renamed":0,"handled":"Plainly"},{"kind":1,"number":0,"mild":2,"hard":1,"named":false,"to":177,"needs":21,"on":0,"renamed":0,"handled":"Retained"},{"kind":4,"number":1,"mild":1,"hard":0,"named":false,"to":126,"needs":3,"on":0,"renamed":0,"handled":"Plainly"}],"first_ends_at":96,"outside":[[35,"Deletes"],[61,"Changes"]],"operation":{"Run":[{"Handle":[99,"Plainly"]},{"Hard":190},{"Add":[40,{"kind":12,"number":1,"mild":1,"hard":0,"named":false,"to":146,"needs":6,"on":1,"renamed":0,"handled":"Plainly"}]}]},"ends_at":null,"faults":[]}"#,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn case_8cb7ce23b0cfd75c() {
    replay(
        r#"{"first":[{"kind":1,"number":0,"mild":1,"hard":0,"named":true,"to":171,"needs":5,"on":0,"renamed":0,"handled":"Plainly"},{"kind":7,"number":1,"mild":0,"hard":1,"named":true,"to":224,"needs":12,"on":1,"renamed":0,"handled":"Plainly"},{"kind":10,"number":0,"mild":1,"hard":0,"named":false,"to":96,"needs":2,"on":1,"renamed":0,"handled":"Ignored"},{"kind":8,"number":1,"mild":0,"hard":0,"named":false,"to":242,"needs":7,"on":0,"renamed":0,"handled":"Plainly"},{"kind":4,"number":1,"mild":1,"hard":0,"named":true,"to":151,"needs":13,"on":1,"renamed":0,"handled":"Plainly"},{"kind":1,"number":0,"mild":0,"hard":1,"named":true,"to":92,"needs":2,"on":0,"renamed":0,"handled":"Plainly"},{"kind":1,"number":1,"mild":1,"hard":0,"named":false,"to":92,"needs":6,"on":0,"renamed":0,"handled":"Plainly"}],"first_ends_at":null,"outside":[],"operation":{"Only":[[{"Hard":36},{"Hard":68},{"Rename":217},{"Hard":249}],130]},"ends_at":null,"faults":["drop=create","seed=47906"]}"#,
    )
    .await;
}
