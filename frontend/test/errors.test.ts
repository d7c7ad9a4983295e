import { BaseError, ContractFunctionRevertedError, encodeErrorResult, UserRejectedRequestError } from 'viem';
import { describe, expect, it } from 'vitest';
import { contractErrors, describeError, describeRevert } from '../src/chain/errors';
import { errors as german } from '../src/i18n/de/errors';
import { errors as english } from '../src/i18n/en/errors';
import { ApiError } from '../src/lib/api';

const words = (table: Record<string, string>, name: string) => (table[`contract.${name}`] ?? '').split(' | ');

describe('the errors of the contracts', () => {
  it('has found the errors of every contract', () => {
    const contracts = new Set(contractErrors.map((error) => error.name.split('_')[0]));
    for (const name of ['AgentRegistry', 'JobEscrow', 'ResultOracle', 'ServiceListings', 'TestDollar'])
      expect(contracts).toContain(name);
  });

  it.each(contractErrors.map((error) => error.name))('%s says what happened and what to do next', (name) => {
    for (const table of [english, german]) {
      const [sentence, mend] = words(table, name);
      expect(sentence, `contract.${name}`).toMatch(/[.!]$/);
      expect(mend, `contract.${name} lacks the part after " | "`).toMatch(/[.!]$/);
    }
  });

  it('names only arguments that the error carries', () => {
    for (const error of contractErrors) {
      const known = new Set(error.inputs.map((input) => input.name));
      for (const [, place] of words(english, error.name)
        .join(' ')
        .matchAll(/\{(\w+)\}/g))
        expect(known, `${error.name} has no {${place}}`).toContain(place);
    }
  });

  it('has no words for an error that no contract has', () => {
    const names = new Set(contractErrors.map((error) => error.name));
    const orphans = Object.keys(english)
      .filter((key) => key.startsWith('contract.'))
      .filter((key) => !names.has(key.slice('contract.'.length)));
    expect(orphans).toEqual([]);
  });
});

describe('describeError', () => {
  it('writes the amounts of a revert in the token’s unit', () => {
    const data = encodeErrorResult({
      abi: contractErrors,
      errorName: 'ERC20InsufficientBalance',
      args: ['0x1111111111111111111111111111111111111111', 1_000_000n, 2_500_000n],
    });
    const cause = new ContractFunctionRevertedError({ abi: [], data, functionName: 'hire' });
    const described = describeError(new BaseError('execution reverted', { cause }));
    expect(described.kind).toBe('refused');
    expect(described.sentence.replace(/\s/g, ' ')).toBe('You have 1.00 tUSD, but 2.50 tUSD is needed.');
    expect(described.mend).not.toBe('');
  });

  it('knows a rejection however deep it is', () => {
    const rejected = new UserRejectedRequestError(new Error('no'));
    const described = describeError(
      new BaseError('outer', { cause: new BaseError('inner', { cause: rejected }) }),
    );
    expect(described.kind).toBe('rejected');
    expect(described.sentence).toBe('You rejected the request in your wallet.');
  });

  it('tells a dead node from a refusal', () => {
    expect(describeError(new Error('HTTP request failed.')).kind).toBe('unreachable');
    expect(describeError(new Error('insufficient funds for gas')).sentence).toMatch(/no ether/);
  });

  it('gives the server’s own words for a problem, and an outage for silence', () => {
    const refusal = describeError(new ApiError(413, 'Too big', 'The file has 30 MB.', 'Send at most 20 MB.'));
    expect(refusal).toMatchObject({ sentence: 'The file has 30 MB.', mend: 'Send at most 20 MB.' });
    expect(describeError(new ApiError(0, '', '', '')).kind).toBe('unreachable');
  });

  it('still says something about an error it has no words for', () => {
    expect(describeRevert('Unheard', {}).sentence).toContain('Unheard');
    expect(describeError(undefined).sentence).not.toBe('');
  });
});
