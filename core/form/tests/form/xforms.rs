//! XForms: the same questions as an XLSForm asks, and what only an XForm can say.

#![allow(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::sync::Arc;

use expect_test::{Expect, expect};
use nightjar_form::{Attachments, Entry, Instrument, Language, Session};

use crate::fixture::{Act, now, open, workbook};

const SPACES: &str = r#"xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms" xmlns:orx="http://openrosa.org/xforms""#;

/// A form of what stands in its model and in its body.
pub(crate) fn xform(model: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<h:html {SPACES}>\n<h:head><h:title>Night</h:title>\n<model>{model}</model></h:head>\n\
         <h:body>{body}</h:body></h:html>"
    )
}

pub(crate) fn read(xml: &str) -> Result<Arc<Instrument>, String> {
    Instrument::read("night.xml", xml.as_bytes(), &Attachments::new())
        .map(Arc::new)
        .map_err(|found| found.to_string())
}

pub(crate) fn form(model: &str, body: &str) -> Arc<Instrument> {
    read(&xform(model, body)).unwrap_or_else(|found| panic!("{found}"))
}

pub(crate) fn session(model: &str, body: &str) -> Session {
    open(&form(model, body))
}

/// The submission without what is the same in all of them.
fn submitted(session: &Session) -> String {
    let xml = session.submission();
    let start = xml.find("<orx:meta>").unwrap_or(xml.len() - "</data>".len());
    xml[xml.find('>').unwrap() + 1..start].to_owned()
}

pub(crate) fn check(session: &Session, expect: Expect) {
    expect.assert_eq(&submitted(session));
}

/// Says something by its XML reference, as a text.
pub(crate) fn set(session: &mut Session, reference: &str, text: &str) {
    let path = session.path_of(reference).unwrap_or_else(|| panic!("nothing at {reference}"));
    let value = session.item_of(&path).unwrap().read(text).unwrap();
    session.act(Entry::Answer { path, value });
}

pub(crate) fn add(session: &mut Session, reference: &str) {
    let path = session.path_of(reference).unwrap();
    session.act(Entry::AddRepeat { path });
}

