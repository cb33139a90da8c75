/// One step while it is done.
struct Step {
    let what: String
    let expected: Json
    var with: Fields
    private let told: [String: Json]
    private var on: String?
    private var made: String?

    init(_ json: Json) throws {
        var fields = try Fields("the step", json)
        what = try fields.text("do")
        on = try fields.textIfThere("on")
        made = try fields.textIfThere("as")
        told = ["do": .text(what), "on": .optional(on), "as": .optional(made)]
        _ = try fields.textIfThere("note")
        with = try Fields("\"with\"", fields.readIfThere("with") ?? .object([:]))
        expected = fields.readIfThere("expect") ?? .object([:])
        try fields.end()
    }

    /// Whether a failure is expected, of whatever kind.
    var mayFail: Bool {
        if case .object(let fields) = expected { fields["failed"] != nil } else { false }
    }

    /// What is acted on.
    mutating func takeOn() throws -> String {
        defer { on = nil }
        guard let on else { throw Senseless("the step has no \"on\"") }
        return on
    }

    /// The name for what is made.
    mutating func takeMade() throws -> String {
        defer { made = nil }
        guard let made else { throw Senseless("the step has no \"as\"") }
        return made
    }

    /// Says what the step has and did not use.
    func end() throws {
        if on != nil || made != nil { throw Senseless("it has an \"on\" or \"as\" that it does not use") }
        try with.end()
    }

    func transcript(_ result: Json) -> Json {
        .object(told.merging(["result": result]) { _, new in new })
    }
}
