import Nightjar

extension Value {
    /// An answer from its form in a scenario.
    init(_ json: Json) throws {
        guard case .object(let fields) = json, fields.count == 1, let (kind, content) = fields.first else {
            throw Senseless("an answer is an object with one key")
        }
        switch (kind, content) {
        case ("text", .text(let text)): self = .text(text: text)
        case ("integer", .integer(let number)): self = .integer(number: number)
        case ("decimal", .decimal(let number)): self = .decimal(number: number)
        case ("date", .text(let date)): self = .date(date: date)
        case ("time", .text(let time)): self = .time(time: time)
        case ("date_time", .text(let moment)): self = .dateTime(moment: moment)
        case ("one", .text(let code)): self = .one(code: code)
        case ("many", .list(let codes)): self = .many(codes: try codes.map(code))
        case ("missing", .text(let reason)): self = .missing(reason: reason)
        default: throw Senseless("there is no such answer as \"\(kind)\"")
        }
    }

    var json: Json {
        switch self {
        case .text(let text): .object(["text": .text(text)])
        case .integer(let number): .object(["integer": .integer(number)])
        case .decimal(let number): .object(["decimal": .decimal(number)])
        case .date(let date): .object(["date": .text(date)])
        case .time(let time): .object(["time": .text(time)])
        case .dateTime(let moment): .object(["date_time": .text(moment)])
        case .one(let code): .object(["one": .text(code)])
        case .many(let codes): .object(["many": .texts(codes)])
        case .missing(let reason): .object(["missing": .text(reason)])
        }
    }
}

private func code(_ json: Json) throws -> String {
    guard case .text(let code) = json else { throw Senseless("a code is a text") }
    return code
}
