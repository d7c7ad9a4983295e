// The browser test's packages live with the page they test: resolved from frontend/, so that one lock pins them all.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(join(root, 'frontend/package.json'));

export const { chromium } = require('playwright-core');
export const viem = require('viem');
export const { generatePrivateKey, privateKeyToAccount } = require('viem/accounts');
export const { AxeBuilder } = require('@axe-core/playwright');
