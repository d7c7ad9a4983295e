import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './packages.mjs';
import { until } from './report.mjs';

export const PHOTO = join(root, 'examples/photos/contact-sheet.jpg');
const OTHER_CHAIN = 1;
const WORK_TIMEOUT_MS = 120_000;

/** The river from the client's side: connect, hire, follow live, check, accept, and see the agent paid. */
export function hireFlow(world) {
  const { base, page, wallet, chain, report, deployment } = world;
  let agentWallet;
  let before;
  let job;
  const picture = page.locator('input[type=file]');
  return report.flow('hire', [
    [
      'a rejected connection is said in words',
      async () => {
        await page.goto(base);
        wallet.rejectNext();
        await page.getByRole('button', { name: 'Connect wallet' }).click();
        await page.getByRole('button', { name: /Test Wallet/ }).click();
        await page.getByText('You rejected the request in your wallet.').waitFor();
      },
    ],
    [
      'connecting shows the account',
      async () => {
        await page.getByRole('button', { name: /Test Wallet/ }).click();
        await page.getByRole('button', { name: `Wallet ${wallet.account.address}` }).waitFor();
      },
    ],
    [
      'the first agent leads to its page and on to the hire form',
      async () => {
        await page.locator('tbody a').first().click();
        await page.getByRole('heading', { name: 'Identity on the chain' }).waitFor();
        await page.locator('aside').getByRole('link', { name: 'Hire' }).click();
        await page.getByRole('heading', { name: 'Your picture' }).waitFor();
      },
    ],
    ['files that are no picture are refused before anything is sent', () => refuseBadFiles(page, picture)],
    [
      'a photo is previewed and the quote is complete',
      async () => {
        await picture.setInputFiles(PHOTO);
        await page.getByAltText('The picture you chose').waitFor();
        await page.getByText('Of which fee').waitFor();
        await page.getByText(/you get all of it back if nothing is delivered in time/).waitFor();
      },
    ],
    [
      'too little money is said, and test dollars are given',
      async () => {
        await page.getByText(/You need .* more/).waitFor();
        await page.getByRole('button', { name: 'Get test dollars' }).click();
        await page.getByText(/arrived in your wallet/).waitFor();
        assert.equal(await chain.balanceOf(wallet.account.address), 100_000_000n);
      },
    ],
    [
      'on a wrong network the button is the way back',
      async () => {
        await wallet.setChain(OTHER_CHAIN);
        const back = page.locator('main').getByRole('button', { name: 'Switch to AITBC local' });
        await back.click();
        await page.getByRole('button', { name: /^Hire for/ }).waitFor();
      },
    ],
    [
      'a rejected transaction is said in words and sends nothing',
      async () => {
        wallet.rejectNext();
        await page.getByRole('button', { name: /^Hire for/ }).click();
        await page.getByText('You rejected the request in your wallet.').waitFor();
        assert.equal(wallet.calls.filter((method) => method === 'eth_sendTransaction').length, 2);
      },
    ],
    [
      'hiring approves, locks the pay and opens the job',
      async () => {
        await page.getByRole('button', { name: /^Hire for/ }).click();
        await page.waitForURL(/\/jobs\/\d+$/, { timeout: 30_000 });
        job = page.url().split('/').pop();
        world.job = job;
        const made = await chain.jobOf(job);
        assert.equal(made.client, wallet.account.address);
        agentWallet = made.provider;
        before = await chain.balanceOf(agentWallet);
        await page.locator('[data-station^="funded:done"]').waitFor();
      },
    ],
    [
      'a reload keeps wallet and job',
      async () => {
        await page.reload();
        await page.getByRole('button', { name: `Wallet ${wallet.account.address}` }).waitFor();
        await page.locator('[data-station^="funded:done"]').waitFor();
      },
    ],
    [
      'the delivery appears by itself',
      () => page.locator('[data-station="delivered:done"]').waitFor({ timeout: WORK_TIMEOUT_MS }),
    ],
    [
      'result and picture are checked against the chain in the browser',
      async () => {
        await page.locator('[data-proof="matches"]').nth(1).waitFor();
        assert.equal(await page.locator('[data-proof="matches"]').count(), 2);
        await until('the picture is drawn', () =>
          page.locator('[data-annotated]').evaluate((image) => image.complete && image.naturalWidth > 0),
        );
      },
    ],
    [
      'found objects and text lines are listed and can be pointed at',
      async () => {
        const found = page.locator('[data-objects] button');
        assert.ok((await found.count()) > 0, 'no object is listed');
        assert.ok((await page.locator('[data-lines] button').count()) > 0, 'no text line is listed');
        await found.first().click();
        await page.locator('svg polygon').waitFor({ state: 'attached' });
      },
    ],
    [
      'the verdict appears with its score, checks and reporters',
      async () => {
        await page.locator('[data-station="checked:done"]').waitFor({ timeout: WORK_TIMEOUT_MS });
        await page.locator('[data-verdict="pass"]').waitFor();
        await page.getByText(/^\d+ of \d+ checks passed$/).click();
        await page.locator('[data-checks] li').first().waitFor();
        await page.getByText(/Signed by [23] of 3 reporters/).waitFor();
      },
    ],
    [
      'accepting pays the agent, and the page shows its new balance',
      async () => {
        await page.getByRole('button', { name: 'Accept and pay' }).click();
        await page.locator('[data-station="paid:done"]').waitFor();
        const { budget } = await chain.jobOf(job);
        const pay = budget - (budget * BigInt(deployment.policy.feeBps)) / 10_000n;
        const after = await chain.balanceOf(agentWallet);
        assert.equal(after - before, pay);
        const text = money(after, deployment.token);
        await until('the new balance', async () =>
          (await page.locator('[data-agent-balance]').innerText()).replace(/\s/g, ' ').includes(text),
        );
        await page.locator('[data-payouts]').getByText('Treasury').waitFor();
      },
    ],
    [
      'what happened is listed with transaction hashes',
      async () => {
        await page.getByText(/The agent was paid/).waitFor();
        assert.ok((await page.locator('[data-timeline] button').count()) >= 4);
      },
    ],
    [
      'jobs and activity know it after a reload',
      async () => {
        await page.goto(`${base}/jobs`);
        await page.getByRole('link', { name: new RegExp(`^Job ${job}\\b`) }).waitFor();
        await page.goto(`${base}/activity`);
        await page.getByText('Accepted a result').waitFor();
        assert.equal(await page.locator('[data-state="confirmed"]').count(), 4);
      },
    ],
  ]);
}

async function refuseBadFiles(page, picture) {
  const folder = mkdtempSync(join(tmpdir(), 'aitbc-files-'));
  const cases = [
    ['empty.jpg', Buffer.alloc(0), 'This file is empty.'],
    ['words.jpg', Buffer.from('not a picture at all'), 'This is not a JPEG, PNG or WebP picture.'],
    ['cut.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46]), 'This picture does not open.'],
    [
      'huge.jpg',
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(21 * 1024 * 1024)]),
      'This file is too big.',
    ],
  ];
  try {
    for (const [name, bytes, sentence] of cases) {
      writeFileSync(join(folder, name), bytes);
      await picture.setInputFiles(join(folder, name));
      await page.getByText(sentence).waitFor();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The page's own way to write an amount, kept simple: at least two, at most six fraction digits. */
export function money(units, { decimals, symbol }) {
  const whole = (units / 10n ** BigInt(decimals)).toLocaleString('en-US');
  const fraction = (units % 10n ** BigInt(decimals)).toString().padStart(decimals, '0').replace(/0+$/, '');
  return `${whole}.${fraction.padEnd(2, '0')} ${symbol}`;
}
