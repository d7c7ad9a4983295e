// Chromium for the tests: the system's own, quiet, and watched for console errors and requests to other hosts.
import { existsSync } from 'node:fs';
import { chromium } from './packages.mjs';

export const CHROMIUM = process.env.AITBC_CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = () => existsSync(CHROMIUM);

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** Notes what must never happen on a page. `expectOutage()` lets the browser log a server that was stopped on purpose. */
export class Watch {
  errors = [];
  foreign = new Set();
  #isOutageExpected = false;

  constructor(page) {
    page.on('console', (message) => {
      if (message.type() !== 'error' || this.#isExcused(message.text())) return;
      this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (/^(https?|wss?):$/.test(url.protocol) && url.hostname !== '127.0.0.1') this.foreign.add(url.host);
    });
  }

  expectOutage(isExpected = true) {
    this.#isOutageExpected = isExpected;
  }

  #isExcused(text) {
    return (
      this.#isOutageExpected &&
      /ERR_CONNECTION_REFUSED|ERR_FAILED|ERR_INTERNET_DISCONNECTED|ERR_EMPTY/.test(text)
    );
  }
}
