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
  const open = async (path, heading, size) => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(base + path);
    await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
    await page.locator('main .skeleton').first().waitFor({ state: 'detached' });
  };
  await page.addInitScript(watchShifts);
  const steps = Object.entries(routes).map(([name, [path, heading]]) => [
    name,
    async () => {
      await open(path, heading, WIDE);
      await expectStill(page, 'wide');
      assert.deepEqual(await faults(page), [], 'light');
      await shoot(page, `${name}-light-wide`);
      await page.emulateMedia({ colorScheme: 'dark' });
      assert.deepEqual(await faults(page, ['color-contrast']), [], 'dark');
      await shoot(page, `${name}-dark-wide`);

      await open(path, heading, PHONE);
      await expectStill(page, 'phone');
      const excess = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(excess <= 0, `scrolls ${excess} px sideways on a phone`);
      await shoot(page, `${name}-light-phone`);
      await page.emulateMedia({ colorScheme: 'dark' });
      await shoot(page, `${name}-dark-phone`);
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

/** Accessibility faults by all rules, or by the named ones: in the dark only contrast can be different. Colours that
 * are still on their way from one theme to the other are nobody's: it waits until nothing moves. */
async function faults(page, rules) {
  await page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const moving = document.getAnimations().filter((motion) => motion instanceof CSSTransition);
    await Promise.allSettled(moving.map((motion) => motion.finished));
  });
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations.map(describe);
}

async function expectStill(page, where) {
  const shift = await page.evaluate(() => window.__layoutShift);
  assert.ok(shift <= MOST_SHIFT, `${where}: layout shift ${shift}`);
}

async function shoot(page, name) {
  const folder = process.env.AITBC_SCREENS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

const describe = ({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`;
