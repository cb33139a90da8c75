/// The scenario asks for something that makes no sense, or got something else than it expected.
struct Senseless: Error, CustomStringConvertible {
    let description: String

    init(_ problem: String) {
        description = problem
    }
}

/// An object whose every key must be read: what nobody understands must not be passed over.
struct Fields {
    private let what: String
    private var left: [String: Json]

    init(_ what: String, _ json: Json) throws {
        guard case .object(let fields) = json else { throw Senseless("\(what) is not an object") }
        self.what = what
        left = fields
    }

    mutating func readIfThere(_ key: String) -> Json? {
        left.removeValue(forKey: key)
    }

    mutating func read(_ key: String) throws -> Json {
        guard let json = readIfThere(key) else { throw Senseless("\(what) has no \"\(key)\"") }
        return json
    }

    mutating func text(_ key: String) throws -> String {
        guard case .text(let text) = try read(key) else { throw Senseless("\(what), \"\(key)\": not a text") }
        return text
    }

    mutating func textIfThere(_ key: String) throws -> String? {
        left.keys.contains(key) ? try text(key) : nil
    }

    mutating func list(_ key: String) throws -> [Json] {
        guard case .list(let list) = try read(key) else { throw Senseless("\(what), \"\(key)\": not a list") }
        return list
    }

    /// Says which keys nobody has read.
    func end() throws {
        if let key = left.keys.sorted().first { throw Senseless("\(what): unknown key \"\(key)\"") }
    }
}
