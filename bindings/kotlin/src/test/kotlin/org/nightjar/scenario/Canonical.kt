package org.nightjar.scenario

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import uniffi.nightjar.CellView
import uniffi.nightjar.ChoiceView
import uniffi.nightjar.ConflictView
import uniffi.nightjar.DissensusView
import uniffi.nightjar.DraftView
import uniffi.nightjar.ExportView
import uniffi.nightjar.FinishedView
import uniffi.nightjar.FormView
import uniffi.nightjar.HeldView
import uniffi.nightjar.InformationView
import uniffi.nightjar.Observed
import uniffi.nightjar.OutcomeView
import uniffi.nightjar.PageView
import uniffi.nightjar.QuestionView
import uniffi.nightjar.ReceivedView
import uniffi.nightjar.RecordView
import uniffi.nightjar.StatusView
import uniffi.nightjar.SyncView
import uniffi.nightjar.Value

/** What a call gave, in the form that all languages share: ids by name, no times, lists in an order of their own. */
class Canonical(private val names: Names) {
    fun status(view: StatusView): JsonElement =
        of(
            "label" to view.label,
            "study" to view.study,
            "wards" to view.wards,
            "drafts" to view.drafts,
            "waiting" to view.waiting,
            "at_hub" to view.atHub,
            "applied_by_evaluator" to view.appliedByEvaluator,
            "set_aside" to view.setAside,
        )

    fun form(view: FormView): JsonElement =
        of(
            "form_id" to view.formId,
            "title" to view.title,
            "kind" to view.kind,
            "roles" to view.roles,
            "languages" to view.languages,
            "confidential" to view.confidential,
            "wording_status" to view.wordingStatus,
        )

    fun information(view: InformationView): JsonElement =
        of(
            "version" to view.version,
            "title" to view.title,
            "paragraphs" to view.paragraphs,
            "yes" to view.yes,
            "not_now" to view.notNow,
            "no" to view.no,
            "talk_to_someone" to view.talkToSomeone,
            "above_free_text" to view.aboveFreeText,
        )

    fun sync(view: SyncView): JsonElement =
        of(
            "at_hub" to view.atHub,
            "waiting" to view.waiting,
            "pushed" to view.pushed,
            "pulled" to view.pulled,
            "records_changed" to view.recordsChanged,
            "refused" to view.refused,
            "set_aside" to view.setAside,
            "applied_by_evaluator" to view.appliedByEvaluator,
            "hub_lost_data" to view.hubLostData,
        )

    fun received(views: List<ReceivedView>): JsonElement =
        of(
            "tablets" to
                views.map {
                    of(
                        "tablet" to it.tablet,
                        "received" to it.received,
                        "expected" to it.expected,
                        "whole" to (it.received == it.expected),
                    )
                },
        )

    fun export(view: ExportView): JsonElement = of("files" to view.files.sorted(), "responses" to view.responses)

    fun outcome(view: OutcomeView): JsonElement =
        of("changed" to view.changed, "problems" to view.problems.map { of("path" to it.path, "text" to it.text) })

    fun page(view: PageView): JsonElement =
        of(
            "number" to view.number,
            "of" to view.of,
            "heading" to view.heading,
            "check" to view.check,
            "paths" to view.questions.map { it.path },
            "questions" to view.questions.associate { it.path to question(it) },
        )

    private fun question(view: QuestionView): JsonElement =
        of(
            "kind" to view.kind,
            "label" to view.label,
            "hint" to view.hint,
            "choices" to view.choices.map(::choice),
            "value" to value(view.value),
            "answer" to view.answer,
            "required" to view.required,
            "read_only" to view.readOnly,
            "problem" to view.problem,
            "appearance" to view.appearance,
            "image" to view.image,
            "audio" to view.audio,
        )

    private fun choice(view: ChoiceView): JsonElement =
        of("code" to view.code, "label" to view.label, "missing" to view.missing, "image" to view.image)

    fun finished(view: FinishedView): JsonElement =
        of("record" to names.of(view.record), "readable" to view.readable)

