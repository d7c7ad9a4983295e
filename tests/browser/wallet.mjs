// A test wallet: the page sees an EIP-1193 provider announced by EIP-6963; keys and signing stay in Node.
//
// Scripted: `rejectNext()` answers the next prompt as a person who says no, `setChain()` changes the wallet's
// network behind the page's back. `calls` records every method that the page has asked for.
import { randomUUID } from 'node:crypto';
import { viem } from './packages.mjs';

const UNKNOWN_CHAIN = 4902;
const REJECTED = 4001;
const PROMPTS = new Set([
  'eth_requestAccounts',
  'eth_sendTransaction',
  'personal_sign',
  'eth_signTypedData_v4',
  'wallet_switchEthereumChain',
]);

export class TestWallet {
  calls = [];
  #chainId;
  #isConnected = false;
  #rejections = 0;
  #pages = new Set();

  /** @param account viem local account; @param chainId the wallet's network at first; @param rpcUrl the node */
  constructor(account, chainId, rpcUrl) {
    this.account = account;
    this.homeChainId = chainId;
    this.#chainId = chainId;
    const chain = viem.defineChain({
      id: chainId,
      name: 'local',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    });
    const transport = viem.http(rpcUrl);
    this.node = viem.createPublicClient({ chain, transport, pollingInterval: 200 });
    this.signer = viem.createWalletClient({ chain, transport, account });
  }

  rejectNext(count = 1) {
    this.#rejections = count;
  }

  async setChain(chainId) {
    this.#chainId = chainId;
    await this.#emit('chainChanged', viem.numberToHex(chainId));
  }

  /** Announces the wallet in every document that `page` loads from now on. */
  async install(page) {
    this.#pages.add(page);
    await page.exposeFunction('__walletRequest', (request) => this.#answer(request));
    await page.addInitScript(announce, { uuid: randomUUID(), name: 'Test Wallet' });
  }

  /** Errors cross the bridge as data: a thrown code would be lost on the way into the page. */
  async #answer({ method, params = [] }) {
    this.calls.push(method);
    try {
      if (PROMPTS.has(method) && this.#rejections > 0) {
        this.#rejections -= 1;
        throw Object.assign(new Error('User rejected the request.'), { code: REJECTED });
      }
      return { result: await this.#perform(method, params) };
    } catch (error) {
      return { error: { code: error.code ?? -32603, message: error.shortMessage ?? error.message } };
    }
  }

  async #perform(method, params) {
    if (method === 'eth_requestAccounts') {
      this.#isConnected = true;
      return [this.account.address];
    }
    if (method === 'eth_accounts') return this.#isConnected ? [this.account.address] : [];
    if (method === 'eth_chainId') return viem.numberToHex(this.#chainId);
    if (method === 'wallet_switchEthereumChain') {
      const wanted = Number(params[0].chainId);
      if (wanted !== this.homeChainId)
        throw Object.assign(new Error('Unrecognized chain.'), { code: UNKNOWN_CHAIN });
      await this.setChain(wanted);
      return null;
    }
    if (method === 'wallet_revokePermissions') {
      this.#isConnected = false;
      return null;
    }
    if (method === 'eth_sendTransaction') return this.#send(params[0]);
    return this.node.request({ method, params });
  }

  async #send({ to, data, value }) {
    if (this.#chainId !== this.homeChainId)
      throw Object.assign(new Error('The wallet is on another network.'), { code: -32603 });
    return this.signer.sendTransaction({ to, data, ...(value ? { value: BigInt(value) } : {}) });
  }

  async #emit(event, payload) {
    for (const page of this.#pages)
      if (!page.isClosed())
        await page.evaluate(([name, value]) => window.__walletEmit?.(name, value), [event, payload]);
  }
}

/** Runs inside the page, before its own scripts. */
function announce({ uuid, name }) {
  const listeners = {};
  const provider = {
    async request(request) {
      const { result, error } = await window.__walletRequest(request);
      if (error) throw Object.assign(new Error(error.message), { code: error.code });
      return result;
    },
    on(event, listener) {
      listeners[event] ??= [];
      listeners[event].push(listener);
      return provider;
    },
    removeListener(event, listener) {
      listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener);
      return provider;
    },
  };
  window.__walletEmit = (event, payload) => {
    for (const listener of listeners[event] ?? []) listener(payload);
  };
  const icon =
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><rect width='8' height='8' rx='2' fill='%23345'/></svg>";
  const detail = Object.freeze({ info: { uuid, name, icon, rdns: 'org.example.test-wallet' }, provider });
  const say = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
  window.addEventListener('eip6963:requestProvider', say);
  say();
}
