// What came of the answers: for everybody who takes up the tablet, before anything is asked.

import { strict as assert } from "node:assert";

const FILE = `
[[page]]
language = "en"
title = "What came of the first two weeks"
text = """
# Thank you

Forty people answered. <img src=x onerror=alert(1)> & more.

- Most sleep badly.
- Doors bang.
"""

[[page.theme]]
name = "Doors"
said = "Doors wake people up."
state = "planned"
change = "They get soft closers."
who = "Estates"
when = "by the end of June"

[[page.theme]]
name = "Checks"
said = "Torches wake people up."
state = "not"
why = "They are needed to keep people safe."

[[page]]
language = "en"
easy_read = true
title = "What you told us"
text = "We read all of it."

[[page.theme]]
name = "Lights"
said = "The light is too bright."
state = "done"
change = "The light is low at night."
who = "The ward manager"
when = "In March"
`;

export async function came(scenario, ward) {
  await scenario("what came of it is there for everybody once it is published, in easy read where that was chosen", async (hands) => {
    assert.equal(await hands.page.getByRole("button", { name: "What came of it" }).count(), 0, "nothing was published yet");
    await ward.close();
    const file = ward.file("what-came.toml", FILE);
    const dry = await ward.does(ward.steward, "publish", file, "--dry-run");
    assert.ok(dry.includes("What came of the first two weeks") && dry.includes("nothing was published"));
    await ward.does(ward.steward, "publish", file);
    await ward.does(ward.steward, "evaluate", "sync");
    assert.ok((await ward.must("tablet", "sync")).includes("received 1 published"));
    await hands.come(await ward.open());
    await hands.everybody("start, with what came of it");
    await hands.press("What came of it");
    await hands.sees("What came of the first two weeks");
    await hands.everybody("what came of it");
    const shown = await hands.page.getByRole("main").innerText();
    for (const words of ["<img src=x onerror=alert(1)> & more.", "Doors wake people up.", "by the end of June", "They are needed to keep people safe."]) {
      assert.ok(shown.includes(words), words);
    }
    assert.equal(await hands.page.locator("main img").count(), 0, "as it was written, not as markup");
    await hands.does("language:en-x-easyread");
    await hands.sees("What you told us");
    await hands.everybody("what came of it, in easy read");
    await hands.press("Back to the start");
    await hands.press("What happens now?");
    await hands.sees("What you told us");
    await hands.press("Back to the start");
    // More than one is a list, the newest first.
    await ward.close();
    await ward.does(ward.steward, "publish", file);
    const more = ward.file("more.toml", FILE.replace("What came of the first two weeks", "What came of the next two weeks"));
    await ward.does(ward.steward, "publish", more);
    await ward.does(ward.steward, "evaluate", "sync");
    await ward.must("tablet", "sync");
    await hands.come(await ward.open());
    await hands.press("What came of it");
    await hands.everybody("all that came of it");
    await hands.press(/What came of the next two weeks/);
    await hands.sees("What came of the next two weeks");
    await hands.press("Show the others");
    await hands.press(/What came of the first two weeks/);
    await hands.press("Back to the start");
    await hands.sees("Who is holding this tablet?");
    // And taken back.
    await ward.close();
    const ids = (await ward.does(ward.steward, "publish", "--list")).match(/^[0-9a-f]{8}/gm);
    assert.equal(ids.length, 2, "the same twice is one");
    const back = ward.file("back.toml", `replaces = ${JSON.stringify(ids)}`);
    await ward.does(ward.steward, "publish", back);
    await ward.does(ward.steward, "evaluate", "sync");
    await ward.must("tablet", "sync");
    await hands.come(await ward.open());
    await hands.sees("Who is holding this tablet?");
    assert.equal(await hands.page.getByRole("button", { name: "What came of it" }).count(), 0, "nothing stands any more");
    hands.trouble.length = 0;
  });

  await scenario("what came of it needs no script", async (hands) => {
    const file = ward.file("plain.toml", FILE.replace("the first two weeks", "a spring"));
    await ward.close();
    await ward.does(ward.steward, "publish", file);
    await ward.does(ward.steward, "evaluate", "sync");
    await ward.must("tablet", "sync");
    await hands.come(await ward.open());
    await hands.page.getByRole("button", { name: "What came of it" }).click();
    await hands.sees("What came of a spring");
    await hands.page.getByRole("button", { name: "Back to the start" }).click();
    await hands.sees("Who is holding this tablet?");
    hands.trouble.length = 0;
  }, { javaScriptEnabled: false });
}
