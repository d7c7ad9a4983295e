/** Who may press what: the contract's rules as one pure table, by role, state and the chain's clock. */
import type { JobState } from './api';
import { isSameAddress } from './format';

export type JobRole = 'client' | 'provider' | 'stranger';
export type JobAction = 'accept' | 'noShow' | 'refund' | 'settle' | 'decline' | 'cancelOpen';

export type ActionFacts = {
  state: JobState;
  /** Evaluator is the house's oracle; only then do the escrow's own exits exist. */
  isHouseJob: boolean;
  workBy: number;
  expiredAt: number;
  /** Unix seconds from which anybody may settle; 0 while nobody may. */
  settleableAt: number;
  now: number;
};

export function roleOf(account: string | undefined, job: { client: string; provider: string }): JobRole {
  if (isSameAddress(account, job.client)) return 'client';
  if (isSameAddress(account, job.provider)) return 'provider';
  return 'stranger';
}

/** Buttons in the order of their weight; the first is the main one. */
export function allowedActions(role: JobRole, facts: ActionFacts): JobAction[] {
  const { state, isHouseJob, now } = facts;
  const isExpired = now >= facts.expiredAt;
  if (state === 'open') return role === 'client' ? ['cancelOpen'] : [];
  if (state === 'funded') {
    if (isExpired) return ['refund'];
    if (!isHouseJob) return [];
    if (now > facts.workBy) return ['noShow'];
    return role === 'provider' ? ['decline'] : [];
  }
  if (state !== 'submitted') return [];
  const actions: JobAction[] = [];
  if (isHouseJob && role === 'client') actions.push('accept');
  if (isHouseJob && facts.settleableAt > 0 && now >= facts.settleableAt) actions.push('settle');
  if (isExpired && (role === 'client' || !isHouseJob)) actions.push('refund');
  return actions;
}

/** Jobs that wait for this person come first: a delivery to look at, or money to fetch back. */
export function needsAction(role: JobRole, facts: ActionFacts): boolean {
  return allowedActions(role, facts).some(
    (action) => action === 'accept' || (role === 'client' && (action === 'noShow' || action === 'refund')),
  );
}
