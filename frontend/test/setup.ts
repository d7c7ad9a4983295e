// What every unit test finds: a deployment, clean storage, and the dialog methods that jsdom lacks.
import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach } from 'vitest';
import '../src/i18n/chain-words';
import { type DeploymentFacts, setDeployment } from '../src/lib/deployment';

export const deployment: DeploymentFacts = {
  chainId: 31337,
  network: 'local',
  deployedAtBlock: 1,
  contracts: {
    AgentRegistry: '0x1111111111111111111111111111111111111111',
    ServiceListings: '0x2222222222222222222222222222222222222222',
    JobEscrow: '0x3333333333333333333333333333333333333333',
    ResultOracle: '0x4444444444444444444444444444444444444444',
    TestDollar: '0x5555555555555555555555555555555555555555',
  },
  treasury: '0x6666666666666666666666666666666666666666',
  reporters: [
    '0x7777777777777777777777777777777777777771',
    '0x7777777777777777777777777777777777777772',
    '0x7777777777777777777777777777777777777773',
  ],
  token: { address: '0x5555555555555555555555555555555555555555', symbol: 'tUSD', decimals: 6 },
  policy: {
    policyId: 1,
    feeBps: 500,
    poolShareBps: 4000,
    passMark: 60,
    verdictSeconds: 600,
    reviewSeconds: 120,
    courtSeconds: 0,
    graceSeconds: 604_800,
  },
  rpc_url: 'http://127.0.0.1:1',
};

setDeployment(deployment);

HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
  this.open = false;
};

window.scrollTo = () => undefined;

beforeEach(() => localStorage.clear());
afterEach(cleanup);
