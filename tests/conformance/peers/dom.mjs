// Puts the few DOM globals that the ODK packages expect onto globalThis (Node has none). Import this before them.
import { createRequire } from 'node:module';
import { JSDOM } from 'jsdom';

// The packages bundle web-tree-sitter, which reads CommonJS globals although the packages are ES modules.
globalThis.__dirname ??= process.cwd();
globalThis.__filename ??= process.argv[1];
globalThis.require ??= createRequire(import.meta.url);

const { window } = new JSDOM('', { url: 'http://localhost/' });
const names = [
  'DOMParser', 'XMLSerializer', 'Node', 'Document', 'XMLDocument', 'Element', 'Attr', 'Text', 'CDATASection',
  'Comment', 'ProcessingInstruction', 'DocumentFragment', 'NamedNodeMap', 'XPathResult', 'XPathEvaluator', 'document',
];
globalThis.window = window;
for (const name of names) {
  if (window[name] !== undefined && !(name in globalThis)) globalThis[name] = window[name];
}
