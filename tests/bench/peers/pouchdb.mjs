// PouchDB to express-pouchdb, both on LevelDB: one document a record, three revisions of each. Prints one line of JSON.
// Usage: node pouchdb.mjs RECORDS

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { folder, line, now, peak, record, role } from "./workload.mjs";

const require = createRequire(import.meta.url);
const FILE = fileURLToPath(import.meta.url);
const BATCH = { batch_size: 100, batches_limit: 10 };
const [, , name, given] = process.argv;

/** The client, with the adapters it needs. */
function database(at) {
  const PouchDB = require("pouchdb-core");
  for (const part of ["pouchdb-adapter-leveldb", "pouchdb-adapter-http", "pouchdb-replication"]) {
    const plugin = require(part);
    PouchDB.plugin(plugin.default ?? plugin);
  }
  return new PouchDB(`${at}/db`, { adapter: "leveldb" });
}

const roles = {
  server({ at }) {
    process.chdir(at);
    const PouchDB = require("pouchdb").defaults({ prefix: `${at}/` });
    const app = require("express")();
    let requests = 0;
    app.use((_request, _response, next) => { requests += 1; next(); });
    const settings = { logPath: `${at}/log.txt`, configPath: `${at}/config.json`, mode: "minimumForPouchDB" };
    app.use("/", require("express-pouchdb")(PouchDB, settings));
    const listening = app.listen(0, "127.0.0.1", () => process.send({ port: listening.address().port }));
    process.on("message", () => {
      process.send({ requests, mib: peak() });
      requests = 0;
    });
  },

  async tablet({ at, records }) {
    const db = database(at);
    for (let number = 0; number < records; number += 1) {
      const document = record(number);
      document._rev = (await db.put(document)).rev;
      document.q3 = (document.q3 + 1) % 5;
      document._rev = (await db.put(document)).rev;
      document.status = "submitted";
      await db.put(document);
    }
    process.on("message", async ({ port }) => {
      const begun = now();
      const done = await db.replicate.to(`http://127.0.0.1:${port}/study`, BATCH);
      process.send({ seconds: now() - begun, written: done.docs_written, mib: peak() });
    });
    process.send({});
  },

  evaluator({ at }) {
    const db = database(at);
    process.on("message", async ({ port }) => {
      const begun = now();
      await db.replicate.from(`http://127.0.0.1:${port}/study`, BATCH);
      const seconds = now() - begun;
      const all = await db.allDocs({ include_docs: true });
      const whole = all.rows.filter(({ doc }) => doc.status === "submitted" && doc.comment.length === 300).length;
      process.send({ seconds, whole, mib: peak() });
    });
    process.send({});
  },
};

async function measure(records) {
  const at = folder();
  let server = role(FILE, "server", { at });
  let port = (await server.ready).port;
  await fetch(`http://127.0.0.1:${port}/study`, { method: "PUT" });
  let way = await line(port);
  const tablet = role(FILE, "tablet", { at: folder(), records });
  await tablet.ready;
  await server.ask({});
  const pushed = await tablet.ask({ port: way.port });
  const afterPush = await server.ask({});
  const push = { ...pushed, requests: afterPush.requests, bytes: way.passed.up + way.passed.down };
  await tablet.stop();
  way.close();
  await server.stop();

  server = role(FILE, "server", { at });
  port = (await server.ready).port;
  way = await line(port);
  const evaluator = role(FILE, "evaluator", { at: folder() });
  await evaluator.ready;
  const pulled = await evaluator.ask({ port: way.port });
  const afterPull = await server.ask({});
  const pull = { ...pulled, requests: afterPull.requests, bytes: way.passed.up + way.passed.down };
  await evaluator.stop();
  await server.stop();
  if (push.written !== records || pull.whole !== records) throw new Error(`of ${records} records ${pull.whole} arrived`);
  console.log(JSON.stringify({ push, pull, server_mib: Math.max(afterPush.mib, afterPull.mib) }));
  process.exit(0);
}

if (name in roles) roles[name](JSON.parse(given));
else await measure(Number(name));
