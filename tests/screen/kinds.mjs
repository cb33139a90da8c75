// Every kind of question: looked at, filled in, and of an answer and a tick that there is none the last counts.

import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const STUDY = fileURLToPath(new URL("every-kind", import.meta.url));

export async function kinds(scenario, ward) {
  await scenario("every kind of question, and of an answer and a tick that there is none the last counts", async (hands) => {
    const { page } = hands;
    await ward.close();
    await hands.come(await ward.practise(STUDY));
    // What the screen before had not sent yet when it was closed.
    hands.trouble.length = 0;
    await hands.press("I am staying on this ward");
    await hands.press("Yes");
    const tick = (words) => page.getByLabel(words, { exact: true });
    const again = async () => {
      await hands.press("Next");
      await hands.press("Back");
    };
    await hands.everybody("a note");
    await hands.press("Next");

    // Numbers that are chosen.
    await hands.everybody("a scale");
    await tick("5").check();
    await tick("I would rather not say").check();
    assert.ok(!(await tick("5").isChecked()), "who would rather not say has no answer");
    await again();
    assert.ok(await tick("I would rather not say").isChecked());
    assert.ok(!(await tick("5").isChecked()));
    await tick("7").check();
    assert.ok(!(await tick("I would rather not say").isChecked()));
    await again();
    assert.ok(await tick("7").isChecked());
    assert.ok(!(await tick("I would rather not say").isChecked()));
    await hands.press("Next");

    await hands.everybody("a long scale");
    await page.getByRole("textbox").fill("120");
    await hands.press("Next");
    await page.getByRole("link", { name: "Write a number from 0 to 100" }).waitFor();
    await hands.everybody("a long scale, refused");
    await page.getByRole("textbox").fill("20");
    await hands.press("Next");

    await hands.everybody("a date");
    await tick("I don't know").check();
    for (const [part, value] of [["Day", "27"], ["Month", "3"], ["Year", "2026"]]) await page.getByLabel(part).fill(value);
    assert.ok(!(await tick("I don't know").isChecked()), "who writes a date knows one");
    await again();
    assert.equal(await page.getByLabel("Day").inputValue(), "27");
    assert.ok(!(await tick("I don't know").isChecked()));
    await page.getByLabel("Day").fill("31");
    await page.getByLabel("Month").fill("2");
    await hands.press("Next");
    await hands.everybody("a date, refused");
    await tick("I don't know").check();
    await again();
    assert.ok(await tick("I don't know").isChecked());
    assert.equal(await page.getByLabel("Day").inputValue(), "");
    await hands.press("Next");

    await hands.everybody("a time");
    await hands.press("Next");
    await hands.everybody("a date and a time");
    await hands.press("Next");
    await hands.everybody("a whole number that has to be there");
    await page.getByRole("textbox").fill("21");
    await hands.press("Next");
    await hands.everybody("a whole number, refused");
    await page.getByRole("textbox").fill("");
    await hands.press("Next");
    await hands.everybody("a whole number, missing");
    await page.getByRole("textbox").fill("3");
    await hands.press("Next");
    await hands.everybody("a number");
    await hands.press("Next");
    await hands.everybody("a word");
    await hands.press("Next");
    await hands.everybody("free text");
    await hands.press("Next");
    await hands.everybody("yes or no");
    await hands.press("Next");
    await hands.everybody("several choices");
    await tick("Noise").check();
    await tick("Light").check();
    await hands.press("Next");
    await hands.sees("What else?");
    await hands.press("Next");
    await hands.everybody("an order");
    await hands.press("Next");
    await hands.everybody("a box to tick");
    await hands.press("Next");
    for (let turns = 0; turns < 6; turns += 1) {
      if (await page.getByRole("heading", { name: "Check your answers" }).count()) break;
      await hands.everybody(`a list, page ${turns}`);
      await hands.does("next");
    }
    const given = await page.getByRole("main").innerText();
    for (const said of ["7", "20", "I don't know", "Noise"]) assert.ok(given.includes(said), said);
    // What a change brings up is asked; what it takes away is not.
    const changes = async (ticked) => {
      await hands.press(/^Change.*What woke you/);
      await tick("Noise").setChecked(ticked);
      await hands.press("Next");
    };
    await changes(false);
    await hands.sees("Check your answers");
    assert.equal(await page.getByRole("button", { name: /What else/ }).count(), 0);
    await changes(true);
    await hands.sees("What else?");
    await hands.press("Next");
    await hands.sees("Check your answers");
    await hands.press("Hand in my answers");
    await hands.press("No words: just hand in my answers");
    await hands.sees("Thank you");
    await hands.press("Done");
  });

  await scenario("without script the last counts, too", async (hands) => {
    const { page } = hands;
    await ward.close();
    await hands.come(await ward.practise(STUDY));
    // What the screen before had not sent yet when it was closed.
    hands.trouble.length = 0;
    const press = (name) => Promise.all([page.waitForNavigation(), page.getByRole("button", { name, exact: true }).click()]);
    const tick = (words) => page.getByLabel(words, { exact: true });
    await press("I am staying on this ward");
    await press("Yes");
    await press("Next");
    await tick("5").check();
    await press("Next");
    await press("Back");
    await tick("I would rather not say").check();
    await press("Next");
    await press("Back");
    assert.ok(await tick("I would rather not say").isChecked());
    assert.ok(!(await tick("5").isChecked()));
    await tick("7").check();
    await press("Next");
    await press("Back");
    assert.ok(await tick("7").isChecked() && !(await tick("I would rather not say").isChecked()));
  }, { javaScriptEnabled: false });

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "" : ", without script";
    await scenario(`no room left on the tablet: it says so, stays, and goes on with what was saved${how}`, async (hands) => {
      await ward.close();
      await noRoom(hands, ward, javaScriptEnabled);
    }, { javaScriptEnabled });
  }
}

