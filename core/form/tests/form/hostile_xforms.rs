//! Whatever an XForm holds, reading it ends in an instrument or a list of faults, in bounded time and memory.

#![allow(clippy::unwrap_used, reason = "what is not as expected fails the test")]

use std::time::Instant;

use nightjar_form::{Attachments, Entry, Instrument};
use proptest::prelude::*;

use crate::fixture::{now, open};
use crate::xforms::{read, xform};

/// The first fault of a form that must be refused. Without its bounds none of these would come to an end.
fn refused(bytes: &[u8]) -> String {
    let found = Instrument::read("bad.xml", bytes, &Attachments::new()).unwrap_err();
    let first = found.errors().next().unwrap();
    first.problem.clone()
}

fn refused_form(model: &str, body: &str) -> String {
    refused(xform(model, body).as_bytes())
}

#[test]
fn entities_and_document_types_are_refused() {
    let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]><h:html>&c;</h:html>";
    assert_eq!(refused(laughs.as_bytes()), "A document type is not allowed.");
    let file = "<!DOCTYPE l SYSTEM 'file:///etc/passwd'><a/>";
    assert_eq!(refused(file.as_bytes()), "A document type is not allowed.");
    assert!(refused(b"<a>&nowhere;</a>").contains("not well-formed"));
}

#[test]
fn what_is_no_xform_is_said() {
    assert_eq!(refused(b"<a/>"), "The file has no <model>, so it is no XForm.");
    assert_eq!(refused(b" \xEF\xBB\xBF<a>\xFF</a>".trim_ascii()), "The form is not in UTF-8.");
    assert!(refused(b"<a><b></a>").contains("not well-formed"));
    assert!(refused(b"<a x:b='1'/>").contains("not well-formed"), "an unknown prefix");
    assert_eq!(refused_form("", ""), "The model has no instance.");
    assert_eq!(refused_form("<instance/>", ""), "The model has no instance.");
}

#[test]
fn depth_width_and_number_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "<g>".repeat(depth), "</g>".repeat(depth));
    assert_eq!(refused(nested(1_000_000).as_bytes()), "Elements are nested too deeply.");
    let model = format!("<instance><data>{}</data></instance>", nested(30));
    assert_eq!(refused_form(&model, ""), "Groups are nested too deeply.");
    let many: String = (0..60_000).map(|i| format!("<q{i}/>")).collect();
    let model = format!("<instance><data>{many}</data></instance>");
    assert_eq!(refused_form(&model, ""), "The form has more than 50,000 elements.");
    let model = format!("<instance><data>{}</data></instance>", "<r/>".repeat(3_000));
    let body = "<repeat nodeset='/data/r'/>";
    assert_eq!(refused_form(&model, body), "The instance begins with more than 2,000 entries.");
    assert!(refused("<a/>".repeat(1_000_000).as_bytes()).contains("not well-formed"));
    let wide = format!("<a {}/>", (0..300_000).map(|i| format!("a{i}='' ")).collect::<String>());
    assert_eq!(refused(wide.as_bytes()), "An element has more than 100 attributes.");
    assert_eq!(refused(&vec![b'<'; 9 << 20]), "The form is larger than 8 MiB.");
}

#[test]
fn a_little_that_asks_for_much_is_refused() {
    // One long text that every label asks for.
    let text = "x".repeat(60_000);
    let model = format!(
        "<itext><translation lang='a'><text id='t'><value>{text}</value></text></translation></itext>
         <instance><data>{}</data></instance>",
        (0..2_000).map(|i| format!("<q{i}/>")).collect::<String>()
    );
    let body: String = (0..2_000)
        .map(|i| format!("<input ref='/data/q{i}'><label ref=\"jr:itext('t')\"/></input>"))
        .collect();
    assert_eq!(refused_form(&model, &body), "The form's words come to more than 32 MiB.");
    // One long list that every question reads in a way of its own.
    let items: String = (0..2_100)
        .map(|i| {
            let columns: String = (0..10).map(|c| format!("<c{c}>{i}</c{c}>")).collect();
            format!("<item>{columns}</item>")
        })
        .collect();
    let model = format!(
        "<instance><data>{}</data></instance><instance id='l'><root>{items}</root></instance>",
        (0..120).map(|i| format!("<q{i}/>")).collect::<String>()
    );
    let body: String = (0..120)
        .map(|i| {
            format!(
                "<select1 ref='/data/q{i}'><itemset nodeset=\"instance('l')/root/item\"><value ref='c{}'/><label ref='c{}'/></itemset></select1>",
                i / 10 % 10,
                if i < 100 { (i + 1) % 10 } else { i % 10 },
            )
        })
        .collect();
    assert_eq!(refused_form(&model, &body), "The form has more than 200,000 choices.");
}

