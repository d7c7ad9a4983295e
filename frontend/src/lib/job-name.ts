/**
 * Which job, and in which contracts: the only place where a job's reference becomes a number beside addresses.
 *
 * Each generation of contracts counts its jobs from 1, so a number alone names no job. What reads or signs for a job
 * takes a `JobName`, which nothing else makes: number and contracts travel together.
 */
import { type Address, type Generation, generationOf, getDeployment, newestGeneration } from './deployment';

declare const made: unique symbol;

export type JobName = {
  readonly id: bigint;
  readonly generation: Generation;
  /** What people call it: `7` in the newest generation, `1:7` in an older one. */
  readonly reference: string;
  /** `1:7` in every generation: what the index is asked by and what a cache remembers, also after a move. */
  readonly full: string;
  readonly [made]: true;
};

const ID = /^[1-9]\d{0,18}$/;

/** The job that a reference names, with or without its generation; undefined when it is no name in this market. */
export function jobCalled(reference: string): JobName | undefined {
  const at = reference.indexOf(':');
  if (at < 0) return nameOf(newestGeneration(), reference);
  const number = reference.slice(0, at);
  return ID.test(number) ? jobIn(Number(number), reference.slice(at + 1)) : undefined;
}

/** The job with this number at this escrow; undefined for an escrow of another market. */
export const jobAt = (escrow: Address, id: string): JobName | undefined => nameOf(generationOf(escrow), id);

/** The job with this number in a generation; undefined for a generation that this page does not know (yet). */
export function jobIn(number: number, id: string): JobName | undefined {
  const generation = getDeployment().generations.find((each) => each.number === number);
  return nameOf(generation, id);
}

function nameOf(generation: Generation | undefined, id: string): JobName | undefined {
  if (!generation || !ID.test(id)) return undefined;
  const full = `${generation.number}:${id}`;
  const reference = generation.isNewest ? id : full;
  return { id: BigInt(id), generation, reference, full } as JobName;
}
