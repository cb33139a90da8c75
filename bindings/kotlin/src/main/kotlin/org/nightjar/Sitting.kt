package org.nightjar

import uniffi.nightjar.Failure
import uniffi.nightjar.FinishedView
import uniffi.nightjar.OutcomeView
import uniffi.nightjar.PageView
import uniffi.nightjar.StaysView
import uniffi.nightjar.Value

/** One person answering one form. Every answer is on disk when its call returns. */
public class Sitting internal constructor(private val native: uniffi.nightjar.Sitting) : AutoCloseable {
    /** What [Tablet.resume] takes if the app is killed. */
    public val id: String
        get() = native.id()

    /** What is on display. */
    public suspend fun page(): PageView = io { native.page() }

    /** What was answered in an earlier version of the form and does not stand in this one. */
    public suspend fun stays(): List<StaysView> = io { native.stays() }

    /** Words that open this form again on this tablet after it was handed over, and nothing else does. Given once. */
    public suspend fun takeWords(): String = io { native.takeWords() }

    /** Takes back what an earlier version asked: it is no part of what is handed in. */
    public suspend fun takeBack(path: String): Unit = io { native.takeBack(path) }

    /** Gives, changes or (without a value) clears an answer. */
    public suspend fun answer(path: String, value: Value?): OutcomeView = io { native.answer(path, value) }

    /** Goes to the next page, unless something on this one stands in the way: then it stays and shows why. */
    public suspend fun next(): PageView = io { native.next() }

    /** Goes to the page before. */
    public suspend fun back(): PageView = io { native.back() }

    /** Goes on in another language; answers stay. */
    public suspend fun language(language: String): PageView = io { native.language(language) }

    /** Seals the answers and destroys the draft; [Failure.Invalid] with what still blocks, and then it is kept. */
    public suspend fun finish(): FinishedView = io { native.finish() }

    /** Stop, and keep what was answered. */
    public suspend fun stopKeeping(): FinishedView = io { native.stopKeeping() }

    /** Stop, and throw everything away: its key is destroyed. */
    public suspend fun throwAway(): Unit = io { native.throwAway() }

    /** Lets go of it; an unfinished draft stays. */
    override fun close(): Unit = native.close()
}