#[test]
fn a_long_form_is_read_in_time_that_follows_its_length() {
    let timed = |questions: usize| {
        let instance: String = (0..questions).map(|i| format!("<q{i}/>")).collect();
        let binds: String = (1..questions)
            .map(|i| format!("<bind nodeset='/data/q{i}' type='int' relevant='/data/q{} &gt; 0'/>", i - 1))
            .collect();
        let body: String =
            (0..questions).map(|i| format!("<input ref='/data/q{i}'><label>Q {i}</label></input>")).collect();
        let xml = xform(&format!("<instance><data id='a'>{instance}</data></instance>{binds}"), &body);
        let begun = Instant::now();
        let session = open(&read(&xml).unwrap_or_else(|found| panic!("{found}")));
        assert_eq!(session.page().questions[0].label, "Q 0");
        begun.elapsed()
    };
    timed(500);
    let (short, long) = (timed(1_000), timed(8_000));
    assert!(long < short * 40, "{short:?} for 1,000 and {long:?} for 8,000");
}

const WHOLE: &str = r#"<itext><translation lang="en"><text id="a"><value>How <output value="/data/g/n"/>?</value></text></translation></itext>
<instance><data id="d" version="1"><g><n>1</n><s/></g><r jr:template=""><q/></r><r><q>x</q></r><e a="b"/></data></instance>
<instance id="l"><root><item><name>a</name><label>A</label></item></root></instance>
<bind nodeset="/data/g/n" type="int" required="true()" constraint=". &lt; 9" jr:constraintMsg="no"/>
<bind nodeset="/data/g" relevant="/data/r[1]/q != ''"/><bind nodeset="/data/e" calculate="count(/data/r) + sum(/data/g/n)"/>
<setvalue event="odk-instance-first-load" ref="/data/e/@a" value="uuid()"/>"#;
const BODY: &str = r#"<group ref="/data/g" appearance="field-list"><input ref="n"><label ref="jr:itext('a')"/></input>
<select ref="/data/g/s"><itemset nodeset="randomize(instance('l')/root/item[name != current()/../n])"><value ref="name"/><label ref="label"/></itemset></select></group>
<group><repeat nodeset="/data/r" jr:count="/data/g/n"><input ref="q"/></repeat></group>"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Pieces of a form taken out, doubled and moved.
    #[test]
    fn any_damage_to_an_xform_is_refused_or_harmless(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..60, any::<prop::sample::Index>(), any::<bool>()), 1..6)
    ) {
        let mut bytes = xform(WHOLE, BODY).into_bytes();
        for (from, length, to, keep) in cuts {
            let from = from.index(bytes.len());
            let end = (from + length).min(bytes.len());
            let piece: Vec<u8> = if keep { bytes[from..end].to_vec() } else { bytes.drain(from..end).collect() };
            let to = to.index(bytes.len().max(1)).min(bytes.len());
            bytes.splice(to..to, piece);
        }
        if let Ok(form) = Instrument::read("damaged.xml", &bytes, &Attachments::new()) {
            let mut session = open(&std::sync::Arc::new(form));
            for path in ["n", "q", "r[1]/q", "s", "e"] {
                let value = session.item_of(path).and_then(|item| item.read("3").ok().flatten());
                let _ = session.apply(&Entry::Answer { path: path.to_owned(), value }, &now());
            }
            let _ = session.apply(&Entry::AddRepeat { path: "r".to_owned() }, &now());
            let xml = session.submission();
            prop_assert!(xml.starts_with('<') && xml.ends_with('>'));
        }
    }
}

#[test]
fn the_form_that_is_damaged_is_sound() {
    let form = read(&xform(WHOLE, BODY)).unwrap_or_else(|found| panic!("{found}"));
    assert!(form.warnings().is_empty(), "{:?}", form.warnings());
    let session = open(&form);
    assert!(session.submission().contains("<r><q>"), "{}", session.submission());
}
