package org.nightjar

import java.nio.file.Path
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import uniffi.nightjar.AmendRequest
import uniffi.nightjar.BeginRequest
import uniffi.nightjar.ConflictView
import uniffi.nightjar.DissensusView
import uniffi.nightjar.DraftView
import uniffi.nightjar.Failure
import uniffi.nightjar.FormView
import uniffi.nightjar.HandedOverView
import uniffi.nightjar.InformationView
import uniffi.nightjar.MoveView
import uniffi.nightjar.NewValue
import uniffi.nightjar.Observed
import uniffi.nightjar.Observer
import uniffi.nightjar.RecordView
import uniffi.nightjar.RecordsRequest
import uniffi.nightjar.SettleRequest
import uniffi.nightjar.StatusView
import uniffi.nightjar.StepView
import uniffi.nightjar.StudyPack
import uniffi.nightjar.SyncView
import uniffi.nightjar.TallyView
import uniffi.nightjar.Value

/**
 * A device that collects: its encrypted vault, its keys and its study.
 *
 * After [close] its own calls throw [IllegalStateException] and its sittings [Failure.Closed].
 */
public class Tablet private constructor(private val native: uniffi.nightjar.Tablet) : AutoCloseable {
    /** The text a steward needs to let this device in. */
    public suspend fun enrolmentRequest(): String = io { native.enrolmentRequest() }

    /** Joins the study the invitation names. Waits for the hub. */
    public suspend fun join(invitation: String, pack: StudyPack): Unit = native.join(invitation, pack)

    /** What this device holds and still has to do. */
    public suspend fun status(): StatusView = io { native.status() }

    /** The forms of the study. */
    public suspend fun forms(): List<FormView> = io { native.forms() }

    /** The information page in a language, else in the study's default one. */
    public suspend fun information(language: String = ""): InformationView = io { native.information(language) }

    /** Opens a form for one person. */
    public suspend fun begin(formId: String, role: String, ward: String, language: String? = null): Sitting =
        io { Sitting(native.begin(BeginRequest(formId, role, ward, language))) }

    /** Unfinished answers; never their content. */
    public suspend fun drafts(): List<DraftView> = io { native.drafts() }

    /** Opens a draft again, with every acknowledged answer, on the page it was left on. */
    public suspend fun resume(draft: String): Sitting = io { Sitting(native.resume(draft)) }

    /** The tablet goes to somebody else: unfinished forms are gone, unless their respondents took words. */
    public suspend fun handOver(): HandedOverView = io { native.handOver() }

    /** Opens the form whose respondent took these words. */
    public suspend fun resumeWithWords(words: String): Sitting = io { Sitting(native.resumeWithWords(words)) }

    /** What was finished (confidential forms only) and stopped on this tablet, counted. */
    public suspend fun tallies(): List<TallyView> = io { native.tallies() }

    /** What moving an unfinished answer to the form's newest version does. Nothing is changed. */
    public suspend fun checkMove(draft: String): MoveView = io { native.checkMove(draft) }

    /** Moves an unfinished answer as [checkMove] has said; what does not come along stays sealed beside it. */
    public suspend fun moveDraft(draft: String, agreed: MoveView): Sitting =
        io { Sitting(native.moveDraft(draft, agreed)) }

    /** Takes the files of a version of the study that the steward has named. */
    public suspend fun update(pack: StudyPack): Unit = io { native.update(pack) }

    /**
     * Records this device can read, in the order of their ids, at most [limit] (1 to 1,000) after [after]; with [text], those
     * whose texts hold all these words, each at least as the beginning of a word.
     */
    public suspend fun records(
        formId: String? = null,
        ward: String? = null,
        inConflict: Boolean = false,
        limit: Int = 100,
        after: String? = null,
        text: String? = null,
    ): List<RecordView> =
        io { native.records(RecordsRequest(formId, ward, inConflict, limit.toUInt(), after, text)) }

    /** Everything that was ever written to a record, each step with how far its chain proves it. */
    public suspend fun history(record: String): List<StepView> = io { native.history(record) }

    /** Corrects items of a fact by name. What another device writes meanwhile is kept beside it. */
    public suspend fun amend(record: String, role: String, changes: Map<String, Value>): Unit =
        io { native.amend(AmendRequest(record, role, changes.map { (name, value) -> NewValue(name, value) })) }

    /** Concurrent values of facts that wait for a person. */
    public suspend fun conflicts(): List<ConflictView> = io { native.conflicts() }

    /** Settles a conflict. */
    public suspend fun settle(record: String, name: String, value: Value, role: String): Unit =
        io { native.settle(SettleRequest(record, name, value, role)) }

    /** Positions beside their outcome. Never settled away. */
    public suspend fun dissensus(): List<DissensusView> = io { native.dissensus() }

    /** Counts that somebody asked to talk to someone on this ward now. Gives the week's count. */
    public suspend fun talkToSomeone(ward: String): ULong = io { native.talkToSomeone(ward) }

    /** Sends what is new and receives what is new. [Failure.Offline]: everything stays here, try again later. */
    public suspend fun sync(): SyncView = native.sync()

    /** What changes while it is collected, beginning with a Reset. */
    public fun changes(): Flow<Observed> =
        callbackFlow {
            val observer =
                object : Observer {
                    override fun observed(batch: Observed) {
                        trySend(batch)
                    }
                }
            val subscription = native.observe(observer)
            awaitClose { subscription.use { it.cancel() } }
        // Batches hold ids only, and the thread that brings them serves other observers too: it never waits.
        }.buffer(Channel.UNLIMITED)

    /** Closes the vault's file until [resumeVault]: an operating system that suspends the app finds no lock held. */
    public suspend fun pause(): Unit = io { native.pause() }

    /** Opens the vault's file again. */
    public suspend fun resumeVault(): Unit = io { native.resumeVault() }

    /** Closes the vault's file, whoever still holds a sitting of it. Harmless when it is closed already. */
    override fun close() {
        if (!native.uniffiIsDestroyed) {
            native.pause()
            native.close()
        }
    }

    public companion object {
        /** Makes a vault, with a key of 32 bytes, and the device's keys. */
        public suspend fun create(path: Path, key: ByteArray, label: String): Tablet =
            io { Tablet(uniffi.nightjar.Tablet.create(path.toString(), key, label)) }

        /** Opens a vault: [Failure.WrongKey], [Failure.Corrupt], [Failure.Incompatible]; none changes the file. */
        public suspend fun open(path: Path, key: ByteArray): Tablet =
            io { Tablet(uniffi.nightjar.Tablet.open(path.toString(), key)) }
    }
}
