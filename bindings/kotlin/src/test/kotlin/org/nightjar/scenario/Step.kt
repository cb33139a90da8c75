package org.nightjar.scenario

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject

/** One step while it is done. */
class Step(json: JsonElement) {
    val what: String
    val expected: JsonObject
    private val named: Map<String, String?>
    private var on: String?
    private var made: String?
    val with: Fields

    init {
        val fields = Fields("the step", json)
        what = fields.text("do")
        on = fields.textIfThere("on")
        made = fields.textIfThere("as")
        named = mapOf("do" to what, "on" to on, "as" to made)
        fields.textIfThere("note")
        with = Fields("\"with\"", fields.readIfThere("with") ?: json(emptyMap<String, String>()))
        expected = fields.readIfThere("expect")?.let { it as JsonObject } ?: JsonObject(emptyMap())
        fields.end()
    }

    /** What is acted on. */
    fun on(): String = on.also { on = null } ?: throw Senseless("the step has no \"on\"")

    /** The name for what is made. */
    fun made(): String = made.also { made = null } ?: throw Senseless("the step has no \"as\"")

    /** Says what the step has and did not use. */
    fun end() {
        if (on != null || made != null) throw Senseless("it has an \"on\" or \"as\" that it does not use")
        with.end()
    }

    fun told(result: JsonElement): JsonElement = json(named + ("result" to result))
}
