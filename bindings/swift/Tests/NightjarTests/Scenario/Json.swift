/// JSON that is compared and written as it is: `1` is neither `true` nor `"1"`.
enum Json: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case decimal(Double)
    case text(String)
    case list([Json])
    case object([String: Json])

    /// A text of the object; empty if there is none.
    func text(_ field: String) -> String {
        if case .object(let fields) = self, case .text(let text)? = fields[field] { text } else { "" }
    }

    static func optional(_ text: String?) -> Json {
        text.map(Json.text) ?? .null
    }

    static func count(_ number: UInt64) -> Json {
        .integer(Int64(number))
    }

    static func texts(_ texts: [String]) -> Json {
        .list(texts.map(Json.text))
    }
}

extension Json: Codable {
    init(from decoder: any Decoder) throws {
        let there = try decoder.singleValueContainer()
        if there.decodeNil() {
            self = .null
        } else if let bool = try? there.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? there.decode(Int64.self) {
            self = .integer(integer)
        } else if let decimal = try? there.decode(Double.self) {
            self = .decimal(decimal)
        } else if let text = try? there.decode(String.self) {
            self = .text(text)
        } else if let list = try? there.decode([Json].self) {
            self = .list(list)
        } else {
            self = .object(try there.decode([String: Json].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var place = encoder.singleValueContainer()
        switch self {
        case .null: try place.encodeNil()
        case .bool(let bool): try place.encode(bool)
        case .integer(let integer): try place.encode(integer)
        case .decimal(let decimal): try place.encode(decimal)
        case .text(let text): try place.encode(text)
        case .list(let list): try place.encode(list)
        case .object(let fields): try place.encode(fields)
        }
    }
}
