// Whoever comes back to what they had said, with the words of their receipt.

import { strict as assert } from "node:assert";

const SAID = "The bins at four o'clock";

/** Answers the short form of patients and takes words of a kind; gives them. */
async function answers(hands, choice, kind) {
  await hands.press("I am staying on this ward");
  await hands.press("Yes");
  await hands.choose(choice);
  for (let turns = 0; turns < 5; turns += 1) await hands.press("Next");
  await hands.page.getByRole("textbox").fill(SAID);
  await hands.press("Next");
  await hands.toTheEnd("Next", "Check your answers");
  await hands.press("Hand in my answers");
  await hands.press(kind);
  await hands.sees("Your twelve words");
  const words = await hands.page.locator(".words li").allInnerTexts();
  assert.equal(words.length, 12);
  return words.join(" ");
}

async function comesBack(hands, words) {
  await hands.press("I have words from before");
  await hands.page.getByRole("textbox").fill(words);
  await hands.press("Go on");
}

export async function own(scenario, ward) {
  await scenario("own answers are read, changed and taken out with the words of a receipt", async (hands) => {
    const { page } = hands;
    const words = await answers(hands, "Badly", "Words to read, change or take out my answers");
    await hands.everybody("twelve words");
    await hands.press("Show them as a picture for a phone");
    await page.getByRole("img", { name: "Picture of your twelve words" }).waitFor();
    await hands.everybody("twelve words as a picture");
    await hands.press("I have written them down");
    await hands.sees("Thank you");
    await hands.nothing([`<li>${words.split(" ")[0]}</li>`, SAID]);
    await hands.press("Done");

    await comesBack(hands, words.toUpperCase());
    await hands.sees("What you said");
    await hands.everybody("own answers");
    assert.ok((await page.getByRole("main").innerText()).includes(SAID));
    await hands.press("Polski");
    assert.ok((await page.getByRole("main").innerText()).includes("Źle"), "in their language");
    await hands.press("English");
    await hands.press("Change my answers");
    await hands.sees("Check your answers");
    await hands.everybody("check of a correction");
    await page.getByRole("button", { name: /How did you sleep here/ }).click();
    await hands.sees("How did you sleep here last night?");
    assert.ok(await page.getByLabel("Badly", { exact: true }).isChecked());
    await hands.choose("Well");
    await hands.press("Next");
    await hands.toTheEnd("Next", "Check your answers");
    await hands.press("Hand in what I changed");
    await hands.sees("Thank you");
    await hands.press("Done");

    await comesBack(hands, words);
    const now = await page.getByRole("main").innerText();
    assert.ok(now.includes("Well") && !now.includes("Badly") && now.includes(SAID), now);
    assert.ok(now.includes("can see what stood there before"));
    await hands.press("Take my answers out");
    await hands.everybody("take out?");
    await hands.press("No, leave them");
    await hands.press("Take my answers out");
    await hands.press("Yes, take them out");
    await hands.sees("Your answers are taken out");
    await hands.everybody("taken out");
    await hands.press("Done");
    await comesBack(hands, words);
    assert.ok((await page.getByRole("main").innerText()).includes("Nothing of them is left on this tablet"));
    await hands.press("Done");
  });

  await scenario("words that only take out open nothing, and other words neither", async (hands) => {
    const words = await answers(hands, "So-so", "Words that only take my answers out again");
    await hands.press("I have written them down");
    await hands.press("Done");
    await comesBack(hands, words);
    const said = await hands.page.getByRole("main").innerText();
    assert.ok(said.includes("do not open them") && !said.includes(SAID), said);
    assert.equal(await hands.page.getByRole("button", { name: "Change my answers" }).count(), 0);
    await hands.press("Done");
    const other = `${"abandon ".repeat(11)}about`;
    await comesBack(hands, other);
    await hands.everybody("own answers, not here");
    assert.ok((await hands.page.getByRole("main").innerText()).includes("no answers on this tablet"));
    await hands.press("Done");
    await hands.press("I have words from before");
    await hands.page.getByRole("textbox").fill("abandon ".repeat(12));
    await hands.press("Go on");
    assert.ok((await hands.page.content()).includes("These words open nothing"));
    await hands.press("Back to the start");
  });

  await scenario("a kill while somebody changes their answers: only their words open it again, and nothing is lost", async (hands) => {
    const words = await answers(hands, "Badly", "Words to read, change or take out my answers");
    await hands.press("I have written them down");
    await hands.press("Done");
    await comesBack(hands, words);
    await hands.press("Change my answers");
    await hands.page.getByRole("button", { name: /How did you sleep here/ }).click();
    await hands.sees("How did you sleep here last night?");
    await hands.choose("So-so");
    await hands.press("Next");
    await ward.close();
    await hands.come(await ward.open());
    await hands.sees("Who is holding this tablet?");
    await comesBack(hands, words);
    assert.ok((await hands.page.getByRole("main").innerText()).includes("Badly"), "what was handed in");
    await hands.press("Change my answers");
    await hands.toTheEnd("Next", "Check your answers");
    assert.ok((await hands.page.getByRole("main").innerText()).includes("So-so"), "what was begun");
    await hands.press("Hand in what I changed");
    await hands.press("Done");
    await comesBack(hands, words);
    assert.ok((await hands.page.getByRole("main").innerText()).includes("So-so"));
    await hands.press("Change my answers");
    await hands.press("Stop");
    await hands.everybody("stop a correction");
    await hands.press("Stop, and leave my answers as they were");
    await hands.press("Done");
    hands.trouble.length = 0;
  });
}
