package org.nightjar

import java.nio.file.Path
import kotlin.io.path.readBytes
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import uniffi.nightjar.Failure
import uniffi.nightjar.Observed
import uniffi.nightjar.StudyPack
import uniffi.nightjar.Value

/** A refusal has a kind that says what to do, and a text without answers or keys. */
class FailureTest {
    @TempDir
    lateinit var folder: Path

    private val key = Core.newVaultKey()

    private inline fun <reified F : Throwable> refused(crossinline call: suspend () -> Unit): F =
        assertThrows(F::class.java) { runBlocking { call() } }

    @Test
    fun `a wrong key is told apart and leaves the vault alone`() {
        val (a, b) = folder.resolve("a.vault") to folder.resolve("b.vault")
        runBlocking {
            Tablet.create(a, key, "A tablet").close()
            Evaluator.create(b, key, "An evaluator").close()
        }
        val before = a.readBytes()
        refused<Failure.WrongKey> { Tablet.open(a, Core.newVaultKey()) }
        refused<Failure.WrongKey> { Tablet.open(a, ByteArray(7)) }
        refused<Failure.WrongKey> { Evaluator.open(b, Core.newVaultKey()) }
        assertArrayEquals(before, a.readBytes())
        runBlocking { Tablet.open(a, key).close() }
    }

    @Test
    fun `after close every call is a programming error`() {
        val tablet = runBlocking { Tablet.create(folder.resolve("a.vault"), key, "A tablet") }
        val evaluator = runBlocking { Evaluator.create(folder.resolve("b.vault"), key, "An evaluator") }
        for (device in listOf(tablet, evaluator)) {
            device.close()
            device.close()
        }
        refused<IllegalStateException> { tablet.status() }
        refused<IllegalStateException> { tablet.sync() }
        refused<IllegalStateException> { tablet.changes().first() }
        refused<IllegalStateException> { evaluator.received() }
    }

    @Test
    fun `a vault that is there is not made again`() {
        runBlocking { Tablet.create(folder.resolve("a.vault"), key, "A tablet").close() }
        refused<Failure.Invalid> { Tablet.create(folder.resolve("a.vault"), key, "A tablet") }
    }

    @Test
    fun `a failure reads as its sentence`() {
        val tablet = runBlocking { Tablet.create(folder.resolve("a.vault"), key, "A tablet") }
        val refused = tablet.use { refused<Failure.Invalid> { it.forms() } }
        assertEquals("this device has not joined a study yet", refused.text)
    }

    @Test
    fun `who begins to observe is told Reset, each time`() = runBlocking {
        Tablet.create(folder.resolve("a.vault"), key, "A tablet").use { tablet ->
            repeat(2) { assertEquals(listOf(Observed.Reset), tablet.changes().take(1).toList()) }
        }
    }

    @Test
    fun `no refusal holds an answer`() {
        val canary = "a marmalade kestrel"
        val (tablet, sitting) = runBlocking { patient() }
        val refused = mutableListOf<Failure>()
        for (path in listOf("slept", "no_such_question")) {
            for (value in listOf(Value.Text(canary), Value.One(canary), Value.Date(canary))) {
                refused += refused<Failure.Invalid> { sitting.answer(path, value) }
            }
        }
        runBlocking { sitting.answer("better", Value.Text(canary)) }
        tablet.close()
        refused += refused<Failure.Closed> { sitting.answer("better", Value.Text("$canary again")) }
        for (failure in refused) {
            assertFalse(canary in "${failure.text} ${failure.message} ${failure.stackTraceToString()}")
        }
        sitting.close()
        refused<IllegalStateException> { sitting.page() }
    }

    /** A patient who begins to answer, in a study of their own. */
    private suspend fun patient(): Pair<Tablet, Sitting> {
        val hub = Surroundings.hub
        val pack = StudyPack.read(Surroundings.study)
        val steward = Evaluator.create(folder.resolve("steward.vault"), key, "Steward")
        val second = Evaluator.create(folder.resolve("second.vault"), key, "Second")
        val tablet = Tablet.create(folder.resolve("tablet.vault"), key, "Tablet")
        steward.found(pack, hub.address, hub.setupCode)
        steward.addRecovery()
        steward.admitEvaluator(second.enrolmentRequest())
        val invitation = steward.admitTablet(tablet.enrolmentRequest())
        steward.sync()
        tablet.join(invitation, pack)
        return tablet to tablet.begin("patient-core", role = "patient", ward = "acute-male")
    }
}
