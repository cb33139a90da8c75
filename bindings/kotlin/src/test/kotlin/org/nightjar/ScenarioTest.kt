package org.nightjar

import java.nio.file.Path
import kotlin.io.path.createTempDirectory
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlin.io.path.writeText
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.nightjar.scenario.Hub
import org.nightjar.scenario.Runner
import org.nightjar.scenario.differences
import org.nightjar.scenario.json
import uniffi.nightjar.StudyPack

/** Every scenario on the JVM. `tests/vectors/README.md` defines their format. */
class ScenarioTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `every scenario gives what it says`() {
        val files = Surroundings.scenarios.listDirectoryEntries("*.json").sorted()
        assertTrue(files.isNotEmpty(), "there are no scenarios")
        for (file in files) run(file)
    }

    private fun run(file: Path) {
        val transcript = run(Json.parseToJsonElement(file.readText()), Surroundings.hub)
        val transcripts = Surroundings.transcripts ?: return
        transcripts.resolve("${file.nameWithoutExtension}.kotlin.json").writeText(transcript.toString())
    }

    private fun run(scenario: JsonElement, hub: Hub): JsonElement =
        runBlocking(Dispatchers.Default) {
            Runner(StudyPack.read(Surroundings.study), hub, createTempDirectory(folder), this).run(scenario)
        }

    @Test
    fun `what nobody understands is refused`() {
        val senseless = Json.parseToJsonElement(Surroundings.scenarios.resolveSibling("senseless.json").readText())
        val before = senseless.jsonObject.getValue("before").jsonArray
        run(senseless(before), Hub("", ""))
        for (step in senseless.jsonObject.getValue("each_must_fail").jsonArray) {
            assertThrows(AssertionError::class.java, { run(senseless(before + step), Hub("", "")) }, "$step")
        }
    }

    private fun senseless(steps: List<JsonElement>): JsonElement =
        json(mapOf("scenario" to "senseless", "about" to "", "canary" to "?", "steps" to steps))

    @Test
    fun `an expected key that is not there is a difference`() {
        assertEquals(1, found("""{"a": null}""", "{}"))
        assertEquals(0, found("""{"a": {}}""", """{"a": {"b": 1}}"""))
        assertEquals(1, found("""{"a": "1"}""", """{"a": 1}"""))
    }

    @Test
    fun `lists are compared whole and in order`() {
        assertEquals(0, found("[1, 2]", "[1, 2]"))
        assertEquals(2, found("[1, 2]", "[2, 1]"))
        assertEquals(1, found("[1]", "[1, 2]"))
    }

    private fun found(expected: String, result: String): Int =
        differences(Json.parseToJsonElement(expected), Json.parseToJsonElement(result)).size
}
