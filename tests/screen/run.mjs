// The ward screen in a real browser, with no route to anywhere but this device. Prints how many scenarios held.

import { strict as assert } from "node:assert";
import { chromium } from "playwright-core";
import { asked } from "./asked.mjs";
import { came } from "./came.mjs";
import { Hands, looked } from "./hands.mjs";
import { hostile } from "./hostile.mjs";
import { kinds } from "./kinds.mjs";
import { own } from "./own.mjs";
import { staff } from "./staff.mjs";
import { Ward } from "./ward.mjs";

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const ward = await Ward.found();
await ward.makeLate();
let held = 0;
let failed = 0;

/** A browser of its own for each, at a tablet's size, without help from the page's policy only where axe must look. */
async function scenario(name, does, { form, device, ...settings } = {}) {
  if (process.env.ONLY && !name.includes(process.env.ONLY)) return;
  const context = await browser.newContext({ viewport: { width: 800, height: 1180 }, bypassCSP: true, ...settings });
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  try {
    const home = await ward.open(form, device?.());
    const hands = new Hands(page, home);
    await hands.come();
    await hands.alone();
    await does(hands, context);
    assert.deepEqual(hands.trouble, [], "the browser complains of nothing");
    held += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n${error.stack ?? error}`);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${failed}.png` }).catch(() => null);
  } finally {
    await context.close();
    await ward.close();
  }
}

await asked(scenario, ward);
await own(scenario, ward);
await staff(scenario, ward);
await kinds(scenario, ward);
await came(scenario, ward);
await scenario("the page's own policy holds, and a hostile client gets nothing", async (hands) => {
  await hostile(hands);
}, { bypassCSP: false });

await scenario("the address that a browser is started with leads in once", async (hands, context) => {
  await ward.close();
  const door = await ward.openFor();
  await hands.page.goto(door);
  await hands.sees("Who is holding this tablet?");
  assert.ok(!hands.page.url().includes(door), "and is not the address of the screen");
  const other = await context.newPage();
  assert.equal((await other.goto(door)).status(), 404);
  hands.trouble.length = 0;
});

await browser.close();
ward.end();
console.log(`${looked.size} pages looked at with axe: 0 violations on those that are ok above`);
console.log(`scenarios: ${held} held, ${failed} failed`);
process.exit(failed ? 1 : 0);
