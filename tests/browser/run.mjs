// The page in a real browser against the real stack: browse, hire, follow, check, accept, and every way that goes wrong.
//
//   node tests/browser/run.mjs        starts the stack itself (`aitbc up`)
//   AITBC_PAGE=http://127.0.0.1:PORT  tests a stack that runs already
//   AITBC_SCREENS=folder              also writes a picture of every route, two widths, two themes

import { join } from 'node:path';
import { CHROMIUM, hasChromium, launch, Watch } from './browser.mjs';
import { Chain } from './chain.mjs';
import { documentFlow } from './flow-document.mjs';
import { hireFlow } from './flow-hire.mjs';
import { looksFlow } from './flow-looks.mjs';
import { moneyFlow } from './flow-money.mjs';
import { phoneFlow } from './flow-phone.mjs';
import { visitorFlow } from './flow-visitor.mjs';
import { generatePrivateKey, privateKeyToAccount } from './packages.mjs';
import { Report, say } from './report.mjs';
import { startStack } from './stack.mjs';
import { TestWallet } from './wallet.mjs';

const report = new Report();

if (!hasChromium()) {
  if (process.env.CI) {
    say(`FAIL  browser: ${CHROMIUM} is missing; run \`make setup-system\``);
    report.failed += 1;
  } else report.skip('browser', `${CHROMIUM} is missing; run \`make setup-system\``);
  process.exit(report.close());
}

const stack = await startStack();
let browser;
try {
  const response = await fetch(`${stack.page}/api/v1/deployment`);
  if (!response.ok) throw new Error(`GET /api/v1/deployment: HTTP ${response.status}`);
  const deployment = await response.json();
  browser = await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-US' });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const watch = new Watch(page);
  const wallet = new TestWallet(
    privateKeyToAccount(generatePrivateKey()),
    deployment.chainId,
    deployment.rpc_url,
  );
  await wallet.install(page);
  const world = {
    base: stack.page,
    page,
    context,
    wallet,
    watch,
    chain: new Chain(deployment),
    deployment,
    report,
  };

  report.onFailure = (what) => shootFailure(page, what);

  await visitorFlow(world);
  if (await hireFlow(world)) {
    await documentFlow(world);
    await phoneFlow(world);
    await looksFlow(world);
    await moneyFlow(world);
  } else report.skip('browser: document, phone, looks and money flows', 'the hire flow failed');

  await report.flow('whole run', [
    ['no console error', () => expectNone(watch.errors)],
    ['no request to another host', () => expectNone([...watch.foreign])],
  ]);
} finally {
  await browser?.close();
  await stack.stop();
}
process.exit(report.close());

/** Leaves a picture of the page where a step has failed, if a folder for it is named. */
async function shootFailure(page, what) {
  if (!process.env.AITBC_SCREENS) return;
  const name = `failed-${what.replace(/[^a-z0-9]+/gi, '-')}.png`;
  await page.screenshot({ path: join(process.env.AITBC_SCREENS, name), fullPage: true });
}

function expectNone(list) {
  if (list.length > 0) throw new Error(list.slice(0, 10).join('\n'));
}
