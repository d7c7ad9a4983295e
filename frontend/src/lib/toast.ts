import { createStore } from './store';

export type Toast = { id: number; tone: 'good' | 'bad' | 'info'; text: string; href?: string };
export const toastStore = createStore<readonly Toast[]>([]);

let next = 1;
const SHOWN_MS = 6000;

/** Says something once, politely; it leaves by itself. What must not be missed belongs on the page instead. */
export function toast(tone: Toast['tone'], text: string, href?: string): void {
  const id = next;
  next += 1;
  toastStore.set((list) => [...list.slice(-2), { id, tone, text, ...(href ? { href } : {}) }]);
  setTimeout(() => dismissToast(id), SHOWN_MS);
}

export function dismissToast(id: number): void {
  toastStore.set((list) => list.filter((item) => item.id !== id));
}
