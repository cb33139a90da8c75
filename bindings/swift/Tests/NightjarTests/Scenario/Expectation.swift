/// Every way in which a result is not as expected, each with its place. Every key of the expectation is looked for in
/// the result, so none is passed over.
func differences(_ expected: Json, _ result: Json, at place: String = "result") -> [String] {
    switch (expected, result) {
    case (.object(let wanted), .object(let there)):
        return wanted.sorted { $0.key < $1.key }.flatMap { key, wanted in
            guard let result = there[key] else { return ["\(place).\(key): is not there; expected \(wanted)"] }
            return differences(wanted, result, at: "\(place).\(key)")
        }
    case (.list(let wanted), .list(let there)) where wanted.count == there.count:
        return zip(wanted, there).enumerated().flatMap { differences($1.0, $1.1, at: "\(place)[\($0)]") }
    default:
        return expected == result ? [] : ["\(place): is \(result); expected \(expected)"]
    }
}
