//! What a step must give: every key of the expectation is looked for in the result, so none is passed over.

use serde_json::Value as Json;

/// Every way in which the result is not as expected, each with its place.
pub(crate) fn differences(expected: &Json, result: &Json) -> Vec<String> {
    let mut found = Vec::new();
    compare("result", expected, result, &mut found);
    found
}

fn compare(place: &str, expected: &Json, result: &Json, found: &mut Vec<String>) {
    match (expected, result) {
        (Json::Object(wanted), Json::Object(there)) => {
            for (key, expected) in wanted {
                let place = format!("{place}.{key}");
                match there.get(key) {
                    Some(result) => compare(&place, expected, result, found),
                    None => found.push(format!("{place}: is not there; expected {expected}")),
                }
            }
        }
        (Json::Array(wanted), Json::Array(there)) if wanted.len() == there.len() => {
            for (at, (expected, result)) in wanted.iter().zip(there).enumerate() {
                compare(&format!("{place}[{at}]"), expected, result, found);
            }
        }
        _ if expected == result => {}
        _ => found.push(format!("{place}: is {result}; expected {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_expected_key_that_is_not_there_is_a_difference() {
        assert_eq!(differences(&json!({ "a": null }), &json!({})).len(), 1);
        assert_eq!(differences(&json!({ "a": {} }), &json!({ "a": { "b": 1 } })), Vec::<String>::new());
    }

    #[test]
    fn lists_are_compared_whole_and_in_order() {
        assert_eq!(differences(&json!([1, 2]), &json!([1, 2])), Vec::<String>::new());
        assert_eq!(differences(&json!([1, 2]), &json!([2, 1])).len(), 2);
        assert_eq!(differences(&json!([1]), &json!([1, 2])).len(), 1);
    }
}
