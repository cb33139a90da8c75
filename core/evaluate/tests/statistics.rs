//! The figures of the SleepWell paper, recomputed; every number here is in the worked example of the domain notes.

use nightjar_evaluate::statistics::{
    Exposure, Interval, Medicine, MedicineTotals, Method, Rate, byar, exact_poisson, mean_of, rate_ratio,
    ratio_of_ratios, wilson,
};

fn limits(interval: Interval, digits: usize) -> (String, String) {
    let print = |x: Option<f64>| x.map_or("open".to_owned(), |x| format!("{x:.digits$}"));
    (print(interval.lower), print(interval.upper))
}

#[test]
fn t1_protected_sleep_pooled_and_mean_of_wards_are_different_figures() {
    let wards = [(35, 79), (12, 20), (56, 125), (5, 10), (8, 16)];
    let expected = [
        ("44.3", "33.9", "55.3"),
        ("60.0", "38.7", "78.1"),
        ("44.8", "36.4", "53.5"),
        ("50.0", "23.7", "76.3"),
        ("50.0", "28.0", "72.0"),
    ];
    for (&(count, of), (value, lower, upper)) in wards.iter().zip(expected) {
        let p = wilson(count, of).unwrap();
        assert_eq!(format!("{:.1}", p.value * 100.0), value);
        assert_eq!(limits(p.interval.times(100.0), 1), (lower.into(), upper.into()), "{count}/{of}");
    }
    let pooled = wilson(116, 250).unwrap();
    assert_eq!(format!("{:.1}", pooled.value * 100.0), "46.4");
    assert_eq!(limits(pooled.interval.times(100.0), 1), ("40.3".into(), "52.6".into()));
    let shares: Vec<f64> = wards.iter().map(|&(c, n)| c as f64 / n as f64 * 100.0).collect();
    assert_eq!(format!("{:.2}", mean_of(&shares).unwrap()), "49.82");
}

#[test]
fn wilson_stays_inside_zero_and_one_and_refuses_no_denominator() {
    assert_eq!(wilson(0, 10).unwrap().interval.lower, Some(0.0));
    assert_eq!(wilson(10, 10).unwrap().interval.upper, Some(1.0));
    assert!(wilson(0, 0).is_none());
    assert!(wilson(3, 2).is_none());
}

/// Three significant figures where the source prints three, two decimal places elsewhere.
fn close(found: f64, printed: &str) {
    let digits = printed.split_once('.').map_or(0, |(_, d)| d.len());
    assert_eq!(format!("{found:.digits$}"), printed);
}

#[test]
fn t2_incident_rate_ratios_with_exact_conditional_limits() {
    let rows = [
        (483, 781, "1.62", "1.44", "1.82"),
        (46, 84, "1.83", "1.26", "2.68"),
        (173, 174, "1.01", "0.81", "1.25"),
        (4, 3, "0.75", "0.11", "4.43"),
        (156, 193, "1.24", "1.00", "1.54"),
        (26, 17, "0.65", "0.33", "1.25"),
        (76, 111, "1.46", "1.08", "1.98"),
        (5, 4, "0.80", "0.16", "3.72"),
        (54, 103, "1.91", "1.36", "2.70"),
        (1, 8, "8.00", "1.07", "355"),
        (3, 5, "1.67", "0.32", "10.7"),
        (1, 1, "1.00", "0.01", "78.5"),
        (87, 76, "0.87", "0.63", "1.20"),
        (6, 5, "0.83", "0.20", "3.28"),
        (1032, 1443, "1.40", "1.29", "1.52"),
        (89, 122, "1.37", "1.03", "1.82"),
        (549, 662, "1.21", "1.08", "1.35"),
        (43, 38, "0.88", "0.56", "1.40"),
    ];
    for (before, after, value, lower, upper) in rows {
        let ratio = rate_ratio(before, after, Exposure::AssumedEqual).unwrap();
        let interval = ratio.interval.unwrap();
        assert_eq!(interval.method, Method::ExactConditional);
        close(ratio.value.unwrap(), value);
        close(interval.lower.unwrap(), lower);
        close(interval.upper.unwrap(), upper);
    }
}

