import type { Messages } from '../index';
import { errors } from './errors';
import { shell } from './shell';
import { work } from './work';

/** All words in German; the compiler refuses a missing or an unknown key. */
export const de: Record<keyof Messages, string> = { ...shell, ...work, ...errors };