    fun drafts(views: List<DraftView>): JsonElement {
        val drafts =
            views.map {
                of(
                    "id" to names.of(it.id),
                    "form_id" to it.formId,
                    "role" to it.role,
                    "ward" to it.ward,
                    "steps" to it.steps,
                )
            }
        return of("drafts" to drafts.by("id"))
    }

    fun records(views: List<RecordView>): JsonElement = of("records" to views.map(::record).by("id"))

    private fun record(view: RecordView): JsonElement =
        of(
            "id" to names.of(view.id),
            "form_id" to view.formId,
            "kind" to view.kind,
            "ward" to view.ward,
            "natural_key" to view.naturalKey,
            "cells" to view.cells.associate { it.name to cell(it) },
        )

    private fun cell(view: CellView): JsonElement =
        of("label" to view.label, "values" to held(view.values), "in_conflict" to view.inConflict)

    private fun held(views: List<HeldView>): List<JsonElement> =
        views
            .map { of("value" to value(it.value), "text" to it.text, "role" to it.role, "tablet" to it.tablet) }
            .by("tablet", "role", "text")

    fun conflicts(views: List<ConflictView>): JsonElement {
        val conflicts =
            views.map {
                of(
                    "record" to names.of(it.record),
                    "form_id" to it.formId,
                    "ward" to it.ward,
                    "natural_key" to it.naturalKey,
                    "name" to it.name,
                    "label" to it.label,
                    "values" to held(it.values),
                )
            }
        return of("conflicts" to conflicts.by("record", "name"))
    }

    fun dissensus(views: List<DissensusView>): JsonElement {
        val cases =
            views.map {
                of(
                    "case" to it.case,
                    "ward" to it.ward,
                    "outcome" to it.outcome?.let(::record),
                    "positions" to it.positions.map(::record).by("id"),
                    "differs" to it.differs,
                )
            }
        return of("cases" to cases.by("ward", "case"))
    }

    fun told(batch: Observed): JsonElement =
        when (batch) {
            is Observed.Reset -> of("told" to "reset")
            is Observed.Changed -> of("told" to "changed", "records" to batch.records.map(names::of).sorted())
        }

    private fun of(vararg fields: Pair<String, Any?>): JsonElement = json(mapOf(*fields))

    private fun List<JsonElement>.by(vararg fields: String): List<JsonElement> =
        sortedWith(compareBy(*fields.map { field -> { one: JsonElement -> one.textOf(field) } }.toTypedArray()))

    companion object {
        /** An answer from its form in a scenario. */
        fun value(json: JsonElement): Value? {
            if (json is JsonNull) return null
            val (kind, content) = (json as JsonObject).entries.single()
            return when (kind) {
                "text" -> Value.Text(content.jsonPrimitive.content)
                "integer" -> Value.Integer(content.jsonPrimitive.long)
                "decimal" -> Value.Decimal(content.jsonPrimitive.double)
                "date" -> Value.Date(content.jsonPrimitive.content)
                "time" -> Value.Time(content.jsonPrimitive.content)
                "date_time" -> Value.DateTime(content.jsonPrimitive.content)
                "one" -> Value.One(content.jsonPrimitive.content)
                "many" -> Value.Many(content.jsonArray.map { it.jsonPrimitive.content })
                "missing" -> Value.Missing(content.jsonPrimitive.content)
                else -> throw Senseless("there is no answer of the kind \"$kind\"")
            }
        }

        private fun value(value: Value?): JsonElement =
            when (value) {
                null -> JsonNull
                is Value.Text -> json(mapOf("text" to value.text))
                is Value.Integer -> json(mapOf("integer" to value.number))
                is Value.Decimal -> json(mapOf("decimal" to value.number))
                is Value.Date -> json(mapOf("date" to value.date))
                is Value.Time -> json(mapOf("time" to value.time))
                is Value.DateTime -> json(mapOf("date_time" to value.moment))
                is Value.One -> json(mapOf("one" to value.code))
                is Value.Many -> json(mapOf("many" to value.codes))
                is Value.Missing -> json(mapOf("missing" to value.reason))
            }
    }
}
