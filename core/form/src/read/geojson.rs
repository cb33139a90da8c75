//! Places in GeoJSON as rows: the properties of a feature are its columns, beside `id` and `geometry`.

use serde_json::Value;

use super::external::Rows;
use crate::document::Document;

/// Reads a `FeatureCollection`; points become `latitude longitude altitude accuracy`, lines and areas several with `;`.
pub(super) fn document(bytes: &[u8]) -> Result<Document, String> {
    // The parser bounds nesting, and its caller the size of the file.
    let whole: Value = serde_json::from_slice(bytes).map_err(|fault| fault.to_string())?;
    let features = whole.get("features").and_then(Value::as_array).ok_or("it is no FeatureCollection")?;
    let mut rows = Rows::new();
    for feature in features {
        let properties = feature.get("properties").and_then(Value::as_object);
        let mut columns: Vec<(&str, String)> =
            properties.into_iter().flatten().map(|(name, value)| (name.as_str(), text(value))).collect();
        if let Some(id) = feature.get("id") {
            columns.retain(|(name, _)| *name != "id");
            columns.push(("id", text(id)));
        }
        if let Some(place) = feature.get("geometry").and_then(geometry) {
            columns.push(("geometry", place));
        }
        rows.add(columns.iter().map(|(name, value)| (*name, value.as_str())))?;
    }
    Ok(rows.finish())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn geometry(geometry: &Value) -> Option<String> {
    let coordinates = geometry.get("coordinates")?;
    let line = |points: &Value| {
        let points: Option<Vec<String>> = points.as_array()?.iter().map(point).collect();
        points.map(|points| points.join(";"))
    };
    match geometry.get("type")?.as_str()? {
        "Point" => point(coordinates),
        "LineString" => line(coordinates),
        "Polygon" => line(coordinates.get(0)?),
        _ => None,
    }
}

fn point(point: &Value) -> Option<String> {
    let number = |index| point.get(index).and_then(Value::as_f64);
    Some(format!("{} {} {} 0", number(1)?, number(0)?, number(2).unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_rows() {
        let found = document(
            br#"{"features": [{"id": 7, "properties": {"title": "Door", "n": 1}, "geometry": {"type": "Point", "coordinates": [10.5, 51]}}]}"#,
        )
        .unwrap();
        let item = found.root_element().and_then(|root| found.child(root, "item")).unwrap();
        let cell = |name| found.text(found.child(item, name).unwrap()).into_owned();
        assert_eq!(
            [cell("id"), cell("title"), cell("n"), cell("geometry")],
            ["7", "Door", "1", "51 10.5 0 0"]
        );
        assert!(document(b"[]").is_err());
    }
}
