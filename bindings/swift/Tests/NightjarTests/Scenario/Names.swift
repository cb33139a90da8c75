/// Ids differ from run to run, so a scenario gives names to what it makes; `$name` stands for the id.
struct Names {
    private var names: [String: String] = [:]

    /// Names an id. The first name stays: a draft that was resumed, a record that was written again.
    mutating func give(_ name: String, to id: String) {
        names[id] = names[id] ?? "$\(name)"
    }

    func id(_ reference: String) throws -> String {
        guard let id = names.first(where: { $0.value == reference })?.key else {
            throw Senseless("nothing is named \"\(reference)\"")
        }
        return id
    }

    func of(_ id: String) -> String {
        names[id] ?? "an id that the scenario has not named"
    }
}
