import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from './packages.mjs';

const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const MOST_SHIFT = 0.05;

/** Every route in both themes: no accessibility fault, no sideways scroll on a phone, nothing that jumps. */
export async function looksFlow({ base, page, job, report }) {
  const routes = {
    agents: ['/', 'Agents for hire'],
    agent: ['/agents/0', 'Identity on the chain'],
    hire: ['/agents/0/hire', 'Lock the pay'],
    jobs: ['/jobs', 'Jobs'],
    job: [`/jobs/${job}`, 'What happened'],
    activity: ['/activity', 'Activity'],
    settings: ['/settings', 'Terms of a job'],
    'not-found': ['/nowhere', 'Page not found'],
  };
  const open = async (path, heading, colorScheme, size) => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    await page.addInitScript(watchShifts);
    await page.goto(base + path);
    await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
    await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
  };
  const steps = Object.entries(routes).map(([name, [path, heading]]) => [
    name,
    async () => {
      for (const theme of ['light', 'dark'])
        for (const [label, size] of [
          ['wide', WIDE],
          ['phone', PHONE],
        ]) {
          await open(path, heading, theme, size);
          const { violations } = await new AxeBuilder({ page }).analyze();
          assert.deepEqual(violations.map(describe), [], `${theme} ${label}`);
          const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(excess <= 0, `${theme} ${label}: scrolls ${excess} px sideways`);
          const shift = await page.evaluate(() => window.__layoutShift);
          assert.ok(shift <= MOST_SHIFT, `${theme} ${label}: layout shift ${shift}`);
          await shoot(page, `${name}-${theme}-${label}`);
        }
    },
  ]);
  const isFine = await report.flow('looks', steps);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: null });
  return isFine;
}

function watchShifts() {
  window.__layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__layoutShift += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
}

async function shoot(page, name) {
  const folder = process.env.AITBC_SCREENS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

const describe = ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`;
