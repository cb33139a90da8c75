//! What is made of an XForm is what is made of the same form as a workbook: its references are paths, its words outputs.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use expect_test::expect;
use nightjar_form::{Attachments, Bounds, Difference, Instrument, Paper, Topic};

const XFORM: &str = r#"<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
  <h:head>
    <h:title>Nights</h:title>
    <model>
      <instance><data id="nights" version="1"><slept/><g><n/></g><why/><total/></data></instance>
      <bind nodeset="/data/slept" type="string" required="true()"/>
      <bind nodeset="/data/g/n" type="int" relevant=" /data/slept = 'badly' " constraint=". &lt; 9"/>
      <bind nodeset="/data/why" type="string" relevant="../g/n > 2 and string-length(../slept) > 0"/>
      <bind nodeset="/data/total" type="int" calculate="/data/g/n + 1"/>
    </model>
  </h:head>
  <h:body>
    <select1 ref="/data/slept"><label>How did you sleep?</label>
      <item><label>Well</label><value>well</value></item>
      <item><label>Badly</label><value>badly</value></item>
    </select1>
    <group ref="/data/g"><label>More</label>
      <input ref="/data/g/n"><label>You slept <output value="/data/slept"/>: how often?</label></input>
    </group>
    <input ref="/data/why"><label>Why?</label></input>
  </h:body>
</h:html>"#;

fn form(xml: &str) -> Instrument {
    Instrument::read("nights.xml", xml.as_bytes(), &Attachments::new())
        .unwrap_or_else(|found| panic!("{found}"))
}

#[test]
fn paper_says_paths_and_outputs_in_words() {
    let page = form(XFORM).paper(&Paper::default());
    assert!(page.contains("You slept [answer to question 1]: how often?"), "{page}");
    let logic: Vec<&str> =
        page.split("<p class=\"logic\">").skip(1).filter_map(|part| part.split("</p>").next()).collect();
    expect![[r#"
        This question needs an answer.
        Answer this only if “How did you sleep?” (question 1) is “Badly”.
        The answer counts if it is less than 9.
        Answer this only if “You slept [answer to question 1]: how often?” (question 2) is more than 2 and “How did you sleep?” (question 1) has an answer."#]].assert_eq(&logic.join("\n"));
}

#[test]
fn fhir_takes_paths_as_questions() {
    let fhir = form(XFORM).fhir();
    let json = serde_json::to_string(&fhir.questionnaire).unwrap();
    assert!(!json.contains("\\u0001"), "no marks of ours in the words");
    expect![[r#"
        n: lost answers within its words: You slept ${/data/slept}: how often?
        total: lost what is computed: /data/g/n + 1"#]]
    .assert_eq(&fhir.losses.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    expect![[r#"
        [{"question":"slept","operator":"=","answerCoding":{"code":"badly"}}
        [{"question":"n","operator":">","answerInteger":2},{"question":"slept","operator":"exists","answerBoolean":true}"#]].assert_eq(
        &json.split("\"enableWhen\":").skip(1).map(|part| part.split("]").next().unwrap()).collect::<Vec<_>>().join("\n"),
    );
}

#[test]
fn advice_and_differences_have_lines_for_places() {
    let old = form(XFORM);
    let advice = old.advice("nights.xml", &Bounds::default());
    let lines: Vec<String> =
        advice.iter().filter(|a| a.topic == Topic::FreeText).map(ToString::to_string).collect();
    expect!["nights.xml, row 21: warning: Free text may say that somebody is in danger, and no plan says who reads it and when. Name one of the study's plans, or ask with choices. A study refuses the form without. [free_text]"].assert_eq(&lines.join("\n"));
    let new = form(&XFORM.replace("/data/g/n + 1", "/data/g/n + 2"));
    let changes: Vec<String> =
        Difference::between(&old, &new).changes.iter().map(ToString::to_string).collect();
    expect!["BREAKS  total: calculation was `/data/g/n + 1`, is `/data/g/n + 2`"]
        .assert_eq(&changes.join("\n"));
}
