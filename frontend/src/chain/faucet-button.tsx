import { parseEther } from 'viem';
import { getBalance } from 'viem/actions';
import { t } from '../i18n';
import { type Address, getDeployment, LOCAL_CHAIN_ID, newestGeneration } from '../lib/deployment';
import { formatMoney } from '../lib/format';
import { toast } from '../lib/toast';
import { Button } from '../ui/button';
import { mintCall } from './calls';
import { node } from './config';
import { useSend } from './use-send';
import { useGate } from './wallet';

const MINT_WHOLE_TOKENS = 100n;
const LEAST_GAS_WEI = parseEther('0.05');
const GIFT_WEI = '0x8ac7230489e80000';

/** Test money, on the local chain only: mints test dollars, and first a little ether where a new wallet has none. */
export function FaucetButton({ size = 'normal' }: { size?: 'normal' | 'small' }) {
  const { token } = newestGeneration();
  const { isBusy, run } = useSend();
  const gate = useGate('wallet.connect');
  if (getDeployment().chainId !== LOCAL_CHAIN_ID) return null;
  const amount = MINT_WHOLE_TOKENS * 10n ** BigInt(token.decimals);
  const mint = async (account: Address) => {
    await giveGas(account);
    const end = await run(account, mintCall(account, amount));
    if (end.stage === 'confirmed')
      toast('good', t('faucet.done', { amount: formatMoney(amount, token.decimals, token.symbol) }));
    else if ('error' in end) toast('bad', `${end.error.sentence} ${end.error.mend}`.trim());
  };
  return (
    <Button
      size={size}
      isBusy={isBusy || (gate.kind !== 'ready' && gate.isBusy)}
      onClick={() => (gate.kind === 'ready' ? void mint(gate.account) : gate.run())}
    >
      {gate.kind === 'switch' ? gate.label : t('faucet.get')}
    </Button>
  );
}

/** A development node hands out ether on request; any other node refuses, and the mint then says what is missing. */
async function giveGas(account: Address): Promise<void> {
  const client = node();
  if ((await getBalance(client, { address: account })) >= LEAST_GAS_WEI) return;
  try {
    await client.request({ method: 'anvil_setBalance', params: [account, GIFT_WEI] } as never);
  } catch {
    // The simulation of the mint will name the missing ether.
  }
}
