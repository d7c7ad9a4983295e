import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chainNow, connectLive, feedHead, headStore, streamStore } from '../src/lib/live';

class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  isClosed = false;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close() {
    this.isClosed = true;
  }
  say(type: string, data: unknown) {
    this.dispatchEvent(
      new MessageEvent(type, { data: typeof data === 'string' ? data : JSON.stringify(data) }),
    );
  }
}
const last = () => FakeSource.all.at(-1) as FakeSource;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  FakeSource.all = [];
  headStore.set(undefined);
  streamStore.set('connecting');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the chain’s clock', () => {
  it('is carried forward between blocks and never runs backwards', () => {
    feedHead(10, 5000, 1000);
    expect(chainNow(1000)).toBe(5000);
    expect(chainNow(4500)).toBe(5003);
    feedHead(9, 4000, 5000);
    expect(chainNow(5000)).toBe(5004);
  });

  it('follows a chain that jumps ahead', () => {
    feedHead(10, 5000, 1000);
    feedHead(11, 99_000, 2000);
    expect(chainNow(2000)).toBe(99_000);
  });
});

describe('the event stream', () => {
  it('feeds the clock and marks jobs as stale', () => {
    const client = new QueryClient();
    const stale = vi.spyOn(client, 'invalidateQueries');
    const close = connectLive(client);
    last().onopen?.();
    expect(streamStore.get()).toBe('live');
    last().say('head', { block: 12, timestamp: 700 });
    expect(headStore.get()?.block).toBe(12);
    last().say('job', { job_id: '7', status: 'submitted' });
    expect(stale).toHaveBeenCalledWith({ queryKey: ['job', '1:7'] });
    last().say('head', 'not json');
    expect(headStore.get()?.block).toBe(12);
    close();
    expect(last().isClosed).toBe(true);
  });

  it('comes back by itself with growing pauses and reads everything anew', () => {
    const client = new QueryClient();
    const stale = vi.spyOn(client, 'invalidateQueries');
    const close = connectLive(client);
    for (let failure = 0; failure < 4; failure += 1) {
      last().onerror?.();
      vi.advanceTimersByTime(4000);
    }
    expect(FakeSource.all).toHaveLength(5);
    expect(streamStore.get()).toBe('down');
    last().onopen?.();
    expect(streamStore.get()).toBe('live');
    expect(stale).toHaveBeenCalledWith();
    close();
  });

  it('is not called down for a short break', () => {
    const close = connectLive(new QueryClient());
    last().onerror?.();
    vi.advanceTimersByTime(600);
    last().onopen?.();
    vi.advanceTimersByTime(10_000);
    expect(streamStore.get()).toBe('live');
    close();
  });
});
