/**
 * Which contracts, chain and token this page talks to.
 *
 * The server writes the facts into index.html, so one build serves any deployment without a round trip;
 * where they are absent (development) they are fetched once before the first render.
 */
export type Address = `0x${string}`;
export type Hex = `0x${string}`;

export type ContractName = 'AgentRegistry' | 'ServiceListings' | 'JobEscrow' | 'ResultOracle' | 'TestDollar';

export type PolicyFacts = {
  policyId: number;
  feeBps: number;
  poolShareBps: number;
  passMark: number;
  verdictSeconds: number;
  reviewSeconds: number;
  courtSeconds: number;
  graceSeconds: number;
};

export type Token = { address: Address; symbol: string; decimals: number };

/** One set of the market's contracts. A job's number, money and judges are of one generation alone. */
export type Generation = {
  number: number;
  isNewest: boolean;
  contracts: Readonly<Record<ContractName, Address>>;
  deployedAtBlock: number;
  treasury: Address;
  reporters: readonly Address[];
  token: Token;
  policy: PolicyFacts;
};

/** What holds for the whole market. Contracts are asked of a generation, so that none is the newest's by accident. */
export type Deployment = {
  chainId: number;
  network: string;
  rpc_url: string;
  /** Newest first; new jobs are made in the first alone. */
  generations: readonly [Generation, ...Generation[]];
};

/** What the server writes for a generation. */
export type GenerationFacts = Omit<Generation, 'number' | 'isNewest'> & { generation?: number };

/** The server's document: the newest generation's facts at the top, `older` those before it, newest first. */
export type DeploymentFacts = GenerationFacts & {
  chainId: number;
  network: string;
  rpc_url: string;
  older?: readonly GenerationFacts[];
};

export class DeploymentMissing extends Error {
  override name = 'DeploymentMissing';
}

export const LOCAL_CHAIN_ID = 31337;

let current: Deployment | undefined;

/** The loaded deployment. Throws when asked before `loadDeployment` has finished. */
export function getDeployment(): Deployment {
  if (!current) throw new DeploymentMissing('The deployment was read before it was loaded.');
  return current;
}

/** Where new jobs are made; for a job that is there already ask `jobCalled`. */
export const newestGeneration = (): Generation => getDeployment().generations[0];

/** The generation with this escrow; undefined for one that this market does not know. */
export function generationOf(escrow: Address): Generation | undefined {
  const wanted = escrow.toLowerCase();
  return getDeployment().generations.find((each) => each.contracts.JobEscrow.toLowerCase() === wanted);
}

/** For tests and for boot: fixes the deployment that every room of the page reads. */
export function setDeployment(facts: DeploymentFacts): void {
  const { chainId, network, rpc_url, older = [] } = facts;
  current = {
    chainId,
    network,
    rpc_url,
    generations: [generation(facts, true), ...older.map((each) => generation(each, false))],
  };
}

/** Reads the injected facts, else asks the API. Throws `DeploymentMissing` when neither has them. */
export async function loadDeployment(): Promise<void> {
  const injected = document.getElementById('deployment')?.textContent?.trim();
  setDeployment(injected ? parse(injected) : await fetchFacts());
}

/** A person's word for the network: "AITBC local", or the name given by the deployment. */
export function networkName(deployment: Deployment = getDeployment()): string {
  return deployment.chainId === LOCAL_CHAIN_ID ? 'AITBC local' : deployment.network;
}

/** The first generation does not say its number. */
function generation(facts: GenerationFacts, isNewest: boolean): Generation {
  const { generation: number = 1, contracts, deployedAtBlock, treasury, reporters, token, policy } = facts;
  return { number, isNewest, contracts, deployedAtBlock, treasury, reporters, token, policy };
}

function parse(text: string): DeploymentFacts {
  try {
    const facts = JSON.parse(text) as Partial<DeploymentFacts>;
    if (!facts.chainId || ![facts, ...(facts.older ?? [])].every(isWhole))
      throw new SyntaxError('incomplete');
    return facts as DeploymentFacts;
  } catch (cause) {
    throw new DeploymentMissing('The deployment facts in this page cannot be read.', { cause });
  }
}

const isWhole = ({ contracts, token, policy }: Partial<GenerationFacts>): boolean =>
  !!contracts?.JobEscrow && !!token && !!policy;

async function fetchFacts(): Promise<DeploymentFacts> {
  try {
    const response = await fetch('/api/v1/deployment', { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return parse(await response.text());
  } catch (cause) {
    throw new DeploymentMissing('The server did not say which contracts to use.', { cause });
  }
}
