/**
 * A market that has moved: two generations of contracts that both have a job 7, a node that answers by address,
 * an index, and a wallet that signs everything. What they were asked is kept.
 */
import {
  type Abi,
  type Address,
  decodeFunctionData,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionResult,
  type Hex,
  numberToHex,
} from 'viem';
import { vi } from 'vitest';
import { connect, disconnect } from 'wagmi/actions';
import { config } from '../src/chain/config';
import { jobEscrowAbi, resultOracleAbi, testDollarAbi } from '../src/generated/contracts';
import type { ApiJob } from '../src/lib/api';
import { canonicalJson } from '../src/lib/canonical';
import { rawCidOf, sha256, toHex } from '../src/lib/cid';
import type { DeploymentFacts, GenerationFacts } from '../src/lib/deployment';
import { deployment } from './setup';

export const CLIENT: Address = '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const AGENT: Address = '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
const HASH: Hex = `0x${'11'.repeat(32)}`;
/** The one before that in which everything is mined. */
const BLOCK_BEFORE = '0x1';
const NOBODY: Address = '0x0000000000000000000000000000000000000000';

/** What every stored file hashes to. */
export const FILE_SHA256 = 'aa'.repeat(32);

export const older: GenerationFacts = {
  generation: 1,
  deployedAtBlock: 1,
  contracts: {
    ...deployment.contracts,
    JobEscrow: '0x8888888888888888888888888888888888888881',
    ResultOracle: '0x8888888888888888888888888888888888888882',
  },
  treasury: '0x9999999999999999999999999999999999999999',
  reporters: [],
  token: { address: '0x8888888888888888888888888888888888888883', symbol: 'oUSD', decimals: 6 },
  policy: { ...deployment.policy, feeBps: 700 },
};
export const moved: DeploymentFacts = { ...deployment, generation: 2, older: [older] };

/** A refusal as a node or a wallet tells it. */
class Revert extends Error {
  readonly code = 3;
  constructor(readonly data: Hex) {
    super('execution reverted');
  }
}

type Asked = { to: string; functionName: string; args: readonly unknown[] };

/** Answers `fetch` for node and index; a generation's job 7 is delivered and waits for its client. */
export class FakeMarket {
  readonly calls: Asked[] = [];
  readonly paths: string[] = [];
  readonly sent: { to: string; data: Hex }[] = [];
  /** What the index says of everybody's jobs. */
  listed: Partial<ApiJob>[] = [];
  isIndexDown = false;
  /** What the server works with when it is asked. */
  served = () => moved;
  isCreditWaiting = false;
  /** Where the next write fails and with which bytes: when it is tried, in the wallet, or after it was sent. */
  refusal: { at: 'trial' | 'wallet' | 'block'; data: Hex } | undefined;

