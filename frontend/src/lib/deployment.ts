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

/** Contracts that the market has left: jobs in them are finished, nobody is hired there. */
export type OlderGeneration = {
  generation: number;
  contracts: Record<ContractName, Address>;
  treasury: Address;
  reporters: readonly Address[];
};

export type Deployment = {
  chainId: number;
  network: string;
  deployedAtBlock: number;
  contracts: Record<ContractName, Address>;
  policyId: number;
  treasury: Address;
  reporters: readonly Address[];
  token: { address: Address; symbol: string; decimals: number };
  policy: PolicyFacts;
  rpc_url: string;
  older?: readonly OlderGeneration[];
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

/** For tests and for boot: fixes the deployment that every room of the page reads. */
export function setDeployment(deployment: Deployment): void {
  current = deployment;
}

/** Reads the injected facts, else asks the API. Throws `DeploymentMissing` when neither has them. */
export async function loadDeployment(): Promise<Deployment> {
  const injected = document.getElementById('deployment')?.textContent?.trim();
  const facts = injected ? parse(injected) : await fetchFacts();
  setDeployment(facts);
  return facts;
}

/** A person's word for the network: "AITBC local", or the name given by the deployment. */
export function networkName(deployment: Deployment = getDeployment()): string {
  return deployment.chainId === LOCAL_CHAIN_ID ? 'AITBC local' : deployment.network;
}

function parse(text: string): Deployment {
  try {
    const facts = JSON.parse(text) as Partial<Deployment>;
    if (!facts.contracts?.JobEscrow || !facts.chainId || !facts.token || !facts.policy)
      throw new SyntaxError('incomplete');
    return facts as Deployment;
  } catch (cause) {
    throw new DeploymentMissing('The deployment facts in this page cannot be read.', { cause });
  }
}

async function fetchFacts(): Promise<Deployment> {
  try {
    const response = await fetch('/api/v1/deployment', { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return parse(await response.text());
  } catch (cause) {
    throw new DeploymentMissing('The server did not say which contracts to use.', { cause });
  }
}
