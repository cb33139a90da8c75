package org.nightjar.scenario

import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject

/**
 * Every way in which a result is not as expected, each with its place. Every key of the expectation is looked for in
 * the result, so none is passed over.
 */
fun differences(expected: JsonElement, result: JsonElement, place: String = "result"): List<String> =
    when {
        expected is JsonObject && result is JsonObject ->
            expected.flatMap { (key, wanted) ->
                result[key]?.let { differences(wanted, it, "$place.$key") }
                    ?: listOf("$place.$key: is not there; expected $wanted")
            }
        expected is JsonArray && result is JsonArray && expected.size == result.size ->
            expected.indices.flatMap { differences(expected[it], result[it], "$place[$it]") }
        expected == result -> emptyList()
        else -> listOf("$place: is $result; expected $expected")
    }