#[test]
fn an_xlsform_and_the_xform_that_says_the_same_agree() {
    let workbook = workbook(&[
        (
            "survey",
            "| type | name | label | hint | relevant | constraint | constraint_message | required | calculation | default |
             | start | start | | | | | | | | |
             | select_one slept | slept | How did you sleep, ${nick}? | | | | | yes | | |
             | text | nick | What shall we call you? | Any name. | | | | | | Sam |
             | begin_group | bad | A bad night | | ${slept} = 'badly' | | | | | |
             | integer | woke | How often did you wake? | | | . < 20 | Fewer than 20. | | | |
             | end_group | | | | | | | | | |
             | begin_repeat | noise | Noise | | | | | | | |
             | text | what | What was it? | | | | | | | |
             | decimal | loud | How loud? | | | | | | | |
             | end_repeat | | | | | | | | | |
             | calculate | sum | | | | | | | sum(${loud}) + coalesce(${woke}, 0) | |
             | note | thanks | Thank you: ${sum} | | | | | | | |",
        ),
        ("choices", "| list_name | name | label |\n| slept | well | Well |\n| slept | badly | Badly |"),
        ("settings", "| form_id | version | form_title |\n| night | 3 | Night |"),
    ]);
    let sheet = Arc::new(Instrument::from_workbook("night.xlsx", &workbook).unwrap());
    let xml = form(
        r#"<instance><data id="night" version="3"><start/><slept/><nick>Sam</nick><bad><woke/></bad>
          <noise jr:template=""><what/><loud/></noise><noise><what/><loud/></noise><sum/><thanks/></data></instance>
        <instance id="slept"><root><item><name>well</name><label>Well</label></item>
          <item><name>badly</name><label>Badly</label></item></root></instance>
        <bind nodeset="/data/start" type="dateTime" jr:preload="timestamp" jr:preloadParams="start"/>
        <bind nodeset="/data/slept" type="string" required="true()"/>
        <bind nodeset="/data/nick" type="string"/>
        <bind nodeset="/data/bad" relevant=" /data/slept  = 'badly'"/>
        <bind nodeset="/data/bad/woke" type="int" constraint=". &lt; 20" jr:constraintMsg="Fewer than 20."/>
        <bind nodeset="/data/noise/loud" type="decimal"/>
        <bind nodeset="/data/sum" type="string" calculate="sum( /data/noise/loud ) + coalesce( /data/bad/woke , 0)"/>
        <bind nodeset="/data/thanks" type="string" readonly="true()"/>"#,
        r#"<select1 ref="/data/slept"><label>How did you sleep, <output value=" /data/nick "/>?</label>
          <itemset nodeset="instance('slept')/root/item"><value ref="name"/><label ref="label"/></itemset></select1>
        <input ref="/data/nick"><label>What shall we call you?</label><hint>Any name.</hint></input>
        <group ref="/data/bad"><label>A bad night</label>
          <input ref="/data/bad/woke"><label>How often did you wake?</label></input></group>
        <group ref="/data/noise"><label>Noise</label><repeat nodeset="/data/noise">
          <input ref="/data/noise/what"><label>What was it?</label></input>
          <input ref="/data/noise/loud"><label>How loud?</label></input></repeat></group>
        <input ref="/data/thanks"><label>Thank you: <output value=" /data/sum "/></label></input>"#,
    );
    let described = |form: &Instrument| {
        let language = form.default_language();
        let items = form.items().iter().map(|item| {
            let codes: Vec<_> = item.choices().iter().map(|c| (c.code(), c.label(language))).collect();
            format!(
                "{} {} {:?} {:?} {codes:?}",
                item.path(),
                item.kind(),
                item.label(language),
                item.hint(language)
            )
        });
        items.collect::<Vec<_>>()
    };
    assert_eq!(described(&sheet), described(&xml));
    assert_eq!((sheet.form_id(), sheet.version()), (xml.form_id(), xml.version()));
    assert_eq!(sheet.title(sheet.default_language()), xml.title(xml.default_language()));

    let run = |form: &Arc<Instrument>| {
        let mut session = open(form);
        let mut seen = Vec::new();
        session.one("slept", "badly");
        session.type_in("bad/woke".rsplit('/').next().unwrap(), "25");
        seen.push(format!("{:?}", session.problems()));
        session.type_in("woke", "2");
        session.type_in("noise[1]/what", "a <door>");
        session.type_in("noise[1]/loud", "1.5");
        session.act(Entry::AddRepeat { path: "noise".to_owned() });
        session.type_in("noise[2]/loud", "2");
        session.act(Entry::GoTo("slept".to_owned()));
        while !session.page().check {
            let page = session.page();
            let labels: Vec<_> = page.questions.iter().map(|q| q.label.clone()).collect();
            seen.push(format!("{} {:?} {labels:?}", session.display(), page.heading));
            session.next();
        }
        let answers = session.finish().unwrap();
        (seen, answers, submitted(&session))
    };
    let (from_sheet, from_xml) = (run(&sheet), run(&xml));
    assert_eq!(from_sheet.0, from_xml.0);
    assert_eq!(from_sheet.1, from_xml.1, "the same keys, the same values");
    assert_eq!(from_sheet.2, from_xml.2);
    expect![[r#"<start>2026-01-15T02:30:00.000Z</start><slept>badly</slept><nick>Sam</nick><bad><woke>2</woke></bad><noise><what>a &lt;door&gt;</what><loud>1.5</loud></noise><noise><what/><loud>2.0</loud></noise><sum>5.5</sum><thanks/>"#]].assert_eq(&from_xml.2);
}

#[test]
fn pages_follow_the_body_and_the_submission_the_instance() {
    let mut session = session(
        "<instance><data id='a'><one/><two/><three/><g><four/><five/></g></data></instance>",
        "<input ref='/data/three'/>
         <group appearance='field-list'><label>Together</label><input ref='/data/two'/><input ref='/data/g/five'/></group>
         <group><label>Alone</label><input ref='/data/one'/></group>",
    );
    let mut seen = Vec::new();
    while !session.page().check {
        seen.push(format!("{}: {}", session.page().heading, session.display()));
        session.next();
    }
    expect![[r#"
        : three
        Together: two five
        Alone: one"#]]
    .assert_eq(&seen.join("\n"));
    set(&mut session, "/data/one", "1");
    set(&mut session, "/data/g/five", "5");
    check(&session, expect!["<one>1</one><two/><three/><g><four/><five>5</five></g>"]);
}

#[test]
fn repeats_begin_as_the_instance_has_them() {
    let mut session = session(
        "<instance><data id='a'><r><q>a</q></r><r><q>b</q></r>
           <t jr:template=''><q>new</q></t>
           <n><m><q>1</q></m><m><q>2</q></m></n><n/>
           <fixed><q>x</q></fixed><fixed/></data></instance>",
        "<repeat nodeset='/data/r'><input ref='q'/></repeat><repeat nodeset='/data/t'><input ref='q'/></repeat>
         <repeat nodeset='/data/n'><repeat nodeset='/data/n/m'><input ref='q'/></repeat></repeat>
         <repeat nodeset='/data/fixed' jr:noAddRemove='true()'><input ref='q'/></repeat>",
    );
    check(
        &session,
        expect![
            "<r><q>a</q></r><r><q>b</q></r><n><m><q>1</q></m><m><q>2</q></m></n><n/><fixed><q>x</q></fixed><fixed><q/></fixed>"
        ],
    );
    add(&mut session, "/data/t");
    add(&mut session, "/data/r");
    assert!(session.apply(&Entry::AddRepeat { path: "fixed".to_owned() }, &now()).is_err());
    session.act(Entry::RemoveRepeat { path: "r[1]".to_owned() });
    check(
        &session,
        expect![
            "<r><q>b</q></r><r><q>a</q></r><t><q>new</q></t><n><m><q>1</q></m><m><q>2</q></m></n><n/><fixed><q>x</q></fixed><fixed><q/></fixed>"
        ],
    );
}

#[test]
fn a_new_entry_brings_the_inner_entries_of_its_template_and_no_others() {
    let mut session = session(
        "<instance><data id='a'>
           <r jr:template=''><i jr:template=''><q>t</q></i><i><q>u</q></i></r><r><i><q>v</q></i></r>
           <s jr:template=''><i jr:template=''><q/></i></s><s><i><q/></i></s>
           <t><i><q>w</q></i></t></data></instance>",
        "<repeat nodeset='/data/r'><repeat nodeset='/data/r/i'><input ref='q'/></repeat></repeat>
         <repeat nodeset='/data/s'><repeat nodeset='/data/s/i'><input ref='q'/></repeat></repeat>
         <repeat nodeset='/data/t'><repeat nodeset='/data/t/i'><input ref='q'/></repeat></repeat>",
    );
    check(&session, expect!["<r><i><q>v</q></i></r><s><i><q/></i></s><t><i><q>w</q></i></t>"]);
    for repeat in ["/data/r", "/data/r[2]/i", "/data/s", "/data/t"] {
        add(&mut session, repeat);
    }
    check(
        &session,
        expect![
            "<r><i><q>v</q></i></r><r><i><q>u</q></i><i><q>t</q></i></r><s><i><q/></i></s><s/><t><i><q>w</q></i></t><t/>"
        ],
    );
}

#[test]
fn a_repeat_may_ask_for_one_more_by_what_is_in_it() {
    let mut session = session(
        "<instance><data id='a'><there/><wanted/><r><more/></r></data></instance>
         <bind nodeset='/data/there' type='int' calculate='count(/data/r)'/>
         <bind nodeset='/data/wanted' type='int'
           calculate=\"if(/data/there = 0 or /data/r[position() = /data/there]/more = 'yes', /data/there + 1, /data/there)\"/>",
        "<repeat nodeset='/data/r' jr:count='/data/wanted'><input ref='more'/></repeat>",
    );
    set(&mut session, "/data/r[1]/more", "yes");
    set(&mut session, "/data/r[2]/more", "no");
    check(
        &session,
        expect!["<there>2</there><wanted>2</wanted><r><more>yes</more></r><r><more>no</more></r>"],
    );
}

#[test]
fn a_repeat_that_counts_itself_for_ever_ends() {
    let session = session(
        "<instance><data id='a'><n/><r><q/></r></data></instance>
         <bind nodeset='/data/n' type='int' calculate='if(count(/data/r) &gt; 0, 0, 1)'/>",
        "<repeat nodeset='/data/r' jr:count='/data/n'><input ref='q'/></repeat>",
    );
    assert!(session.submission().len() < 1_000);
}

#[test]
fn words_come_in_the_languages_of_the_form() {
    let form = form(
        r#"<itext><translation lang="Cymraeg (cy)"><text id="q"><value>Sut oedd y noson?</value></text></translation>
           <translation lang="English (en)" default="true()"><text id="q"><value>How was
                 the night, <output value="/data/n"/>?</value><value form="image">jr://images/moon.png</value></text>
             <text id="h"><value>A hint</value><value form="guidance">More</value></text>
             <text id="long"><value form="short">S</value><value form="long">L</value></text>
             <text id="no"><value>No such thing as <output value="../n"/></value></text></translation></itext>
           <instance><data id="a"><n>Sam</n><q/><s/></data></instance>
           <bind nodeset="/data/q" type="int" constraint=". &lt; 3" jr:constraintMsg="jr:itext(concat('n', 'o'))"/>
           <bind nodeset="/data/s" calculate="concat(jr:itext('long'), '!')"/>"#,
        r#"<input ref="/data/q"><label ref="jr:itext('q')"/><hint ref="jr:itext('h')"/></input>"#,
    );
    let languages: Vec<_> = form.languages().iter().map(|l| l.code()).collect();
    assert_eq!(languages, ["en", "cy"]);
    let item = form.item_named("q").unwrap();
    assert_eq!(item.label(form.default_language()), "How was\nthe night, ${n}?");
    let mut session = open(&form);
    let question = session.page().questions[0].clone();
    assert_eq!(question.label, "How was\nthe night, Sam?");
    assert_eq!((question.hint.as_str(), question.guidance.as_str()), ("A hint", "More"));
    assert_eq!(question.image.as_deref(), Some("moon.png"));
    assert_eq!(session.text("s"), "L!");
    session.type_in("q", "7");
    assert_eq!(session.problems()[0].message, "No such thing as Sam");
    session.act(Entry::Language(Language::new("Cymraeg (cy)")));
    let question = session.page().questions[0].clone();
    assert_eq!((question.label.as_str(), question.hint.as_str()), ("Sut oedd y noson?", "A hint"));
}

#[test]
fn choices_come_from_instances_files_and_answers() {
    let xml = xform(
        r#"<instance><data id="a"><region/><ward/><bed/><names><name/></names><best/><rank/></data></instance>
           <instance id="regions"><root><item><name>n</name><label>North</label></item>
             <item><name>s</name><label>South</label></item></root></instance>
           <instance id="wards" src="jr://file-csv/wards.csv"/>
           <instance id="beds" src="jr://file/beds.xml"/>"#,
        r#"<select1 ref="/data/region"><itemset nodeset="instance('regions')/root/item"><value ref="name"/><label ref="label"/></itemset></select1>
           <select1 ref="/data/ward"><itemset nodeset="instance('wards')/root/item[region = /data/region ]">
             <value ref="name"/><label ref="label"/></itemset></select1>
           <select1 ref="/data/bed"><itemset nodeset="instance('beds')/beds/bed[@ward = current()/../ward]">
             <value ref="@id"/><label ref="."/></itemset></select1>
           <repeat nodeset="/data/names"><input ref="name"/></repeat>
           <select ref="/data/best"><itemset nodeset="/data/names[name != '']"><value ref="name"/><label ref="name"/></itemset></select>
           <odk:rank ref="/data/rank"><item><label>One</label><value>1</value></item><item><label>Two</label><value>2</value></item></odk:rank>"#,
    );
    let mut files = Attachments::new();
    files.insert("wards.csv", b"name,label,region\na,Ash,n\nb,Birch,n\nc,\"Cedar, old\",s\n".to_vec());
    files.insert(
        "beds.xml",
        b"<beds><bed ward='c' id='1'>Bed 1</bed><bed ward='a' id='2'>Bed 2</bed></beds>".to_vec(),
    );
    let form =
        Arc::new(Instrument::read("a.xml", xml.as_bytes(), &files).unwrap_or_else(|found| panic!("{found}")));
    assert!(form.warnings().is_empty(), "{:?}", form.warnings());
    assert_eq!(form.item_named("ward").unwrap().choices().len(), 3);
    let mut session = open(&form);
    set(&mut session, "/data/region", "s");
    session.next();
    let labels = |session: &Session| {
        session.page().questions[0].choices.iter().map(|c| c.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(labels(&session), ["Cedar, old"]);
    set(&mut session, "/data/ward", "c");
    session.next();
    assert_eq!(labels(&session), ["Bed 1"]);
    set(&mut session, "/data/bed", "1");
    set(&mut session, "/data/names/name", "Ann");
    add(&mut session, "/data/names");
    set(&mut session, "/data/names[2]/name", "Bo");
    set(&mut session, "/data/best", "Bo Ann");
    set(&mut session, "/data/rank", "2 1");
    check(
        &session,
        expect![
            "<region>s</region><ward>c</ward><bed>1</bed><names><name>Ann</name></names><names><name>Bo</name></names><best>Bo Ann</best><rank>2 1</rank>"
        ],
    );
    set(&mut session, "/data/names[2]/name", "");
    set(&mut session, "/data/region", "n");
    check(
        &session,
        expect![
            "<region>n</region><ward/><bed/><names><name>Ann</name></names><names><name/></names><best>Ann</best><rank>2 1</rank>"
        ],
    );
}

#[test]
fn actions_run_at_their_events() {
    let mut session = session(
        r#"<instance><data id="a"><first/><twice>2</twice><asked/><set/><r><q/><made/></r></data></instance>
           <bind nodeset="/data/twice" type="int"/>
           <bind id="the-first" nodeset="/data/first"/>
           <setvalue event="odk-instance-first-load" bind="the-first">one</setvalue>
           <setvalue event="odk-instance-load" ref="/data/twice" value=". * 2"/>"#,
        r#"<input ref="/data/asked"><setvalue event="xforms-value-changed" ref="/data/set" value="concat(/data/asked, '!')"/></input>
           <repeat nodeset="/data/r"><setvalue event="odk-new-repeat" ref="/data/r/made" value="position(..)"/><input ref="q"/></repeat>"#,
    );
    set(&mut session, "/data/asked", "hi");
    add(&mut session, "/data/r");
    check(
        &session,
        expect![
            "<first>one</first><twice>4</twice><asked>hi</asked><set>hi!</set><r><q/><made/></r><r><q/><made>2</made></r>"
        ],
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let xml = xform(
        r#"<itext><translation lang="en"><text id="a"><value form="video">v.mp4</value></text></translation></itext>
<instance><data id="a"><q>x</q><g><h/></g><s/><t/><two/><two/><c/></data></instance>
<instance id="last" src="jr://instance/last-saved"/>
<instance id="gone" src="jr://file/gone.xml"/>
<bind nodeset="/data/q" type="int" relevant="/data/nothing = 1" constraint="foo(.)" odd="1"/>
<bind nodeset="/data/nothing" type="int"/>
<bind nodeset="/data/c" calculate="/data/c + 1"/>
<setvalue event="odk-instance-first-load" ref="/data/none" value="1"/>
<odk:setgeopoint event="odk-instance-first-load" ref="/data/q"/>
<submission action="x"/>"#,
        r#"
<input ref="/data/q"><label ref="jr:itext('a')"/></input>
<input ref="/data/g"/>
<input ref="/data/unknown"/>
<select ref="/data/s" appearance="search('list')"><item><label>A</label><value>a b</value></item></select>
<range ref="/data/t" start="0" end="5" step="0"/>
<input ref="/data/q"/>
<video ref="/data/t"/>"#,
    );
    expect![[r#"
        night.xml, row 4, column 51 video: warning: Videos are not shown. Use a picture.
        night.xml, row 5, column 24: warning: The value in the instance is not of the type integer. Correct it; the question begins without an answer.
        night.xml, row 5, column 57: error: `/data/two` is in the instance more than once. Repeat it in the body, or rename one.
        night.xml, row 6, column 1 @src: error: `jr://instance/last-saved`, the answers given last, is not supported. Take it out: a tablet goes from hand to hand, and must not show the last person's answers.
        night.xml, row 7, column 1 @src: warning: The file `gone.xml` is missing; it is read as empty. Give it with the form.
        night.xml, row 8, column 1 @odd: warning: The bind's attribute `odd` has no effect. Leave it out.
        night.xml, row 8, column 1 /data/q @relevant: warning: There is nothing named `nothing` there. It is read as blank. Check the path and the names in it against the instance.
        night.xml, row 8, column 1 /data/q @constraint: error: There is no function foo(). Check the spelling.
        night.xml, row 9, column 1 <bind>: warning: There is nothing at `/data/nothing` in the instance, so the bind has no effect. Add the element, or correct the path.
        night.xml, row 10, column 1 /data/c @calculate: error: The value depends on itself: `c` (calculation) → `c` (calculation). Take one of these references out.
        night.xml, row 11, column 1 @ref: error: There is nothing at `/data/none` in the instance. Add the element, or correct the path.
        night.xml, row 12, column 1: warning: <odk:setgeopoint> is not supported; nothing is recorded. Ask for it, or take the action out.
        night.xml, row 13, column 1: warning: <submission> is ignored. Where answers go is the study's, and they are encrypted there.
        night.xml, row 16, column 1 @ref: error: `/data/g` is a group, which has no value to ask for. Name an element without elements in it.
        night.xml, row 17, column 1 @ref: error: There is nothing at `/data/unknown` in the instance. Add the element, or correct the path.
        night.xml, row 18, column 1 @appearance: error: search() is not supported. Put the choices into an instance and use <itemset>.
        night.xml, row 18, column 1: error: The choice `a b` has a space in its value. Values of choices that go together cannot have spaces.
        night.xml, row 19, column 1 @step: error: The range has no step between its ends. Make step smaller than the distance, and above 0.
        night.xml, row 20, column 1 @ref: warning: `/data/q` is asked for twice. It is asked where it comes first; take one out.
        night.xml, row 21, column 1: error: <video> is not supported. Take it out of the body."#]].assert_eq(&read(&xml).unwrap_err());
}
