/**
 * One event stream for the whole tab: it tells which queries are stale and carries the chain's clock.
 *
 * When the stream is down the chain room polls the node and feeds the same clock through `feedHead`,
 * so deadlines keep counting in chain time whatever the server does.
 */
import type { QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { eventsUrl } from './api';
import { jobCalled } from './job-name';
import { createStore, useStore } from './store';

export type Stream = 'connecting' | 'live' | 'down';
export type Head = { block: number; timestamp: number; receivedAtMs: number };

export const streamStore = createStore<Stream>('connecting');
export const headStore = createStore<Head | undefined>(undefined);

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8000;
const DOWN_AFTER_MS = 2500;
/** Chain time is carried forward by the local clock at most this long after the last block was seen. */
const EXTRAPOLATE_MAX_SECONDS = 3600;

/** Takes the newer of two heads; older ones (a late poll) are dropped. */
export function feedHead(block: number, timestamp: number, nowMs: number = performance.now()): void {
  headStore.set((previous) =>
    previous && previous.block >= block ? previous : { block, timestamp, receivedAtMs: nowMs },
  );
}

/** Unix seconds by the chain's clock, or by the visitor's until the first block is seen. */
export function chainNow(nowMs: number = performance.now()): number {
  const head = headStore.get();
  if (!head) return Math.floor(Date.now() / 1000);
  const passed = Math.min((nowMs - head.receivedAtMs) / 1000, EXTRAPOLATE_MAX_SECONDS);
  return head.timestamp + Math.max(0, Math.floor(passed));
}

/** Chain time that ticks with the page, once a second. */
export function useChainNow(): number {
  useStore(headStore);
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return chainNow();
}

/** Opens the stream and keeps it open. Returns what closes it. */
export function connectLive(queryClient: QueryClient): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let fall: ReturnType<typeof setTimeout> | undefined;
  let waitMs = RETRY_FIRST_MS;
  let wasDown = false;

  const open = () => {
    source = new EventSource(eventsUrl);
    source.onopen = () => {
      clearTimeout(fall);
      fall = undefined;
      waitMs = RETRY_FIRST_MS;
      streamStore.set('live');
      if (wasDown) void queryClient.invalidateQueries();
      wasDown = false;
    };
    source.onerror = () => {
      source?.close();
      fall ??= setTimeout(() => {
        wasDown = true;
        streamStore.set('down');
      }, DOWN_AFTER_MS);
      clearTimeout(retry);
      retry = setTimeout(open, waitMs);
      waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
    };
    source.addEventListener('head', (event) => {
      const head = readObject(event);
      if (typeof head.block === 'number' && typeof head.timestamp === 'number')
        feedHead(head.block, head.timestamp);
    });
    source.addEventListener('job', (event) => {
      const job = jobCalled(String(readObject(event).job_id));
      if (job) void queryClient.invalidateQueries({ queryKey: ['job', job.full] });
      void queryClient.invalidateQueries({ queryKey: ['jobs'] });
      void queryClient.invalidateQueries({ queryKey: ['money'] });
    });
    for (const kind of ['listing', 'agent'])
      source.addEventListener(kind, () => {
        void queryClient.invalidateQueries({ queryKey: ['listings'] });
        void queryClient.invalidateQueries({ queryKey: ['agent'] });
      });
    source.addEventListener('reset', () => void queryClient.invalidateQueries());
  };

  open();
  return () => {
    clearTimeout(retry);
    clearTimeout(fall);
    source?.close();
  };
}

function readObject(event: MessageEvent): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(String(event.data));
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
