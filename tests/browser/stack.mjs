// The real product under the test: `aitbc up` in a folder of its own, stopped with everything it has started.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './packages.mjs';

const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 30_000;

/**
 * Starts the stack, or takes the one that AITBC_PAGE names.
 * @returns {Promise<{page: string, stop: () => Promise<void>}>}
 */
export async function startStack() {
  if (process.env.AITBC_PAGE) return { page: process.env.AITBC_PAGE, stop: async () => undefined };
  const command = process.env.AITBC_CLI ?? join(root, '.venv/bin/aitbc');
  if (!existsSync(command)) throw new Error(`${command} is missing; run \`make setup\` first.`);
  const home = mkdtempSync(join(tmpdir(), 'aitbc-browser-'));
  const child = spawn(command, ['up', '--home', home, '--json'], {
    cwd: root,
    env: { ...process.env, AITBC_PROFILE: join(root, 'tests/browser/agent.toml') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const ready = await firstJsonLine(child, said);
  return { page: ready.page, stop: () => stop(child, home) };
}

function firstJsonLine(child, said) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`not ready after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    const fail = (why) => {
      clearTimeout(timer);
      child.kill('SIGINT');
      reject(new Error(`aitbc up: ${why}\n${said.slice(-20).join('\n')}`));
    };
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code) => fail(`ended with ${code}`));
    createInterface({ input: child.stdout }).on('line', (line) => {
      let facts;
      try {
        facts = JSON.parse(line);
      } catch {
        said.push(line);
        return;
      }
      if (!facts.page) return;
      clearTimeout(timer);
      resolve(facts);
    });
  });
}

async function stop(child, home) {
  const isGone = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await isGone;
    clearTimeout(timer);
  }
  rmSync(home, { recursive: true, force: true });
}
