/**
 * Any failure of a wallet, a node or a contract as one sentence and what to do next.
 *
 * A contract's own error is found by its selector among the errors of every ABI, so that a revert that comes
 * through another contract (the token under the escrow) is named too.
 */
import { BaseError, ContractFunctionRevertedError, decodeErrorResult, type Hex, isHex } from 'viem';
import { abis } from '../generated/contracts';
import { type MessageKey, t } from '../i18n';
import { errors } from '../i18n/en/errors';
import { ApiError } from '../lib/api';
import { newestGeneration, type Token } from '../lib/deployment';
import { formatMoney } from '../lib/format';

export type ErrorKind = 'rejected' | 'refused' | 'unreachable' | 'unknown';
export type Described = { kind: ErrorKind; sentence: string; mend: string; name?: string };

type ErrorItem = { type: 'error'; name: string; inputs: readonly { name?: string; type: string }[] };

/** Every custom error of every contract, once per name and shape. */
export const contractErrors: readonly ErrorItem[] = uniqueErrors();

const USER_REJECTED = 4001;
const REQUEST_PENDING = -32002;
const UNKNOWN_CHAIN = 4902;

/** `token` is the money of the contracts that were called; without one it is the newest generation's. */
export function describeError(error: unknown, token?: Token): Described {
  if (error instanceof ApiError) return describeApi(error);
  const code = codeOf(error);
  if (code === USER_REJECTED) return say('rejected', 'error.wallet.rejected');
  if (code === REQUEST_PENDING) return say('refused', 'error.wallet.pending');
  if (code === UNKNOWN_CHAIN) return say('refused', 'error.wallet.unknownChain');
  const reverted = revertOf(error);
  if (reverted) return describeRevert(reverted.name, reverted.args, token);
  const text = textOf(error);
  if (/insufficient funds|exceeds the balance/i.test(text)) return say('refused', 'error.wallet.noGas');
  if (/nonce too low|replacement transaction underpriced/i.test(text))
    return say('refused', 'error.wallet.nonce');
  if (/fetch failed|failed to fetch|http request failed|timed? ?out|networkerror/i.test(text))
    return say('unreachable', 'error.node.unreachable');
  return { ...say('unknown', 'error.unknown'), ...(text ? { mend: text } : {}) };
}

/** The words for a contract error by its name; amounts and times among its arguments are written for people. */
export function describeRevert(name: string, args: Record<string, unknown>, token?: Token): Described {
  const key = `contract.${name}`;
  if (!(key in errors)) return { ...say('refused', 'error.contract.unnamed', { name }), name };
  const [sentence = '', mend = ''] = t(key as MessageKey, words(args, token)).split(' | ');
  return { kind: 'refused', sentence, mend, name };
}

function describeApi(error: ApiError): Described {
  if (error.isUnreachable) return say('unreachable', 'error.api.unreachable');
  return {
    kind: 'refused',
    sentence: error.detail || error.title || t('error.api.refused'),
    mend: error.mend || t('error.api.refused.mend'),
  };
}

function say(kind: ErrorKind, key: MessageKey, params: Record<string, string> = {}): Described {
  const [sentence = '', mend = ''] = t(key, params).split(' | ');
  return { kind, sentence, mend };
}

/** Arguments by name, as text: token amounts with the unit, unix seconds as a clock time, the rest as they are. */
function words(args: Record<string, unknown>, token = newestGeneration().token): Record<string, string> {
  const moneyNames = /^(balance|allowance|needed|budget|expectedBudget|amount|price|value|credit)/i;
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      if (typeof value !== 'bigint') return [name, String(value)];
      return [
        name,
        moneyNames.test(name) ? formatMoney(value, token.decimals, token.symbol) : value.toString(),
      ];
    }),
  );
}

function uniqueErrors(): ErrorItem[] {
  const found = new Map<string, ErrorItem>();
  for (const abi of Object.values(abis))
    for (const item of abi as readonly {
      type: string;
      name?: string;
      inputs?: readonly { type: string }[];
    }[])
      if (item.type === 'error' && item.name)
        found.set(`${item.name}(${item.inputs?.map((input) => input.type).join()})`, item as ErrorItem);
  return [...found.values()];
}

function revertOf(error: unknown): { name: string; args: Record<string, unknown> } | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  const raw = reverted instanceof ContractFunctionRevertedError ? reverted.raw : dataOf(error);
  if (!raw || raw === '0x') {
    const reason = reverted instanceof ContractFunctionRevertedError ? reverted.reason : undefined;
    return reason ? { name: reason, args: {} } : undefined;
  }
  try {
    const decoded = decodeErrorResult({ abi: contractErrors, data: raw });
    const inputs = contractErrors.find((item) => item.name === decoded.errorName)?.inputs ?? [];
    const values = (decoded.args ?? []) as readonly unknown[];
    return {
      name: decoded.errorName,
      args: Object.fromEntries(inputs.map((input, index) => [input.name || String(index), values[index]])),
    };
  } catch {
    return undefined;
  }
}

/** Revert bytes inside an error of the wallet, wherever the provider has put them. */
function dataOf(error: BaseError): Hex | undefined {
  let found: Hex | undefined;
  error.walk((cause) => {
    const data = (cause as { data?: unknown }).data;
    const inner = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : data;
    if (isHex(inner) && inner.length >= 10) found = inner;
    return false;
  });
  return found;
}

function codeOf(error: unknown): number | undefined {
  let cause: unknown = error;
  for (let depth = 0; depth < 8 && cause; depth += 1) {
    const { code } = cause as { code?: unknown };
    if (code === USER_REJECTED || code === REQUEST_PENDING || code === UNKNOWN_CHAIN) return code;
    cause = (cause as { cause?: unknown }).cause;
  }
  return undefined;
}

function textOf(error: unknown): string {
  if (error instanceof BaseError) return `${error.shortMessage} ${error.details ?? ''}`.trim();
  return error instanceof Error ? error.message : '';
}
