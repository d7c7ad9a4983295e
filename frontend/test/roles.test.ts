import { describe, expect, it } from 'vitest';
import { type ActionFacts, allowedActions, type JobRole, needsAction, roleOf } from '../src/lib/roles';

const WORK_BY = 1000;
const SETTLEABLE = 2000;
const EXPIRED = 9000;
const facts = (patch: Partial<ActionFacts>): ActionFacts => ({
  state: 'funded',
  isHouseJob: true,
  workBy: WORK_BY,
  expiredAt: EXPIRED,
  settleableAt: 0,
  now: 500,
  ...patch,
});

const funded = facts({});
const late = facts({ now: WORK_BY + 1 });
const onTheSecond = facts({ now: WORK_BY });
const gone = facts({ now: EXPIRED });
const submitted = facts({ state: 'submitted', settleableAt: SETTLEABLE, now: 1500 });
const reviewed = facts({ state: 'submitted', settleableAt: SETTLEABLE, now: SETTLEABLE });
const forgotten = facts({ state: 'submitted', settleableAt: SETTLEABLE, now: EXPIRED });
const foreign = (base: ActionFacts) => ({ ...base, isHouseJob: false, settleableAt: 0 });

const TABLE: [string, ActionFacts, Record<JobRole, string>][] = [
  ['open', facts({ state: 'open' }), { client: 'cancelOpen', provider: '', stranger: '' }],
  ['funded, in time', funded, { client: '', provider: 'decline', stranger: '' }],
  ['funded, last second', onTheSecond, { client: '', provider: 'decline', stranger: '' }],
  ['funded, late', late, { client: 'noShow', provider: 'noShow', stranger: 'noShow' }],
  ['funded, expired', gone, { client: 'refund', provider: 'refund', stranger: 'refund' }],
  ['submitted', submitted, { client: 'accept', provider: '', stranger: '' }],
  ['submitted, reviewed', reviewed, { client: 'accept settle', provider: 'settle', stranger: 'settle' }],
  [
    'submitted, expired',
    forgotten,
    { client: 'accept settle refund', provider: 'settle', stranger: 'settle' },
  ],
  ['standard job, late', foreign(late), { client: '', provider: '', stranger: '' }],
  ['standard job, expired', foreign(gone), { client: 'refund', provider: 'refund', stranger: 'refund' }],
  ['standard job, submitted', foreign(submitted), { client: '', provider: '', stranger: '' }],
  [
    'standard job, submitted and expired',
    foreign(forgotten),
    { client: 'refund', provider: 'refund', stranger: 'refund' },
  ],
  ['completed', facts({ state: 'completed', now: EXPIRED }), { client: '', provider: '', stranger: '' }],
  ['rejected', facts({ state: 'rejected', now: EXPIRED }), { client: '', provider: '', stranger: '' }],
  ['expired', facts({ state: 'expired', now: EXPIRED }), { client: '', provider: '', stranger: '' }],
];

describe('buttons by role and state', () => {
  for (const [name, state, expected] of TABLE)
    for (const role of ['client', 'provider', 'stranger'] as const)
      it(`${name}: ${role} may ${expected[role] || 'nothing'}`, () => {
        expect(allowedActions(role, state).join(' ')).toBe(expected[role]);
      });
});

describe('roles', () => {
  const job = { client: '0xAA', provider: '0xBB' };
  it.each([
    ['0xaa', 'client'],
    ['0xbb', 'provider'],
    ['0xcc', 'stranger'],
    [undefined, 'stranger'],
  ] as const)('%s is the %s', (account, role) => {
    expect(roleOf(account, job)).toBe(role);
  });

  it('calls the client for a delivery or for money to fetch, nobody else', () => {
    expect(needsAction('client', submitted)).toBe(true);
    expect(needsAction('client', late)).toBe(true);
    expect(needsAction('client', funded)).toBe(false);
    expect(needsAction('stranger', late)).toBe(false);
  });
});
