// The chain as the test sees it, beside the page: balances, jobs made by hand, a paused or hurried clock.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, viem } from './packages.mjs';

const abiOf = (name) =>
  JSON.parse(readFileSync(join(root, `agents_offchain/chain/abi/${name}.json`), 'utf8')).abi;

export class Chain {
  constructor(deployment) {
    this.deployment = deployment;
    this.node = viem.createPublicClient({ transport: viem.http(deployment.rpc_url), pollingInterval: 200 });
    this.escrow = { address: deployment.contracts.JobEscrow, abi: abiOf('JobEscrow') };
    this.token = { address: deployment.token.address, abi: abiOf('TestDollar') };
  }

  balanceOf(account) {
    return this.node.readContract({ ...this.token, functionName: 'balanceOf', args: [account] });
  }

  jobOf(jobId) {
    return this.node.readContract({ ...this.escrow, functionName: 'jobOf', args: [BigInt(jobId)] });
  }

  /** What the hire said of the job: the address of its request document. @returns {Promise<string>} */
  async descriptionOf(jobId) {
    const [described] = await this.node.getContractEvents({
      ...this.escrow,
      eventName: 'JobDescribed',
      args: { jobId: BigInt(jobId) },
      fromBlock: 0n,
    });
    return described.args.description;
  }

  /** No block is made until `resume`: what is sent stays pending. */
  pause() {
    return this.node.request({ method: 'evm_setIntervalMining', params: [0] });
  }
  resume() {
    return this.node.request({ method: 'evm_setIntervalMining', params: [1] });
  }

  /** Moves the chain's clock ahead; the next block carries the new time. */
  async hurry(seconds) {
    await this.node.request({ method: 'evm_increaseTime', params: [viem.numberToHex(seconds)] });
    await this.node.request({ method: 'evm_mine', params: [] });
  }

  /** A job for an agent that nobody runs, so that nothing is ever delivered. @returns {Promise<string>} its id */
  async hireNobody(wallet, { budget, workSeconds }) {
    const { policyId } = this.deployment;
    const tail = await this.node.readContract({ ...this.escrow, functionName: 'tailOf', args: [policyId] });
    const { timestamp } = await this.node.getBlock();
    await this.#write(wallet, this.token, 'approve', [this.escrow.address, budget]);
    const receipt = await this.#write(wallet, this.escrow, 'hire', [
      {
        provider: '0x00000000000000000000000000000000000a6e47',
        policyId,
        budget,
        expiredAt: timestamp + tail + BigInt(workSeconds),
        agentId: viem.maxUint256,
        listingId: 0n,
        description: '',
      },
    ]);
    const [created] = viem.parseEventLogs({
      abi: this.escrow.abi,
      eventName: 'JobCreated',
      logs: receipt.logs,
    });
    return created.args.jobId.toString();
  }

  async giveAway(wallet, amount) {
    await this.#write(wallet, this.token, 'transfer', [this.deployment.treasury, amount]);
  }

  async #write(wallet, contract, functionName, args) {
    const hash = await wallet.signer.writeContract({ ...contract, functionName, args });
    return this.node.waitForTransactionReceipt({ hash });
  }
}
