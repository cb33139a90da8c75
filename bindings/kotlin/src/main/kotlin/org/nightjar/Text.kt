package org.nightjar

import uniffi.nightjar.Failure

/** What happened and what to do, in plain words; never an answer, name, key or code. */
public val Failure.text: String
    get() = toString()
