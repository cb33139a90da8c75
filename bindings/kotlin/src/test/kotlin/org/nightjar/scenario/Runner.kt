package org.nightjar.scenario

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.flow.produceIn
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive
import org.nightjar.Core
import org.nightjar.Evaluator
import org.nightjar.Sitting
import org.nightjar.Tablet
import org.nightjar.text
import uniffi.nightjar.Failure
import uniffi.nightjar.Observed
import uniffi.nightjar.PageView
import uniffi.nightjar.StudyPack

private const val MAX_PAGES = 100
private const val PATIENCE_MS = 30_000L

/** The hub that a scenario founds its study at. */
data class Hub(val address: String, val setupCode: String)

/** A device and what opens it again. */
private class Device(val path: Path, val key: ByteArray, var handle: AutoCloseable)

/** Reads a scenario and does its steps. What observes runs in [scope]. */
class Runner(
    private val pack: StudyPack,
    private val hub: Hub,
    private val folder: Path,
    private val scope: CoroutineScope,
) {
    private val devices = mutableMapOf<String, Device>()
    private val sittings = mutableMapOf<String, Sitting>()
    private val watches = mutableMapOf<String, ReceiveChannel<Observed>>()
    private val invitations = mutableMapOf<String, String>()
    private val names = Names()
    private val canonical = Canonical(names)
    private val nothing = json(emptyMap<String, String>())
    private var canary = ""

    /** Does every step and gives the transcript; throws at the first that does not go as expected. */
    suspend fun run(scenario: JsonElement): JsonElement {
        val fields = Fields("the scenario", scenario)
        val name = fields.text("scenario")
        fields.text("about")
        canary = fields.text("canary")
        val steps = fields.read("steps").jsonArray
        fields.end()
        val transcript =
            steps.mapIndexed { at, json ->
                val place = "$name, step ${at + 1} (${(json as JsonObject)["do"]})"
                try {
                    step(Step(json))
                } catch (problem: Senseless) {
                    throw AssertionError("$place: ${problem.message}", problem)
                } catch (failure: Failure) {
                    throw AssertionError("$place: ${failure.text}", failure)
                }
            }
        watches.values.forEach { it.cancel() }
        devices.values.forEach { it.handle.close() }
        return json(transcript)
    }

    private suspend fun step(step: Step): JsonElement {
        val result =
            try {
                act(step).also { step.end() }
            } catch (failure: Failure) {
                checkText(failure)
                if ("failed" !in step.expected) throw failure
                json(mapOf("failed" to failure::class.simpleName))
            }
        val found = differences(step.expected, result)
        if (found.isNotEmpty()) throw Senseless(found.joinToString("\n  ", "\n  "))
        return step.told(result)
    }

    /** No text of a failure is empty or holds an answer. */
    private fun checkText(failure: Failure) {
        for (text in listOf(failure.text, failure.message.orEmpty(), failure.stackTraceToString())) {
            if (text.isBlank() || canary in text) {
                throw Senseless("the text of a failure is empty or holds an answer")
            }
        }
    }

    private suspend fun act(step: Step): JsonElement =
        when (step.what) {
            "create_tablet", "create_evaluator" -> create(step)
            "reopen" -> reopen(step)
            "open_with_wrong_key" -> openWithWrongKey(step)
            "found" -> nothing.also { evaluator(step).found(pack, hub.address, hub.setupCode) }
            "add_recovery" -> json(mapOf("given" to evaluator(step).addRecovery().isNotEmpty()))
            "admit_tablet", "admit_evaluator" -> admit(step)
            "join" -> join(step)
            "status" -> canonical.status(tablet(step).status())
            "form" -> form(step)
            "information" -> canonical.information(tablet(step).information(step.with.text("language")))
            "talk_to_someone" -> json(mapOf("count" to tablet(step).talkToSomeone(step.with.text("ward"))))
            "sync" -> sync(step)
            "begin" -> begin(step)
            "resume" -> resume(step)
            "drafts" -> canonical.drafts(tablet(step).drafts())
            "page" -> canonical.page(sitting(step).page())
            "back" -> canonical.page(sitting(step).back())
            "next" -> next(step)
            "language" -> canonical.page(sitting(step).language(step.with.text("language")))
            "answer" -> answer(step)
            "finish", "stop_keeping" -> finish(step)
            "throw_away" -> nothing.also { sitting(step).throwAway() }
            "records" -> records(step)
            "amend" -> amend(step)
            "conflicts" -> conflicts(step)
            "settle" -> settle(step)
            "dissensus" -> dissensus(step)
            "received" -> canonical.received(evaluator(step).received())
            "export" -> export(step)
            "observe" -> nothing.also { watches[step.made()] = tablet(step).changes().produceIn(scope) }
            "told" -> told(step)
            "stop_observing" -> nothing.also { watches.named(step.on()).cancel() }
            else -> throw Senseless("there is no such thing to do")
        }

    private suspend fun create(step: Step): JsonElement {
        val name = step.made()
        val key = Core.newVaultKey()
        val path = folder.resolve("$name.vault")
        val label = step.with.text("label")
        val handle =
            if (step.what == "create_tablet") Tablet.create(path, key, label) else Evaluator.create(path, key, label)
        devices[name] = Device(path, key, handle)
        return nothing
    }

    private suspend fun reopen(step: Step): JsonElement {
        val device = devices.named(step.on())
        device.handle.close()
        device.handle = device.open(device.key)
        return nothing
    }

    private suspend fun openWithWrongKey(step: Step): JsonElement {
        devices.named(step.on()).open(Core.newVaultKey()).close()
        return nothing
    }

    private suspend fun Device.open(key: ByteArray): AutoCloseable =
        if (handle is Tablet) Tablet.open(path, key) else Evaluator.open(path, key)

    private suspend fun admit(step: Step): JsonElement {
        val steward = evaluator(step)
        val name = step.made()
        val request =
            when (val device = device(step.with.text("device"))) {
                is Tablet -> device.enrolmentRequest()
                else -> (device as Evaluator).enrolmentRequest()
            }
        invitations[name] =
            when (step.what) {
                "admit_tablet" ->
                    steward.admitTablet(request, step.with.read("wards").jsonArray.map { it.jsonPrimitive.content })
                else -> steward.admitEvaluator(request)
            }
        return nothing
    }

    private suspend fun join(step: Step): JsonElement {
        val device = device(step.on())
        val invitation = invitations.named(step.with.text("invitation"))
        if (device is Tablet) device.join(invitation, pack) else (device as Evaluator).join(invitation, pack)
        return nothing
    }

    private suspend fun form(step: Step): JsonElement {
        val tablet = tablet(step)
        val formId = step.with.text("form_id")
        val form = tablet.forms().find { it.formId == formId }
        return canonical.form(form ?: throw Senseless("the study has no form \"$formId\""))
    }

    private suspend fun sync(step: Step): JsonElement {
        val device = device(step.on())
        return canonical.sync(if (device is Tablet) device.sync() else (device as Evaluator).sync())
    }

    private suspend fun begin(step: Step): JsonElement {
        val tablet = tablet(step)
        val name = step.made()
        val with = step.with
        val language = with.textIfThere("language")
        return sit(name, tablet.begin(with.text("form_id"), with.text("role"), with.text("ward"), language))
    }

    private suspend fun resume(step: Step): JsonElement {
        val tablet = tablet(step)
        val name = step.made()
        return sit(name, tablet.resume(names.id(step.with.text("draft"))))
    }

    private suspend fun sit(name: String, sitting: Sitting): JsonElement {
        names.give(name, sitting.id)
        sittings[name] = sitting
        return canonical.page(sitting.page())
    }

    private suspend fun next(step: Step): JsonElement {
        val sitting = sitting(step)
        val until = step.with.textIfThere("until") ?: return canonical.page(sitting.next())
        repeat(MAX_PAGES) {
            val page = sitting.next()
            if (page.shows(until)) return canonical.page(page)
        }
        throw Senseless("no page shows \"$until\"")
    }

    private fun PageView.shows(until: String) =
        if (until == "check") check else questions.any { it.path == until }

    private suspend fun answer(step: Step): JsonElement {
        val sitting = sitting(step)
        return canonical.outcome(sitting.answer(step.with.text("path"), Canonical.value(step.with.read("value"))))
    }

    private suspend fun finish(step: Step): JsonElement {
        val sitting = sitting(step)
        val name = step.made()
        val view = if (step.what == "finish") sitting.finish() else sitting.stopKeeping()
        names.give(name, view.record)
        return canonical.finished(view)
    }

    private suspend fun records(step: Step): JsonElement {
        val device = device(step.on())
        val form = step.with.textIfThere("form_id")
        val ward = step.with.textIfThere("ward")
        val inConflict = step.with.readIfThere("in_conflict")?.jsonPrimitive?.boolean ?: false
        val records =
            if (device is Tablet) {
                device.records(form, ward, inConflict)
            } else {
                (device as Evaluator).records(form, ward, inConflict)
            }
        return canonical.records(records)
    }

    private suspend fun amend(step: Step): JsonElement {
        val tablet = tablet(step)
        val changes = (step.with.read("changes") as JsonObject).mapValues { (_, value) -> given(value) }
        tablet.amend(names.id(step.with.text("record")), step.with.text("role"), changes)
        return nothing
    }

    private fun given(value: JsonElement) = Canonical.value(value) ?: throw Senseless("a value is missing")

    private suspend fun conflicts(step: Step): JsonElement {
        val device = device(step.on())
        return canonical.conflicts(if (device is Tablet) device.conflicts() else (device as Evaluator).conflicts())
    }

    private suspend fun settle(step: Step): JsonElement {
        val tablet = tablet(step)
        val with = step.with
        tablet.settle(names.id(with.text("record")), with.text("name"), given(with.read("value")), with.text("role"))
        return nothing
    }

    private suspend fun dissensus(step: Step): JsonElement {
        val device = device(step.on())
        return canonical.dissensus(if (device is Tablet) device.dissensus() else (device as Evaluator).dissensus())
    }

    private suspend fun export(step: Step): JsonElement {
        val view = evaluator(step).export(folder.resolve("export").createDirectories())
        for (file in view.files) {
            val path = folder.resolve("export").resolve(file)
            if (!Files.isRegularFile(path) || Files.size(path) == 0L) throw Senseless("$file was not written")
        }
        return canonical.export(view)
    }

    private suspend fun told(step: Step): JsonElement {
        val watch = watches.named(step.on())
        return canonical.told(withTimeout(PATIENCE_MS) { watch.receive() })
    }

    private fun device(name: String): AutoCloseable = devices.named(name).handle

    private fun tablet(step: Step): Tablet =
        device(step.on()) as? Tablet ?: throw Senseless("this is no tablet")

    private fun evaluator(step: Step): Evaluator =
        device(step.on()) as? Evaluator ?: throw Senseless("this is no evaluator")

    private fun sitting(step: Step): Sitting = sittings.named(step.on())

    private fun <T> Map<String, T>.named(name: String): T = this[name] ?: throw Senseless("there is no \"$name\"")
}
