// Weighs the production build (gzip -9) against the page's budget and fails above it.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const BUDGET_KIB = { initialJs: 95, routeJs: 230, css: 12 };

if (!existsSync(join(dist, '.vite/manifest.json'))) {
  console.error('size: no build found; run `npm run build` first.');
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));
const gzipBytes = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;

/** Chunks a browser must load for `key`: itself, its static imports, and with `isDeep` its lazy ones too. */
function chunksOf(key, isDeep, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  const chunk = manifest[key];
  for (const next of chunk.imports ?? []) chunksOf(next, isDeep, seen);
  // The entry names every page; a page that imports from it does not load the others.
  if (isDeep && !chunk.isEntry) for (const next of chunk.dynamicImports ?? []) chunksOf(next, isDeep, seen);
  return seen;
}
const kib = (keys) => [...keys].reduce((sum, key) => sum + gzipBytes(manifest[key].file), 0) / 1024;

const entryKey = Object.keys(manifest).find((key) => manifest[key].isEntry);
const initial = chunksOf(entryKey, false);
const shared = (manifest[entryKey].dynamicImports ?? []).filter((key) => !isPage(key) && !isLanguage(key));
const pages = (manifest[entryKey].dynamicImports ?? []).filter(isPage);
const css = Object.values(manifest)
  .filter((chunk) => chunk.isEntry)
  .flatMap((chunk) => chunk.css ?? []);

function isPage(key) {
  return /features\/.*-page\.tsx$/.test(key);
}
function isLanguage(key) {
  return /i18n\//.test(key);
}

const rows = [['initial JS on /', kib(initial), BUDGET_KIB.initialJs]];
for (const page of pages) {
  const keys = new Set(initial);
  for (const key of [page, ...shared])
    for (const chunk of chunksOf(key, true)) if (!isLanguage(chunk)) keys.add(chunk);
  rows.push([`route ${page.replace('src/features/', '')}`, kib(keys), BUDGET_KIB.routeJs]);
}
rows.push(['CSS', [...new Set(css)].reduce((sum, file) => sum + gzipBytes(file), 0) / 1024, BUDGET_KIB.css]);

let failed = 0;
for (const [name, size, budget] of rows) {
  const isOver = size > budget;
  if (isOver) failed += 1;
  console.log(
    `${isOver ? 'OVER' : 'ok  '}  ${name.padEnd(40)} ${size.toFixed(1).padStart(6)} of ${budget} KiB gzip`,
  );
}
process.exit(failed === 0 ? 0 : 1);
