package org.nightjar

import java.nio.file.Path
import kotlin.io.path.Path
import org.junit.jupiter.api.Assumptions.assumeTrue
import org.nightjar.scenario.Hub

/** What `cargo xtask test` tells the tests: where things are, and the hub to talk to. */
object Surroundings {
    val scenarios: Path
        get() = Path(variable("NIGHTJAR_SCENARIOS"))

    val study: Path
        get() = Path(variable("NIGHTJAR_STUDY"))

    val hub: Hub
        get() = Hub(variable("NIGHTJAR_HUB"), variable("NIGHTJAR_SETUP_CODE"))

    val transcripts: Path?
        get() = System.getenv("NIGHTJAR_TRANSCRIPTS")?.let { Path(it) }

    private fun variable(name: String): String {
        val value = System.getenv(name)
        assumeTrue(!value.isNullOrEmpty(), "$name is not set; `cargo xtask test --only kotlin` sets it")
        return value
    }
}
