import assert from 'node:assert/strict';
import { PHOTO } from './flow-hire.mjs';

const WORK_TIMEOUT_MS = 120_000;
const MOST_TABS = 80;

/** A phone's width, the keyboard alone, and a server that goes away when it matters. */
export async function phoneFlow({ base, page, context, chain, watch, report }) {
  let job;
  await report.flow('phone and keyboard', [
    [
      'the wallet menu opens, closes and gives focus back',
      async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.goto(base);
        await tabTo(page, /^Wallet 0x/);
        await page.keyboard.press('Enter');
        await page.getByRole('dialog', { name: 'Your wallet' }).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'hidden' });
        assert.match(await focused(page), /^Wallet 0x/);
      },
    ],
    [
      'an agent is hired with the keyboard alone',
      async () => {
        await tabTo(page, /^Hire /);
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'Your picture' }).waitFor();
        await page.locator('input[type=file]').setInputFiles(PHOTO);
        await page.getByAltText('The picture you chose').waitFor();
        await tabTo(page, /^Hire for/);
        await page.keyboard.press('Enter');
        await page.waitForURL(/\/jobs\/\d+$/, { timeout: 30_000 });
        job = page.url().split('/').pop();
      },
    ],
    [
      'the heading has the focus after a navigation',
      async () => {
        await page.locator('[data-station="funded:done"]').waitFor();
        assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
      },
    ],
    [
      'it is delivered',
      () => page.locator('[data-station="delivered:done"]').waitFor({ timeout: WORK_TIMEOUT_MS }),
    ],
    [
      'without the server the job is read from the chain',
      async () => {
        watch.expectOutage();
        await context.route('**/api/**', (route) => route.abort());
        await page.reload();
        await page
          .getByText(/The server is not answering/)
          .first()
          .waitFor();
        await page.locator('[data-station="delivered:done"]').waitFor();
        await page.locator('[data-actions~="accept"]').waitFor();
      },
    ],
    [
      'and can be accepted with the keyboard',
      async () => {
        await tabTo(page, /^Accept and pay/);
        await page.keyboard.press('Enter');
        await page.locator('[data-station="paid:done"]').waitFor();
        await page
          .locator('[data-payouts]')
          .getByText(/^Agent/)
          .waitFor();
        assert.equal((await chain.jobOf(job)).status, 3);
      },
    ],
    [
      'the list of jobs comes from the chain too',
      async () => {
        await page.goto(`${base}/jobs`);
        await page.getByRole('link', { name: new RegExp(`^Job ${job}\\b`) }).waitFor();
      },
    ],
    [
      'the page recovers by itself when the server is back',
      async () => {
        await page.getByText(/The server is not answering/).waitFor();
        await context.unroute('**/api/**');
        await page.getByText(/The server is not answering/).waitFor({ state: 'hidden' });
      },
    ],
  ]);
  await context.unroute('**/api/**');
  watch.expectOutage(false);
  await page.setViewportSize({ width: 1280, height: 860 });
}

/** Presses Tab until the focused element's name matches. */
async function tabTo(page, name) {
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    await page.keyboard.press('Tab');
    if (name.test(await focused(page))) return;
  }
  assert.fail(`${name} cannot be reached with Tab`);
}

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim();
  });
