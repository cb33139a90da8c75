package org.nightjar

import java.nio.file.Path
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import uniffi.nightjar.Failure
import uniffi.nightjar.StudyPack
import uniffi.nightjar.coreVersion

/** The Rust core behind this module. */
public object Core {
    /** Its version, as `major.minor.patch`. */
    public val version: String
        get() = coreVersion()

    /** A new 32-byte vault key, for the platform's key store to keep. */
    public fun newVaultKey(): ByteArray = uniffi.nightjar.newVaultKey()
}

/** Reads a study pack from a folder that holds `study.toml`; [Failure.Invalid] lists every problem with its place. */
public suspend fun StudyPack.Companion.read(folder: Path): StudyPack =
    io { fromFolder(folder.toString()) }

/** A call that waits for the disk, off the caller's thread. */
internal suspend fun <T> io(call: () -> T): T = withContext(Dispatchers.IO) { call() }
