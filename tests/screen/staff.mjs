// The side for staff: behind a PIN, and away again when the tablet is handed over.

import { strict as assert } from "node:assert";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PIN } from "./ward.mjs";

/** Opens the side for staff in a role. */
async function unlocks(hands, role = "Nurse") {
  await hands.press("For ward staff");
  await hands.page.getByLabel("PIN of this tablet").fill(PIN);
  await hands.press("Open");
  await hands.press(role);
  await hands.sees("For ward staff");
}

async function says(hands, text) {
  const main = await hands.page.getByRole("main").innerText();
  assert.ok(main.includes(text), `${text}\n---\n${main}`);
}

async function writes(hands, label, text) {
  await hands.page.getByLabel(label, { exact: true }).fill(text);
}

/** The day before the one in the study's zone, as three fields. */
async function writesNight(hands, [day, month, year]) {
  await writes(hands, "Day", String(day));
  await writes(hands, "Month", String(month));
  await writes(hands, "Year", String(year));
}

export async function staff(scenario, ward) {
  await scenario("a PIN opens the side for staff, a wrong one waits, and neither is in the way of anybody", async (hands) => {
    await hands.press("For ward staff");
    await hands.everybody("PIN");
    for (const wrong of ["", "000000", "111111"]) {
      await hands.page.getByLabel("PIN of this tablet").fill(wrong);
      await hands.press("Open");
    }
    await says(hands, "can be tried in 1 s");
    await hands.everybody("PIN, wrong");
    await hands.press("Back to the start");
    // Whoever is asked is not kept waiting by it.
    await hands.press("I am staying on this ward");
    await hands.press("No");
    await hands.press("Done");
    await hands.page.waitForTimeout(1200);
    await hands.press("For ward staff");
    await hands.page.getByLabel("PIN of this tablet").fill(PIN);
    await hands.press("Open");
    await hands.sees("What are you working as?");
    await hands.everybody("roles of staff");
    await hands.press("Nurse");
    await hands.everybody("all for staff");
    await hands.press("This tablet");
    await hands.everybody("this tablet");
    await hands.press("All for staff");
    await hands.press("Hand over: close this side");
    await hands.sees("Who is holding this tablet?");
    await hands.nothing([PIN]);
  });

  await scenario("the asking list: not asked in two taps, asked by handing over, numbers of the day", async (hands) => {
    const { page } = hands;
    await unlocks(hands);
    await hands.press("Asking list: who was asked, and who was not");
    await hands.everybody("asking list, empty");
    for (const label of ["Blue heron", "Owl", "Wren"]) {
      await writes(hands, "Add a label", label);
      await hands.press("Add to the list");
    }
    await hands.photograph("asking list, three labels");
    await writes(hands, "Add a label", "owl");
    await hands.press("Add to the list");
    await says(hands, "on the list already");
    await hands.everybody("asking list");
    await hands.press(/^Not asked.*Owl/);
    await hands.everybody("why not");
    await hands.press("Asleep");
    await says(hands, "It was written down.");
    await says(hands, "2 of 3 not asked yet");
    await hands.press(/^Ask now.*Blue heron/);
    await hands.sees("Who is holding this tablet?");
    assert.ok(!(await page.content()).includes("heron"), "nothing of the list is with whoever is asked");
    await hands.press("I am staying on this ward");
    await hands.press("No");
    await hands.press("Done");
    await unlocks(hands);
    await hands.press("Asking list: who was asked, and who was not");
    await says(hands, "1 of 3 not asked yet");
    await says(hands, "Said no");
    await hands.press(/^Wren/);
    await hands.everybody("one label");
    await hands.press("Do not ask again");
    await says(hands, "0 of 3 not asked yet");
    await hands.press("All for staff");
    await hands.press("Numbers: today, unfinished, talks");
    await hands.everybody("numbers");
    await says(hands, "Asked\t1");
    await hands.press("All for staff");
    await hands.press(/^Look.*Who was asked/);
    await hands.everybody("records");
    await says(hands, "Asleep");
    assert.ok((await page.locator("main dd").allInnerTexts()).some((text) => text.trim() === "No"), "who said no");
    assert.ok(!(await page.getByRole("main").innerText()).match(/Owl|heron/), "a record has no label");
    await hands.press("Hand over: close this side");
  });

  await scenario("ward records are written, left, gone on with, and a conflict is settled after a sync", async (hands) => {
    const { page } = hands;
    const night = new Date(Date.now() - 3 * 86400e3);
    const parts = [night.getUTCDate(), night.getUTCMonth() + 1, night.getUTCFullYear()];
    await unlocks(hands);
    await hands.press("Ward night");
    assert.ok((await page.content()).includes("This is not the care record."));
    await hands.everybody("a record of the ward");
    await writesNight(hands, parts);
    await hands.press("Next");
    await page.getByRole("textbox").first().fill("15");
    await hands.press("Stop");
    await hands.everybody("stop a record");
    await hands.press("Leave it here, and go on later");
    await says(hands, "It waits here");
    await hands.everybody("all for staff, something unfinished");
    await hands.press("Hand over: close this side");
    await unlocks(hands, "Night coordinator");
    await hands.press("Go on: Ward night");
    assert.equal(await page.getByRole("textbox").first().inputValue(), "15");
    await page.getByLabel(/^How many beds were open/).fill("16");
    await page.getByLabel(/been here for 72 hours/).fill("12");
    for (let turns = 0; turns < 12; turns += 1) {
      if (await page.getByRole("heading", { name: "Check your answers" }).count()) break;
      for (const box of await page.getByRole("textbox").all()) if (!(await box.inputValue())) await box.fill("0");
      await hands.press("Next");
    }
    await hands.everybody("check of a record");
    await hands.press("Store this record");
    await says(hands, "It is stored.");

    const iso = night.toISOString().slice(0, 10);
    await ward.twinWrites("ward-night", { night: { date: iso }, in_bed: { integer: 14 }, planned: { integer: 0 } });
    // Another ward's voices and nights are none of this one's.
    await ward.twinWrites("position", { case_label: { text: "Kestrel 9" }, voice: { one: "patient" }, stance: { one: "against" } }, "rehab-long");
    await page.getByRole("button", { name: /^Send and receive/ }).click();
    await hands.sees("Send and receive");
    await says(hands, "wait on this tablet");
    await page.getByRole("button", { name: "Send and receive now" }).click();
    await page.getByText("received by the hub").getByText("Done.").waitFor();
    await hands.everybody("sent and received");
    await says(hands, "came from other tablets");
    await hands.press("All for staff");
    await hands.press("Written down in two ways: 1");
    await hands.everybody("conflicts");
    await says(hands, "nurse, tablet");
    await says(hands, "nurse, twin");
    await page.getByLabel(/^Or something else/).fill("many");
    await hands.press(/^That holds/);
    await says(hands, "cannot hold that");
    await hands.press(/^This holds: 14/);
    await says(hands, "It is settled.");
    await says(hands, "Nothing is written down in two ways.");
    await hands.press("All for staff");
    await hands.press(/^Look.*Ward night/);
    await hands.press(/^Correct this record/);
    await hands.everybody("correct a record");
    const field = page.getByLabel(/^What should it say\?: .*beds were open/);
    await field.fill("many");
    await page.getByRole("button", { name: /^Correct it.*beds were open/ }).click();
    await page.getByText("That could not be done").waitFor();
    await page.getByLabel(/^What should it say\?: .*beds were open/).fill("15");
    await hands.press(/^Correct it.*beds were open/);
    await says(hands, "It is corrected.");
    assert.ok((await ward.reads("ward-night")).includes("15"));
    await hands.press("All for staff");
    await says(hands, "Written down in two ways: 0");
    await hands.press("Protected sleep: one voice");
    await page.getByLabel("Label of this decision").fill("Owl 7");
    await hands.press("Next");
    await page.getByRole("group", { name: "Whose voice is it?" }).getByLabel("The patient", { exact: true }).check();
    await page.getByRole("group", { name: "Protected sleep" }).getByLabel("Against", { exact: true }).check();
    await hands.press("Next");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.press("Store this record");
    await hands.press("Positions beside what was decided");
    await hands.everybody("voices");
    await says(hands, "Owl 7");
    await says(hands, "Nothing was decided yet.");
    assert.ok(!(await page.getByRole("main").innerText()).includes("Kestrel"), "another ward's case");
    assert.ok((await ward.reads("position")).includes("Kestrel 9"), "though this tablet holds it");
    await hands.press("Hand over: close this side");
  });

  await scenario("a hub that is not there: it says so, what was stored waits, and the next time it is sent", async (hands) => {
    const { page } = hands;
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    await hands.choose("Well");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.press("Hand in my answers");
    await hands.press("No words: just hand in my answers");
    await hands.press("Done");
    await ward.hubGone();
    try {
      await unlocks(hands);
      const door = await page.getByRole("button", { name: /^Send and receive/ }).innerText();
      const waiting = Number(door.match(/(\d+) still to be sent/)[1]);
      assert.ok(waiting >= 1, door);
      await page.getByRole("button", { name: /^Send and receive/ }).click();
      await page.getByRole("button", { name: "Send and receive now" }).click();
      await page.getByText("The hub cannot be reached now. Nothing is lost.").waitFor();
      await hands.everybody("no hub");
      await says(hands, `${waiting} wait on this tablet`);
      await hands.press("All for staff");
      await page.getByRole("button", { name: /^Send and receive/ }).click();
      await hands.sees("Send and receive");
      assert.ok(!(await page.getByRole("main").innerText()).includes("cannot be reached"), "what was said is not said again");
    } finally {
      await ward.hubBack();
    }
    await page.getByRole("button", { name: "Send and receive now" }).click();
    await page.getByText("received by the hub").getByText("Done.").waitFor();
    await hands.press("Hand over: close this side");
  });

  await scenario("a stick is written to and read from, and says when it is missing or holds nonsense", async (hands) => {
    const { page } = hands;
    await unlocks(hands);
    await hands.press(/^Send and receive/);
    await says(hands, "There is no stick in this tablet.");
    ward.plug(true);
    await hands.press("Look again");
    await page.getByRole("button", { name: "Write to STICK" }).click();
    await page.getByText("The stick can be taken out.").waitFor();
    await hands.everybody("a stick is written");
    const [file] = readdirSync(ward.stick);
    assert.match(file, /^nightjar-[0-9-]+-[0-9a-f]{6}\.bundle$/);
    assert.match(await ward.does(null, "bundle", "inspect", join(ward.stick, file)), /sealed envelopes .* whole/);
    await page.getByRole("button", { name: "Read from STICK" }).click();
    await page.getByText("Nobody else has put anything on this stick.").waitFor();
    // The evaluator's answer, and something that is none.
    await ward.does(ward.steward, "bundle", "export", "--to", join(ward.stick, "answer.bundle"));
    writeFileSync(join(ward.stick, "letter.bundle"), "Dear all");
    await hands.press("All for staff");
    await hands.press(/^Send and receive/);
    await page.getByRole("button", { name: "Read from STICK" }).click();
    await page.getByText("Files read: 1.").waitFor();
    await says(hands, "this is not a bundle");
    await hands.everybody("a stick is read");
    // Taken out while the page still shows it.
    ward.plug(false);
    await page.getByRole("button", { name: "Read from STICK" }).click();
    await page.getByText("There is no stick in this tablet.").waitFor();
    await hands.press("Hand over: close this side");
  });

  await scenario("while a hub hangs the tablet is handed over and asked with", async (hands) => {
    const { page } = hands;
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    await hands.choose("Well");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.press("Hand in my answers");
    await hands.press("No words: just hand in my answers");
    await hands.press("Done");
    ward.hub.kill("SIGSTOP");
    try {
      await unlocks(hands);
      await page.getByRole("button", { name: /^Send and receive/ }).click();
      await hands.sees("Send and receive");
      await page.getByRole("button", { name: "Send and receive now" }).click();
      await page.getByText("It is going on.").first().waitFor();
      await hands.everybody("a sync that goes on");
      // Meanwhile the tablet can be handed over and asked with.
      await page.getByRole("button", { name: "Hand over: close this side" }).click();
      await hands.sees("Who is holding this tablet?");
      await hands.press("I am staying on this ward");
      await hands.press("Not now, maybe later");
      await hands.press("Done");
    } finally {
      ward.hub.kill("SIGCONT");
    }
  });

  await scenario("a tablet joins a study on the screen", async (hands) => {
    const { page } = hands;
    await says(hands, "cannot ask anybody yet");
    await hands.everybody("start of a tablet that has joined nothing");
    await hands.press("For ward staff");
    await page.getByLabel("PIN of this tablet").fill(PIN);
    await hands.press("Open");
    await hands.everybody("join a study");
    const request = await page.getByLabel("Request of this tablet").inputValue();
    await page.getByRole("textbox", { name: "Invitation" }).fill("not an invitation");
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("alert").waitFor();
    await hands.everybody("join a study, refused");
    const invitation = await ward.admits(ward.late, request, "--ward", "rehab-long");
    await page.getByRole("textbox", { name: "Invitation" }).fill(invitation);
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByText("It has joined the study.").waitFor();
    await hands.press("Go on");
    await hands.press("Nurse");
    await says(hands, "Long-stay rehabilitation");
    await hands.press("Hand over: close this side");
    await hands.press("I am staying on this ward");
    await hands.sees("What are nights like here?");
    await hands.press("No");
    await hands.press("Done");
  }, { device: () => ward.late });
}
