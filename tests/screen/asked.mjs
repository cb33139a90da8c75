// Whoever is asked: from a locked tablet to "thank you", and everything on the way.

import { strict as assert } from "node:assert";
import { Hands } from "./hands.mjs";

const SECRET = "The torch at four o'clock <b>& the bins</b>";

/** What says that questions are not in a language, and the first question of the patients' form in it. */
const NOT_IN = {
  en: "These questions are not in this language yet.",
  pl: "Te pytania nie są jeszcze dostępne w tym języku.",
  "en-x-easyread": "These questions are not in easy read yet.",
};
const FIRST = { en: "How did you sleep here last night?", pl: "Jak się Panu/Pani tutaj spało ostatniej nocy?", "en-x-easyread": "How did you sleep last night?" };

export async function asked(scenario, ward) {
  await scenario("a patient answers, in at most three taps to the first question", async (hands) => {
    await hands.everybody("start");
    await hands.press("I am staying on this ward");
    await hands.sees("What are nights like here?");
    await hands.everybody("information");
    await hands.press("Yes");
    await hands.sees("How did you sleep here last night?");
    assert.equal(await hands.page.locator("input:checked").count(), 0, "nothing is chosen before");
    await hands.everybody("one choice");
    await hands.choose("Badly");
    await hands.press("Next");
    await hands.press("Back");
    assert.ok(await hands.page.getByLabel("Badly", { exact: true }).isChecked(), "going back shows it");
    await hands.press("Take this answer away");
    assert.equal(await hands.page.locator("input:checked").count(), 0);
    await hands.choose("Badly");
    for (let turns = 0; turns < 5; turns += 1) await hands.press("Next");
    await hands.sees("What would make nights better?");
    assert.ok((await hands.page.content()).includes("Ward staff cannot see this and nobody reads it today"));
    await hands.page.getByRole("textbox").fill(SECRET);
    await hands.everybody("free text");
    await hands.press("Next");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.everybody("check");
    const shown = await hands.page.getByRole("main").innerText();
    assert.ok(shown.includes("Badly") && shown.includes(SECRET), "as it was typed, not as markup");
    await hands.press("Hand in my answers");
    await hands.sees("Would you like words to keep?");
    await hands.everybody("words to keep?");
    await hands.press("No words: just hand in my answers");
    await hands.sees("Thank you");
    await hands.everybody("thanks");
    await hands.nothing([SECRET]);
    await hands.press("Done");
    await hands.nothing([SECRET]);
  });

  await scenario("each input is saved at once, and a kill in mid-form loses nothing", async (hands) => {
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    await hands.choose("So-so");
    for (let turns = 0; turns < 5; turns += 1) await hands.press("Next");
    const saved = hands.page.waitForResponse((response) => response.status() === 204);
    await hands.page.getByRole("textbox").fill(SECRET);
    await saved;
    await ward.close();
    await hands.come(await ward.open());
    await hands.sees("Is it still you?");
    assert.ok(!(await hands.page.content()).includes(SECRET), "the answers are hidden until then");
    await hands.everybody("is it still you");
    await hands.press("Yes, it is me: go on");
    assert.equal(await hands.page.getByRole("textbox").inputValue(), SECRET);
    await hands.press("Stop");
    await hands.everybody("stop");
    await hands.press("Stop, and throw it all away");
    await hands.press("Done");
    hands.trouble.length = 0;
  });

  await scenario("somebody else throws away what the last person left", async (hands) => {
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    await hands.choose("Well");
    await hands.press("Next");
    await ward.close();
    await hands.come(await ward.open());
    await hands.press("No, I am somebody else");
    await hands.everybody("throw away?");
    await hands.press("No, leave them");
    await hands.press("No, I am somebody else");
    await hands.press("Yes, throw them away");
    await hands.sees("Who is holding this tablet?");
    hands.trouble.length = 0;
  });

  await scenario("stop for now with words, and go on with them", async (hands) => {
    await hands.press("I am family or a friend of somebody here");
    await hands.press("Yes");
    await hands.choose("Yes");
    await hands.press("Next");
    await hands.press("Stop");
    await hands.press("Stop for now, and go on later with words");
    const words = await hands.page.locator(".words li").allInnerTexts();
    assert.equal(words.length, 8);
    await hands.everybody("words");
    await hands.press("I have written them down");
    await hands.sees("Thank you");
    assert.ok((await hands.page.getByRole("main").innerText()).includes("Please give the tablet back"));
    await hands.press("Done");
    await hands.press("I have words from before");
    await hands.everybody("words from before");
    await hands.page.getByRole("textbox").fill("able able able able able able able able");
    await hands.press("Go on");
    assert.ok((await hands.page.content()).includes("These words open nothing"));
    await hands.page.getByRole("textbox").fill(words.join(" ").toUpperCase());
    await hands.press("Go on");
    await hands.press("Back");
    assert.ok(await hands.page.getByLabel("Yes", { exact: true }).isChecked());
    await hands.press("Stop");
    await hands.press("Stop, and hand in what I have said so far");
    await hands.press("No words: just hand in my answers");
    await hands.press("Done");
  });

  await scenario("a colleague answers by role, and says no", async (hands) => {
    await hands.press("I work here");
    await hands.everybody("roles");
    await hands.press("Nurse");
    await hands.press("No");
    await hands.sees("That is fine");
    await hands.press("Done");
    await hands.press("I work here");
    await hands.press("Doctor");
    await hands.press("Not now, maybe later");
    await hands.press("Done");
    await hands.press("I work here");
    await hands.press("Support worker");
    await hands.press("Yes");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.press("Hand in my answers");
    await hands.press("No words: just hand in my answers");
    await hands.press("Done");
  });

  await scenario("talk to someone now is on every page of whoever holds the tablet, and hides what is there", async (hands) => {
    const { page } = hands;
    const heard = async (back, hidden) => {
      await hands.press("Talk to someone now");
      await hands.sees("Please take this tablet to a member of staff.");
      assert.equal(await page.locator("input[type=radio], textarea, input[type=text]").count(), 0);
      assert.equal((await page.getByRole("main").innerText()).includes("Your answers are hidden"), hidden);
      await hands.press(back);
      if (!hidden) return;
      // Whoever helped may hold it now: nothing is shown before somebody says that it is still them.
      await hands.sees("Is it still you?");
      await hands.press("Yes, it is me: go on");
    };
    // Which role, and the words from before.
    await hands.press("I work here");
    await heard("Back", false);
    await hands.press("Back to the start");
    await hands.press("I have words from before");
    await heard("Back", false);
    await hands.press("Back to the start");
    // The information page, a question, stopping, a check, the receipt, the end.
    await hands.press("I am staying on this ward");
    await hands.press("Talk to someone now");
    await hands.everybody("talk");
    await hands.press("Back");
    await hands.press("Yes");
    await hands.choose("Badly");
    await heard("Go back to my answers", true);
    assert.ok(await page.getByLabel("Badly", { exact: true }).isChecked());
    await hands.press("Stop");
    await heard("Go back to my answers", true);
    await hands.press("Stop for now, and go on later with words");
    await heard("Back", false);
    const words = await page.locator("ol.words li").allInnerTexts();
    assert.equal(words.length, 8, "the words are there again");
    await hands.press("I have written them down");
    await hands.press("Done");
    await hands.press("I have words from before");
    // One too few, and it says so and keeps what was typed; with the numbers of the list it takes them.
    await page.getByRole("textbox").fill(words.slice(1).join(" "));
    await hands.press("Go on");
    assert.ok((await page.getByRole("main").innerText()).includes("There are 7 words"));
    assert.equal(await page.getByRole("textbox").inputValue(), words.slice(1).join(" "));
    await page.getByRole("textbox").fill(words.map((word, at) => `${at + 1}. ${word}`).join("\n"));
    await hands.press("Go on");
    await hands.toTheEnd("Next", "Check your answers");
    await heard("Go back to my answers", true);
    await hands.press("Hand in my answers");
    await heard("Go back to my answers", true);
    await hands.press("Words to read, change or take out my answers");
    await heard("Back", false);
    await hands.press("I have written them down");
    await heard("Back", false);
    await hands.press("Done");
  });

  await scenario("one answer is changed from the check page, and it is there again", async (hands) => {
    const { page } = hands;
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    await hands.choose("Well");
    await hands.press("Next");
    await hands.choose("No");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.press(/^Change.*How did you sleep here/);
    await hands.choose("Badly");
    await hands.press("Next");
    await hands.sees("Check your answers");
    assert.ok((await page.getByRole("main").innerText()).includes("Badly"));
    await hands.press(/^Change.*Did something on the ward wake you/);
    await hands.press("Back");
    await hands.sees("Check your answers");
    await hands.press("Stop");
    await hands.press("Stop, and throw it all away");
    await hands.press("Done");
  });

  await scenario("whoever was asked from nobody's list and says no hears that only this is counted", async (hands) => {
    await hands.press("I am staying on this ward");
    await hands.press("No");
    const said = await hands.page.getByRole("main").innerText();
    assert.ok(said.includes("Only that somebody said no is counted."), said);
    await hands.everybody("that is fine");
    await hands.press("Done");
  });

  await scenario("language, easy read and look change at any time, and leave with the person", async (hands) => {
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    await hands.choose("Badly");
    await hands.press("Polski");
    await hands.sees("Jak się Panu/Pani tutaj spało ostatniej nocy?");
    assert.ok(await hands.page.getByLabel("Źle", { exact: true }).isChecked());
    assert.equal(await hands.page.evaluate(() => document.documentElement.lang), "pl");
    await hands.everybody("one choice, Polish");
    await hands.press("Easy read");
    await hands.sees("How did you sleep last night?");
    await hands.everybody("one choice, easy read");
    for (const look of ["Bigger words", "Stronger colours", "For the left hand"]) {
      await hands.press(look);
      await hands.everybody(`one choice, ${look}`);
    }
    await hands.press("Stop");
    await hands.press("Stop. Throw my answers away");
    await hands.press("Done");
    await hands.sees("Who is holding this tablet?");
    assert.equal(await hands.page.evaluate(() => document.documentElement.className), "", "the next person begins anew");
  });

  for (const [who, acts] of [["patient", ["voice:patient"]], ["carer", ["voice:carer"]], ["nurse", ["voice:staff", "role:nurse"]]]) {
    await scenario(`a ${who} answers a whole form in English, in Polish and in easy read`, async (hands) => {
      const { page } = hands;
      for (const language of ["en", "pl", "en-x-easyread"]) {
        if (language !== "en") await hands.does(`language:${language}`);
        for (const act of [...acts, "yes"]) await hands.does(act);
        assert.equal(await page.evaluate(() => document.documentElement.lang), language);
        // Where the form is not in that language, the page says so, and to a screen reader and a voice, too.
        const spoken = who === "patient" ? language : "en";
        const asks = page.getByRole("main").locator("legend, h1").first();
        assert.equal(await asks.evaluate((node) => node.closest("[lang]").lang), spoken);
        assert.equal((await page.getByRole("main").innerText()).includes(NOT_IN[language]), spoken !== language);
        if (who === "patient") await hands.sees(FIRST[language]);
        for (let turns = 0; turns < 40 && !(await page.locator('button[value="finish"]').count()); turns += 1) {
          const choices = page.getByRole("radio");
          if (await choices.count()) await choices.nth(turns % 3 % (await choices.count())).check();
          await hands.does("next");
        }
        await hands.does("finish");
        await hands.does("without");
        assert.equal(await page.evaluate(() => document.documentElement.lang), language, "thanks in their language");
        await hands.does("done");
        assert.equal(await page.evaluate(() => document.documentElement.lang), "en", "the next person begins anew");
      }
    });
  }

  await scenario("a whole form by keyboard only", async (hands) => {
    const { page } = hands;
    const to = async (name) => {
      for (let turns = 0; turns < 60; turns += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => document.activeElement?.innerText?.trim());
        if (at === name) return;
      }
      assert.fail(`${name} is not reached by Tab`);
    };
    const enter = async (name) => {
      const before = await hands.nonce();
      await to(name);
      await page.keyboard.press("Enter");
      await page.waitForFunction((old) => document.querySelector("[name=page]")?.value !== old, before);
    };
    const chosen = [];
    await enter("I am staying on this ward");
    await enter("Yes");
    for (let turns = 0; turns < 40; turns += 1) {
      if (await page.getByRole("heading", { name: "Check your answers" }).count()) break;
      if (await page.locator("input[type=radio]").count()) {
        for (let tabs = 0; tabs < 20; tabs += 1) {
          await page.keyboard.press("Tab");
          if (await page.evaluate(() => document.activeElement?.type === "radio")) break;
        }
        assert.equal(await page.evaluate(() => document.activeElement?.type), "radio", "a choice is reached");
        await page.keyboard.press("Space");
        chosen.push(await page.evaluate(() => document.activeElement.labels[0].innerText.trim()));
      }
      await enter("Next");
    }
    const given = (await page.locator("main dd.nhsuk-summary-list__value").allInnerTexts()).map((text) => text.trim());
    assert.ok(chosen.length >= 4 && chosen.every((choice) => given.includes(choice)), `${chosen} of ${given}`);
    await enter("Hand in my answers");
    await enter("No words: just hand in my answers");
    await hands.sees("Thank you");
    await enter("Done");
  });

  await scenario("several windows: nothing lost, doubled or mixed", async (hands, context) => {
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    const other = new Hands(await context.newPage(), hands.home);
    await other.come();
    await other.choose("Well");
    await other.press("Next");
    // The first still shows the page before; what is answered there counts, and no page is skipped.
    await hands.choose("Badly");
    await hands.press("Next");
    await hands.sees("Did something on the ward wake you or keep you awake?");
    assert.ok((await hands.page.content()).includes("That page was an older one"));
    await hands.press("Back");
    assert.ok(await hands.page.getByLabel("Badly", { exact: true }).isChecked(), "what was chosen last");
    await hands.press("Stop");
    await hands.press("Stop, and throw it all away");
    await hands.press("Done");
    // The other window hears that it was given back, and shows nothing of it either.
    await other.sees("Who is holding this tablet?");
    await other.nothing(["wake you"]);
  });

  await scenario("of a text and a tick that there is none the last counts", async (hands) => {
    const { page } = hands;
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    for (let turns = 0; turns < 5; turns += 1) await hands.press("Next");
    const text = page.getByRole("textbox");
    const tick = page.getByLabel("I would rather not say", { exact: true });
    await tick.check();
    await hands.press("Next");
    await hands.press("Back");
    assert.ok(await tick.isChecked());
    await text.fill(SECRET);
    assert.ok(!(await tick.isChecked()), "who writes has an answer");
    await hands.press("Next");
    await hands.press("Back");
    assert.equal(await text.inputValue(), SECRET);
    await tick.check();
    await hands.press("Next");
    await hands.press("Back");
    assert.ok(await tick.isChecked());
    assert.equal(await text.inputValue(), "", "what somebody would rather not say is not handed in");
    await hands.press("Stop");
    await hands.press("Stop, and throw it all away");
    await hands.press("Done");
  });

  await scenario("a record that the ward reads promises nothing else, and asks what an answer brings up", async (hands) => {
    const { page } = hands;
    await hands.press("I work here");
    await hands.press("Nurse");
    await hands.everybody("of the ward");
    const said = await page.getByRole("main").innerText();
    assert.ok(said.includes("Ward staff read it") && !said.includes("cannot open"), said);
    await hands.press("Begin");
    await page.getByLabel("Label of this decision").fill("Owl 3");
    await hands.press("Next");
    await page.getByRole("group", { name: "Whose voice is it?" }).getByLabel("The patient", { exact: true }).check();
    await page.getByRole("group", { name: "Protected sleep" }).getByLabel("Against", { exact: true }).check();
    await page.getByLabel("Somebody reports it").check();
    const reports = page.getByRole("group", { name: "Who reports it?" });
    await reports.getByLabel("Nurse", { exact: true }).check();
    await hands.everybody("several questions");
    await hands.press("Next");
    await hands.toTheEnd("Next", "Check your answers");
    assert.ok((await page.getByRole("main").innerText()).includes("Somebody reports it"));
    await hands.press("Stop");
    assert.equal(await page.getByRole("button", { name: "Stop for now" }).count(), 0, "no words for what is not theirs alone");
    await hands.press("Do not stop: go on answering");
    await hands.press("Store this record");
    await hands.press("Done");
    assert.ok((await ward.reads("position")).includes("Owl 3"));
  }, { form: "position" });

  await scenario("without script it works as well", async (hands) => {
    const { page } = hands;
    const click = (name) => Promise.all([page.waitForNavigation(), page.getByRole("button", { name, exact: true }).click()]);
    await click("I am staying on this ward");
    await click("Yes");
    await page.getByLabel("Well", { exact: true }).check();
    await click("Next");
    await click("Back");
    assert.ok(await page.getByLabel("Well", { exact: true }).isChecked());
    await click("Stop");
    await click("Stop, and throw it all away");
    await click("Done");
    await hands.sees("Who is holding this tablet?");
  }, { javaScriptEnabled: false });
}
