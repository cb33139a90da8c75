package org.nightjar.scenario

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonPrimitive

/** The scenario asks for something that makes no sense, or got something else than it expected. */
class Senseless(problem: String) : Exception(problem)

/** An object whose every key must be read: what nobody understands must not be passed over. */
class Fields(private val what: String, json: JsonElement) {
    private val left =
        (json as? JsonObject ?: throw Senseless("$what is not an object")).toMutableMap()

    fun readIfThere(key: String): JsonElement? = left.remove(key)

    fun read(key: String): JsonElement = readIfThere(key) ?: throw Senseless("$what has no \"$key\"")

    fun text(key: String): String = text(key, read(key))

    fun textIfThere(key: String): String? = readIfThere(key)?.let { text(key, it) }

    private fun text(key: String, json: JsonElement): String =
        json.let { it as? JsonPrimitive }?.takeIf { it.isString }?.content
            ?: throw Senseless("$what, \"$key\": not a text")

    /** Says which keys nobody has read. */
    fun end() {
        left.keys.firstOrNull()?.let { throw Senseless("$what: unknown key \"$it\"") }
    }
}

/** Plain Kotlin as JSON. */
fun json(plain: Any?): JsonElement =
    when (plain) {
        null -> JsonNull
        is JsonElement -> plain
        is String -> JsonPrimitive(plain)
        is Boolean -> JsonPrimitive(plain)
        is Number -> JsonPrimitive(plain)
        is ULong -> JsonPrimitive(plain.toLong())
        is List<*> -> kotlinx.serialization.json.JsonArray(plain.map(::json))
        is Map<*, *> -> JsonObject(plain.entries.associate { (key, value) -> key as String to json(value) })
        else -> throw IllegalArgumentException("${plain::class} is nothing a scenario knows")
    }

/** The text of a field that must be one. */
fun JsonElement.textOf(field: String): String = (this as JsonObject).getValue(field).jsonPrimitive.content