#[test]
fn the_exact_limits_are_where_the_binomial_tail_is_one_fortieth() {
    // The definition of the limits, checked against the binomial distribution itself rather than its inverse.
    for (a, b) in [(1_u64, 8_u64), (3, 5), (26, 17), (46, 84), (1, 1), (12, 1)] {
        let interval = rate_ratio(a, b, Exposure::AssumedEqual).unwrap().interval.unwrap();
        let n = a + b;
        let p_of = |rho: f64| rho / (1.0 + rho);
        let pmf = |k: u64, p: f64| {
            let ln_choose: f64 = (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum();
            (ln_choose + k as f64 * p.ln() + (n - k) as f64 * (1.0 - p).ln()).exp()
        };
        let at_least: f64 = (b..=n).map(|k| pmf(k, p_of(interval.lower.unwrap()))).sum();
        let at_most: f64 = (0..=b).map(|k| pmf(k, p_of(interval.upper.unwrap()))).sum();
        assert!((at_least - 0.025).abs() < 1e-9, "{a} {b}: {at_least}");
        assert!((at_most - 0.025).abs() < 1e-9, "{a} {b}: {at_most}");
    }
}

#[test]
fn a_zero_count_gives_a_one_sided_interval() {
    let fell = rate_ratio(112, 0, Exposure::AssumedEqual).unwrap();
    let interval = fell.interval.unwrap();
    assert_eq!((fell.value, interval.lower), (Some(0.0), None));
    assert_eq!(interval.method, Method::ExactConditionalOneSided);
    // (1 - p)^112 = 0.05
    let p = 1.0 - 0.05_f64.powf(1.0 / 112.0);
    assert!((interval.upper.unwrap() - p / (1.0 - p)).abs() < 1e-12);
    let rose = rate_ratio(0, 3, Exposure::AssumedEqual).unwrap();
    assert_eq!(rose.value, Some(f64::INFINITY));
    assert!(rose.interval.unwrap().upper.is_none());
    let never = rate_ratio(0, 0, Exposure::AssumedEqual).unwrap();
    assert_eq!((never.value, never.interval), (None, None));
    assert!(rate_ratio(1, 1, Exposure::Known { before: 0.0, after: 1.0 }).is_none());
}

#[test]
fn a_known_exposure_scales_ratio_and_limits_alike() {
    let equal = rate_ratio(26, 17, Exposure::AssumedEqual).unwrap();
    let twice = rate_ratio(26, 17, Exposure::Known { before: 100.0, after: 200.0 }).unwrap();
    assert!((equal.value.unwrap() / twice.value.unwrap() - 2.0).abs() < 1e-12);
    assert!(
        (equal.interval.unwrap().upper.unwrap() / twice.interval.unwrap().upper.unwrap() - 2.0).abs() < 1e-12
    );
}

#[test]
fn night_against_day_ratio_of_ratios() {
    let rows = [
        ((26, 17), (130, 176), "0.48", "0.25", "0.93"),
        ((46, 84), (437, 697), "1.14", "0.78", "1.67"),
        ((89, 122), (943, 1321), "0.98", "0.74", "1.30"),
    ];
    for (night, day, value, lower, upper) in rows {
        let ratio = ratio_of_ratios(night, day).unwrap();
        close(ratio.value, value);
        close(ratio.interval.lower.unwrap(), lower);
        close(ratio.interval.upper.unwrap(), upper);
    }
    assert!(ratio_of_ratios((0, 1), (1, 1)).is_none());
}

#[test]
fn t14_byar_and_exact_limits_of_a_rate() {
    let per = 1000.0 / 29_160.0;
    assert_eq!(limits(byar(26).times(per), 3), ("0.582".into(), "1.307".into()));
    assert_eq!(limits(exact_poisson(26).times(per), 3), ("0.582".into(), "1.306".into()));
    assert_eq!(limits(byar(17).times(per), 3), ("0.339".into(), "0.933".into()));
    assert_eq!(limits(exact_poisson(17).times(per), 3), ("0.340".into(), "0.933".into()));
    assert_eq!(limits(exact_poisson(0), 3), ("0.000".into(), "3.689".into()));
    let nights = Rate::new(26, 29_160.0, 1000.0).unwrap();
    assert_eq!((format!("{:.3}", nights.value), nights.interval.method), ("0.892".into(), Method::Byar));
    // No event in 10,800 nights still allows 0.34 per 1,000.
    let none = Rate::new(0, 10_800.0, 1000.0).unwrap();
    assert_eq!(limits(none.interval, 2), ("0.00".into(), "0.34".into()));
    assert_eq!(none.interval.method, Method::ExactPoisson);
    assert!(Rate::new(1, 0.0, 1000.0).is_none());
    for (count, lower, upper) in [(483, "15.12", "18.11"), (781, "24.94", "28.73"), (156, "4.54", "6.26")] {
        assert_eq!(limits(byar(count).times(per), 2), (lower.into(), upper.into()));
    }
}

#[test]
fn t4_hypnotics_by_tablet_milligram_and_defined_daily_dose() {
    let medicine =
        |drug: &str, strength_mg, before, after| Medicine { drug: drug.into(), strength_mg, before, after };
    let all = [
        medicine("Zopiclone", 7.5, 796, 421),
        medicine("Zopiclone", 3.75, 828, 590),
        medicine("Promethazine", 25.0, 814, 630),
        medicine("Promethazine", 10.0, 112, 0),
        medicine("Temazepam", 10.0, 336, 366),
        medicine("Temazepam", 20.0, 14, 160),
        medicine("Melatonin", 2.0, 278, 240),
    ];
    let total = MedicineTotals::of(&all);
    assert_eq!(total.tablets, (3178, 2407));
    assert_eq!(format!("{:.1}", total.tablets_change().unwrap()), "-24.3");
    let (before, after) = total.defined_doses.unwrap();
    assert_eq!((format!("{before:.1}"), format!("{after:.1}")), ("2528.8".into(), "1929.0".into()));
    assert_eq!(format!("{:.1}", total.defined_doses_change().unwrap()), "-23.7");
    let by_drug = [
        ("Zopiclone", 9075.0, 5370.0, "-40.8"),
        ("Promethazine", 21470.0, 15750.0, "-26.6"),
        ("Temazepam", 3640.0, 6860.0, "88.5"),
        ("Melatonin", 556.0, 480.0, "-13.7"),
    ];
    for (drug, before, after, change) in by_drug {
        let of_drug = MedicineTotals::of(all.iter().filter(|m| m.drug == drug));
        assert_eq!(of_drug.milligrams, (before, after));
        assert_eq!(format!("{:.1}", of_drug.milligrams_change().unwrap()), change);
    }
    assert!(MedicineTotals::of(&[medicine("Unheard of", 1.0, 1, 1)]).defined_doses.is_none());
}
