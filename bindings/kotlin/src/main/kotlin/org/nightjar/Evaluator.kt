package org.nightjar

import java.nio.file.Path
import uniffi.nightjar.ConflictView
import uniffi.nightjar.DissensusView
import uniffi.nightjar.ExportView
import uniffi.nightjar.Failure
import uniffi.nightjar.FormChangeView
import uniffi.nightjar.ReceivedView
import uniffi.nightjar.RecordView
import uniffi.nightjar.RecordsRequest
import uniffi.nightjar.StudyPack
import uniffi.nightjar.SyncView

/**
 * A device that reads: opens what was sealed to it, and exports.
 *
 * After [close] every call throws [IllegalStateException].
 */
public class Evaluator private constructor(private val native: uniffi.nightjar.Evaluator) : AutoCloseable {
    /** The text a steward needs to let this device in. */
    public suspend fun enrolmentRequest(): String = io { native.enrolmentRequest() }

    /** Founds a study at a hub; this device becomes its steward. */
    public suspend fun found(pack: StudyPack, hub: String, setupCode: String): Unit =
        native.found(pack, hub, setupCode)

    /** Joins a study that another device founded. */
    public suspend fun join(invitation: String, pack: StudyPack): Unit = native.join(invitation, pack)

    /** Makes the offline recovery key. Its words are given once, for paper. */
    public suspend fun addRecovery(): String = io { native.addRecovery() }

    /** Lets a tablet in, for these wards (all if empty). Gives the invitation for it. */
    public suspend fun admitTablet(request: String, wards: List<String> = emptyList()): String =
        io { native.admitTablet(request, wards) }

    /** Lets another evaluator in. Gives the invitation for it. */
    public suspend fun admitEvaluator(request: String): String = io { native.admitEvaluator(request) }

    /** Names another version of the study and takes its files. Gives what differs, form by form. */
    public suspend fun newVersion(pack: StudyPack): List<FormChangeView> = io { native.newVersion(pack) }

    /** Takes the files of a version of the study that the steward has named, the newest or an older one. */
    public suspend fun update(pack: StudyPack): Unit = io { native.update(pack) }

    /** Sends what is new and receives what is new. */
    public suspend fun sync(): SyncView = native.sync()

    /** Records this device can read, in the order of their ids, at most [limit] (1 to 1,000) after [after]. */
    public suspend fun records(
        formId: String? = null,
        ward: String? = null,
        inConflict: Boolean = false,
        limit: Int = 100,
        after: String? = null,
    ): List<RecordView> =
        io { native.records(RecordsRequest(formId, ward, inConflict, limit.toUInt(), after)) }

    /** Concurrent values of facts that wait for a person. */
    public suspend fun conflicts(): List<ConflictView> = io { native.conflicts() }

    /** Positions beside their outcome. */
    public suspend fun dissensus(): List<DissensusView> = io { native.dissensus() }

    /** How much of what each tablet has sent is here. */
    public suspend fun received(): List<ReceivedView> = io { native.received() }

    /** Writes CSV with a codebook, and the report, into a folder. */
    public suspend fun export(folder: Path): ExportView = io { native.export(folder.toString()) }

    /** Lets go of the vault. Harmless when it is closed already. */
    override fun close(): Unit = native.close()

    public companion object {
        /** Makes a vault, with a key of 32 bytes, and the device's keys. */
        public suspend fun create(path: Path, key: ByteArray, label: String): Evaluator =
            io { Evaluator(uniffi.nightjar.Evaluator.create(path.toString(), key, label)) }

        /** Opens a vault: [Failure.WrongKey], [Failure.Corrupt], [Failure.Incompatible]; none changes the file. */
        public suspend fun open(path: Path, key: ByteArray): Evaluator =
            io { Evaluator(uniffi.nightjar.Evaluator.open(path.toString(), key)) }
    }
}
