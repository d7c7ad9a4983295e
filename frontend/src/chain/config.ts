/** The wallet and node connections: one wagmi config per page load, made from the deployment. */
import { defineChain } from 'viem';
import { createConfig, http, injected, unstable_connector } from 'wagmi';
import { reconnect } from 'wagmi/actions';
import { getDeployment, LOCAL_CHAIN_ID, networkName } from '../lib/deployment';

const deployment = getDeployment();
const isLocal = deployment.chainId === LOCAL_CHAIN_ID;

export const chain = defineChain({
  id: deployment.chainId,
  name: networkName(deployment),
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: deployment.rpc_url ? [deployment.rpc_url] : [] } },
  testnet: isLocal,
});

export const config = createConfig({
  chains: [chain],
  connectors: [injected()],
  // A public deployment may name no node; the connected wallet's own is asked then.
  transports: {
    [chain.id]: deployment.rpc_url
      ? http(deployment.rpc_url, { retryCount: 1, timeout: 10_000 })
      : unstable_connector(injected),
  },
  pollingInterval: isLocal ? 1000 : 4000,
});

/**
 * The node, never the wallet: reads do not depend on which network a wallet happens to be on.
 * A bare client for the functions of `viem/actions`; one with all actions on it would weigh 30 KiB more.
 */
export function node() {
  return config.getClient({ chainId: chain.id });
}

void reconnect(config);
