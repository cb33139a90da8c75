package org.nightjar.scenario

/** Ids differ from run to run, so a scenario gives names to what it makes; `$name` stands for the id. */
class Names {
    private val names = mutableMapOf<String, String>()

    /** Names an id. The first name stays: a draft that was resumed, a record that was written again. */
    fun give(name: String, id: String) {
        names.putIfAbsent(id, "$$name")
    }

    fun id(reference: String): String =
        names.entries.find { it.value == reference }?.key ?: throw Senseless("nothing is named \"$reference\"")

    fun of(id: String): String = names[id] ?: "an id that the scenario has not named"
}
