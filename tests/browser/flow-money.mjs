import assert from 'node:assert/strict';
import { PHOTO } from './flow-hire.mjs';
import { viem } from './packages.mjs';
import { until } from './report.mjs';

const BUDGET = 1_500_000n;
const WORK_SECONDS = 120;

/** Ways that a transaction ends badly or late, and the way back to the money. Last, for it moves the chain's clock. */
export function moneyFlow({ base, page, wallet, chain, report }) {
  let job;
  return report.flow('money', [
    [
      'what is pending survives a reload and is confirmed later',
      async () => {
        await page.goto(`${base}/activity`);
        await page.getByRole('button', { name: 'Clear what has ended' }).click();
        await chain.pause();
        await openFaucet(page);
        await page.getByText('1 pending').waitFor();
        await page.reload();
        await page.getByText('1 pending').waitFor();
        await page.locator('[data-state="pending"]').waitFor();
        await chain.resume();
        await page.locator('[data-state="confirmed"]').waitFor();
      },
    ],
    [
      'a transaction cancelled in the wallet is called cancelled',
      async () => {
        await chain.pause();
        await openFaucet(page);
        await page.locator('[data-state="pending"]').waitFor();
        const nonce = await chain.node.getTransactionCount({ address: wallet.account.address });
        const { maxFeePerGas } = await chain.node.estimateFeesPerGas();
        await wallet.signer.sendTransaction({
          to: wallet.account.address,
          value: 0n,
          nonce,
          maxFeePerGas: maxFeePerGas * 5n + viem.parseGwei('10'),
          maxPriorityFeePerGas: viem.parseGwei('9'),
        });
        await chain.resume();
        await page.locator('[data-state="cancelled"]').waitFor();
        await page.getByText('Cancelled in the wallet.').waitFor();
      },
    ],
    [
      'a hire that cannot be paid is refused before the signature, in words',
      async () => {
        await page.goto(`${base}/agents/0/hire`);
        await page.locator('input[type=file]').setInputFiles(PHOTO);
        await page.getByAltText('The picture you chose').waitFor();
        const button = page.getByRole('button', { name: /^Hire for/ });
        await button.waitFor();
        await until('the balance is read', () => button.isEnabled());
        const balance = await chain.balanceOf(wallet.account.address);
        await chain.giveAway(wallet, balance);
        const sent = wallet.calls.filter((method) => method === 'eth_sendTransaction').length;
        await button.click();
        await page.getByText(/You have 0\.00\s\S+, but .* is needed\./).waitFor();
        const isHireSent =
          wallet.calls.filter((method) => method === 'eth_sendTransaction').length > sent + 1;
        assert.ok(!isHireSent, 'the hire was sent although it cannot work');
      },
    ],
    [
      'a job that nobody does waits with its deadline',
      async () => {
        await page.getByRole('button', { name: 'Get test dollars' }).click();
        await until('the money', async () => (await chain.balanceOf(wallet.account.address)) > 0n);
        job = await chain.hireNobody(wallet, { budget: BUDGET, workSeconds: WORK_SECONDS });
        await page.goto(`${base}/jobs/${job}`);
        await page.locator('[data-station="delivered:current"]').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Take the money back' }).count(), 0);
      },
    ],
    [
      'after the deadline the whole pay is taken back',
      async () => {
        await chain.hurry(WORK_SECONDS + 5);
        const before = await chain.balanceOf(wallet.account.address);
        await page.getByRole('button', { name: 'Take the money back' }).click();
        await page.locator('[data-station="paid:failed"]').waitFor();
        assert.equal((await chain.balanceOf(wallet.account.address)) - before, BUDGET);
        await page.locator('[data-payouts]').getByText('Client').waitFor();
      },
    ],
  ]);
}

async function openFaucet(page) {
  await page.getByRole('button', { name: /^Wallet 0x/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Get test dollars' }).click();
  await page.keyboard.press('Escape');
}
