package org.nightjar

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class CoreTest {
    @Test
    fun `the library loads and tells its version`() {
        assertTrue(Regex("""\d+\.\d+\.\d+""").matches(Core.version), Core.version)
    }
}
