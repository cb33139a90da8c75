// A person at the screen: what they press, and whether everybody could.

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Pages looked at by axe, by what they are and how they look. */
export const looked = new Set();

export class Hands {
  constructor(page, home) {
    this.page = page;
    this.home = home;
    this.trouble = [];
    page.on("pageerror", (error) => this.trouble.push(String(error)));
    page.on("console", (told) => { if (["error", "warning"].includes(told.type())) this.trouble.push(told.text()); });
  }

  async come(home = this.home) {
    this.home = home;
    await this.page.goto(home);
  }

  /** Nobody's answers are left from a scenario that failed. */
  async alone() {
    while (await this.page.getByRole("heading", { name: "Is it still you?" }).count()) {
      await this.press("No, I am somebody else");
      await this.press("Yes, throw them away");
    }
  }

  /** Presses a button and waits for the page after it. */
  async press(name) {
    const before = await this.nonce();
    await this.page.getByRole("button", { name, exact: typeof name === "string" }).click();
    await this.page.waitForFunction((old) => document.querySelector("[name=page]")?.value !== old, before);
  }

  /** Presses a button by what it does, whatever language it speaks. */
  async does(act) {
    const before = await this.nonce();
    await this.page.locator(`main button[value="${act}"], header button[value="${act}"], footer button[value="${act}"]`).first().click();
    await this.page.waitForFunction((old) => document.querySelector("[name=page]")?.value !== old, before);
  }

  nonce() {
    return this.page.locator("[name=page]").first().inputValue();
  }

  async sees(text) {
    await this.page.getByRole("heading", { name: text }).first().waitFor();
  }

  async choose(name) {
    await this.page.getByLabel(name, { exact: true }).check();
  }

  /** Everybody can use this page: axe finds nothing by day and by night, and neither at 320 px nor at twice the size is anything cut off. */
  async everybody(what) {
    const { page } = this;
    await page.evaluate(axe);
    const now = await page.evaluate(() => document.body.className);
    for (const theme of ["day", "night"]) {
      await page.evaluate((wanted) => {
        document.body.classList.remove("day", "night");
        document.body.classList.add(wanted);
      }, theme);
      const found = await page.evaluate(() => globalThis.axe.run());
      const faults = found.violations.map((fault) => `${fault.id}: ${fault.nodes[0].html}`);
      assert.deepEqual(faults, [], `${what}, by ${theme}`);
      await this.photograph(`${what}, ${theme}`);
      looked.add(`${what}, ${theme}`);
    }
    await page.evaluate((classes) => { document.body.className = classes; }, now);
    const size = page.viewportSize();
    const fits = async (width, root) => {
      await page.setViewportSize({ width, height: 640 });
      const wide = await page.evaluate((scale) => {
        document.documentElement.style.fontSize = scale;
        const { scrollWidth } = document.documentElement;
        document.documentElement.removeAttribute("style");
        return scrollWidth;
      }, root);
      assert.ok(wide <= width, `${what}: ${wide} px wide at ${width} with ${root}`);
    };
    await fits(320, "100%");
    await fits(size.width, "200%");
    await page.setViewportSize(size);
  }

  /** The page as a tablet and as a phone shows it, where somebody wants to look at it. */
  async photograph(what) {
    if (!process.env.PICTURES) return;
    const size = this.page.viewportSize();
    for (const [width, height] of [[800, 1180], [390, 844]]) {
      await this.page.setViewportSize({ width, height });
      const name = what.replace(/[^a-z0-9]+/gi, "-");
      await this.page.screenshot({ path: `${process.env.PICTURES}/${width}-${name}.png`, fullPage: true });
    }
    await this.page.setViewportSize(size);
  }

  /** Goes on to the page of all answers. */
  async toTheEnd(next, end) {
    for (let turns = 0; turns < 40; turns += 1) {
      if (await this.page.getByRole("heading", { name: end }).count()) return;
      await this.press(next);
    }
    assert.fail("the form does not end");
  }

  /** Nothing of anybody is in this browser. */
  async nothing(phrases) {
    const { page } = this;
    const kept = await page.evaluate(async () => ({
      cookies: document.cookie,
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      past: history.length,
    }));
    // The page before the first one, and this one.
    assert.deepEqual(kept, { cookies: "", local: 0, session: 0, databases: 0, caches: 0, workers: 0, past: 2 });
    const shown = await page.content();
    for (const phrase of phrases) assert.ok(!shown.includes(phrase), "something of the last person is on the page");
    await page.goBack().catch(() => null);
    await page.goForward().catch(() => null);
    const again = await page.content();
    for (const phrase of phrases) assert.ok(!again.includes(phrase), "something of the last person comes back");
  }
}
