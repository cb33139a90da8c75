//! Published data sets are read whole or refused with the line.

use nightjar_evaluate::{Published, PublishedFiles, Refused};

fn refused(files: PublishedFiles<'_>) -> (u64, &'static str) {
    match Published::read(files) {
        Err(Refused::BadPublished { line, problem, .. }) => (line, problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_damaged_file_names_line_and_problem() {
    let protected =
        |text: &'static str| PublishedFiles { protected_sleep: Some(text.as_bytes()), ..Default::default() };
    assert_eq!(refused(protected("ward,n,protected\nA,10,5\nB,10,11\n")).0, 3);
    assert_eq!(refused(protected("ward,n,protected\nA,10,five\n")).0, 2);
    assert_eq!(refused(protected("ward,n,protected\nA,10,5\nA,10,5\n")).1, "the same name is there twice");
    assert_eq!(refused(protected("ward,n,protected\n")).1, "no rows");
    assert_eq!(refused(protected("ward,n\nA,10\n")).0, 2);
    assert_eq!(refused(protected("ward,n,protected\nA,-1,0\n")).0, 2);
    let incidents = PublishedFiles {
        incidents: Some(b"category,all_before,all_after,night_before,night_after\nX,1,2,3,1\n"),
        ..Default::default()
    };
    assert_eq!(refused(incidents).1, "more incidents at night than in all");
    let hypnotics = PublishedFiles {
        hypnotics: Some(b"drug,strength_mg,before,after\nX,NaN,3,1\n"),
        ..Default::default()
    };
    assert_eq!(refused(hypnotics).0, 2);
}

#[test]
fn other_columns_and_remarks_are_passed_over() {
    let text = b"# restated\nward,note,n,protected\nA,as printed,10,5\n";
    let read = Published::read(PublishedFiles { protected_sleep: Some(text), ..Default::default() }).unwrap();
    assert_eq!((read.protected_sleep[0].n, read.protected_sleep[0].protected), (10, 5));
}