/** Answers until a real file system with little room is full, looks at the page that says so, and goes on when there is room. */
async function noRoom(hands, ward, script) {
  const { page } = hands;
  const disk = mkdtempSync(join(tmpdir(), "nightjar-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk]);
  const press = async (name) => {
    if (script) return hands.press(name);
    await Promise.all([page.waitForNavigation(), page.getByRole("button", { name, exact: true }).click()]);
  };
  try {
    await hands.come(await ward.practise(STUDY, disk));
    hands.trouble.length = 0;
    await press("I am staying on this ward");
    await press("Yes");
    await press("Next");
    await page.getByLabel("7", { exact: true }).check();
    await press("Next");
    await press("Back");
    const filler = join(disk, "filler");
    fill(filler);
    const said = page.getByRole("heading", { name: "Something went wrong on this tablet" });
    // What is free within the database's own files is used up first.
    for (let turn = 0; turn < 400 && !(await said.count()); turn += 1) {
      const choice = page.getByLabel(String(turn % 7), { exact: true });
      if (script) {
        // The answer is saved at once, and whoever presses Next does not wait for it.
        await page.evaluate(([wanted, next]) => {
          const field = [...document.querySelectorAll("input[type=radio]")].find((one) => one.labels[0]?.innerText.trim() === wanted);
          if (!field) return;
          field.click();
          if (next) document.querySelector("button[value=next]")?.click();
        }, [String(turn % 7), turn % 2 === 0]);
        await page.waitForTimeout(60);
        const back = page.getByRole("button", { name: "Back", exact: true });
        if (!(await choice.count()) && (await back.count())) await back.click({ timeout: 500 }).catch(() => null);
        await page.waitForTimeout(60);
      } else {
        await choice.check();
        await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "Next", exact: true }).click()]);
        if (await said.count()) break;
        await Promise.all([page.waitForNavigation(), page.getByRole("button", { name: "Back", exact: true }).click()]);
      }
    }
    await said.waitFor();
    await page.waitForTimeout(1500);
    assert.ok(await said.count(), "it is still said");
    assert.match(await page.locator("[role=alert]").innerText(), /no room/);
    if (script) await hands.everybody("no room left");
    unlinkSync(filler);
    await page.getByRole("link", { name: "Try again" }).click();
    await hands.sees("Is it still you?");
    await press("Yes, it is me: go on");
    await press("Next");
    await press("Back");
    assert.ok(await page.locator("input[type=radio]:checked").count(), "what was saved is there");
    hands.trouble = hands.trouble.filter((told) => !told.includes("507"));
  } finally {
    // Whoever still writes there goes on: the scenario closes the screen.
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true });
  }
}

/** Writes until there is no room, to the last byte. */
function fill(path) {
  const file = openSync(path, "w");
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
    }
  }
  closeSync(file);
}