  constructor() {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const url = String(input instanceof Request ? input.url : input);
      if (!url.startsWith(deployment.rpc_url)) return this.index(url, init?.body);
      const body = JSON.parse(String(init?.body ?? (await (input as Request).text())));
      const reply = (said: object) => Response.json({ jsonrpc: '2.0', id: body.id, ...said });
      try {
        return reply({ result: this.node(body.method, body.params ?? []) });
      } catch (error) {
        if (!(error instanceof Revert)) throw error;
        return reply({ error: { code: error.code, message: error.message, data: error.data } });
      }
    });
  }

  /** Connects a wallet that holds `CLIENT`. */
  async connect(): Promise<void> {
    const request = async ({ method, params = [] }: { method: string; params?: unknown[] }) => {
      if (method === 'eth_requestAccounts' || method === 'eth_accounts') return [CLIENT];
      if (method === 'wallet_requestPermissions' || method === 'wallet_getPermissions')
        return [{ caveats: [{ value: [CLIENT] }] }];
      if (method !== 'eth_sendTransaction') return this.node(method, params);
      if (this.refusal?.at === 'wallet') throw new Revert(this.refusal.data);
      this.sent.push(params[0] as { to: string; data: Hex });
      return HASH;
    };
    vi.stubGlobal('ethereum', { request, on: () => undefined, removeListener: () => undefined });
    const [connector] = config.connectors;
    if (!connector) throw new Error('The page has no connector.');
    await connect(config, { connector });
  }

  async leave(): Promise<void> {
    await disconnect(config);
    vi.unstubAllGlobals();
  }

  private async index(url: string, body: unknown): Promise<Response> {
    const { pathname } = new URL(url, 'http://page');
    this.paths.push(pathname);
    if (this.isIndexDown) return new Response('', { status: 503 });
    if (pathname === '/api/v1/health') return Response.json({ block: 9 });
    if (pathname === '/api/v1/deployment') return Response.json(this.served());
    if (pathname === '/api/v1/uploads')
      return Response.json({ cid: 'bafkin', bytes: 1, sha256: FILE_SHA256, media_type: 'image/png' });
    if (pathname === '/api/v1/requests') {
      const bytes = new TextEncoder().encode(canonicalJson(JSON.parse(String(body))));
      return Response.json({ cid: rawCidOf(toHex(await sha256(bytes))) });
    }
    if (pathname === '/api/v1/jobs') return Response.json({ items: this.listed, next_cursor: null });
    return Response.json({ title: 'Not found' }, { status: 404 });
  }

  private node(method: string, params: readonly unknown[]): unknown {
    const transaction = {
      hash: HASH,
      from: CLIENT,
      nonce: '0x5',
      blockNumber: '0x2',
      ...{ blockHash: HASH, transactionIndex: '0x0', gas: '0x1', type: '0x2', value: '0x0', input: '0x' },
    };
    const status = this.refusal?.at === 'block' ? '0x0' : '0x1';
    const answers: Record<string, () => unknown> = {
      eth_chainId: () => numberToHex(deployment.chainId),
      eth_blockNumber: () => '0x2',
      eth_getBalance: () => '0x1',
      eth_getTransactionCount: () => '0x5',
      eth_getBlockByNumber: () => ({ number: '0x2', hash: HASH, timestamp: '0x64', transactions: [] }),
      eth_getTransactionByHash: () => transaction,
      eth_getTransactionReceipt: () => ({ ...transaction, transactionHash: HASH, status, logs: [] }),
      eth_getLogs: () => this.logs(params[0] as { address: Address | Address[] }),
      eth_call: () => this.call(params[0] as { to: Address; data: Hex }, params[1] === BLOCK_BEFORE),
    };
    const answer = answers[method];
    if (!answer) throw new Error(`The node is asked for ${method}.`);
    return answer();
  }

  private call({ to, data }: { to: Address; data: Hex }, isBefore: boolean): Hex {
    const facts = [moved, older].find((each) =>
      [...Object.values(each.contracts), each.token.address].some(
        (one) => one.toLowerCase() === to.toLowerCase(),
      ),
    );
    if (!facts) throw new Error(`There is no contract at ${to}.`);
    const isTo = (address: Address) => address.toLowerCase() === to.toLowerCase();
    const abi = (
      isTo(facts.contracts.JobEscrow)
        ? jobEscrowAbi
        : isTo(facts.contracts.ResultOracle)
          ? resultOracleAbi
          : testDollarAbi
    ) as Abi;
    const { functionName, args = [] } = decodeFunctionData({ abi, data });
    this.calls.push({ to, functionName, args });
    const results: Record<string, unknown> = {
      jobOf: {
        client: CLIENT,
        provider: AGENT,
        evaluator: facts.contracts.ResultOracle,
        token: facts.token.address,
        policyId: 1,
        budget: facts === older ? 4_000_000n : 2_500_000n,
        ...{ workBy: 4_000_000_000, expiredAt: 4_100_000_000, submittedAt: 50, status: 2 },
      },
      verdictOf: [90, 60, true],
      settleableAt: 4_050_000_000n,
      policyOf: {
        ...facts.policy,
        evaluator: NOBODY,
        token: facts.token.address,
        hook: NOBODY,
        isLedgerOnly: false,
      },
      tailOf: 100n,
      balanceOf: facts === older ? 9_000_000n : 1_250_000n,
      approve: true,
      allowance: 0n,
      creditOf: this.isCreditWaiting && facts === older ? 3_000_000n : 0n,
    };
    const fragment = abi.find((item) => item.type === 'function' && item.name === functionName);
    const returnsNothing = fragment?.type === 'function' && fragment.outputs.length === 0;
    const result = results[functionName];
    if (!returnsNothing) return encodeFunctionResult({ abi, functionName, result: result ?? 0n } as never);
    const { refusal } = this;
    if (refusal?.at === 'trial' || (refusal?.at === 'block' && isBefore)) throw new Revert(refusal.data);
    return '0x';
  }

  /** Each escrow has made one job, its 7. */
  private logs({ address }: { address: Address | Address[] }): unknown[] {
    const escrows = [moved, older].map((each) => each.contracts.JobEscrow);
    return [address]
      .flat()
      .filter((one) => escrows.includes(one))
      .map((escrow) => ({
        address: escrow,
        topics: encodeEventTopics({
          abi: jobEscrowAbi,
          eventName: 'JobCreated',
          args: { jobId: 7n, client: CLIENT, provider: AGENT },
        }),
        data: encodeAbiParameters(
          [{ type: 'address' }, { type: 'uint256' }, { type: 'address' }],
          [AGENT, 1n, AGENT],
        ),
        ...{
          transactionHash: HASH,
          blockHash: HASH,
          blockNumber: '0x2',
          logIndex: '0x0',
          transactionIndex: '0x0',
        },
      }));
  }
}
