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

/// Whether two segments that are not neighbours meet.
fn crosses_itself(line: &[Place]) -> bool {
    let segments: Vec<(Place, Place)> = line.windows(2).take(2_000).map(|pair| (pair[0], pair[1])).collect();
    let closed = line.len() > 2 && line.first() == line.last();
    for (i, one) in segments.iter().enumerate() {
        for (j, other) in segments.iter().enumerate().skip(i + 2) {
            if !(closed && i == 0 && j == segments.len() - 1) && meet(*one, *other) {
                return true;
            }
        }
    }
    false
}

fn meet((a, b): (Place, Place), (c, d): (Place, Place)) -> bool {
    let turn = |p: Place, q: Place, r: Place| (q.0 - p.0) * (r.1 - p.1) - (q.1 - p.1) * (r.0 - p.0);
    turn(a, b, c) * turn(a, b, d) <= 0.0 && turn(c, d, a) * turn(c, d, b) <= 0.0
}
