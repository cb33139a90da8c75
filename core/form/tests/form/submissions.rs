//! Submissions: the answers as OpenRosa servers take them, and the references that name them.

use expect_test::expect;
use nightjar_form::{Instrument, ItemKind, Value};

use crate::fixture::{Act, open};
use crate::xforms::{add, check, session, set};

#[test]
fn attributes_and_other_namespaces_are_written_as_they_came() {
    let mut session = session(
        r#"<instance><data xmlns="http://example.org/night" xmlns:ent="http://example.org/entities" id="night" version="2" odk:x="y">
             <q/><ent:entity dataset="stays" ent:create="1" id=""><ent:label/></ent:entity>
             <orx:meta><orx:instanceID/><orx:instanceName/></orx:meta></data></instance>
           <bind nodeset="/data/ent:entity/@id" type="string"/>
           <bind nodeset="/data/ent:entity/ent:label" calculate="concat('stay of ', /data/q, ' ', /data/@version)"/>
           <bind nodeset="/data/orx:meta/orx:instanceName" calculate="/data/q"/>
           <setvalue event="odk-instance-first-load" ref="/data/ent:entity/@id" value="'e1'"/>"#,
        "<input ref='/data/q'/>",
    );
    set(&mut session, "/data/q", "\"S\" & M");
    let xml = session.submission();
    let id = xml.find("uuid:").unwrap();
    expect![[r#"<data xmlns:odk="http://www.opendatakit.org/xforms" xmlns:ent="http://example.org/entities" xmlns:orx="http://openrosa.org/xforms" xmlns="http://example.org/night" id="night" odk:x="y" version="2"><q>"S" &amp; M</q><ent:entity dataset="stays" ent:create="1" id="e1"><ent:label>stay of "S" &amp; M 2</ent:label></ent:entity><orx:meta><orx:instanceID>UUID</orx:instanceID><orx:instanceName>"S" &amp; M</orx:instanceName></orx:meta></data>"#]]
    .assert_eq(&format!("{}UUID{}", &xml[..id], &xml[id + 41..]));
    assert_eq!(xml, session.submission(), "the same each time");
}

#[test]
fn values_are_written_as_the_field_writes_them() {
    let mut session = session(
        r#"<instance><data id="a"><i>7</i><d>1</d><day>2026-02-03T10:11:12</day><at/><clock>08:30</clock><place>1.5 2.5 0 0</place>
             <scale/><ok/><photo/><calc/><flag/><gone><in>x</in></gone></data></instance>
           <bind nodeset="/data/i" type="xsd:int"/><bind nodeset="/data/d" type="decimal"/><bind nodeset="/data/day" type="date"/>
           <bind nodeset="/data/at" type="dateTime"/><bind nodeset="/data/clock" type="time"/>
           <bind nodeset="/data/place" type="geopoint"/><bind nodeset="/data/scale" type="decimal"/>
           <bind nodeset="/data/calc" type="decimal" calculate="/data/d * 4"/><bind nodeset="/data/flag" calculate="true()"/>
           <bind nodeset="/data/gone" relevant="false()"/>"#,
        r#"<input ref="/data/i"/><input ref="/data/d"/><input ref="/data/day"/><input ref="/data/at"/><input ref="/data/clock"/>
           <input ref="/data/place"/><range ref="/data/scale" start="0" end="10" step="1"/><trigger ref="/data/ok"/>
           <upload ref="/data/photo" mediatype="image/*"/><group ref="/data/gone"><input ref="/data/gone/in"/></group>"#,
    );
    assert_eq!(session.instrument().item_named("photo").unwrap().kind(), ItemKind::Image);
    for (reference, text) in [
        ("/data/at", "2026-07-01T10:00"),
        ("/data/scale", "4"),
        ("/data/ok", "OK"),
        ("/data/photo", "door.jpg"),
    ] {
        set(&mut session, reference, text);
    }
    check(
        &session,
        expect![
            "<i>7</i><d>1.0</d><day>2026-02-03</day><at>2026-07-01T10:00:00.000+01:00</at><clock>08:30:00.000Z</clock><place>1.5 2.5 0 0</place><scale>4.0</scale><ok>OK</ok><photo>door.jpg</photo><calc>4.0</calc><flag>true</flag>"
        ],
    );
}

#[test]
fn a_reference_leads_to_its_path_and_back() {
    let mut session = session(
        "<instance><data id='a'><g><q/></g><h><q/></h><r><g><q/></g><s><q/></s></r></data></instance>",
        "<group ref='/data/g'><input ref='q'/></group><group><input ref='/data/h/q'/></group>
         <repeat nodeset='/data/r'><input ref='g/q'/><repeat nodeset='/data/r/s'><input ref='q'/></repeat></repeat>",
    );
    add(&mut session, "/data/r");
    add(&mut session, "/data/r[2]/s");
    for (reference, path) in [
        ("/data/g/q", "g/q"),
        ("/data/h/q", "h/q"),
        ("/data/r", "r"),
        ("/data/r[2]", "r[2]"),
        ("/data/r[2]/g/q", "r[2]/q"),
        ("/data/r[2]/s", "r[2]/s"),
        ("/data/r[2]/s[1]/q", "r[2]/s[1]/q"),
    ] {
        assert_eq!(session.path_of(reference).as_deref(), Some(path), "{reference}");
        assert_eq!(session.reference_of(path).as_deref(), Some(reference), "{path}");
    }
    assert_eq!(session.path_of("/data/r/g/q").as_deref(), Some("r[1]/q"));
    for nothing in [
        "",
        "data",
        "/data",
        "/data/g",
        "/data/x",
        "/data/r[3]",
        "/data/r[0]",
        "/data/r[x]/g/q",
        "/data/g[2]/q",
    ] {
        assert_eq!(session.path_of(nothing), None, "{nothing}");
    }
}

#[test]
fn a_text_or_an_answer_never_becomes_an_expression() {
    let mut session = session(
        "<instance><data id='a'><n>today()</n><copy/></data></instance><bind nodeset='/data/copy' calculate='/data/n'/>",
        "<input ref='/data/n'><label>1 + 1 &#38; ${n}</label></input>",
    );
    assert_eq!(session.page().questions[0].label, "1 + 1 & ${n}");
    assert_eq!(session.text("copy"), "today()");
    session.say("n", Value::Text("</n><evil/>".to_owned()));
    check(&session, expect!["<n>&lt;/n&gt;&lt;evil/&gt;</n><copy>&lt;/n&gt;&lt;evil/&gt;</copy>"]);
}

#[test]
fn an_identity_is_added_where_the_form_has_none() {
    let written = |instance: &str| {
        let session = session(
            &format!("<instance><data id='a'>{instance}</data></instance>"),
            "<input ref='/data/q'/>",
        );
        let xml = session.submission();
        let id = xml.find("uuid:").unwrap();
        format!("{}…{}", &xml[..id], &xml[id + 41..])
    };
    expect![[r#"<data xmlns:orx="http://openrosa.org/xforms" id="a"><q/><orx:meta><orx:instanceID>…</orx:instanceID></orx:meta></data>"#]]
        .assert_eq(&written("<q/>"));
    expect![[r#"<data id="a"><q/><meta><instanceName/><instanceID>…</instanceID></meta></data>"#]]
        .assert_eq(&written("<q/><meta><instanceName/></meta>"));
    expect![[r#"<data xmlns:orx="http://openrosa.org/xforms" id="a"><orx:meta><orx:instanceID>…</orx:instanceID></orx:meta><q/></data>"#]]
        .assert_eq(&written("<orx:meta><orx:instanceID/></orx:meta><q/>"));
}

#[test]
fn a_response_is_named_in_its_submission_as_the_settings_say() {
    let markdown = "| survey |\n| | type | name | label |\n| | text | ward | Ward? |\n| | integer | night | Night? |\n\
         | settings |\n| | form_id | instance_name |\n| | f | concat(${ward}, ' night ', ${night}) |\n";
    let instrument = Instrument::from_workbook("f.md", markdown.as_bytes()).unwrap();
    let mut session = open(&instrument.into());
    session.type_in("ward", "A & B");
    session.type_in("night", "3");
    let xml = session.submission();
    assert!(
        xml.ends_with("<orx:instanceName>A &amp; B night 3</orx:instanceName></orx:meta></data>"),
        "{xml}"
    );
}
