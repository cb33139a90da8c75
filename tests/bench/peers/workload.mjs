// What every peer is given to do, and how it is measured. One record: twelve fields, one of them a comment of 300 characters; made offline, changed twice.

import { fork } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const WORDS = (
  "the staff on ward were kind and listened when asked but nights felt long noisy food arrived cold my carer could not visit because hours " +
  "changed without notice medication round was late again felt safe calm garden time helped most would like more groups talking therapy " +
  "doctor explained plan clearly leave granted shower broken since monday please fix complaint form hard find thank you everyone here"
).split(" ");

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function record(at) {
  const random = numbers(42_000_000 + at);
  const below = (bound) => Math.floor(random() * bound);
  let comment = "";
  const id = Array.from({ length: 32 }, () => below(16).toString(16)).join("");
  while (comment.length < 300) comment += `${WORDS[below(WORDS.length)]} `;
  return {
    _id: id,
    study: "bench",
    ward: `ward-${below(12)}`,
    instrument: "fact/1",
    role: ["patient", "carer", "staff"][below(3)],
    started_at: 1_790_000_000_000 + at * 61_000,
    q1: below(5),
    q2: below(5),
    q3: below(5),
    lang: "nb",
    status: "draft",
    comment: comment.slice(0, 300),
  };
}

/** Seconds from some moment on. */
export const now = () => Number(process.hrtime.bigint()) / 1e9;

/** The most MiB that this process has had in memory. */
export const peak = () => process.resourceUsage().maxRSS / 1024;

export const folder = () => mkdtempSync(join(tmpdir(), "peer-"));

/** A line to a port of this machine that counts the bytes that pass. */
export function line(port) {
  const passed = { up: 0, down: 0 };
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.on("data", (bytes) => { passed.up += bytes.length; far.write(bytes); });
    far.on("data", (bytes) => { passed.down += bytes.length; near.write(bytes); });
    const end = () => { near.destroy(); far.destroy(); };
    for (const side of [near, far]) side.on("close", end).on("error", end);
  });
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => done({ port: server.address().port, passed, close: () => server.close() }));
  });
}

/** A role of a script in a process of its own, asked one thing after the other. */
export function role(file, name, with_) {
  const child = fork(file, [name, JSON.stringify(with_)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  let heard;
  const next = () => new Promise((done, failed) => {
    heard = done;
    child.once("exit", () => failed(new Error(`${name} ended`)));
  });
  child.on("message", (said) => heard(said));
  return {
    ready: next(),
    ask(what) {
      const answer = next();
      child.send(what);
      return answer;
    },
    stop() {
      return new Promise((done) => {
        child.removeAllListeners("exit");
        child.once("exit", done);
        child.kill("SIGTERM");
      });
    },
  };
}

/** Ends with whoever started it. */
if (process.send) process.on("disconnect", () => process.exit(0));
