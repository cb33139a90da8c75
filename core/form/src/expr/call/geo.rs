//! Functions of places: on a sphere of radius 6,378,100 m, as the ODK documentation's engines have it.

use super::Arguments;
use crate::expr::function::Function;
use crate::expr::val::Val;
use crate::expr::world::World;

/// Radius of the sphere in metres.
const RADIUS: f64 = 6_378_100.0;

/// Latitude and longitude in degrees.
type Place = (f64, f64);

pub(super) fn call<'a, W: World>(function: Function, args: Arguments<'a, W>) -> Val<'a> {
    let world = args.world;
    let texts: Vec<_> = args.rest().into_iter().map(|value| value.into_text(world)).collect();
    match function {
        Function::Area => Val::Number(line(&texts.join(";")).map_or(f64::NAN, |line| area(&line))),
        Function::Distance => Val::Number(line(&texts.join(";")).map_or(f64::NAN, |line| length(&line))),
        Function::Geofence => {
            let place = texts.first().and_then(|text| place(text));
            let fence = texts.get(1).and_then(|text| line(text));
            Val::Boolean(place.zip(fence).is_some_and(|(place, fence)| is_inside(place, &fence)))
        }
        _ => Val::Boolean(line(&texts.join(";")).is_some_and(|line| crosses_itself(&line))),
    }
}

/// `latitude longitude altitude accuracy`; the last two may be missing.
pub(crate) fn place(text: &str) -> Option<Place> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let (latitude, longitude) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let rest: Vec<_> = numbers.collect();
    let sound = rest.len() <= 2 && rest.iter().all(Result::is_ok);
    (sound && latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some((latitude, longitude))
}

/// Places separated by `;`.
pub(crate) fn line(text: &str) -> Option<Vec<Place>> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(place).collect()
}

fn distance(from: Place, to: Place) -> f64 {
    let (a, b) = ((from.0.to_radians(), from.1.to_radians()), (to.0.to_radians(), to.1.to_radians()));
    let (dx, dy) = ((b.0 - a.0) / 2.0, (b.1 - a.1) / 2.0);
    let haversine = dx.sin().powi(2) + a.0.cos() * b.0.cos() * dy.sin().powi(2);
    2.0 * RADIUS * haversine.sqrt().min(1.0).asin()
}

fn length(line: &[Place]) -> f64 {
    line.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

/// Area enclosed, by summing the spherical excess of the segments (Chamberlain and Duquette 2007, formula 4).
fn area(line: &[Place]) -> f64 {
    if line.len() < 3 {
        return 0.0;
    }
    let mut sum = 0.0;
    for (i, from) in line.iter().enumerate() {
        let to = line[(i + 1) % line.len()];
        sum += (to.1 - from.1).to_radians() * (2.0 + from.0.to_radians().sin() + to.0.to_radians().sin());
    }
    (sum * RADIUS * RADIUS / 2.0).abs()
}

/// Ray casting; the fence closes by itself.
fn is_inside(place: Place, fence: &[Place]) -> bool {
    let mut inside = false;
    for (i, a) in fence.iter().enumerate() {
        let b = fence[(i + 1) % fence.len()];
        let between = (a.1 > place.1) != (b.1 > place.1);
        if between && place.0 < (b.0 - a.0) * (place.1 - a.1) / (b.1 - a.1) + a.0 {
            inside = !inside;
        }
    }
    inside
}

/// Whether two segments meet; of two that follow each other, whether the second goes back along the first.
fn crosses_itself(line: &[Place]) -> bool {
    let mut line = line.to_vec();
    line.dedup();
    let segments: Vec<(Place, Place)> = line.windows(2).take(2_000).map(|pair| (pair[0], pair[1])).collect();
    let closed = line.len() > 2 && line.first() == line.last();
    for (i, one) in segments.iter().enumerate() {
        for (j, other) in segments.iter().enumerate().skip(i + 1) {
            let crosses = if j == i + 1 {
                goes_back(*one, *other)
            } else if closed && i == 0 && j == segments.len() - 1 {
                goes_back(*other, *one)
            } else {
                meet(*one, *other)
            };
            if crosses {
                return true;
            }
        }
    }
    false
}

/// Which way it turns from `p` by `q` to `r`: 0 where they are in line.
fn turn(p: Place, q: Place, r: Place) -> f64 {
    (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0)
}

/// Whether a segment that begins where another ends lies on it.
fn goes_back((a, b): (Place, Place), (_, c): (Place, Place)) -> bool {
    turn(a, b, c) == 0.0 && (b.0 - a.0) * (c.0 - b.0) + (b.1 - a.1) * (c.1 - b.1) < 0.0
}

/// Cormen et al., Introduction to Algorithms, 33.1: each lies across the other, or an end of one lies on the other.
fn meet((a, b): (Place, Place), (c, d): (Place, Place)) -> bool {
    let across = |x: f64, y: f64| (x > 0.0 && y < 0.0) || (x < 0.0 && y > 0.0);
    let between = |x: f64, y: f64, z: f64| x.min(y) <= z && z <= x.max(y);
    let on = |p: Place, q: Place, r: Place| {
        turn(p, q, r) == 0.0 && between(p.0, q.0, r.0) && between(p.1, q.1, r.1)
    };
    (across(turn(a, b, c), turn(a, b, d)) && across(turn(c, d, a), turn(c, d, b)))
        || on(a, b, c)
        || on(a, b, d)
        || on(c, d, a)
        || on(c, d, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_crosses_itself_where_segments_meet_or_lie_on_each_other() {
        let crosses = |text: &str| crosses_itself(&line(text).unwrap_or_default());
        for text in [
            "0 0;1 1;0 1;1 0",         // crosses in the middle
            "0 0;2 0;1 0",             // goes back on itself
            "0 0;2 0;2 1;1 0;1 -1",    // touches with a corner
            "0 0;2 0;3 1;1.5 0;0.5 0", // lies on the first later
            "0 0;2 0;2 2;0 0;1 1",     // comes back through its start
            "0 0;2 0;2 0;1 0",         // goes back after standing still
        ] {
            assert!(crosses(text), "{text}");
        }
        for text in [
            "0 0;1 0;1 1;0 1;0 0", // a closed square
            "0 0;1 0;2 0;3 0",     // straight on
            "0 0;1 0;1 1;3 0;4 0", // the last is in line with the first, and apart from it
            "0 0;1 1",
            "",
        ] {
            assert!(!crosses(text), "{text}");
        }
    }
}
