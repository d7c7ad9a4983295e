import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './packages.mjs';

const GUIDE = join(root, 'examples/documents/escrow-guide.pdf');
const QUESTION = 'How large is the fee?';
const ANSWER = 'A fee of 5 % is taken from what the agent gets.';
const PRICE = 800_000n;
const WORK_TIMEOUT_MS = 120_000;

/** A question about a dropped PDF: the service's own form, the request behind the CID, the citations, the pay. */
export function documentFlow({ base, page, chain, report }) {
  let job;
  return report.flow('document', [
    [
      'the form of a service that reads asks for a document, then for a question',
      async () => {
        await page.goto(`${base}/agents/0`);
        const offer = page.getByRole('listitem').filter({ hasText: 'Answers from documents' });
        await offer.getByRole('link', { name: 'Hire' }).click();
        await page.getByRole('heading', { name: 'Your document' }).waitFor();
        await page.getByRole('button', { name: 'Choose a document first' }).waitFor();
        await drop(page, 'photo.pdf', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]));
        await page.getByText('This is neither a PDF nor text.').waitFor();
        await drop(page, 'escrow-guide.pdf', readFileSync(GUIDE));
        await page.getByText('escrow-guide.pdf').waitFor();
        await page.getByRole('button', { name: 'Say what you want first' }).waitFor();
      },
    ],
    [
      'hiring locks the price for this question, to be judged by its citations',
      async () => {
        await page.getByLabel('What do you want to know?').fill(QUESTION);
        await page.getByRole('button', { name: /^Hire for/ }).click();
        await page.waitForURL(/\/jobs\/\d+$/, { timeout: 30_000 });
        job = page.url().split('/').pop();
        assert.equal((await chain.jobOf(job)).budget, PRICE);
        await page.locator('[data-station^="funded:done"]').waitFor();
        const request = await requestOf(base, chain, job);
        assert.equal(request.service, 'answer-from-documents');
        assert.equal(request.input.media_type, 'application/pdf');
        assert.deepEqual(request.settings, { question: QUESTION });
        assert.deepEqual(request.criteria, { kind: 'citations', rule: 'words-numbers-negation/1' });
      },
    ],
    [
      'the answer is shown with its quotation and page, and is what the chain says',
      async () => {
        await page.locator('[data-station="delivered:done"]').waitFor({ timeout: WORK_TIMEOUT_MS });
        await page.locator('[data-proof="matches"]').waitFor();
        const quoted = page.locator('[data-quoted]');
        await quoted.getByRole('heading', { name: QUESTION }).waitFor();
        const cited = await quoted.locator('li blockquote').first().innerText();
        assert.ok(cited.includes(ANSWER) && cited.endsWith('page 1'), cited);
      },
    ],
    [
      'the reporters pass it by its citations, and accepting pays the agent',
      async () => {
        await page.locator('[data-verdict="pass"]').waitFor({ timeout: WORK_TIMEOUT_MS });
        await page.getByText(/^\d+ of \d+ checks passed$/).click();
        for (const check of ['spans', 'support'])
          await page.locator('[data-checks] li', { hasText: check }).first().waitFor();
        await page.getByRole('button', { name: 'Accept and pay' }).click();
        await page.locator('[data-station="paid:done"]').waitFor();
      },
    ],
  ]);
}

/** Drops a file on the field, as from a desktop. */
async function drop(page, name, bytes) {
  const dataTransfer = await page.evaluateHandle(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name));
      return transfer;
    },
    [name, bytes.toString('base64')],
  );
  await page.locator('[data-drop]').dispatchEvent('drop', { dataTransfer });
}

/** The request document that the chain names for a job. */
async function requestOf(base, chain, job) {
  const description = await chain.descriptionOf(job);
  const response = await fetch(`${base}/api/v1/artifacts/${description.replace('ipfs://', '')}`);
  assert.ok(response.ok, `the request of job ${job}: HTTP ${response.status}`);
  return response.json();
}
