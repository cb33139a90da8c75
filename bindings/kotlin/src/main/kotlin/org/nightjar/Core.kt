package org.nightjar

import uniffi.nightjar.coreVersion

/** The Rust core behind this module. */
public object Core {
    /** Its version, as `major.minor.patch`. */
    public val version: String
        get() = coreVersion()
}
