import assert from 'node:assert/strict';
import { until } from './report.mjs';

/** Someone without a wallet: finds, sorts, filters, gets lost. */
export function visitorFlow({ base, page, report }) {
  const rows = () => page.locator('tbody tr').count();
  return report.flow('visitor', [
    [
      'the agents for hire are listed',
      async () => {
        await page.goto(base);
        await page.getByRole('heading', { name: 'Agents for hire' }).waitFor();
        await until('a listing', rows);
        assert.match(await page.title(), /Agents for hire/);
      },
    ],
    [
      'sorting by price is in the URL and announced',
      async () => {
        await page.getByRole('button', { name: 'Price' }).click();
        await page.waitForURL(/sort=price/);
        await page.locator('th[aria-sort="ascending"]').waitFor();
      },
    ],
    [
      'a search without a match can be cleared, and survives a reload',
      async () => {
        await page.keyboard.press('/');
        await page.keyboard.type('no agent has this name');
        await page.getByText('No agent matches').waitFor();
        await page.waitForURL(/q=no/);
        await page.reload();
        await page.getByText('No agent matches').waitFor();
        await page.getByRole('button', { name: 'Clear all filters' }).click();
        await until('a listing', rows);
        assert.equal(new URL(page.url()).search, '');
      },
    ],
    [
      'an unknown address and an unknown job are told apart from a failure',
      async () => {
        await page.goto(`${base}/nowhere`);
        await page.getByText('There is nothing at this address').waitFor();
        await page.goto(`${base}/jobs/999999`);
        await page.getByText('There is no job with this number').waitFor();
      },
    ],
    [
      'jobs and activity ask for a wallet and offer a way on',
      async () => {
        await page.goto(`${base}/jobs`);
        await page.getByText('Connect a wallet to see your jobs').waitFor();
        await page.goto(`${base}/activity`);
        await page.getByText('You have not sent anything yet').waitFor();
      },
    ],
    [
      'language and theme are kept across a reload',
      async () => {
        await page.goto(`${base}/settings`);
        await page.getByText('Deutsch').click();
        await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
        await page.getByText('Dunkel').click();
        await page.reload();
        await page.getByRole('heading', { name: 'Einstellungen' }).waitFor();
        assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
        assert.equal(await page.locator('html').getAttribute('lang'), 'de');
        await page.getByText('English').click();
        await page.getByText('System', { exact: true }).click();
        await page.getByRole('heading', { name: 'Settings' }).waitFor();
      },
    ],
  ]);
}
