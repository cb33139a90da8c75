package org.nightjar

import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlin.io.path.writeText
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.nightjar.scenario.Runner
import org.nightjar.scenario.differences
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

    private fun run(file: Path) =
        runBlocking(Dispatchers.Default) {
            val vaults = folder.resolve(file.nameWithoutExtension).toFile().also { it.mkdir() }.toPath()
            val runner = Runner(StudyPack.read(Surroundings.study), Surroundings.hub, vaults, this)
            val transcript = runner.run(Json.parseToJsonElement(file.readText()))
            val transcripts = Surroundings.transcripts ?: return@runBlocking
            transcripts.resolve("${file.nameWithoutExtension}.kotlin.json").writeText(transcript.toString())
        }

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
