// A small runner: flows of steps that build on each other, one line per step, a closing line to count.
import assert from 'node:assert/strict';

/** One line on standard output. */
export const say = (line) => process.stdout.write(`${line}\n`);

export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Called with the failed step's name, to keep what the page looked like. */
  onFailure = async () => undefined;

  /** Runs the steps in order; what follows a failed step is skipped, the next flow starts anyway. */
  async flow(name, steps) {
    let isBroken = false;
    for (const [what, run] of steps) {
      if (isBroken) {
        this.skip(`${name}: ${what}`, 'after a failure');
        continue;
      }
      const started = performance.now();
      try {
        await run();
        this.passed += 1;
        say(`PASS  ${name}: ${what} (${Math.round(performance.now() - started)} ms)`);
      } catch (error) {
        isBroken = true;
        this.failed += 1;
        say(`FAIL  ${name}: ${what}\n${indent(error.stack ?? String(error))}`);
        await this.onFailure(`${name} ${what}`).catch(() => undefined);
      }
    }
    return !isBroken;
  }

  skip(what, why) {
    this.skipped += 1;
    say(`SKIP  ${what} (${why})`);
  }

  /** Prints the counts and gives the exit code. */
  close() {
    say(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
    return this.failed === 0 ? 0 : 1;
  }
}

const indent = (text) => text.replace(/^/gm, '      ');

/** Waits until `read` gives something true; never longer than `timeoutMs`. */
export async function until(what, read, timeoutMs = 15_000) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value) return value;
    assert.ok(performance.now() < end, `${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
