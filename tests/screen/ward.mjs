// A study on real processes, set up through the program's own commands: a hub, two evaluators, a tablet.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = process.env.NIGHTJAR_BIN;

/** Runs the program for a device, its key through descriptor 3, another secret through 4. */
function run(folder, device, args, secret, env = process.env) {
  const keyed = device ? [...args, "--vault", join(folder, `${device.name}.vault`), "--key-fd", "3"] : args;
  if (!device) return spawn(program, keyed, { stdio: ["ignore", "pipe", "pipe"], env });
  // Opened anew each time, so that they are read from their beginning.
  const opened = [device.key, secret].filter(Boolean).map((path) => openSync(path, "r"));
  const child = spawn(program, keyed, { stdio: ["ignore", "pipe", "pipe", ...opened] });
  opened.forEach((file) => closeSync(file));
  return child;
}

function output(child) {
  return new Promise((done, failed) => {
    let out = "";
    let wrong = "";
    child.stdout.on("data", (data) => { out += data; });
    child.stderr.on("data", (data) => { wrong += data; });
    child.on("exit", (code) => (code === 0 ? done(out) : failed(new Error(`${child.spawnargs.join(" ")}: ${wrong}`))));
  });
}

/** The first line that holds something, of a program that goes on. */
function line(child, has) {
  return new Promise((done, failed) => {
    createInterface({ input: child.stdout }).on("line", (text) => { if (has.test(text)) done(text); });
    let wrong = "";
    child.stderr.on("data", (data) => { wrong += data; });
    child.on("exit", () => failed(new Error(`it ended: ${wrong}`)));
  });
}

/** Of six digits that nobody would guess at once. */
export const PIN = "730518";

export class Ward {
  static async found() {
    const ward = new Ward();
    ward.folder = mkdtempSync(join(tmpdir(), "ward-screen-"));
    ward.hubAt = null;
    ward.hub = run(ward.folder, null, ["hub", "serve", "--data", join(ward.folder, "hub"), "--listen", "127.0.0.1:0"]);
    const told = JSON.parse(await line(ward.hub, /setup_code/));
    ward.hubAt = told.listening;
    const device = (name) => ({ name, key: ward.file(`${name}.key`, randomBytes(32)) });
    const second = device("second");
    ward.steward = device("steward");
    ward.tablet = device("tablet");
    ward.twin = device("twin");
    ward.late = device("late");
    await ward.does(ward.steward, "evaluate", "create", "--label", "Steward");
    const code = ward.file("code", told.setup_code);
    await ward.does(ward.steward, "study", "found", "--hub", told.listening, "--setup-code", code);
    await ward.does(ward.steward, "study", "recovery");
    const letIn = async (of, face, ...how) => {
      const request = await ward.does(of, face, "create", "--label", of.name);
      const invitation = ward.file(`${of.name}.invitation`, await ward.admits(of, request, ...how));
      await ward.does(of, face, "join", "--invitation", invitation);
    };
    await letIn(second, "evaluate", "--evaluator");
    await letIn(ward.tablet, "tablet", "--ward", "acute-male");
    await letIn(ward.twin, "tablet", "--ward", "acute-male", "--ward", "rehab-long");
    ward.stick = join(ward.folder, "STICK");
    ward.pin = ward.file("pin", `${PIN}\n`);
    await output(run(ward.folder, ward.tablet, ["tablet", "pin", "--pin-fd", "4"], ward.pin));
    return ward;
  }

  /** A file in the study's folder. */
  file(name, text) {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Runs a command on a device's vault, which nothing else may have open. */
  does(of, ...args) {
    return output(run(this.folder, of, args));
  }

  /** The invitation that the steward gives for a request. */
  admits(of, request, ...how) {
    return this.does(this.steward, "study", "admit", "--request", this.file(`${of.name}.request`, request), ...how);
  }

  /** Makes a tablet that has joined no study, with a PIN. */
  async makeLate() {
    await this.does(this.late, "tablet", "create", "--label", "Late");
    await output(run(this.folder, this.late, ["tablet", "pin", "--pin-fd", "4"], this.pin));
  }

  /** Runs a command on the tablet's vault; the screen must be closed. */
  must(...args) {
    return this.does(this.tablet, ...args);
  }

  /** Has another tablet write a record down and send it. */
  async twinWrites(form, answers, at = "acute-male") {
    const key = readFileSync(this.twin.key).toString("hex");
    const child = spawn(program, ["tablet", "run", "--vault", join(this.folder, "twin.vault")], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let asked = 0;
    const ask = async (text) => {
      child.stdin.write(text);
      const answer = JSON.parse((await lines.next()).value);
      if (answer.failed) throw new Error(JSON.stringify(answer));
      return answer.ok;
    };
    const does = (what, more) => ask(`${JSON.stringify({ id: (asked += 1), do: what, ...more })}\n`);
    await ask(`${key}\n`);
    const { sitting } = await does("begin", { form_id: form, role: "nurse", ward: at });
    for (const [path, value] of Object.entries(answers)) await does("answer", { sitting, path, value });
    await does("finish", { sitting });
    await does("sync");
    child.stdin.end();
    await new Promise((done) => child.on("exit", done));
  }

  /** What another program on this device reads of a form's records. */
  reads(form) {
    return this.must("tablet", "records", "--form", form);
  }

  /** Starts the screen, for one form or for what people answer about themselves; gives its address. */
  async open(form, device = this.tablet) {
    const args = form ? ["collect", "--serve", "--form", form] : ["screen"];
    this.screen = run(this.folder, device, [...args, "--stick", this.stick]);
    const told = await line(this.screen, /http:/);
    return told.match(/http:\S+/)[0];
  }

  /** Starts the screen to practise with a study of its own, all it stores in a folder of the system's or in the one named; gives its address. */
  async practise(study, stored = tmpdir()) {
    this.screen = run(this.folder, null, ["screen", "--practice", "--study", study], null, { ...process.env, TMPDIR: stored });
    return (await line(this.screen, /http:/)).match(/http:\S+/)[0];
  }

  /** The stick is put in, or taken out. */
  plug(isIn) {
    if (isIn) mkdirSync(this.stick);
    else renameSync(this.stick, `${this.stick}-out`);
  }

  /** The hub ends as by a power cut; it comes back at the same address with what it had. */
  async hubGone() {
    const gone = new Promise((done) => this.hub.on("exit", done));
    this.hub.kill("SIGKILL");
    await gone;
  }

  async hubBack() {
    const at = this.hubAt.replace("http://", "");
    this.hub = run(this.folder, null, ["hub", "serve", "--data", join(this.folder, "hub"), "--listen", at]);
    await line(this.hub, /listening/);
  }

  /** Starts the screen with a program as its browser that only notes where it was sent; gives that address. */
  async openFor() {
    const noted = join(this.folder, "door");
    const browser = this.file("browser.sh", `#!/bin/sh\nfor last; do :; done\necho "$last" > ${noted}.new && mv ${noted}.new ${noted}\nexec sleep 1000\n`);
    chmodSync(browser, 0o700);
    this.screen = run(this.folder, this.tablet, ["screen", "--browser", browser]);
    await line(this.screen, /in its browser/);
    for (let turns = 0; turns < 100; turns += 1) {
      if (existsSync(noted)) return readFileSync(noted, "utf8").trim();
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("no browser was started");
  }

  /** Ends the screen as a crash does, or as somebody who closes it. */
  async close(signal = "SIGKILL") {
    const gone = new Promise((done) => this.screen.on("exit", done));
    this.screen.kill(signal);
    await gone;
  }

  end() {
    this.screen?.kill("SIGKILL");
    this.hub.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
