// A study on real processes, set up through the program's own commands: a hub, two evaluators, a tablet.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = process.env.NIGHTJAR_BIN;

/** Runs the program for a device, its key through descriptor 3; gives what it printed. */
function run(folder, device, args) {
  const keyed = device ? [...args, "--vault", join(folder, `${device.name}.vault`), "--key-fd", "3"] : args;
  if (!device) return spawn(program, keyed, { stdio: ["ignore", "pipe", "pipe"] });
  // Opened anew each time, so that it is read from its beginning.
  const key = openSync(device.key, "r");
  const child = spawn(program, keyed, { stdio: ["ignore", "pipe", "pipe", key] });
  closeSync(key);
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

export class Ward {
  static async found() {
    const ward = new Ward();
    ward.folder = mkdtempSync(join(tmpdir(), "ward-screen-"));
    ward.hub = run(ward.folder, null, ["hub", "serve", "--data", join(ward.folder, "hub"), "--listen", "127.0.0.1:0"]);
    const told = JSON.parse(await line(ward.hub, /setup_code/));
    const file = (name, text) => {
      const path = join(ward.folder, name);
      writeFileSync(path, text);
      return path;
    };
    const device = (name) => ({ name, key: file(`${name}.key`, randomBytes(32)) });
    const [steward, second] = [device("steward"), device("second")];
    ward.tablet = device("tablet");
    const must = (of, ...args) => output(run(ward.folder, of, args));
    await must(steward, "evaluate", "create", "--label", "Steward");
    const code = file("code", told.setup_code);
    await must(steward, "study", "found", "--hub", told.listening, "--setup-code", code);
    await must(steward, "study", "recovery");
    const letIn = async (of, face, ...how) => {
      const request = file(`${of.name}.request`, await must(of, face, "create", "--label", of.name));
      const invitation = file(`${of.name}.invitation`, await must(steward, "study", "admit", "--request", request, ...how));
      await must(of, face, "join", "--invitation", invitation);
    };
    await letIn(second, "evaluate", "--evaluator");
    await letIn(ward.tablet, "tablet", "--ward", "acute-male");
    return ward;
  }

  /** Runs a command on the tablet's vault; the screen must be closed. */
  must(...args) {
    return output(run(this.folder, this.tablet, args));
  }

  /** What another program on this device reads of a form's records. */
  reads(form) {
    return this.must("tablet", "records", "--form", form);
  }

  /** Starts the screen, for one form or for what people answer about themselves; gives its address. */
  async open(form) {
    const args = form ? ["collect", "--serve", "--form", form] : ["screen"];
    this.screen = run(this.folder, this.tablet, args);
    const told = await line(this.screen, /http:/);
    return told.match(/http:\S+/)[0];
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
