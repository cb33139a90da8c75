#!/usr/bin/env node
// ODK Web Forms' engine (@getodk/xforms-engine) on jobs of a line each:
//   node web-forms.mjs < jobs.jsonl > results.jsonl
// in  {id, form: PATH | xml: TEXT, steps?: [...], attachments?: DIR}
// out {id, xml?, error?, steps: [{…the step, error?}], ms: {load, steps: [..]}}
// steps {set: REF, value} {addRepeat: REF} {removeRepeat: REF} {lang: NAME}; REF is /data/rep[2]/q, with positions on
// repeat instances only. `ms.load` is from XML text to an instance that can be answered, `ms.steps` what the engine
// took for each step without finding the node.
import './dom.mjs';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

process.env.TZ ??= 'UTC';
const { loadForm } = await import('@getodk/xforms-engine');

const since = (start) => +(performance.now() - start).toFixed(4);

const preload = { deviceID: 'peer:device', username: 'peer', email: 'peer@example.org', phoneNumber: '0' };
const instanceOptions = {
  instanceAttachments: { fileNameFactory: ({ basename, extension }) => `${basename}${extension ?? ''}` },
  preloadProperties: preload,
  geolocationProvider: { getLocation: async () => '' },
};

/** Serves jr://file-csv/x.csv and its like from a folder. */
const attachmentsFrom = (folder) => async (url) => {
  const file = folder && path.join(folder, path.basename(String(url)));
  if (!file || !fs.existsSync(file)) return new Response('', { status: 404 });
  const types = { '.csv': 'text/csv', '.xml': 'text/xml', '.geojson': 'application/geo+json' };
  const type = types[path.extname(file)] ?? 'application/octet-stream';
  return new Response(fs.readFileSync(file), { status: 200, headers: { 'content-type': type } });
};

function* walk(node) {
  yield node;
  for (const child of node.currentState.children ?? []) yield* walk(child);
}

function find(root, reference) {
  for (const node of walk(root)) if (node.currentState.reference === reference) return node;
  throw new Error(`no node ${reference}`);
}

/** What a step does, with its node already found, so that only the engine is timed. */
function prepare(root, step) {
  if (step.set !== undefined) return setter(find(root, step.set), step.value);
  if (step.addRepeat) {
    const range = find(root, step.addRepeat);
    return () => range.addInstances();
  }
  if (step.removeRepeat) {
    const instance = find(root, step.removeRepeat);
    const range = instance.parent;
    return () => range.removeInstances(range.currentState.children.indexOf(instance));
  }
  if (step.lang) {
    const language = root.languages.find((one) => one.language === step.lang);
    if (!language) throw new Error(`no language ${step.lang}`);
    return () => root.setLanguage(language);
  }
  throw new Error('unknown step');
}

function setter(node, value) {
  // Otherwise a value would be stored and come back later, which no screen lets a person do.
  if (!node.currentState.relevant) throw new Error('not relevant');
  const list = value == null || value === '' ? [] : String(value).trim().split(/\s+/);
  switch (node.nodeType) {
    case 'select': return () => node.selectValues(list);
    case 'rank': return () => node.setValues(list);
    case 'trigger': return () => node.setValue(value === 'OK');
    case 'input': case 'range': return () => node.setValue(value ?? '');
    default: throw new Error(`cannot set a ${node.nodeType}`);
  }
}

async function run({ form: file, xml, steps = [], attachments }) {
  const out = { steps: [], ms: { steps: [] } };
  try {
    xml ??= fs.readFileSync(file, 'utf8');
    const start = performance.now();
    const options = { fetchFormAttachment: attachmentsFrom(attachments), missingResourceBehavior: 'BLANK' };
    const form = await loadForm(xml, options);
    if (form.status === 'failure') throw form.error;
    const { root } = form.createInstance(instanceOptions);
    out.ms.load = since(start);
    for (const step of steps) {
      const done = { ...step };
      let took = 0;
      try {
        const act = prepare(root, step);
        const from = performance.now();
        act();
        took = since(from);
      } catch (problem) {
        done.error = String(problem?.message ?? problem).slice(0, 300);
      }
      out.ms.steps.push(took);
      out.steps.push(done);
    }
    const payload = await root.prepareInstancePayload({ payloadType: 'monolithic' });
    out.xml = await payload.data[0].get('xml_submission_file').text();
  } catch (problem) {
    out.error = String(problem?.message ?? problem).slice(0, 2000);
  }
  return out;
}

process.on('unhandledRejection', () => { }); // a broken form must not end the batch
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  const job = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id: job.id, ...await run(job) }) + '\n');
}
