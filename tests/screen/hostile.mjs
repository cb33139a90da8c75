// Somebody on this device who is not the screen's browser.

import { strict as assert } from "node:assert";
import { request } from "node:http";
import { PIN } from "./ward.mjs";

/** Sends what a browser would not. */
function send(home, { method = "GET", path, headers = {}, body = "" }) {
  const at = new URL(home);
  return new Promise((done, failed) => {
    const sent = request({ host: at.hostname, port: at.port, method, path: path ?? at.pathname, headers }, (response) => {
      let text = "";
      response.on("data", (data) => { text += data; });
      response.on("end", () => done({ status: response.statusCode, text, headers: response.headers }));
    });
    sent.on("error", failed);
    sent.end(body);
  });
}

export async function hostile(hands) {
  const { home, page } = hands;
  const at = new URL(home);
  const form = { "content-type": "application/x-www-form-urlencoded", origin: at.origin };
  const post = (body, headers = {}) => send(home, { method: "POST", headers: { ...form, ...headers }, body });

  await hands.press("I am staying on this ward");
  await hands.press("Yes");
  const answered = () => page.locator("input:checked").count();

  // Another name for this device, another site, no secret, a secret that is guessed.
  for (const [what, status] of [
    [{ headers: { host: `evil.example:${at.port}` } }, 403],
    [{ headers: { host: "127.0.0.1" } }, 403],
    [{ headers: { "sec-fetch-site": "cross-site" } }, 403],
    [{ path: "/" }, 404],
    [{ path: `/${"0".repeat(32)}/` }, 404],
    [{ path: `${at.pathname}m/../../study.toml` }, 404],
    [{ path: `${at.pathname}a/../Cargo.toml` }, 404],
    [{ method: "DELETE" }, 405],
  ]) {
    const got = await send(home, what);
    assert.equal(got.status, status, JSON.stringify(what));
    assert.ok(!got.text.includes("How did you sleep"), "nothing is served");
  }

  // Forged and replayed posts.
  const nonce = await hands.nonce();
  const forged = [
    [`page=${nonce}&n=9&do=save&q0=badly`, { origin: "http://evil.example" }, 403],
    [`page=${nonce}&n=9&do=save&q0=badly`, { origin: "null" }, 403],
    [`page=${nonce}&n=9&do=save&q0=badly`, { "content-type": "text/plain" }, 403],
    [`page=${"0".repeat(32)}&n=9&do=save&q0=badly`, {}, 303],
    [`page=zz&n=9&do=save&q0=badly`, {}, 400],
    [`n=9&do=save&q0=badly`, {}, 400],
    [`page=${nonce}&n=9&do=save&q0=${"a".repeat(10 * 1024 * 1024)}`, {}, 413],
  ];
  for (const [body, headers, status] of forged) {
    assert.equal((await post(body, headers)).status, status, body.slice(0, 80));
  }
  await page.reload();
  assert.equal(await answered(), 0, "nothing is stored");
  const next = await hands.nonce();
  assert.equal((await post(`page=${next}&n=1&do=save&q0=badly`)).status, 204);
  assert.equal((await post(`page=${next}&n=2&do=save&q0=well`)).status, 204);
  assert.equal((await post(`page=${next}&n=1&do=save&q0=badly`)).status, 204, "known, and taken once");
  assert.equal((await post(`page=${next}&n=3&do=save&q0=nonsense&q7=well`)).status, 204);
  await page.reload();
  assert.ok(await page.getByLabel("Well", { exact: true }).isChecked(), "a replay changes nothing");

  // What staff and others may do elsewhere does nothing here.
  const elsewhere = [
    "staff", "pin", "role:nurse", "go:home", "go:list", "fill:ward-night", "on:0", "add", "ask:0", "not:0", "why:asleep", "mark:0:yes", "drop:0",
    "settle:0:0", "other:0", "sync", "join", "hand-over", "open", "words", "take-out", "read", "change", "leave", "done", "home",
  ];
  for (const act of elsewhere) {
    const here = await hands.nonce();
    const status = (await post(`page=${here}&n=1&do=${act}&pin=${PIN}&label=x&words=x`)).status;
    assert.equal(status, 303, act);
    await page.reload();
    await hands.sees("How did you sleep here last night?");
    assert.ok(await page.getByLabel("Well", { exact: true }).isChecked(), act);
  }

  // Nor from any other place: the start, a PIN that nobody typed, words, what somebody left, the end.
  const stays = async (where, may = []) => {
    const heading = () => page.getByRole("heading", { level: 1 }).first().innerText();
    const seen = await heading();
    for (const act of [...elsewhere, "write-stick:0:STICK", "read-stick:0:STICK", "finish", "without", "keep", "throw", "later", "yes", "me", "settle:0:0"]) {
      if (may.includes(act)) continue;
      const here = await hands.nonce();
      assert.equal((await post(`page=${here}&n=1&do=${act}&pin=000001&label=x&words=x&q0=badly`)).status, 303, `${where}: ${act}`);
      await page.reload();
      assert.equal(await heading(), seen, `${where}: ${act}`);
    }
  };
  await hands.press("Stop");
  await stays("stopping", ["keep", "throw", "later", "on:0"]);
  await hands.press("Do not stop: go on answering");
  await hands.toTheEnd("Next", "Check your answers");
  await stays("the check", ["finish"]);
  await hands.press("Stop");
  await hands.press("Stop, and throw it all away");
  await stays("the end", ["done"]);
  await hands.press("Done");
  await stays("the start", ["staff", "words"]);
  await hands.press("For ward staff");
  await stays("the PIN", ["home", "pin"]);
  await hands.press("Back to the start");
  await hands.press("I have words from before");
  await stays("words", ["home", "open"]);
  await hands.press("Back to the start");
  await hands.press("I am staying on this ward");
  await stays("the information page", ["home", "yes"]);
  await hands.press("Yes");
  await hands.choose("Well");

  // A picture of the form, as long as somebody is asked.
  await hands.does("language:en-x-easyread");
  const picture = await page.locator("main img").first().evaluate((image) => new URL(image.src).pathname);
  assert.equal((await send(home, { path: picture })).status, 200);
  await hands.does("language:en");

  // What every page says to its browser.
  const got = await send(home, {});
  assert.equal(got.headers["cache-control"], "no-store");
  assert.ok(got.headers["content-security-policy"].startsWith("default-src 'none'"));
  assert.equal(got.headers["set-cookie"], undefined);
  assert.ok(!/<[^>]+ on[a-z]+=|<[^>]+ style=/.test(got.text), "no script or style in the page itself");

  // Script in an answer is text.
  for (let turns = 0; turns < 5; turns += 1) await hands.press("Next");
  await page.getByRole("textbox").fill("</textarea><script>document.title='owned'</script><img src=x onerror=document.title='owned'>");
  await hands.press("Next");
  await hands.press("Back");
  await hands.toTheEnd("Next", "Check your answers");
  await page.reload();
  assert.notEqual(await page.title(), "owned");

  // After the hand-over no token of before does anything.
  const old = await hands.nonce();
  await hands.press("Stop");
  await hands.press("Stop, and throw it all away");
  await hands.press("Done");
  assert.equal((await post(`page=${old}&n=99&do=finish`)).status, 303);
  assert.equal((await send(home, { path: picture })).status, 404, "every route behind its mode");
  await page.reload();
  await hands.sees("Who is holding this tablet?");
  hands.trouble.length = 0;
}
